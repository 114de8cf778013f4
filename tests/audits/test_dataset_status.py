from __future__ import annotations

import json

import pytest

from audits.dataset_status import counted_queue, dataset_status, workspace_status
from audits.errors import AuditError
from audits.results import ResultStore
from audits.review.consensus import Rule
from audits.review.records import Mark
from audits.review.store import ReviewStore
from audits.run_log import RunRecord
from audits.workspace import Workspace

DONE = RunRecord("r1", "done", "2024-01-01T03:00:00+00:00", "2024-01-01T03:01:00+00:00", "schedule", 12)


def status(small, store):
    mark = store.marks("pets").get("pets", Mark())
    found = dataset_status(small.workspace, store, mark, "pets")
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    return found


def test_before_the_first_run(small, verdict_store):
    small.write()
    assert status(small, verdict_store) == {
        "dataset": "pets",
        "configuration": "ok",
        "items": None,
        "models": [],
        "flagged": None,
        "queue": {"open": 0, "complete": 0, "outdated": 0},
        "verdicts": 0,
        "gold": [],
        "last_run": None,
    }


def test_where_a_dataset_stands(small, verdict_store):
    small.night(verdict_store)
    found = status(small, verdict_store)
    assert (found["items"], found["models"], found["flagged"]) == (12, ["linear", "prompted", "tree"], 2)
    assert found["queue"] == {"open": 2, "complete": 0, "outdated": 0}
    small.say(verdict_store, "i1", "ann", "keep")
    taken_back = small.say(verdict_store, "i1", "bob", "keep")
    assert status(small, verdict_store)["queue"] == {"open": 1, "complete": 1, "outdated": 0}
    verdict_store.withdraw(taken_back, "bob", "", "w")
    found = status(small, verdict_store)
    assert (found["queue"], found["verdicts"]) == ({"open": 2, "complete": 0, "outdated": 0}, 1)
    small.items[5]["text"] = "another text"
    small.night(verdict_store)
    assert status(small, verdict_store)["queue"] == {"open": 2, "complete": 0, "outdated": 1}


def test_reviewers_on_gold_items(small, verdict_store):
    small.review["gold"] = {"path": "gold.csv"}
    (small.workspace.datasets_dir / "gold.csv").write_text("item_id,label\ni0,c\n")
    small.night(verdict_store)
    small.say(verdict_store, "i0", "ann", "keep")
    (gold,) = status(small, verdict_store)["gold"]
    assert (gold["reviewer"], gold["answered"], gold["right"]) == ("ann", 1, 1)


def test_the_queue_is_counted_once_for_each_state(small, verdict_store, monkeypatch):
    counted = []
    from audits import dataset_status as module

    real = module.queue_counts
    monkeypatch.setattr(module, "queue_counts", lambda *a: counted.append(1) or real(*a))
    small.night(verdict_store)
    for _ in range(3):
        status(small, verdict_store)
    assert len(counted) == 1, "the run counted for it"
    small.say(verdict_store, "i1", "ann", "keep")
    for _ in range(2):
        status(small, verdict_store)
    small.run(verdict_store)
    assert len(counted) == 2


def test_who_may_only_read_the_workspace_sees_it_too(small, verdict_store, monkeypatch):
    small.night(verdict_store)
    small.say(verdict_store, "i1", "ann", "keep")

    def refuse(*_):
        raise AuditError("read-only")

    monkeypatch.setattr(ResultStore, "keep", refuse)
    mark = verdict_store.marks()["pets"]
    results = ResultStore(small.tables.root / "results")
    found = counted_queue(
        small.tables, results, verdict_store, mark, Rule(1, 1), small.tables.current_ref("items")
    )
    assert found == {"open": 1, "complete": 1, "outdated": 0, "gold": []}


def test_flags_are_counted_anew_where_no_result_tells_them(small, verdict_store):
    small.night(verdict_store)
    for path in (small.tables.root / "results").rglob("*.json"):
        path.unlink()
    assert status(small, verdict_store)["flagged"] == 2
    small.models = []
    small.night(verdict_store)
    for path in (small.tables.root / "results").rglob("*.json"):
        path.unlink()
    assert status(small, verdict_store)["flagged"] == 0


