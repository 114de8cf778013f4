import logging
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest

from audits.alerts.deliver import LOG, Outcome, Round, deliver, log_resolved
from audits.alerts.journal import ROUNDS, Journal
from audits.night_config import AlertsConfig

NOW = datetime(2026, 1, 2, tzinfo=UTC)
LOGGER = logging.getLogger("alerts under test")


class Teller:
    """Delivers to the receiver under test, and to others that are not there."""

    def __init__(self, path, url):
        self.journal, self.environ, self.now = Journal(path), {"HOOK": url}, NOW

    def tell(self, alert, *hooks, this_round=None, **config):
        hooks = [h if isinstance(h, dict) else {"url_env": h} for h in hooks or ("HOOK",)]
        found = deliver(
            self.journal.open(alert),
            AlertsConfig(webhooks=hooks, **config),
            self.journal,
            self.environ,
            log=LOGGER,
            this_round=this_round or Round(sleep=lambda _: None),
            now=self.now,
        )
        return {o.target: o.status for o in found}


@pytest.fixture
def teller(tmp_path, receiver):
    return Teller(tmp_path / "alerts.jsonl", receiver.url)


def test_every_target_is_told_once(teller, receiver, make_alert, caplog):
    for n in range(3):
        alert = make_alert(f"flag rate 0.0{n} is above 0.05", run_id=f"run-{n}")
        assert teller.tell(alert) == {"log": "sent", "webhook:HOOK": "sent"}
    [(_, payload)] = receiver.posts
    assert payload["run_id"] == "run-0"
    assert receiver.keys == [payload["alert_id"]]
    [record] = caplog.records
    assert record.levelname == "ERROR"
    assert "gate_max_flag_rate" in record.message
    assert "run run-0" in record.message


def test_after_it_has_passed_it_is_told_again(teller, receiver, make_alert):
    teller.tell(make_alert())
    teller.journal.resolve("zoo", make_alert().subject, NOW)
    teller.tell(make_alert(run_id="run-2"))
    teller.tell(make_alert("another fault", run_id="run-3"))
    assert [p["run_id"] for _, p in receiver.posts] == ["run-1", "run-2", "run-3"]


def test_a_target_that_is_added_later_is_told_too(teller, receiver, make_alert):
    teller.tell(make_alert())
    teller.environ["NEW"] = receiver.url
    assert teller.tell(make_alert(run_id="run-2"), "HOOK", {"url_env": "NEW", "format": "slack"}) == {
        "log": "sent",
        "webhook:HOOK": "sent",
        "webhook:NEW": "sent",
    }
    assert "blocks" in receiver.posts[1][1]
    assert len(receiver.posts) == 2


def test_kinds_and_the_log_are_chosen_by_the_configuration(teller, receiver, make_alert, caplog):
    assert teller.tell(make_alert(), kinds=["run_failed"]) == {}
    assert teller.tell(make_alert(), log=False) == {"webhook:HOOK": "sent"}
    assert caplog.records == []


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (None, "HOOK is not set"),
        ("  \n", "HOOK is not set"),
        ("T0SECRET", "HOOK holds no http or https URL"),
        ("file:///T0SECRET", "HOOK holds no http or https URL"),
    ],
)
def test_a_missing_or_wrong_variable_stops_nobody_and_waits_to_be_mended(
    teller, receiver, make_alert, caplog, value, says
):
    teller.environ = {"OTHER": receiver.url, **({"HOOK": value} if value else {})}
    for _ in range(2 * ROUNDS):
        assert teller.tell(make_alert(), "HOOK", "OTHER")["webhook:HOOK"] == "failed"
    assert len(receiver.posts) == 1, "the other has been told"
    warnings = [r.getMessage() for r in caplog.records if r.levelname == "WARNING"]
    assert len(warnings) == 1, "and it is said once"
    assert says in warnings[0]
    assert "SECRET" not in caplog.text + teller.journal.path.read_text()
    teller.environ["HOOK"] = receiver.url + "\n"
    assert teller.tell(make_alert(), "HOOK", "OTHER")["webhook:HOOK"] == "sent"
    assert len(receiver.posts) == 2


def test_a_round_that_failed_is_repeated_later_until_it_works(teller, receiver, make_alert, caplog):
    receiver.script = [500, 500, 500, 500, 500, 200]
    assert teller.tell(make_alert())["webhook:HOOK"] == "failed"
    assert teller.tell(make_alert(run_id="run-2"))["webhook:HOOK"] == "sent"
    assert len(receiver.posts) == 6
    assert len(set(receiver.keys)) == 1, "one alert, one key"
    assert "round 1 of 5: the webhook of HOOK failed after 4 attempts: the answer was 500" in caplog.text


