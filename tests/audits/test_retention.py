import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from audits.errors import AuditError
from audits.names import folder_name
from audits.results import Result, ResultStore
from audits.retention import leftovers, leftovers_of, remove
from audits.run_log import RunRecord
from audits.stages.features import columns_part
from audits.stages.scoring import scores_part
from audits.stages.signalling import neighbours_part
from audits.table_store import TableRef, TableStore


@pytest.fixture
def tables(tmp_path):
    return TableStore(tmp_path / "tables", "zoo")


@pytest.fixture
def results(tables):
    return ResultStore(tables.root / "results")


def _write(tables, table, text, inputs=None):
    with tables.draft(table) as draft:
        (draft.folder / "content").write_text(text)
    return TableRef(table, draft.version, inputs or {})


def _night(tables, results, n, part=""):
    """A night's result of one stage, used n seconds after the others."""
    ref = _write(tables, "scores", f"night {n} {part}")
    result = Result(inputs={"night": n}, tables={ref.table: ref.version})
    results.keep("scores", part, result)
    for path in (results.root / "scores" / (part or "_")).glob("*.json"):
        if json.loads(path.read_text())["inputs"] == {"night": n}:
            os.utime(path, (1_000_000 + n, 1_000_000 + n))
    return ref


def _names(paths):
    return {(p.parent.name, p.name) for p in paths}


def test_the_results_used_last_are_kept_with_their_tables(tables, results):
    refs = [_night(tables, results, n) for n in range(5)]
    found = leftovers(tables, keep=2)
    assert len(found.results) == 3
    assert _names(found.versions) == {("scores", r.version) for r in refs[:3]}
    assert found.size == sum(len(f"night {n} ") for n in range(3))
    remove(tables, found)
    assert [results.find("scores", "", {"night": n}) is not None for n in range(5)] == [False] * 3 + [
        True
    ] * 2
    assert [(tables.root / "scores" / r.version).is_dir() for r in refs] == [False] * 3 + [True] * 2
    assert leftovers(tables, keep=2) == replace(found, results=(), versions=(), size=0)


def test_each_part_of_a_stage_keeps_its_own(tables, results):
    for n in range(3):
        _night(tables, results, n, part="m0")
    _night(tables, results, 0, part="m1")
    found = leftovers(tables, keep=1)
    assert {p.parent.name for p in found.results} == {"m0"}
    assert len(found.results) == 2


def test_a_result_that_was_used_again_outlives_a_later_one(tables, results):
    first, second = _night(tables, results, 0), _night(tables, results, 1)
    results.touch("scores", "", {"night": 0})
    found = leftovers(tables, keep=1)
    assert _names(found.versions) == {("scores", second.version)}
    assert first.version not in {v for _, v in _names(found.versions)}


def test_tables_in_force_candidates_and_what_they_were_made_from_stay_whatever_their_age(tables, results):
    items = _write(tables, "items", "old items")
    scores = _write(tables, "scores", "old scores", {"items": items.version})
    waiting = _write(tables, "items", "candidate")
    stray = _write(tables, "items", "named by nothing")
    tables.publish({"scores": scores}, "run")
    tables.set_candidate(waiting)
    found = leftovers(tables, keep=1)
    assert _names(found.versions) == {("items", stray.version)}
    remove(tables, found)
    for ref in (items, scores, waiting):
        tables.folder(ref.table, ref.version)


def test_drafts_results_and_files_beside_the_tables_are_no_versions(tables, results):
    _night(tables, results, 0)
    (tables.root / "drafts" / "items-x").mkdir(parents=True)
    (tables.root / "history.jsonl").write_text("")
    found = leftovers(tables, keep=5)
    assert (found.results, found.versions, found.size) == ((), (), 0)


def test_a_dataset_that_never_ran_has_nothing_to_remove(tables):
    assert leftovers(tables, keep=1).versions == ()
    remove(tables, leftovers(tables, keep=1))
    assert not tables.root.exists()


def test_a_damaged_result_keeps_no_table(tables, results):
    ref = _night(tables, results, 0)
    (path,) = (results.root / "scores" / "_").glob("*.json")
    path.write_text("{")
    assert _names(leftovers(tables, keep=1).versions) == {("scores", ref.version)}


