"""Mutators: the same seed gives the same bytes, and each of them changes something and ends."""
# ruff: noqa: S311  nothing here is a secret

from __future__ import annotations

import io
import json
import os
import shutil
import sqlite3
import tarfile
from random import Random

import numpy as np
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest

from tests.fuzz.byte_mutators import BYTES, LARGEST
from tests.fuzz.file_mutators import PLACES, WHOLE
from tests.fuzz.mutators import mutate
from tests.fuzz.table_mutators import TABLES
from tests.fuzz.tree_mutators import TREES

SEEDS = range(60)


def good(folder):
    """A good file of every kind."""
    table = pa.table({"item_id": ["a", "b", "c"], "label": ["x", "y", "x"], "p": [0.5, 0.25, 1.0]})
    pq.write_table(table, folder / "t.parquet")
    with pa.ipc.new_file(str(folder / "t.arrow"), table.schema) as writer:
        writer.write_table(table)
    np.save(folder / "t.npy", np.full((3, 2), 0.5))
    (folder / "t.csv").write_text('item_id,label\na,"x, y"\nb,y\n')
    (folder / "t.jsonl").write_text('{"item_id": "a", "label": [1]}\n{"item_id": "b", "label": []}\n')
    (folder / "t.json").write_text(json.dumps([{"id": 1, "names": ["a", "b"]}, {}]))
    (folder / "t.yaml").write_text("items: {path: x}\nclasses: [a, b]\n")
    with sqlite3.connect(folder / "t.sqlite") as connection:
        connection.execute("CREATE TABLE t (a TEXT, b INTEGER)")
        connection.executemany("INSERT INTO t VALUES (?, ?)", [("x", 1), ("y", 2), ("z", 3)])
    connection.close()
    with tarfile.open(folder / "t.tar", "w") as archive:
        for name in ("a", "b"):
            member = tarfile.TarInfo(name)
            member.size = 3
            archive.addfile(member, io.BytesIO(b"abc"))
    return sorted(folder.iterdir())


@pytest.fixture
def files(tmp_path):
    folder = tmp_path / "good"
    folder.mkdir()
    return good(folder)


def state(path):
    if path.is_symlink():
        return os.readlink(path)
    return path.read_bytes() if path.is_file() else path.exists()


def test_every_kind_of_file_is_mutated_alike_under_one_seed_and_otherwise_under_others(files, tmp_path):
    for path in files:
        outcomes = set()
        for seed in SEEDS:
            seen = []
            for place in ("one", "two"):
                copy = tmp_path / place / path.name
                shutil.rmtree(copy.parent, ignore_errors=True)
                copy.parent.mkdir()
                shutil.copy(path, copy)
                seen.append((mutate(copy, Random(seed)), state(copy)))
            assert seen[0] == seen[1], (path.name, seed)
            outcomes.add(seen[0][0])
        assert len(outcomes) > 5, path.name


@pytest.mark.parametrize("name", BYTES)
def test_bytes_of_any_length_are_mutated(name):
    for data in (b"", b"x", b"a,b\n1,2\n", bytes(range(256)) * 20):
        changed = [BYTES[name](data, Random(seed)) for seed in SEEDS]
        assert all(isinstance(c, bytes) and len(c) <= LARGEST for c in changed)
        assert any(c != data for c in changed) or len(data) < 2


@pytest.mark.parametrize("ending", [*TREES, *TABLES])
def test_structures_are_mutated_into_files_of_their_kind(ending, files):
    path = next(p for p in files if p.suffix == ending)
    data = path.read_bytes()
    for name, change in {**TREES.get(ending, {}), **TABLES.get(ending, {})}.items():
        changed = [change(data, Random(seed)) for seed in SEEDS]
        assert len(set(changed)) > 10, name


@pytest.mark.parametrize("name", PLACES)
def test_files_are_replaced_by_what_is_none(name, tmp_path):
    for seed in range(6):
        path = tmp_path / str(seed) / "t.csv"
        path.parent.mkdir()
        path.write_text("a\n")
        PLACES[name](path, Random(seed))
        assert mutate(path, Random(0)) == "left alone" or path.is_file(), "the next mutation passes it over"


def test_databases_and_archives_are_changed_in_themselves(files):
    for path in files:
        for name, change in WHOLE.get(path.suffix, {}).items():
            before, seen = path.read_bytes(), set()
            for seed in SEEDS:
                path.write_bytes(before)
                change(path, Random(seed))
                seen.add(path.read_bytes())
            assert len(seen) > 3, name
