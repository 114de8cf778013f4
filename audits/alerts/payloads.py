"""What a webhook is sent: one function a format, in a plain dict."""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate, takewhile

from audits.alerts.alert import Alert

# what Slack documents for a block: 150 characters in a header, 3000 in a section
_HEADER, _SECTION = 150, 3_000
_CUT = "..."

Payload = dict[str, object]


def as_json(alert: Alert) -> Payload:
    """Build the ``json`` payload: flat, every value a string, `address` a string or null.

    Returns
    -------
    dict
        ``alert_id`` (also the header ``Idempotency-Key``), ``fault`` (the same for the same fault of a later
        run), ``dataset``, ``kind``, ``subject``, ``title``, ``message``, ``at`` (ISO 8601, UTC), ``run_id``,
        ``address``.
    """
    return {"alert_id": alert.id, "fault": alert.fault, "title": alert.title, **alert.record()}


def as_slack(alert: Alert) -> Payload:
    """Build the payload of Slack's incoming webhooks: `text` for notifications, `blocks` for the channel.

    Returns
    -------
    dict
        Text within Slack's limits, with ``&``, ``<`` and ``>`` escaped as Slack asks, so that no message can
        mention a channel or forge a link.
    """
    facts = f"run {alert.run_id[:8]}, {alert.at:%Y-%m-%d %H:%M} UTC"
    where = f"<{_in_link(alert.address)}|the run's page>, {facts}" if alert.address else facts
    return {
        "text": escaped(alert.title, _SECTION),
        "blocks": [
            # a plain_text header is not parsed, so it must not be escaped
            {
                "type": "header",
                "text": {"type": "plain_text", "text": cut(alert.title, _HEADER), "emoji": False},
            },
            {
                "type": "section",
                "text": {"type": "mrkdwn", "text": escaped(alert.message, _SECTION) or "-", "verbatim": True},
            },
            {"type": "context", "elements": [{"type": "mrkdwn", "text": where, "verbatim": True}]},
        ],
    }


#: Payloads by the name that a YAML's `format` gives them.
PAYLOADS: dict[str, Callable[[Alert], Payload]] = {"json": as_json, "slack": as_slack}


def cut(text: str, limit: int) -> str:
    """The text, or its beginning and three dots, no longer than a limit in characters."""
    return text if len(text) <= limit else text[: limit - len(_CUT)] + _CUT


def escaped(text: str, limit: int) -> str:
    """The text with Slack's three control characters escaped, cut so that no escape is cut in two.

    Examples
    --------
    >>> escaped("a < b & <!channel>", 100)
    'a &lt; b &amp; &lt;!channel&gt;'
    """
    escape = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
    pieces = [escape.get(c, c) for c in text]
    if sum(map(len, pieces)) <= limit:
        return "".join(pieces)
    kept = takewhile(lambda end: end <= limit - len(_CUT), accumulate(map(len, pieces)))
    return "".join(pieces[: len(list(kept))]) + _CUT


def _in_link(address: str) -> str:
    return address.replace("&", "&amp;").replace("<", "%3C").replace(">", "%3E").replace("|", "%7C")
