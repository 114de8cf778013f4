"""A good workspace, run once for all cases and copied for each; and what of it must outlive bad input."""

from __future__ import annotations

import contextlib
import csv
import json
import shutil
import sqlite3
import tempfile
from pathlib import Path

import pytest

from audits.new_workspace import init_workspace
from audits.review.schema import DERIVED
from tests.conftest import MadeUp

#: Tables that say how the queue stands at this moment: they follow from the others, and any run makes them anew.
OF_THE_MOMENT = {t.name for t in DERIVED} - {"task_priority"}


def _verdicts(zoo: MadeUp, file: Path) -> None:
    """Answer the queue: two items relabelled, one kept."""
    zoo.ok("verdicts", "export", "zoo", str(file))
    with file.open(newline="") as f:
        rows = list(csv.DictReader(f))
    for row in rows:
        row |= {"reviewer": "ann", "decision": "keep"}
        if row["item_id"] in zoo.flipped["zoo"][:2]:
            row |= {"decision": "relabel", "labels": row["suggested_label"]}
    with file.open("w", newline="") as f:
        writer = csv.DictWriter(f, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows[:3])
    zoo.ok("verdicts", "import", "zoo", str(file))


@pytest.fixture(scope="session")
def good(tmp_path_factory: pytest.TempPathFactory) -> MadeUp:
    """A dataset `zoo`, run, with verdicts, and run again on these. Nobody may change it."""
    root = tmp_path_factory.mktemp("good") / "work space"
    init_workspace(root)
    zoo = MadeUp(root)
    zoo.add()
    zoo.ok("run", "zoo")
    _verdicts(zoo, root.parent / "queue.csv")
    zoo.ok("run", "zoo")
    return zoo


@pytest.fixture
def copied(good: MadeUp, tmp_path: Path) -> MadeUp:
    """A copy of the good workspace, to be spoiled."""
    root = tmp_path / "work space"
    shutil.copytree(good.root, root)
    return MadeUp(root, dict(good.flipped))


def in_force(root: Path) -> dict[str, bytes]:
    """The last good state: the pointers, every version that they name, and every row of the review store.

    Parameters
    ----------
    root : Path
        A workspace with a dataset `zoo`, in whatever state.
    """
    tables = root / "state" / "tables" / "zoo"
    pointers = tables / "current.json"
    found = {
        str(f.relative_to(root)): f.read_bytes()
        for f in (pointers, root / "state" / "version")
        if f.is_file()
    }
    for table, version in _named(pointers):
        folder = tables / table / version
        found |= {str(f.relative_to(root)): f.read_bytes() for f in sorted(folder.rglob("*")) if f.is_file()}
    return found | {"review": _rows(root / "state" / "review.sqlite")}


def _named(pointers: Path) -> list[tuple[str, str]]:
    try:
        return [(table, ref["version"]) for table, ref in json.loads(pointers.read_text()).items()]
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return []  # spoiled itself: then its bytes are all there is to keep


def _rows(database: Path) -> bytes:
    """Every row of every table but those of the moment; where it is no database, its bytes."""
    if not database.is_file():
        return b""
    with tempfile.TemporaryDirectory() as folder:
        # read from a copy: SQLite opens no database of this kind where it can write nothing beside it
        copy = Path(folder, "copy.sqlite")
        for ending in ("", "-wal"):
            if (there := database.with_name(database.name + ending)).is_file():
                shutil.copyfile(there, f"{copy}{ending}")
        try:
            with contextlib.closing(sqlite3.connect(copy)) as opened:
                names = [
                    n
                    for (n,) in opened.execute(
                        "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
                    )
                    if n not in OF_THE_MOMENT
                ]
                rows = {n: opened.execute(f'SELECT * FROM "{n}"').fetchall() for n in names}  # noqa: S608 names of our own
            return repr(rows).encode()
        except sqlite3.Error:
            return database.read_bytes()


def strays(root: Path) -> list[str]:
    """Files and folders under `state` that a piece of work leaves behind only when it was cut off."""
    found = [p for p in (root / "state").rglob("*") if p.name.startswith(".") and "dagster" not in p.parts]
    drafts = root / "state" / "tables" / "zoo" / "drafts"
    return sorted(str(p.relative_to(root)) for p in [*found, *(drafts.iterdir() if drafts.is_dir() else ())])
