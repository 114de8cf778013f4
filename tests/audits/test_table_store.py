import contextlib
import json
import resource
import signal
import subprocess
import sys
import threading
import time

import pyarrow as pa
import pytest

from audits import table_store as module
from audits.disk import fingerprint_folder
from audits.errors import AuditError, UsageError
from audits.table_store import TableRef

ROWS = pa.table({"a": [1, 2, 3]})
V1, V2 = "1" * 32, "2" * 32

PUBLISH = """
import sys
from audits.table_store import TableRef
from audits.workspace import Workspace
tables = Workspace(sys.argv[1]).tables("pets")
who, rounds = sys.argv[2], int(sys.argv[3])
print("ready", flush=True)
for i in range(rounds):
    version = f"{i:032d}"
    more = {f"filler{k}": TableRef(f"filler{k}", version) for k in range(50)}
    tables.publish({who: TableRef(who, version, {"items": version}), **more}, who)
"""


@contextlib.contextmanager
def full_disk(free_bytes=0):
    """Files may not grow beyond so many bytes: the system refuses the write, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (free_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def python(code, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)], stdout=subprocess.PIPE, text=True
    )


def test_the_same_rows_are_the_same_version_and_others_another(project):
    one = project.tables.write("t", ROWS, {"items": V1})
    assert project.tables.write("t", ROWS, {}).version == one.version
    assert project.tables.write("t", ROWS.slice(1), {}).version != one.version
    assert project.tables.read("t", one.version).equals(ROWS)
    assert one.lineage() == {"items": V1, "t": one.version}
    assert list((project.tables.root / "drafts").iterdir()) == []


def test_a_crash_in_the_middle_of_a_draft_keeps_nothing(project):
    with pytest.raises(KeyError), project.tables.draft("t") as draft:  # noqa: PT012 - the block is what fails
        (draft.folder / "half").write_bytes(b"x")
        raise KeyError
    assert [p for p in project.tables.root.rglob("*") if p.is_file()] == []
    assert draft.version == ""


def test_a_killed_process_leaves_a_draft_that_the_next_run_removes(project):
    drafts = project.tables.root / "drafts"
    (drafts / "t-abc").mkdir(parents=True)
    with project.workspace.run_lock("pets"):
        assert not drafts.exists()


def test_a_full_disk_is_said_and_leaves_what_there_was(project):
    tables = project.tables
    one = tables.write("t", ROWS, {})
    tables.publish({"t": one}, "run1")
    with full_disk():
        with pytest.raises(AuditError, match=r"tables/pets/t cannot be written: .*"):
            tables.write("t", ROWS.slice(1), {})
        with pytest.raises(AuditError, match=r"current\.json cannot be written: .*File too large"):
            tables.publish({"t": TableRef("t", V2)}, "run2")
        with pytest.raises(AuditError, match=r"candidate\.json cannot be written"):
            tables.set_candidate(one)
    assert tables.current() == {"t": one}
    assert [p.name for p in (tables.root / "t").iterdir()] == [one.version]
    assert list((tables.root / "drafts").iterdir()) == []
    assert [p.name for p in tables.root.iterdir() if p.name.startswith(".")] == []


def test_a_folder_that_cannot_be_made_or_renamed_into(project):
    tables = project.tables
    tables.root.mkdir(parents=True)
    (tables.root / "t").write_text("")
    with pytest.raises(AuditError, match="t cannot be written"):
        tables.write("t", ROWS, {})
    (tables.root / "drafts").rmdir()
    (tables.root / "drafts").write_text("")
    with pytest.raises(AuditError, match="drafts cannot be written"):
        tables.write("t", ROWS, {})


def test_a_rename_that_another_process_won_is_fine_and_one_that_fails_is_said(project):
    tables = project.tables
    ref = tables.write("t", ROWS, {})
    other = tables.root / "t" / V2
    other.write_text("a file in the way")
    with tables.draft("t") as draft:
        (draft.folder / "x").write_bytes(b"1")
        # the same content, kept by another process while this one was writing
        target = tables.root / "t" / fingerprint_folder(draft.folder)
        target.mkdir()
        (target / "x").write_bytes(b"1")
    assert draft.version == target.name != ref.version


def test_pointers_name_what_is_in_force_and_the_history_every_change(project):
    tables = project.tables
    assert tables.current() == tables.candidates() == {}
    with pytest.raises(UsageError, match="no table 't' yet; run 'labelaudit run pets'"):
        tables.current_ref("t")
    a, b = TableRef("a", V1), TableRef("b", V2, {"a": V1})
    tables.set_candidate(a)
    tables.set_candidate(b)
    assert tables.candidates() == {"a": a, "b": b}
    assert tables.current() == {}
    tables.publish({"a": a, "b": b}, "run1")
    tables.publish({"a": a}, "run2")  # nothing new
    tables.publish({}, "run3", drop=("b", "never"))
    tables.publish({}, "run4", drop=("never",))  # nothing gone
    assert tables.current() == {"a": a}
    with pytest.raises(UsageError, match=r"no table 'b' yet \(there: a\)"):
        tables.current_ref("b")
    changes = [(h["run_id"], h["tables"], h["dropped"]) for h in project.history()]
    assert changes == [("run1", {"a": V1, "b": V2}, []), ("run3", {}, ["b"])]


def test_the_candidate_of_a_table(project):
    tables = project.tables
    tables.set_candidate(TableRef("a", V1))
    assert tables.candidate_ref("a") == TableRef("a", V1)
    with pytest.raises(AuditError, match="dataset 'pets': no candidate for 'b'; run the stages before first"):
        tables.candidate_ref("b")


def test_half_a_line_of_history_does_not_spoil_the_next(project):
    tables = project.tables
    tables.publish({"a": TableRef("a", V1)}, "run1")
    with (tables.root / "history.jsonl").open("a") as f:
        f.write('{"at": "20')
    tables.publish({"a": TableRef("a", V2)}, "run2")
    lines = (tables.root / "history.jsonl").read_text().splitlines()
    assert len(lines) == 3
    assert json.loads(lines[2])["run_id"] == "run2"


@pytest.mark.parametrize(
    "damage",
    [b"", b"{", b"\xff", b"[]", b"3", b'{"t": 1}', b'{"t": {}}', b'{"t": {"version": "1"}}', b"[" * 100_000,
     b'{"t": {"version": 1, "inputs": {}}}', b'{"t": {"version": "1", "inputs": 3}}',
     b'{"t": {"version": "../../x", "inputs": {}}}', b'{"t": {"version": "1", "inputs": {"items": null}}}'],
)  # fmt: skip
def test_damaged_pointers_are_said_by_name_and_not_overwritten(project, damage):
    tables = project.tables
    tables.root.mkdir(parents=True)
    path = tables.root / "current.json"
    path.write_bytes(damage)
    for call in (tables.current, lambda: tables.current_ref("t"), lambda: tables.publish({}, "r")):
        with pytest.raises(AuditError, match=r"current\.json is damaged: "):
            call()
    assert path.read_bytes() == damage


def test_a_missing_or_damaged_version_is_said_by_name(project):
    tables = project.tables
    with pytest.raises(AuditError, match=f"version {V1} of table 't' is missing from"):
        tables.read("t", V1)
    ref = tables.write("t", ROWS, {})
    file = tables.folder("t", ref.version) / "table.parquet"
    for content in (b"PAR1", file.read_bytes()[:-30]):
        file.write_bytes(content)
        with pytest.raises(AuditError, match=f"{ref.version} is damaged: "):
            tables.read("t", ref.version)
    file.unlink()
    with pytest.raises(AuditError, match="is damaged"):
        tables.read("t", ref.version)


def test_a_pointer_that_stays_locked_is_said_after_a_while_also_within_a_run(project, monkeypatch):
    monkeypatch.setattr(module, "_POINTER_SECONDS", 0.05)
    tables = project.tables
    with (
        tables._pointer_lock(),
        project.workspace.run_lock("pets"),
        pytest.raises(AuditError, match=r"another process has held .*pointers\.lock for 0\.05 s"),
    ):
        tables.set_candidate(TableRef("a", V1))


def test_two_processes_that_publish_at_once_lose_nothing(project):
    rounds = 25
    running = [python(PUBLISH, project.workspace.root, who, rounds) for who in ("ann", "bob")]
    for process in running:
        assert process.wait(60) == 0
        process.stdout.close()
    last = f"{rounds - 1:032d}"
    current = project.tables.current()
    assert {current["ann"].version, current["bob"].version} == {last}
    told = [(h["run_id"], h["tables"].get(h["run_id"])) for h in project.history()]
    for who in ("ann", "bob"):
        assert [v for w, v in told if w == who] == [f"{i:032d}" for i in range(rounds)]


def test_a_process_killed_while_publishing_leaves_the_old_or_the_new_pointer(project):
    for pause in (0.0, 0.003, 0.011, 0.02):
        process = python(PUBLISH, project.workspace.root, "ann", 10**6)
        process.stdout.readline()
        time.sleep(0.05 + pause)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        current = project.tables.current()
        assert (
            len({r.version for n, r in current.items() if n != "bob"}) == 1
        )  # never some of one round, some of another
        assert current["ann"].inputs == {"items": current["ann"].version}
        project.tables.publish(
            {"bob": TableRef("bob", current["ann"].version)}, "after"
        )  # no lock stays held


def test_readers_never_see_a_torn_pointer(project):
    tables, stop, seen = project.tables, threading.Event(), []

    def read():
        while not stop.is_set():
            seen.append(len({r.version for r in tables.current().values()}))

    reader = threading.Thread(target=read)
    reader.start()
    for i in range(40):
        tables.publish({n: TableRef(n, f"{i:032d}") for n in "abc"}, "run")
    stop.set()
    reader.join()
    assert set(seen) <= {0, 1}
    assert len(seen) > 1


@pytest.mark.parametrize("next_step", ["publish", "a run begins"])
def test_a_change_that_a_killed_process_did_not_come_to_tell_is_told_by_the_next(project, next_step):
    tables = project.tables
    tables.publish({"a": TableRef("a", V1), "b": TableRef("b", V1)}, "run1")
    history = tables.root / "history.jsonl"
    told = history.read_text()
    tables.publish({"a": TableRef("a", V2)}, "run2", drop=("b",))
    history.write_text(told)  # killed between the pointers and the history
    if next_step == "publish":
        tables.publish({"c": TableRef("c", V1)}, "run3")
        assert tables.history()[2]["tables"] == {"c": V1}
    else:
        tables.clear_drafts()
    second = tables.history()[1]
    assert (second["run_id"], second["tables"], second["dropped"]) == (None, {"a": V2}, ["b"])
    lines = history.read_text()
    tables.clear_drafts()
    assert history.read_text() == lines, "once"


def test_a_history_without_states_is_read_through_and_only_added_to(project):
    tables = project.tables
    tables.publish({"a": TableRef("a", V1)}, "run1")
    history = tables.root / "history.jsonl"
    entry = {k: v for k, v in json.loads(history.read_text()).items() if k != "state"}
    history.write_text(json.dumps(entry) + "\n")
    tables.clear_drafts()
    tables.publish({"a": TableRef("a", V2)}, "run2")
    assert [(h["run_id"], h["tables"]) for h in tables.history()] == [
        ("run1", {"a": V1}),
        ("run2", {"a": V2}),
    ]


def test_damaged_pointers_do_not_keep_a_run_from_beginning(project):
    tables = project.tables
    tables.publish({"a": TableRef("a", V1)}, "run1")
    (tables.root / "current.json").write_text("{")
    tables.clear_drafts()
    assert len(tables.history()) == 1


@pytest.mark.parametrize("damage", ["emptied", "gone", "more"])
def test_a_damaged_version_is_replaced_when_its_content_is_made_again(project, damage):
    rows = pa.table({"a": [1, 2]})
    ref = project.tables.write("scores", rows, {})
    folder = project.tables.folder("scores", ref.version)
    if damage == "emptied":
        (folder / "table.parquet").write_bytes(b"")
    elif damage == "gone":
        (folder / "table.parquet").unlink()
    else:
        (folder / "stray").write_text("x")
    assert project.tables.write("scores", rows, {}) == ref
    assert project.tables.read("scores", ref.version).equals(rows)
    assert [p.name for p in folder.iterdir()] == ["table.parquet"]
    assert list((project.tables.root / "drafts").iterdir()) == []


def test_a_candidate_that_left_the_configuration_is_forgotten(project):
    kept, gone = (project.tables.write(t, pa.table({"a": [1]}), {}) for t in ("items", "outputs.m"))
    project.tables.set_candidate(kept)
    project.tables.set_candidate(gone)
    project.tables.drop_candidates(["outputs.m", "outputs.never"])
    assert project.tables.candidates() == {"items": kept}
    before = (project.tables.root / "candidate.json").stat().st_mtime_ns
    project.tables.drop_candidates(["outputs.m"])
    assert (project.tables.root / "candidate.json").stat().st_mtime_ns == before
