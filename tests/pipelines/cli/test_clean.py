import json

import pyarrow as pa
import pytest

from pipelines.instance import open_instance


def _new_labels(made_up, row):
    table = made_up.items()
    labels = table["label"].to_pylist()
    labels[row] = "cow" if labels[row] != "cow" else "ant"
    made_up.write_items(table.set_column(1, "label", pa.array(labels)))


def _versions(made_up):
    root = made_up.workspace.tables("zoo").root
    return {p for p in root.glob("*/*") if p.is_dir() and p.parent.name not in ("results", "drafts")}


@pytest.fixture
def nights(made_up):
    made_up.add(yaml="retention: {keep: 5}\n")
    for row in (10, 11):
        made_up.ok("run", "zoo")
        _new_labels(made_up, row)
    made_up.ok("run", "zoo")
    text = made_up.yaml().read_text()
    made_up.yaml().write_text(text.replace("keep: 5", "keep: 1"))
    return made_up


def test_a_dry_run_says_what_would_go_and_removes_nothing(nights):
    before = _versions(nights)
    said = nights.json("clean", "--dry-run")
    assert not said["removed"]
    (zoo,) = said["datasets"]
    assert zoo["results"] > 0
    assert zoo["versions"]
    assert zoo["bytes"] > 0
    assert _versions(nights) == before
    root = nights.workspace.tables("zoo").root
    after = nights.json("clean", "zoo")
    assert after["removed"]
    assert after["datasets"] == said["datasets"]
    assert before - _versions(nights) == {root / v for v in zoo["versions"]}


def test_after_cleaning_nothing_has_to_be_computed_again(nights):
    scores = nights.json("compare", "zoo")
    assert "removed" in nights.ok("clean")
    assert nights.json("compare", "zoo") == scores
    assert "; 0 parts computed" in nights.ok("run", "zoo"), "its YAML is another one"
    assert "nothing changed" in nights.ok("run", "zoo")


def test_a_run_that_ends_well_cleans_by_itself(nights):
    before = _versions(nights)
    _new_labels(nights, 12)
    nights.ok("run", "zoo")
    assert len(_versions(nights)) < len(before)
    assert nights.json("clean", "--dry-run")["datasets"][0]["versions"] == []


def test_a_run_that_fails_removes_nothing(nights):
    before = _versions(nights)
    (nights.root / "datasets" / "zoo" / "m1.parquet").write_bytes(b"broken")
    assert nights.call("run", "zoo").exit_code == 2
    assert before <= _versions(nights)


def test_one_broken_yaml_does_not_stop_the_others_unless_it_was_asked_for(nights):
    nights.yaml("broken").write_text("itemz: {}\n")
    result = nights.call("clean", "--json")
    assert result.exit_code == 0
    assert "left as it is" in result.stderr
    assert [d["dataset"] for d in json.loads(result.stdout)["datasets"]] == ["zoo"]
    assert nights.call("clean", "broken").exit_code == 2


def test_a_dataset_that_is_being_run_is_not_cleaned(nights):
    import threading

    holding, done = threading.Event(), threading.Event()

    def hold():
        with nights.workspace.run_lock("zoo", "a test"):
            holding.set()
            done.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    holding.wait(30)
    result = nights.call("clean", "zoo")
    done.set()
    thread.join()
    assert result.exit_code == 2
    assert "is being run by process" in result.stderr


def test_the_record_of_old_runs_goes_when_it_is_asked_for(nights, monkeypatch):
    from datetime import UTC, datetime, timedelta

    import pipelines.old_runs

    assert nights.json("clean", "--runs-older-than", "1")["runs"] == 0

    class Later(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(UTC) + timedelta(days=2)

    monkeypatch.setattr(pipelines.old_runs, "datetime", Later)
    assert nights.json("clean", "--runs-older-than", "1", "--dry-run")["runs"] == 3
    assert "3 runs removed" in nights.ok("clean", "--runs-older-than", "1")
    with open_instance(nights.workspace) as instance:
        assert instance.get_runs() == []
    assert nights.json("status")["datasets"][0]["last_run"]["status"] == "done"