def test_a_broken_yaml_is_said_and_the_tables_are_shown(small, verdict_store):
    small.night(verdict_store)
    path = small.workspace.datasets_dir / "pets.yaml"
    path.write_text(path.read_text().replace('"items"', '"itemz"', 1))
    found = status(small, verdict_store)
    assert "'items'" in found["configuration"]
    assert (found["items"], found["flagged"]) == (12, 2)
    assert found["queue"] == {"open": None, "complete": None, "outdated": None}, (
        "no rule says what is complete"
    )


def test_the_last_run_is_the_one_that_ended_last_or_goes_on(small, verdict_store):
    small.write()
    workspace = small.workspace
    workspace.run_log("pets").add(DONE)
    told = {"run_id": "r1", "status": "done", "began_at": DONE.began_at, "ended_at": DONE.ended_at}
    assert status(small, verdict_store)["last_run"] == told
    with workspace.run_lock("pets", "labelaudit run"):
        owner = workspace.run_lock_file("pets").with_suffix(".owner.json")
        left = owner.read_bytes()
        running = status(small, verdict_store)["last_run"]
        assert (running["status"], running["ended_at"], running["run_id"]) == ("running", None, None)
    assert status(small, verdict_store)["last_run"] == told
    owner.write_bytes(left)  # as a process leaves it that was killed
    assert status(small, verdict_store)["last_run"]["status"] == "killed"
    later = RunRecord("r2", "failed", "2999-01-01T03:00:00+00:00", "2999-01-01T03:01:00+00:00", "command", 0)
    workspace.run_log("pets").add(later)
    assert status(small, verdict_store)["last_run"]["status"] == "failed"


def test_a_run_that_goes_on_before_any_has_ended(small, verdict_store):
    small.write()
    with small.workspace.run_lock("pets"):
        assert status(small, verdict_store)["last_run"]["status"] == "running"


def test_a_workspace_is_all_its_datasets(small, verdict_store):
    small.night(verdict_store)
    (small.workspace.datasets_dir / "broken.yaml").write_text("{")
    found = workspace_status(small.workspace)
    assert found["workspace"] == str(small.workspace.root)
    broken, pets = found["datasets"]
    assert pets == status(small, verdict_store)
    assert (broken["dataset"], broken["items"]) == ("broken", None)
    assert broken["configuration"] != "ok"


def test_an_empty_workspace(tmp_path):
    (tmp_path / "datasets").mkdir()
    assert workspace_status(Workspace(tmp_path))["datasets"] == []


def test_a_damaged_dataset_is_said_by_name(small, verdict_store):
    small.night(verdict_store)
    (small.tables.root / "current.json").write_text("{")
    with (
        pytest.raises(AuditError, match=r"current\.json is damaged"),
        ReviewStore(small.workspace.store_url) as store,
    ):
        dataset_status(small.workspace, store, Mark(), "pets")


def test_a_damaged_dataset_does_not_hide_the_others(small, verdict_store):
    small.night(verdict_store)
    (small.tables.root / "current.json").write_text("{")
    text = (small.workspace.datasets_dir / "pets.yaml").read_text()
    (small.workspace.datasets_dir / "another.yaml").write_text(text)
    another, pets = workspace_status(small.workspace)["datasets"]
    assert (another["dataset"], another["configuration"]) == ("another", "ok")
    assert "current.json is damaged" in pets["configuration"]
    assert set(pets) == set(another)


def test_a_damaged_table_is_said_with_the_mend(small, verdict_store):
    small.night(verdict_store)
    folder = small.tables.folder("outputs.linear", small.tables.current_ref("outputs.linear").version)
    (folder / "outputs.json").write_text('{"model": "linear"} {}')
    (pets,) = workspace_status(small.workspace)["datasets"]
    assert "is damaged" in pets["configuration"]
    assert "--force" in pets["configuration"]


def test_flags_that_a_damaged_result_tells_are_not_believed(small, verdict_store):
    small.night(verdict_store)
    for path in (small.tables.root / "results" / "findings").rglob("*.json"):
        path.write_text(path.read_text().replace('"flagged": 2', '"flagged": "two"'))
    assert status(small, verdict_store)["flagged"] == 2
