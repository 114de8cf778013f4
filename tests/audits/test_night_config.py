from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from audits.config import DatasetConfig
from audits.night_config import (
    ALERT_KINDS,
    AlertsConfig,
    GatesConfig,
    RescoreConfig,
    RetentionConfig,
    ScheduleConfig,
    WebhookConfig,
)


def schedule(cron="0 3 * * *", **more) -> ScheduleConfig:
    return ScheduleConfig(cron=cron, **more)


@pytest.mark.parametrize(
    ("cron", "longest"),
    [
        ("0 3 * * *", timedelta(days=1)),
        ("*/15 * * * *", timedelta(minutes=15)),
        ("0 3 * * MON-FRI", timedelta(days=3)),
        ("0 3 * * 1,4", timedelta(days=4)),
        ("0 0 1 * *", timedelta(days=31)),
        ("0 9-17 * * *", timedelta(hours=16)),
        ("*/5 8-18 * * MON-FRI", timedelta(days=2, hours=13, minutes=5)),
        ("* * * * MON", timedelta(days=6, minutes=1)),
        ("* * * * *", timedelta(minutes=1)),
        ("0 0 1 1 *", timedelta(days=366)),
    ],
)
def test_an_audit_stays_fresh_from_one_tick_to_the_next_and_its_grace(cron, longest):
    assert schedule(cron).fresh_for() == longest + timedelta(hours=2)
    assert schedule(cron, grace_minutes=5).fresh_for() == longest + timedelta(minutes=5)


MINUTES = st.one_of(st.integers(0, 59).map(str), st.integers(10, 59).map(lambda n: f"*/{n}"))
HOURS = st.one_of(st.just("*"), st.integers(0, 23).map(str), st.just("8-18"), st.just("*/6"))
WEEKDAYS = st.one_of(st.just("*"), st.integers(0, 6).map(str), st.just("1-5"), st.just("1,4"))


@settings(max_examples=20, deadline=None)
@given(MINUTES, HOURS, WEEKDAYS, st.datetimes(datetime(2024, 1, 1), datetime(2024, 12, 1)))
def test_the_longest_time_between_two_ticks_is_found(minute, hour, weekday, start):
    config = schedule(f"{minute} {hour} * * {weekday}", grace_minutes=1)
    ticks, seen = CronSim(config.cron, start), []
    while not seen or seen[-1] - seen[0] < timedelta(days=8):
        seen.append(next(ticks))
    longest = max(b - a for a, b in pairwise(seen))
    assert config.fresh_for() == longest + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("cron", "says"),
    [
        ("", "five fields"),
        ("@daily", "expected five fields such as '0 3 * * *', got '@daily'"),
        ("0 3 * *", "five fields"),
        ("0 0 3 * * *", "five fields"),
        ("60 3 * * *", "no cron expression"),
        ("0 3 * * FUN", "'FUN' is not numbers or names"),
        ("a b c d e", "'a' is not numbers or names"),
        ("0 3 * * 5L", "'5L' is not"),
        ("0 3 LW * *", "'LW' is not"),
        ("0 3 * * 1,3#2", "'1,3#2' is not"),
    ],
)
def test_what_is_no_cron_expression_is_refused(cron, says):
    with pytest.raises(ValidationError, match=says.replace("*", r"\*")):
        schedule(cron)


def test_a_day_that_never_comes_is_refused():
    with pytest.raises(ValidationError, match=r"never comes about|no cron expression"):
        schedule("0 3 30 2 *")


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Kathmandu"])
def test_time_zones_by_their_names(zone):
    assert datetime.now(UTC).astimezone(ZoneInfo(schedule(timezone=zone).timezone))


@pytest.mark.parametrize(
    "zone", ["", "Europe/Atlantis", "../../etc/passwd", "/etc/localtime", "CET+1", "a\0b", "Europe"]
)
def test_what_is_no_time_zone_is_refused(zone):
    with pytest.raises(ValidationError, match=r"there is no time zone"):
        schedule(timezone=zone)


