"""Finding or making: what `memo` takes, makes and keeps, and how files and pointers are looked at."""

from __future__ import annotations

import os
import re

import pyarrow as pa
import pytest

from audits.errors import ConfigError, InputError, PathError, UsageError
from audits.progress import listening
from audits.table_store import TableRef
from audits.work import Changed, Made, Outcome, Work

ROWS = pa.table({"a": [1, 2, 3]})


@pytest.fixture
def pets(small):
    small.write()
    small.age()
    return small


@pytest.fixture
def calls():
    return []


@pytest.fixture
def make(calls):
    """Gives functions that make something, and note that they did."""

    def of(name="x", **made):
        def made_now():
            calls.append(name)
            return Made(**{"facts": {"name": name}, **made})

        return made_now

    return of


def opened(pets, run_id="", **options):
    return Work(pets.workspace, "pets", run_id=run_id, **options)


def test_what_was_made_once_is_found_by_every_later_run(pets, make, calls):
    first = opened(pets, "r1").memo("s", {"k": 1}, make())
    work = opened(pets, "r2")
    found = work.memo("s", {"k": 1}, make())
    assert calls == ["x"]
    assert found == first
    assert (found.facts, found.run_id) == ({"name": "x"}, "r1")
    assert work.outcome({}) == Outcome({}, work.outcome({}).version, (), ("s",))


@pytest.mark.parametrize("other", [{"k": 2}, {"k": 1, "more": None}, {}])
def test_other_inputs_are_made_for_themselves(pets, make, calls, other):
    work = opened(pets)
    work.memo("s", {"k": 1}, make("one"))
    assert work.memo("s", other, make("two")).facts == {"name": "two"}
    assert calls == ["one", "two"]


def test_parts_and_stages_are_apart(pets, make, calls):
    work = opened(pets)
    for stage, part in (("s", ""), ("s", "p"), ("s", "q"), ("t", "p")):
        work.memo(stage, {}, make(f"{stage}{part}"), part=part)
    assert calls == ["s", "sp", "sq", "tp"]
    assert work.outcome({}).computed == ("s", "s: p", "s: q", "t: p")


def test_what_fails_is_not_kept(pets, make, calls):
    def fail():
        raise InputError("broken")

    for _ in range(2):
        with pytest.raises(InputError):
            opened(pets).memo("s", {}, fail)
    assert opened(pets).memo("s", {}, make()).facts == {"name": "x"}


def test_force_computes_each_thing_once_a_run(pets, make, calls):
    opened(pets, "r1").memo("s", {}, make())
    for _ in range(3):  # as stages and checks open the dataset anew and ask for the same
        opened(pets, "r2", force=True).memo("s", {}, make())
    assert calls == ["x", "x"]
    opened(pets, "r3").memo("s", {}, make())
    assert calls == ["x", "x"]
    for _ in range(2):  # outside of a run nothing tells one call from the next
        opened(pets, force=True).memo("s", {}, make())
    assert calls == ["x"] * 4


def test_a_table_that_is_gone_is_made_again(pets, make, calls):
    def write():
        calls.append("t")
        return Made({"t": pets.tables.write("t", ROWS, {}).version})

    version = opened(pets, "r1").memo("s", {}, write).tables["t"]
    opened(pets, "r2").memo("s", {}, write)
    assert calls == ["t"]
    for path in (pets.tables.root / "t" / version).iterdir():
        path.unlink()
    (pets.tables.root / "t" / version).rmdir()
    assert opened(pets, "r3").memo("s", {}, write).tables == {"t": version}
    assert calls == ["t", "t"]


def long_ago(path):
    os.utime(path, (1_700_000_000, 1_700_000_000))