def test_a_target_that_never_takes_it_is_given_up_and_that_is_said(teller, receiver, make_alert, caplog):
    receiver.script = [404]
    statuses = []
    for _ in range(ROUNDS + 3):
        statuses.append(teller.tell(make_alert())["webhook:HOOK"])
        teller.now += timedelta(hours=3)
    assert statuses == ["failed"] * (ROUNDS - 1) + ["given up"] * 4
    assert len(receiver.posts) == ROUNDS
    assert caplog.text.count("given up after 5 rounds: the webhook of HOOK failed: the answer was 404") == 1
    assert len(teller.journal.given_up(teller.now)) == 1


def test_between_rounds_it_waits(teller, receiver, make_alert):
    receiver.script = [404]
    statuses = [teller.tell(make_alert())["webhook:HOOK"] for _ in range(4)]
    assert statuses == ["failed", "failed", "postponed", "postponed"]
    assert len(receiver.posts) == 2


def test_one_receiver_that_is_down_does_not_hold_up_the_others(teller, receiver, make_alert):
    receiver.script = [503]
    this_round = Round(sleep=lambda _: None)
    for n in range(5):
        alert = make_alert(subject=f"a:{n}")
        assert teller.tell(alert, this_round=this_round)["webhook:HOOK"] == "failed"
    assert len(receiver.posts) == 4, "the attempts of the first alert"
    receiver.script = [200]
    for n in range(5):
        assert teller.tell(make_alert(subject=f"a:{n}"))["webhook:HOOK"] == "sent"


def test_when_the_time_is_up_the_rest_is_told_next_time(teller, receiver, make_alert):
    over = Round(deadline=time.monotonic() + 0.5)
    assert over.over
    assert teller.tell(make_alert(), this_round=over) == {"log": "sent", "webhook:HOOK": "postponed"}
    assert receiver.posts == []
    assert teller.tell(make_alert()) == {"log": "sent", "webhook:HOOK": "sent"}


def test_one_post_does_not_use_up_the_round(teller, receiver, make_alert):
    receiver.script = ["hang"]
    this_round = Round(deadline=time.monotonic() + 60, longest_post=0.2)
    assert teller.tell(make_alert(), this_round=this_round)["webhook:HOOK"] == "failed"
    assert not this_round.over
    assert len(receiver.posts) == 1


CHILD = """
import logging, os, sys
from datetime import datetime, UTC
from pathlib import Path
from audits.alerts.alert import Alert
from audits.alerts.deliver import deliver
from audits.alerts.journal import Journal
from audits.night_config import AlertsConfig
journal = Journal(Path(sys.argv[1]))
alert = Alert("zoo", "check_failed", "items:valid", "bad", datetime(2026, 1, 2, tzinfo=UTC), "run-1")
config = AlertsConfig(webhooks=[{"url_env": "HOOK"}])
print(deliver(journal.open(alert), config, journal, os.environ, log=logging.getLogger()))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_killed_between_attempt_and_outcome_it_is_not_posted_again_and_is_named(tmp_path, receiver):
    path = tmp_path / "alerts.jsonl"
    command = [sys.executable, "-c", CHILD, str(path)]
    environ = {**os.environ, "HOOK": receiver.url, "PYTHONPATH": os.getcwd()}
    receiver.script = ["hang"]
    child = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    waited = time.monotonic()
    while not receiver.posts and time.monotonic() - waited < 60:
        time.sleep(0.01)
    assert Journal(path).uncertain() == [], "under way"
    child.send_signal(signal.SIGKILL)
    child.communicate()

    receiver.script = [200]
    [told] = Journal(path).uncertain()
    assert (told.alert.subject, told.target) == ("items:valid", "webhook:HOOK")
    again = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    assert "status='uncertain'" in again.stdout
    assert len(receiver.posts) == 1


def test_the_log_is_not_written_again_after_a_kill(teller, make_alert, caplog):
    alert = teller.journal.open(make_alert())
    teller.journal.note(alert, LOG, "attempt", NOW)
    assert teller.tell(make_alert())["log"] == "sent"
    assert caplog.records == []


def test_what_has_passed_goes_to_the_log_alone(make_alert, caplog):
    caplog.set_level(logging.INFO)
    log_resolved(make_alert(), LOGGER)
    assert caplog.messages == [
        "zoo: gate does not hold: findings:gate_max_flag_rate: over; a later run passed"
    ]


def test_an_outcome_is_a_plain_value():
    assert Outcome("log", "sent") == Outcome("log", "sent", "")
