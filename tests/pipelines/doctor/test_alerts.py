import json
from datetime import UTC, datetime, timedelta

import pytest

from audits.alerts.alert import Alert
from audits.alerts.journal import ROUNDS, Journal
from pipelines.doctor.alerts import alert_journal

NOW = datetime.now(UTC)


def one(found):
    (finding,) = found
    return finding


@pytest.fixture
def journal(made_up):
    return Journal(made_up.root / "state" / "alerts.jsonl")


@pytest.fixture
def alert(made_up, journal):
    assert "none yet" in one(alert_journal(made_up.workspace)).words
    return journal.open(Alert("zoo", "run_failed", "run", "it broke", NOW, "r1"))


def test_what_was_delivered_is_well_and_what_may_not_have_arrived_is_a_warning(made_up, journal, alert):
    journal.note(alert, "HOOK", "attempt", NOW)
    found = one(alert_journal(made_up.workspace))
    assert (found.state, "zoo: run failed at HOOK" in found.words) == ("warn", True)
    journal.note(alert, "HOOK", "sent", NOW)
    assert one(alert_journal(made_up.workspace)).words == "every one was delivered"


def test_what_waits_is_a_warning_with_the_last_reason_until_it_is_given_up(made_up, journal, alert):
    journal.note(alert, "HOOK", "failed", NOW, "it answered 500")
    found = one(alert_journal(made_up.workspace))
    assert (found.state, found.words) == ("warn", "1 wait, because it answered 500")
    journal.excuse(alert, "OTHER", NOW + timedelta(seconds=1), "the environment variable OTHER is not set")
    found = one(alert_journal(made_up.workspace))
    assert found.words == "2 wait, because the environment variable OTHER is not set"
    journal.note(alert, "OTHER", "sent", NOW)
    for _ in range(ROUNDS):
        journal.note(alert, "HOOK", "failed", NOW, "refused")
    assert "were given up" in one(alert_journal(made_up.workspace)).words
    assert json.loads(made_up.call("doctor", "--json").stdout)["ok"]


def test_what_waited_for_a_fault_that_has_passed_waits_no_more(made_up, journal, alert):
    journal.excuse(alert, "HOOK", NOW, "it is not set")
    journal.resolve("zoo", "run", NOW)
    assert one(alert_journal(made_up.workspace)).state == "ok"


def test_lines_that_cannot_be_read_are_counted_and_named(made_up, journal, alert):
    with journal.path.open("a") as f:
        f.write('{"entry": "se\n[]\n')
    found = one(alert_journal(made_up.workspace))
    assert found.state == "warn"
    assert found.words.startswith("2 lines of ")
    assert found.words.endswith(": 2, 3")


def test_a_journal_that_cannot_be_read_may_be_moved_away(made_up, journal):
    journal.path.mkdir()
    found = one(alert_journal(made_up.workspace))
    assert found.state == "fault"
    assert found.mend.endswith("move it away; faults that last are told once more")
