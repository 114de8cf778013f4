"""The oracle finds what is planted, and nothing in a call that went as it should."""
# ruff: noqa: S608  the names are those of tables of our own

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

from audits.disk import fingerprint_folder
from tests.fuzz.child import Ended
from tests.fuzz.commands import Call
from tests.fuzz.oracle import codes, faults, look

RUN = Call("run", ("run", "zoo"), (), runs=True)
IMPORT = Call("verdicts import", ("verdicts", "import", "zoo", "q.csv"), ())
APPLY = Call("labels apply", ("labels", "apply", "p", "c", "o"), (), ("out.csv",))
REFUSED = b"labelaudit: error[file]: x.csv: there is no such file\n"


def ended(status=0, err=b"", out=b"", killed=None):
    return Ended(status, killed, 1.0, 1, out, err)


@pytest.fixture
def case(tmp_path):
    """A workspace as the oracle sees one: a table in force, a store with a verdict, a file of data."""
    tables = tmp_path / "ws" / "state" / "tables" / "zoo"
    (tables / "items" / "draft").mkdir(parents=True)
    (tables / "items" / "draft" / "table.parquet").write_bytes(b"rows")
    version = fingerprint_folder(tables / "items" / "draft")
    (tables / "items" / "draft").rename(tables / "items" / version)
    (tables / "current.json").write_text(json.dumps({"items": {"version": version, "inputs": {}}}))
    with closing(sqlite3.connect(tmp_path / "ws" / "state" / "review.sqlite")) as connection, connection:
        for table in ("verdict", "review_task"):
            connection.execute(f"CREATE TABLE {table} (id INTEGER)")
            connection.execute(f"INSERT INTO {table} VALUES (1)")
    (tmp_path / "ws" / "datasets").mkdir()
    (tmp_path / "ws" / "datasets" / "zoo.yaml").write_text("items: {}")
    (tmp_path / "files").mkdir()
    return tmp_path


def found(case, call, end, plant=lambda: None, state_spoiled=False):
    before = look(case)
    plant()
    return faults(call, end, before, case, state_spoiled=state_spoiled)


@pytest.mark.parametrize("status", [0, 2, 3])
def test_a_call_that_went_as_it_should_has_no_fault(case, status):
    assert found(case, RUN, ended(status, REFUSED if status else b"")) == []
    assert codes(ended(2, REFUSED)) == ["file"]


@pytest.mark.parametrize(
    ("end", "says"),
    [
        (ended(1, b"Traceback (most recent call last):\n  ...\nKeyError: 1\nerror\n"), "a traceback"),
        (ended(1, REFUSED), "status 1"),
        (ended(70, REFUSED), "status 70"),
        (ended(2, b""), "no word"),
        (ended(2, REFUSED + b"x" * 30_000), "kB of words"),
        (ended(2, REFUSED + b"\x1b[31m"), "signs that steer"),
        (ended(0, b"a.py:3: RuntimeWarning: overflow\n"), "a warning of Python's"),
        (ended(None, killed="hang"), "killed: hang"),
        (ended(None, killed="SIGSEGV"), "killed: SIGSEGV"),
    ],
)
def test_what_is_said_and_how_it_ends(case, end, says):
    assert [f for f in found(case, RUN, end) if says in f]


def test_status_1_is_right_where_its_own_files_were_spoiled(case):
    assert found(case, RUN, ended(1, b"labelaudit: error[damaged]: x\n"), state_spoiled=True) == []


def put(path, text="x"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def more_verdicts(case):
    with closing(sqlite3.connect(case / "ws" / "state" / "review.sqlite")) as connection, connection:
        connection.execute("INSERT INTO verdict VALUES (2)")


@pytest.mark.parametrize(
    ("call", "plant", "says"),
    [
        (RUN, lambda c: put(c / "ws/state/tables/zoo/current.json", "{}"), "other tables are in force"),
        (
            RUN,
            lambda c: put(next((c / "ws/state/tables/zoo/items").iterdir()) / "x"),
            "not what its name says",
        ),
        (RUN, more_verdicts, "rows of 'verdict'"),
        (IMPORT, more_verdicts, "rows of 'verdict'"),
        (APPLY, lambda c: put(c / "out.csv"), "out.csv is there"),
        (APPLY, lambda c: put(c / ".out.csv-abc123"), "left behind"),
        (APPLY, lambda c: put(c / "tmp/left"), "left behind"),
        (RUN, lambda c: put(c / "ws/state/tables/zoo/drafts/items-x/t"), "left behind"),
        (RUN, lambda c: put(c / "ws/datasets/zoo.yaml", "changed"), "changed what it was given"),
        (RUN, lambda c: put(c / "ws/datasets/new.yaml"), "new.yaml is there"),
    ],
)
def test_a_partial_state_after_a_refusal(case, call, plant, says):
    assert [f for f in found(case, call, ended(2, REFUSED), lambda: plant(case)) if says in f]


def test_what_a_command_is_for_is_no_fault(case):
    assert found(case, IMPORT, ended(0), lambda: more_verdicts(case)) == []
    assert found(case, APPLY, ended(0), lambda: put(case / "out.csv")) == []
    behind = ended(2, b"labelaudit: error[input]: zoo: review_queue: gold.jsonl: 1 ids repeat\n")
    assert found(case, RUN, behind, lambda: put(case / "ws/state/tables/zoo/current.json", "{}")) == []


def test_a_copy_of_a_store_may_leave_an_empty_store_and_no_rows(case):
    call = Call("store copy", ("store", "copy", "a", "b"), (), ("out.sqlite",))

    def copied(*statements):
        with closing(sqlite3.connect(case / "out.sqlite")) as connection, connection:
            for statement in statements:
                connection.execute(statement)

    assert found(case, call, ended(2, REFUSED), lambda: copied("CREATE TABLE verdict (id INTEGER)")) == []
    partial = found(case, call, ended(2, REFUSED), lambda: copied("INSERT INTO verdict VALUES (1)"))
    assert partial == ["partial state: out.sqlite is there"]