def test_files_that_were_read_beside_the_inputs_are_watched(pets, make, calls):
    path = pets.workspace.datasets_dir / "a b.png"
    path.write_text("x")
    long_ago(path)
    made = make(watched=["a b.png", str(path)])
    for _ in range(2):
        opened(pets).memo("s", {}, made)
    assert calls == ["x"]
    path.write_text("y")
    long_ago(path)
    os.utime(path, (1_700_000_001, 1_700_000_001))
    for _ in range(2):
        opened(pets).memo("s", {}, made)
    assert calls == ["x", "x"]
    opened(pets, verify=True).memo("s", {}, made)
    assert calls == ["x", "x", "x"]
    path.unlink()
    opened(pets).memo("s", {}, made)
    opened(pets).memo("s", {}, made)
    assert calls == ["x"] * 5, "what is not there is looked for each time"


def test_a_watched_file_that_may_have_changed_while_it_was_read_is_read_again(pets, make, calls):
    path = pets.workspace.datasets_dir / "a.png"
    path.write_text("x")  # at this moment: who knows which of two writes was read
    for _ in range(2):
        opened(pets).memo("s", {}, make(watched=["a.png"]))
    assert calls == ["x", "x"]
    long_ago(path)
    for _ in range(2):
        opened(pets).memo("s", {}, make(watched=["a.png"]))
    assert calls == ["x", "x", "x"]


def test_a_result_of_this_very_run_is_neither_computed_again_nor_taken_from_an_earlier_one(pets, make, calls):
    for force in (False, True):
        work = opened(pets, f"run {force}", force=force)
        first = work.memo("s", {"force": force}, make())
        assert work.outcome({}).computed == ("s",)
        assert work.memo("s", {"force": force}, make()) == first
        assert work.outcome({}).reused == ()
    assert calls == ["x", "x"]


def test_planning_makes_nothing_and_says_what_would_be_made_and_why(pets, make, calls):
    def planned(inputs, part=""):
        with pytest.raises(Changed) as said:
            opened(pets, planning=True).memo("s", inputs, make(), part=part)
        return str(said.value)

    assert planned({"k": 1}) == "s: not computed yet"
    opened(pets).memo("s", {"k": 1, "l": 2, "m": 3}, make(watched=["gone.png"]))
    assert planned({"k": 1, "l": 3, "n": 4}) == "s: l, m, n changed"
    assert planned({}, "p") == "s: p: not computed yet"
    assert planned({"k": 1, "l": 2, "m": 3}) == "s: what it made or read is not there as it was"
    opened(pets).memo("t", {}, make())
    assert opened(pets, planning=True).memo("t", {}, make()).facts == {"name": "x"}
    assert calls == ["x", "x"]


def test_planning_does_not_count_as_use(pets, make):
    work = opened(pets)
    work.memo("s", {"k": 1}, make())
    work.memo("s", {"k": 2}, make())
    for n, path in enumerate(sorted(work.results.root.rglob("*.json"), key=lambda p: p.stat().st_mtime_ns)):
        os.utime(path, (n, n))
    opened(pets, planning=True).memo("s", {"k": 1}, make())
    assert work.results.latest("s", "").inputs == {"k": 2}
    opened(pets).memo("s", {"k": 1}, make())
    assert work.results.latest("s", "").inputs == {"k": 1}


def test_parts_that_are_computed_are_told_as_progress(pets, make):
    said = []
    with listening(lambda what, step: said.append((what, step))):
        for _ in range(2):
            opened(pets).memo("s", {}, make(), part="p")
            opened(pets).memo("s", {}, make())
    assert said == [("s: p", False)]


def test_an_outcome_begins_a_new_record(pets, make):
    work = opened(pets)
    work.memo("s", {}, make())
    assert work.outcome({}).recomputed
    work.memo("s", {}, make())
    after = work.outcome({})
    assert (after.computed, after.reused, after.recomputed) == ((), ("s",), False)
    assert work.outcome({}).reused == ()


