import pytest

from audits.errors import AuditError, ConfigError
from audits.review.store import ReviewStore
from audits.stages.graph import Standing, stages_of
from pipelines.definitions import build
from pipelines.unchanged import look_over, record_unchanged
from tests.pipelines.conftest import latest, relabel


@pytest.fixture
def zoo(made_up):
    made_up.add(yaml="gates: {max_flag_rate: 0.01}\n")
    return made_up


def test_a_look_says_what_a_run_would_do_first_and_changes_nothing(zoo):
    tables = zoo.root / "state" / "tables" / "zoo"
    assert look_over(zoo.workspace, "zoo") == "items: not computed yet"
    assert not (tables / "candidate.json").exists()
    assert not (tables / "results").exists()
    zoo.call("run", "zoo")
    relabel(zoo, 1)
    # but what it read of the files, so that the next look need not read them again
    own = [p for p in tables.rglob("*") if p.is_file() and p.name != "sources.json"]
    before = {p: p.stat().st_mtime_ns for p in own}
    assert look_over(zoo.workspace, "zoo") == "label_versions: verdicts changed"
    assert {p: p.stat().st_mtime_ns for p in own} == before


def test_nothing_changed_is_what_stands_with_its_gates(zoo):
    zoo.call("run", "zoo")
    with ReviewStore(zoo.workspace.store_url) as store:
        found = look_over(zoo.workspace, "zoo", store=store)
    assert isinstance(found, Standing)
    assert list(found.outcomes) == stages_of(zoo.workspace.dataset("zoo"))
    assert not any(o.recomputed for o in found.outcomes.values())
    assert all(o.reused for name, o in found.outcomes.items() if name != "published")
    assert [(g.gate, g.passed) for g in found.gates] == [("max_flag_rate", False)]


def test_what_is_wrong_is_raised_as_a_run_would_say_it(zoo):
    zoo.yaml().write_text("itemz: {}\n")
    with pytest.raises(ConfigError, match="itemz"):
        look_over(zoo.workspace, "zoo")


def test_a_missing_version_of_a_table_is_made_again(zoo):
    zoo.call("run", "zoo")
    tables = zoo.workspace.tables("zoo")
    version = tables.folder("findings", tables.current()["findings"].version)
    for file in version.iterdir():
        file.unlink()
    version.rmdir()
    assert look_over(zoo.workspace, "zoo") == "findings: what it made or read is not there as it was"
    assert zoo.call("run", "zoo").exit_code == 3
    assert version.is_dir()


def test_it_is_recorded_without_a_run_for_each_stage(zoo, instance):
    zoo.call("run", "zoo")
    runs = instance.get_runs_count()
    found = look_over(zoo.workspace, "zoo")
    assert isinstance(found, Standing)
    record_unchanged(instance, zoo.workspace, "zoo", found, "command")
    assert instance.get_runs_count() == runs
    for stage in found.outcomes:
        event = latest(instance, stage)
        assert event.run_id == ""
        assert event.asset_materialization.metadata["computed"].value == "nothing"
        assert event.asset_materialization.metadata["recomputed"].value is False
    assert latest(instance, "findings").asset_materialization.metadata["flagged"].value == 4
    last = zoo.workspace.run_log("zoo").last()
    assert (last.run_id, last.status, last.launched_by) == (None, "unchanged", "command")


def test_every_check_is_recorded_as_it_stands(zoo, instance):
    zoo.call("run", "zoo")
    found = look_over(zoo.workspace, "zoo")
    record_unchanged(instance, zoo.workspace, "zoo", found, "command")
    graph = build(zoo.root).resolve_asset_graph()
    after = instance.event_log_storage.get_latest_asset_check_execution_by_key(list(graph.asset_check_keys))
    assert set(after) == set(graph.asset_check_keys)
    for check, record in after.items():
        evaluation = record.event.dagster_event.asset_check_evaluation_data
        assert record.event.run_id == ""
        assert evaluation.passed == (check.name != "gate_max_flag_rate")
        assert evaluation.blocking == (check.name == "valid")


def test_a_state_that_cannot_be_read_is_no_change(zoo):
    zoo.call("run", "zoo")
    (zoo.root / "state" / "tables" / "zoo" / "current.json").write_text("{")
    with pytest.raises(AuditError, match="damaged"):
        look_over(zoo.workspace, "zoo")


def test_after_a_run_that_failed_there_is_one_that_ends_well_though_it_computes_nothing(zoo):
    zoo.call("run", "zoo")
    path = zoo.root / "datasets" / "zoo" / "m1.parquet"
    content = path.read_bytes()
    path.write_bytes(b"broken")
    assert zoo.call("run", "zoo").exit_code == 2
    path.write_bytes(content)
    assert "0 parts computed" in zoo.call("run", "zoo").stdout, "an alert of the fault is over with it"
    assert "nothing changed" in zoo.call("run", "zoo").stdout


def test_a_failed_night_is_not_hidden_by_new_scores(zoo):
    zoo.call("run", "zoo")
    (zoo.root / "datasets" / "zoo" / "m1.parquet").write_bytes(b"broken")
    assert zoo.call("run", "zoo").exit_code == 2
    relabel(zoo, 1)
    assert zoo.call("run", "zoo", "--only-scores").exit_code == 3
    assert zoo.workspace.run_log("zoo").last().status == "scored"
    assert zoo.json("status")["datasets"][0]["last_run"]["status"] == "failed"


def test_another_yaml_is_run_once_though_nothing_has_to_be_computed(zoo):
    zoo.call("run", "zoo")
    zoo.yaml().write_text(zoo.yaml().read_text() + "# a remark\n")
    assert look_over(zoo.workspace, "zoo") == "zoo.yaml changed"
    zoo.call("run", "zoo")
    assert isinstance(look_over(zoo.workspace, "zoo"), Standing)
