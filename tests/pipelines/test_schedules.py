"""The nightly tick in Dagster's own evaluation, and the run that it asks for."""

import dagster as dg
import pyarrow as pa
import pytest

from assets.naming import DATASET, LAUNCHED_BY, REASON, key
from audits.stages.graph import STAGES
from pipelines.definitions import build
from pipelines.schedules import schedule_name
from tests.pipelines.conftest import another_run, execute, latest, relabel, stages_made

YAML = "schedule: {cron: '0 3 * * *', timezone: Europe/Vienna, grace_minutes: 90}\n"


@pytest.fixture
def zoo(made_up):
    made_up.add(yaml=YAML)
    return made_up


def _tick(made_up, instance, name="zoo"):
    """Evaluate the schedule as the daemon does; the one request, or why there is none."""
    (schedule,) = [s for s in build(made_up.root).schedules if s.name == schedule_name(name)]
    context = dg.build_schedule_context(instance=instance)
    found = schedule.evaluate_tick(context)
    return found.run_requests[0] if found.run_requests else found.skip_message


def test_a_schedule_runs_at_the_hour_of_the_yaml_unless_it_is_stopped(zoo):
    zoo.add("farm")
    (schedule,) = build(zoo.root).schedules
    assert schedule.cron_schedule == "0 3 * * *"
    assert schedule.execution_timezone == "Europe/Vienna"
    assert schedule.default_status == dg.DefaultScheduleStatus.RUNNING


def test_the_first_tick_asks_for_a_run_and_the_next_one_skips_with_the_reason(zoo, instance):
    request = _tick(zoo, instance)
    assert request.tags[DATASET] == "zoo"
    assert request.tags[LAUNCHED_BY] == "schedule"
    assert request.tags[REASON] == "items: not computed yet"
    result = execute(zoo, instance, request)
    assert result.success
    assert stages_made(result) == set(STAGES) - {"annotations_candidate", "features_candidate"}
    last = zoo.workspace.run_log("zoo").last()
    assert (last.status, last.launched_by, last.run_id) == ("done", "schedule", result.run_id)
    assert _tick(zoo, instance) == "Nothing changed in zoo since it was last audited."
    last = zoo.workspace.run_log("zoo").last()
    assert (last.status, last.launched_by, last.computed) == ("unchanged", "schedule", 0)


def test_a_tick_that_finds_nothing_changed_leaves_no_gap_in_the_trend(zoo, instance):
    result = execute(zoo, instance, _tick(zoo, instance))
    first = {stage: latest(instance, stage) for stage in stages_made(result)}
    assert isinstance(_tick(zoo, instance), str)
    for stage, before in first.items():
        again = latest(instance, stage)
        assert again.timestamp > before.timestamp, "it is fresh"
        assert again.run_id == "", "no run was launched"
        old, new = (e.asset_materialization.metadata for e in (before, again))
        assert old["recomputed"].value is (stage != "published"), "publishing takes what was judged before"
        assert not new["recomputed"].value
        for counted in ("newly queued", "asked again"):
            assert counted not in new or new[counted].value == 0
        changing = {"recomputed", "computed", "parts computed", "reused", "newly queued", "asked again"}
        assert {k: v for k, v in new.items() if k not in changing} == {
            # charts are told once, by the run that drew them
            k: v
            for k, v in old.items()
            if k not in changing and not k.startswith("chart: ")
        }
        tag = "dagster/data_version"
        assert again.asset_materialization.tags[tag] == before.asset_materialization.tags[tag]


def test_what_changed_is_the_reason(zoo, instance):
    execute(zoo, instance, _tick(zoo, instance))
    zoo.write_items(zoo.items().set_column(2, "text", pa.array([f"new {i}" for i in range(60)])))
    assert _tick(zoo, instance).tags[REASON] == "items: file changed"
    assert execute(zoo, instance, _tick(zoo, instance)).success
    zoo.yaml().write_text(zoo.yaml().read_text() + "metrics: [log_loss]\n")
    assert "metrics changed" in _tick(zoo, instance).tags[REASON]
    assert execute(zoo, instance, _tick(zoo, instance)).success
    relabel(zoo, 1)
    assert _tick(zoo, instance).tags[REASON] == "label_versions: verdicts changed"


def test_a_tick_while_the_dataset_is_being_run_asks_for_a_run_that_waits(zoo, instance):
    execute(zoo, instance, _tick(zoo, instance))
    with another_run(zoo):
        request = _tick(zoo, instance)
    assert "is being run by process" in request.tags[REASON]
    result = execute(zoo, instance, request)
    assert result.success
    assert not any(m.metadata["recomputed"].value for m in _materializations(result))


def _materializations(result):
    return [e.materialization for e in result.get_asset_materialization_events()]


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda zoo: zoo.yaml().write_text(YAML + "itemz: {}\n"), "itemz"),
        (lambda zoo: (zoo.root / "datasets" / "zoo" / "m1.parquet").unlink(), "m1.parquet"),
    ],
)
def test_a_tick_on_what_is_broken_asks_for_the_run_that_says_so(zoo, instance, damage, says):
    execute(zoo, instance, _tick(zoo, instance))
    before = zoo.workspace.tables("zoo").current()
    loaded = build(zoo.root)  # as a daemon has it that was started before
    damage(zoo)
    (schedule,) = loaded.schedules
    for request in (
        schedule.evaluate_tick(dg.build_schedule_context(instance=instance)).run_requests[0],
        _tick(zoo, instance),  # as one has it that was started since
    ):
        assert request.tags[REASON]
    result = execute(zoo, instance, request)
    assert not result.success
    failures = [e.step_failure_data.user_failure_data for e in result.all_events if e.is_step_failure]
    assert says in " ".join(f.description for f in failures if f is not None)
    assert zoo.workspace.run_log("zoo").last().status == "failed"
    assert zoo.workspace.tables("zoo").current() == before
    assert not isinstance(_tick(zoo, instance), str), "it is asked for again until it is mended"


def test_a_yaml_that_is_gone_is_a_run_that_fails(zoo, instance):
    (schedule,) = build(zoo.root).schedules
    zoo.yaml().unlink()
    found = schedule.evaluate_tick(dg.build_schedule_context(instance=instance))
    assert "no dataset is named 'zoo'" in found.run_requests[0].tags[REASON]


def test_candidates_that_did_not_pass_their_checks_are_looked_at_again(zoo, instance):
    labels = zoo.items()["label"].to_pylist()
    zoo.write_items(zoo.items().set_column(1, "label", pa.array(["wolf", *labels[1:]])))
    result = execute(zoo, instance, _tick(zoo, instance))
    assert not result.success
    assert _tick(zoo, instance).tags[REASON]


def test_the_freshness_of_the_last_stage_is_that_of_its_nights(zoo):
    node = build(zoo.root).resolve_asset_graph().get(key("zoo", "comparison"))
    assert node.freshness_policy.fail_window.to_timedelta().total_seconds() == 25.5 * 3600


@pytest.mark.parametrize(
    "cron", ["0 3 * * *", "*/5 8-18 * * MON-FRI", "0 0 1,15 JAN-jun/2 *", "7 4 */2 * sun,3", "0-59/7 0 1 1 7"]
)
def test_every_cron_that_the_file_may_hold_is_one_to_dagster(made_up, cron):
    made_up.add(yaml=f"schedule: {{cron: '{cron}'}}\n")
    (schedule,) = build(made_up.root).schedules
    assert schedule.cron_schedule == cron