def test_the_version_of_an_outcome_is_that_of_what_it_left_behind(pets):
    work = opened(pets)
    a, b, b2 = TableRef("a", "1"), TableRef("b", "2"), TableRef("b", "3")
    assert work.outcome({"n": 1}, [a]).version == "1"
    several = work.outcome({"n": 1}, [a, b]).version
    assert several == work.outcome({"n": 2}, [b, a]).version
    assert several != work.outcome({"n": 1}, [a, b2]).version
    assert work.outcome({"n": 1}).version == work.outcome({"n": 1}).version != work.outcome({"n": 2}).version


def test_fingerprints_of_named_files(pets):
    (pets.workspace.datasets_dir / "copy.parquet").write_bytes(
        (pets.workspace.datasets_dir / "tree.parquet").read_bytes()
    )
    found = opened(pets).files(one="tree.parquet", two="copy.parquet", three=None, four="gone.parquet")
    assert set(found) == {"one", "two", "four"}
    assert found["one"] == found["two"] is not None
    assert found["four"] is None


def test_a_file_that_is_no_longer_what_it_was(pets):
    work = opened(pets)
    before = work.files(one="tree.parquet", two="linear.parquet")
    work.unchanged(before, one="tree.parquet", two="linear.parquet")
    with (pets.workspace.datasets_dir / "tree.parquet").open("ab") as f:
        f.write(b"more")
    with pytest.raises(
        InputError, match=r"^tree\.parquet: changed while it was read; run again when it is written$"
    ):
        work.unchanged(before, one="tree.parquet", two="linear.parquet")
    (pets.workspace.datasets_dir / "linear.parquet").unlink()
    with pytest.raises(InputError, match=r"^tree\.parquet, linear\.parquet: changed"):
        work.unchanged(before, one="tree.parquet", two="linear.parquet")


def test_what_is_wrong_with_a_file_is_for_its_reader_to_say(pets):
    assert opened(pets).files(one=".", two="gone") == {"one": None, "two": None}


def test_a_path_that_can_be_none_is_refused_before_it_is_looked_at(pets):
    with pytest.raises(PathError, match="no usable path"):
        opened(pets).files(one="a\0b")


def test_pointers_are_written_where_they_change_and_planned_otherwise(pets):
    ref = TableRef("t", "1", {"items": "2"})
    for planning in (True, False, True):
        work = opened(pets, "r1", planning=planning)
        if planning and not pets.tables.current():
            with pytest.raises(Changed, match="t: the candidate is another one"):
                work.candidate(ref)
            with pytest.raises(Changed, match="t: the tables in force are others"):
                work.publish([ref])
        else:
            work.candidate(ref)
            work.publish([ref], drop=["never"])
    assert pets.tables.candidates() == pets.tables.current() == {"t": ref}
    with pytest.raises(Changed, match="t: the tables in force are others"):
        opened(pets, planning=True).publish([], drop=["t"])
    # other inputs are another table in force, though its rows are the same
    with pytest.raises(Changed):
        opened(pets, planning=True).publish([TableRef("t", "1", {"items": "3"})])
    history = (pets.tables.root / "history.jsonl").read_text()
    opened(pets, "r2").publish([ref])
    assert (pets.tables.root / "history.jsonl").read_text() == history
    opened(pets, "r3").publish([], drop=["t", "never"])
    assert pets.tables.current() == {}


def test_the_store_is_opened_when_it_is_needed_and_closed_by_who_opened_it(pets, verdict_store):
    with opened(pets, store=verdict_store) as work:
        assert work.store is verdict_store
    assert verdict_store.tasks("pets") == []
    with opened(pets):
        pass
    with opened(pets) as work:
        own = work.store
    with pytest.raises(Exception, match="closed"):
        own.tasks("pets")


def test_what_cannot_be_opened(pets):
    with pytest.raises(UsageError, match="no dataset is named 'pest'"):
        Work(pets.workspace, "pest")
    path = pets.workspace.datasets_dir / "pets.yaml"
    path.write_text(re.sub('"items"', '"itemz"', path.read_text(), count=1))
    with pytest.raises(ConfigError, match="'items'"):
        opened(pets)