def test_gates_are_those_that_are_set_nought_too():
    assert GatesConfig().names == ()
    assert GatesConfig(max_flag_rate=0, max_score_drop=0.0).names == ("max_flag_rate", "max_score_drop")
    everything = GatesConfig(max_flag_rate=1, max_corrected_share=1, max_score_drop=9, keep_rank=("m",))
    assert everything.names == ("max_flag_rate", "max_corrected_share", "max_score_drop", "keep_rank")
    assert set(everything.names) == set(GatesConfig.model_fields) - {"metric"}
    assert GatesConfig(metric="accuracy").names == ()


@pytest.mark.parametrize(
    ("section", "value"),
    [
        (GatesConfig, {"max_flag_rate": 1.1}),
        (GatesConfig, {"max_flag_rate": -0.1}),
        (GatesConfig, {"max_corrected_share": 2}),
        (GatesConfig, {"max_score_drop": -1}),
        (GatesConfig, {"max_flag_rat": 1}),
        (RescoreConfig, {"after_verdicts": 0}),
        (RescoreConfig, {"quiet_minutes": -1}),
        (RetentionConfig, {"keep": 0}),
        (WebhookConfig, {"url_env": "X", "format": "xml"}),
        (WebhookConfig, {"url_env": "X", "timeout_seconds": 0}),
        (WebhookConfig, {"url_env": "X", "attempts": 0}),
        (WebhookConfig, {"url_env": "X", "attempts": 11}),
        (WebhookConfig, {}),
        (AlertsConfig, {"kinds": ["run_faild"]}),
        (ScheduleConfig, {}),
        (ScheduleConfig, {"cron": "0 3 * * *", "grace_minutes": 0}),
    ],
)
def test_what_is_out_of_range_or_unknown_is_refused(section, value):
    with pytest.raises(ValidationError):
        section.model_validate(value)


def test_alerts_are_on_for_everything_unless_said():
    assert AlertsConfig().kinds == ALERT_KINDS == ("run_failed", "check_failed", "gate_failed")
    assert AlertsConfig(kinds=("run_failed",)).kinds == ("run_failed",)
    assert AlertsConfig(kinds=()).kinds == ()


@pytest.mark.parametrize("secret", ["https://hooks.example/T0/B0/abc", "a-b", "1X", "", "X Y", "Ü"])
def test_a_url_in_the_place_of_its_variable_is_refused_and_not_repeated(secret):
    with pytest.raises(ValidationError) as caught:
        DatasetConfig.model_validate({"items": {"path": "x"}, "alerts": {"webhooks": [{"url_env": secret}]}})
    told = "; ".join(e["msg"] for e in caught.value.errors())
    assert "expected the name of an environment variable" in told
    assert not secret or secret not in told


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"gates": {"keep_rank": ["m", "gone"]}}, "gates.keep_rank: no model is named 'gone'"),
        ({"gates": {"metric": "macro_f1"}}, "gates.metric: 'macro_f1' is not among the metrics"),
    ],
)
def test_gates_fit_the_rest_of_the_file(more, says):
    model = {"name": "m", "out_of_sample": True, "outputs": {"kind": "labels", "path": "l.csv"}}
    base = {"items": {"path": "x"}, "models": [model], "metrics": ["accuracy"]}
    with pytest.raises(ValidationError, match=says):
        DatasetConfig.model_validate(base | more)
    assert DatasetConfig.model_validate(base | {"gates": {"keep_rank": ["m"], "metric": "accuracy"}})


def test_a_bare_rescore_is_its_defaults():
    found = DatasetConfig.model_validate({"items": {"path": "x"}, "review": {"rescore": None}})
    assert found.review.rescore == RescoreConfig()
    assert DatasetConfig.model_validate({"items": {"path": "x"}}).review.rescore is None