_KILLED = """
import os, shutil, signal, sys
from pathlib import Path
from audits.retention import leftovers, leftovers_of, remove
from audits.run_log import RunRecord
from audits.table_store import TableStore
shutil.rmtree = lambda *a, **k: os.kill(os.getpid(), signal.SIGKILL)
tables = TableStore(Path(sys.argv[1]), "zoo")
remove(tables, leftovers(tables, 1))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_a_kill_in_between_leaves_no_version_in_part_that_a_result_names(tables, results):
    refs = [_night(tables, results, n) for n in range(3)]
    done = subprocess.run([sys.executable, "-c", _KILLED, str(tables.root)], capture_output=True)
    assert done.returncode == -9
    for n, ref in enumerate(refs):
        kept = results.find("scores", "", {"night": n})
        there = (tables.root / "scores" / ref.version / "content").exists()
        assert there or kept is None
    remove(tables, leftovers(tables, 1))
    tables.clear_drafts()
    assert [p.name for p in (tables.root / "scores").iterdir()] == [refs[2].version]
    assert not (tables.root / "drafts").exists()


def test_what_cannot_be_removed_is_one_clear_error(tables, results):
    _night(tables, results, 0), _night(tables, results, 1)
    found = leftovers(tables, 1)
    (path,) = found.results
    path.unlink()
    (path / "in the way").mkdir(parents=True)
    with pytest.raises(AuditError, match=f"{path.name} cannot be written"):
        remove(tables, found)


def _runs(workspace, *began):
    for at in began:
        record = RunRecord("r", "done", at.isoformat(), at.isoformat(), "command", 1)
        workspace.run_log("pets").add(record)


def test_scores_under_reference_labels_are_kept_while_the_dataset_has_them(tables, results):
    part = scores_part("m", "second_look")
    results.keep("scores", part, Result(inputs={}))
    later = datetime.now(UTC) + timedelta(seconds=100)
    for versions, gone in ((["second_look"], 0), ([], 1)):
        found = leftovers(tables, keep=1, models=["m"], since=later, label_versions=versions)
        assert len(found.results) == gone


def test_results_of_features_and_of_what_is_shared_are_kept_while_the_dataset_has_them(tables, results):
    of_photos = ["photos", columns_part("photos"), neighbours_part("photos")]
    for part in (*of_photos, "duplicates", "outliers", "suggestion"):
        results.keep("signals", part, Result(inputs={}))
    later = datetime.now(UTC) + timedelta(seconds=100)
    assert leftovers(tables, keep=1, since=later, features=["photos"]).results == ()
    gone = leftovers(tables, keep=1, since=later, features=["words"]).results
    assert {p.parent.name for p in gone} == {folder_name(p) for p in of_photos}


def test_results_of_a_model_that_left_go_when_they_were_not_used_in_the_runs_that_are_kept(
    small, verdict_store
):
    small.more["retention"] = {"keep": 2}
    small.night(verdict_store)
    del small.models[0]
    small.night(verdict_store)
    workspace, results = small.workspace, ResultStore(small.tables.root / "results")
    now = datetime.now(UTC)
    for files in results.parts():
        for path in files:
            os.utime(path, (now.timestamp() - 100, now.timestamp() - 100))
    dataset = workspace.dataset("pets")
    _runs(workspace, now - timedelta(seconds=200))
    assert leftovers_of(workspace, dataset).results == (), "not so many runs yet"
    _runs(workspace, now - timedelta(seconds=150))
    assert leftovers_of(workspace, dataset).results == (), "used since"
    _runs(workspace, now - timedelta(seconds=50), now)
    gone = leftovers_of(workspace, dataset)
    assert {p.parent.name for p in gone.results} >= {"linear", "confident_learning%20on%20linear"}
    assert not {p.parent.name for p in gone.results} & {"_", "tree", "prompted", "model_agreement"}
    assert "outputs.linear" in {v.parent.name for v in gone.versions}
    remove(small.tables, gone)
    assert small.run(verdict_store)["comparison"].reused
