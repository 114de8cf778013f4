"""New verdicts: told to Dagster once, and turned into new scores when there are enough."""

import json
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from assets.naming import DATASET, LAUNCHED_BY, REASON, key
from audits.rescore_record import RescoreRecord, write_record
from audits.review.store import ReviewStore
from audits.stages.graph import SCORING
from pipelines.definitions import build
from pipelines.verdict_sensor import due, look, verdict_sensor
from tests.pipelines.conftest import FROM_VERDICTS, execute, relabel, stages_made, withdraw

YAML = "review: {agree: 1, verdicts_per_item: 1, rescore: {after_verdicts: 2, quiet_minutes: 60}}\n"


@pytest.fixture
def zoo(made_up):
    made_up.add(yaml=YAML + "gates: {max_corrected_share: 0.9}\n")
    made_up.ok("run", "zoo")
    return made_up


@pytest.fixture
def evaluate(made_up, instance):
    """Evaluate the sensor as the daemon does, with the cursor that it left."""
    cursor = None

    def _evaluate(**given):
        nonlocal cursor
        cursor = given.get("cursor", cursor)
        with dg.build_sensor_context(instance=instance, cursor=cursor) as context:
            found = verdict_sensor(made_up.workspace, running=True).evaluate_tick(context)
        cursor = found.cursor
        return found

    return _evaluate


def _numbers(found):
    return [(e.asset_key.path[0], {k: v.value for k, v in e.metadata.items()}) for e in found.asset_events]


def test_it_runs_where_a_dataset_is_to_run_by_itself(made_up):
    assert verdict_sensor(made_up.workspace, running=False).default_status == dg.DefaultSensorStatus.STOPPED
    assert verdict_sensor(made_up.workspace, running=True).default_status == dg.DefaultSensorStatus.RUNNING


def test_a_new_state_of_the_verdicts_is_observed_once(zoo, evaluate):
    assert evaluate().asset_events == [], "there are none yet"
    relabel(zoo, 1)
    found = evaluate()
    assert found.asset_events[0].asset_key == key("zoo", "verdicts")
    assert _numbers(found) == [("zoo", {"verdicts": 1, "new": 1, "withdrawn": 0})]
    assert evaluate().asset_events == []
    relabel(zoo, 1)
    withdraw(zoo)
    assert _numbers(evaluate()) == [("zoo", {"verdicts": 1, "new": 1, "withdrawn": 1})]
    assert evaluate().asset_events == []


def test_enough_verdicts_lead_to_new_scores_of_nothing_else(zoo, instance, evaluate):
    relabel(zoo, 1)
    assert evaluate().run_requests == [], "one is not enough"
    relabel(zoo, 1)
    (request,) = evaluate().run_requests
    assert request.run_key == "zoo-2-0-0"
    assert request.asset_selection == [key("zoo", s) for s in SCORING]
    assert request.tags[DATASET] == "zoo"
    assert request.tags[LAUNCHED_BY] == "rescore"
    assert request.tags[REASON] == "2 new verdicts or withdrawals since the last scores"
    assert evaluate().run_requests[0].run_key == request.run_key, "Dagster launches one run a key"
    before = zoo.workspace.tables("zoo").current()
    result = execute(zoo, instance, request)
    assert result.success
    assert stages_made(result) == set(SCORING)
    checks = {e.check_name for e in result.get_asset_check_evaluations()}
    assert checks == {"gate_max_corrected_share"}
    after = zoo.workspace.tables("zoo").current()
    changed = {t for t in after if after[t] != before.get(t)}
    assert "label_versions" in changed
    assert changed <= FROM_VERDICTS
    assert evaluate().run_requests == [], "they are scored"
    last = zoo.workspace.run_log("zoo").last()
    assert (last.status, last.launched_by) == ("scored", "rescore")


def test_a_withdrawal_counts_as_something_new(zoo, instance, evaluate):
    relabel(zoo, 2)
    execute(zoo, instance, evaluate().run_requests[0])
    withdraw(zoo)
    assert evaluate().run_requests == []
    withdraw(zoo)
    (request,) = evaluate().run_requests
    assert request.run_key == "zoo-2-2-0"


def test_a_few_verdicts_are_scored_once_it_is_quiet(zoo):
    relabel(zoo, 1)
    now = datetime.now(UTC)
    assert look(zoo.workspace, None, now + timedelta(minutes=59)).run_requests == []
    (request,) = look(zoo.workspace, None, now + timedelta(minutes=61)).run_requests
    assert request.tags[REASON].startswith("1 new, and none for 6")


def test_scores_that_somebody_brought_up_by_hand_silence_it(zoo, evaluate):
    relabel(zoo, 2)
    zoo.ok("run", "zoo", "--only-scores")
    found = evaluate()
    assert _numbers(found) == [("zoo", {"verdicts": 2, "new": 2, "withdrawn": 0})], (
        "they are told all the same"
    )
    assert found.run_requests == []


@pytest.mark.parametrize(
    "cursor", ["", "nonsense", "[]", "7", "null", '{"zoo": 5}', '{"zoo": ["a", "b"]}', '{"zoo": [1]}']
)
def test_a_lost_or_damaged_cursor_only_tells_again(zoo, evaluate, cursor):
    relabel(zoo, 2)
    evaluate()
    found = evaluate(cursor=cursor)
    assert _numbers(found) == [("zoo", {"verdicts": 2, "new": 2, "withdrawn": 0})]
    assert found.run_requests[0].run_key == "zoo-2-0-0", "the key is the same, so nothing is launched twice"
    assert json.loads(found.cursor) == {"zoo": [2, 0]}


def test_one_broken_yaml_leaves_the_other_datasets_alone(zoo, evaluate):
    zoo.add("farm", yaml=YAML)
    zoo.ok("run", "farm")
    relabel(zoo, 2)
    relabel(zoo, 2, "farm")
    zoo.yaml("farm").write_text("itemz: {}\n")
    found = evaluate()
    assert {name for name, _ in _numbers(found)} == {"zoo", "farm"}
    assert [r.tags[DATASET] for r in found.run_requests] == ["zoo"]


def test_a_dataset_without_rescore_or_scores_asks_for_nothing(made_up, evaluate):
    made_up.add(yaml="review: {agree: 1, verdicts_per_item: 1}\n")
    made_up.ok("run", "zoo")
    relabel(made_up, 3)
    found = evaluate()
    assert len(found.asset_events) == 1
    assert found.run_requests == []


def test_the_definitions_hold_it_and_the_asset_that_it_observes(zoo):
    defs = build(zoo.root)
    assert "new_verdicts" in {s.name for s in defs.sensors}
    assert defs.resolve_asset_graph().get(key("zoo", "verdicts")).is_external


def test_new_scores_that_somebody_asked_for_are_due_until_they_are_there(zoo):
    relabel(zoo, 1)
    with ReviewStore(zoo.workspace.store_url) as store:
        mark = store.marks("zoo")["zoo"]
    now = datetime.now(UTC)
    assert due(zoo.workspace, "zoo", mark, now) is None, "one is not enough"
    wish = RescoreRecord("ann", now.isoformat(), "sensor", mark.verdicts, mark.withdrawals)
    write_record(zoo.workspace, "zoo", wish)
    assert due(zoo.workspace, "zoo", mark, now) == "ann asked for new scores"
    (request,) = look(zoo.workspace, None, now).run_requests
    assert request.tags[REASON] == "ann asked for new scores"
    zoo.ok("run", "zoo", "--only-scores")
    assert due(zoo.workspace, "zoo", mark, now) is None
