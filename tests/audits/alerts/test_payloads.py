import html
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audits.alerts.payloads import PAYLOADS, cut, escaped
from audits.night_config import WebhookConfig


def test_every_format_of_the_configuration_has_a_payload():
    assert set(PAYLOADS) == set(WebhookConfig.model_fields["format"].annotation.__args__)


@pytest.mark.parametrize("name", PAYLOADS)
def test_payloads_are_json(make_alert, name):
    payload = PAYLOADS[name](make_alert("half a pair \ud800", address="http://x"))
    assert json.loads(json.dumps(payload)) == payload


def test_json_is_flat_with_every_field(make_alert):
    alert = make_alert()
    assert PAYLOADS["json"](alert) == {
        "alert_id": alert.id,
        "fault": alert.fault,
        "dataset": "zoo",
        "kind": "gate_failed",
        "subject": "findings:gate_max_flag_rate",
        "title": alert.title,
        "message": "flag rate 0.07 is above 0.05",
        "at": "2026-01-02T03:04:00+00:00",
        "run_id": "run-1",
        "address": None,
    }


def test_slack_gets_text_and_blocks_that_mention_nobody(make_alert):
    payload = PAYLOADS["slack"](make_alert("<!channel> a & b", address="http://127.0.0.1/a|b>&"))
    header, section, context = payload["blocks"]
    assert "gate_max_flag_rate" in payload["text"]
    assert header["text"] == {
        "type": "plain_text",
        "text": "zoo: gate does not hold: findings:gate_max_flag_rate",
        "emoji": False,
    }
    assert section["text"]["text"] == "&lt;!channel&gt; a &amp; b"
    assert context["elements"][0]["text"] == (
        "<http://127.0.0.1/a%7Cb%3E&amp;|the run's page>, run run-1, 2026-01-02 03:04 UTC"
    )


def test_slack_without_a_message_or_a_page(make_alert):
    _, section, context = PAYLOADS["slack"](make_alert(""))["blocks"]
    assert section["text"]["text"], "Slack refuses an empty text"
    assert "|" not in context["elements"][0]["text"]


def test_slack_stays_within_the_limits(make_alert):
    payload = PAYLOADS["slack"](make_alert("&" * 7_000, subject="s" * 400))
    header, section, _ = payload["blocks"]
    assert len(header["text"]["text"]) == 150
    assert len(section["text"]["text"]) <= 3_000
    assert section["text"]["text"].endswith("&amp;...")


@given(st.text(alphabet="ab&<>", max_size=30), st.integers(8, 40))
def test_no_escape_is_cut_in_two(text, limit):
    result = escaped(text, limit)
    assert len(result) <= limit
    plain = html.unescape(result)
    assert plain == text or text.startswith(plain.removesuffix("..."))
    assert not set("<>") & set(result)


def test_cutting_keeps_what_fits():
    assert cut("abcd", 4) == "abcd"
    assert cut("abcde", 4) == "a..."
