"""A workspace as others leave it in the middle of their work, and ways to make and to break backups."""

from __future__ import annotations

import io
import json
import os
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pyarrow as pa
import pytest

from audits.backup.create import back_up
from audits.new_workspace import init_workspace
from audits.review.records import NewVerdict, Question
from audits.review.store import ReviewStore
from audits.table_store import TableStore
from audits.workspace import Workspace

YAML = "items: {path: zoo/items.csv}\nclasses: [ant, bee]\n"
QUESTION = Question("zoo", "i0", "c0ffee", "ant", "abc")


def verdict(number: int) -> NewVerdict:
    return NewVerdict(f"v{number}", QUESTION, f"r{number}", "relabel", ("bee",))


def publish(tables: TableStore, values: list[int]) -> tuple[str, str]:
    """Publish items and signals made from them; gives both versions."""
    items = tables.write("items", pa.table({"x": values}), {})
    signals = tables.write("signals", pa.table({"y": values}), items.lineage())
    tables.publish({"items": items, "signals": signals}, "run")
    return items.version, signals.version


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    root = tmp_path / "wörk & space?"
    init_workspace(root)
    workspace = Workspace(root)
    (root / "datasets" / "zoo").mkdir()
    (root / "datasets" / "zoo.yaml").write_text(YAML)
    (root / "datasets" / "zoo" / "items.csv").write_text("item_id,label\ni0,ant\ni1,bee")
    tables = workspace.tables("zoo")
    publish(tables, [1, 2])
    items, _ = publish(tables, [3, 4])
    tables.set_candidate(tables.write("items", pa.table({"x": [5]}), {}))
    result = tables.root / "results" / "findings" / "_" / "abc.json"
    result.parent.mkdir(parents=True)
    result.write_text(json.dumps({"inputs": {}, "tables": {"items": items}}))
    os.utime(result, ns=(10**18 + 7, 10**18 + 7))
    with ReviewStore(workspace.store_url) as store:
        store.add_verdicts([verdict(0)])
    return workspace


@pytest.fixture
def archive(workspace: Workspace, tmp_path: Path) -> Path:
    return back_up(workspace, tmp_path / "b.tar").path


def contents(root: Path) -> dict[str, object]:
    """What is in a workspace that a backup has to keep: bytes of files, rows of databases."""
    found: dict[str, object] = {}
    for path in sorted(p for p in root.rglob("*") if p.is_file()):
        name = path.relative_to(root).as_posix()
        data = path.read_bytes()
        if name.endswith((".lock", "-wal", "-shm", ".owner.json")):
            continue
        if data.startswith(b"SQLite format 3\0"):
            with closing(sqlite3.connect(path)) as database:
                found[name] = list(database.iterdump())
        else:
            found[name] = data
    return found


Change = Callable[[list[tuple[tarfile.TarInfo, bytes]]], None]


def rewritten(source: Path, target: Path, change: Change) -> Path:
    """A copy of an archive with its members changed."""
    with tarfile.open(source) as tar:
        found = [(m, tar.extractfile(m).read()) for m in tar]  # type: ignore[union-attr]
    change(found)
    with tarfile.open(target, "w", format=tarfile.GNU_FORMAT) as tar:
        for member, data in found:
            tar.addfile(member, io.BytesIO(data))
    return target


@contextmanager
def process(script: str, *words: object) -> Iterator[subprocess.Popen[str]]:
    """Run a script in a process of its own; it has ended, one way or the other, when the block is left."""
    arguments = [sys.executable, "-c", script, *map(str, words)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as running:
        try:
            yield running
        finally:
            running.kill()
