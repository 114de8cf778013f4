"""Telling an alert to the log and to every webhook of a dataset, each once."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from audits.alerts.alert import Alert
from audits.alerts.journal import ROUNDS, Journal
from audits.alerts.payloads import PAYLOADS
from audits.alerts.webhook import WebhookError, checked_url, post
from audits.errors import plain
from audits.night_config import AlertsConfig, WebhookConfig

#: What the log is called as a target.
LOG = "log"

#: Less time than this, in seconds, is not worth beginning a post in.
_TOO_LITTLE = 1.0

Status = Literal["sent", "failed", "given up", "uncertain", "postponed"]


@dataclass(frozen=True)
class Outcome:
    """What became of an alert at one target in one round.

    Attributes
    ----------
    target : str
        ``log``, or ``webhook:`` and the variable that holds the URL.
    status : {'sent', 'failed', 'given up', 'uncertain', 'postponed'}
        sent: now or before; failed: tried again later, as long as the fault is open; given up: failed in every
        round; uncertain: a process ended in the middle of a post, which is not made again; postponed: the
        time was up, or the pause after a failed round is not over.
    reason : str
        In words; empty for what was sent.
    """

    target: str
    status: Status
    reason: str = ""


@dataclass
class Round:
    """One evaluation's telling: its time limit, and the webhooks that did not answer in it.

    Attributes
    ----------
    deadline : float
        Time of `time.monotonic` beyond which nothing is posted.
    longest_post : float
        Seconds that one post may take with all its attempts, so that one webhook cannot use up the round.
    down : set of str
        Targets that gave no answer, or none that helps, in this round: the other alerts do not wait for them.
    sleep : callable
        Called with the seconds to pause between attempts.
    rng : random.Random
        Where the pauses' jitter comes from.
    """

    deadline: float = float("inf")
    longest_post: float = float("inf")
    down: set[str] = field(default_factory=set)
    sleep: Callable[[float], None] = time.sleep
    rng: random.Random = field(default_factory=random.Random)

    @property
    def seconds_left(self) -> float:
        """Seconds until the deadline, 0 when it is over."""
        return max(0.0, self.deadline - time.monotonic())

    @property
    def over(self) -> bool:
        """Whether too little time is left to begin a post."""
        return self.seconds_left < _TOO_LITTLE


def target_of(webhook: WebhookConfig) -> str:
    """What a webhook is called as a target: by its variable, so it is no secret."""
    return f"webhook:{webhook.url_env}"


def deliver(
    alert: Alert,
    config: AlertsConfig,
    journal: Journal,
    environ: Mapping[str, str],
    *,
    log: logging.Logger,
    this_round: Round | None = None,
    now: datetime | None = None,
) -> list[Outcome]:
    """Tell an open alert to each target of a dataset that has not been told yet.

    Parameters
    ----------
    alert : Alert
        Open in the journal, as `Journal.open` or `Journal.open_faults` returned it.
    config : AlertsConfig
        The dataset's present configuration. An alert of a kind that it leaves out is told to nobody.
    journal : Journal
    environ : mapping of str to str
        Where the webhooks' variables are looked up.
    log : logging.Logger
        Where alerts are written when `config.log` says so, and always what could not be delivered.
    this_round : Round or None
        Shared by all alerts of one evaluation. None: no time limit.
    now : datetime or None
        The time, aware. None: that of the clock.

    Returns
    -------
    list of Outcome
        One a target.
    """
    if alert.kind not in config.kinds:
        return []
    this_round, now = this_round or Round(), now or datetime.now(UTC)
    outcomes = []
    with journal.held():
        if config.log:
            outcomes.append(_to_log(alert, journal, log, now))
        for webhook in config.webhooks:
            outcomes.append(_to_webhook(alert, webhook, journal, environ, this_round, log, now))
    return outcomes


def log_resolved(alert: Alert, log: logging.Logger) -> None:
    """Write to the log that a fault has passed. Webhooks are not told."""
    log.info("%s: over; a later run passed", alert.title)


def _to_log(alert: Alert, journal: Journal, log: logging.Logger, now: datetime) -> Outcome:
    if journal.next(alert, LOG, now) != "try":
        return Outcome(LOG, "sent")  # or cut off between the two: it is a line in a log, no more
    journal.note(alert, LOG, "attempt", now)
    where = alert.address or f"run {alert.run_id}"
    log.error("%s\n%s\n%s", alert.title, alert.message, where)
    journal.note(alert, LOG, "sent", now)
    return Outcome(LOG, "sent")


def _to_webhook(
    alert: Alert,
    webhook: WebhookConfig,
    journal: Journal,
    environ: Mapping[str, str],
    this_round: Round,
    log: logging.Logger,
    now: datetime,
) -> Outcome:
    target = target_of(webhook)
    may = journal.next(alert, target, now)
    if may == "sent":
        return Outcome(target, "sent")
    if may == "uncertain":
        return Outcome(target, "uncertain", "a process ended in the middle of the post; it is not made again")
    if may == "given up":
        return Outcome(target, "given up", f"failed in {ROUNDS} rounds")
    if may == "wait":
        return Outcome(target, "postponed", "the pause after a failed round is not over")
    try:
        url = _url(webhook, environ)
    except WebhookError as e:
        # costs no round: once the environment is mended the alert is told
        return _excused(alert, target, str(e), journal, log, now)
    if target in this_round.down:
        return _excused(alert, target, "it failed a moment ago, for another alert", journal, log, now)
    if this_round.over:
        return Outcome(target, "postponed", "the time for one evaluation was up")
    journal.note(alert, target, "attempt", now)
    try:
        post(
            url,
            PAYLOADS[webhook.format](alert),
            name=webhook.url_env,
            key=alert.id,
            timeout=webhook.timeout_seconds,
            attempts=webhook.attempts,
            deadline=min(this_round.deadline, time.monotonic() + this_round.longest_post),
            sleep=this_round.sleep,
            rng=this_round.rng,
        )
    except WebhookError as e:
        if e.passing:
            this_round.down.add(target)
        return _failed(alert, target, str(e), journal, log, now)
    journal.note(alert, target, "sent", now)
    return Outcome(target, "sent")


def _url(webhook: WebhookConfig, environ: Mapping[str, str]) -> str:
    # a secret that was read from a file often ends with a line break
    url = environ.get(webhook.url_env, "").strip()
    if not url:
        raise WebhookError(f"the environment variable {webhook.url_env} is not set", passing=False)
    return checked_url(url, webhook.url_env)


def _failed(
    alert: Alert, target: str, reason: str, journal: Journal, log: logging.Logger, now: datetime
) -> Outcome:
    rounds = journal.note(alert, target, "failed", now, reason)
    if rounds >= ROUNDS:
        log.error("%s: given up after %d rounds: %s", plain(alert.title), rounds, reason)
        return Outcome(target, "given up", reason)
    log.warning("%s: not told yet, round %d of %d: %s", plain(alert.title), rounds, ROUNDS, reason)
    return Outcome(target, "failed", reason)


def _excused(
    alert: Alert, target: str, reason: str, journal: Journal, log: logging.Logger, now: datetime
) -> Outcome:
    if journal.excuse(alert, target, now, reason):
        log.warning("%s: not told to %s yet: %s", plain(alert.title), target, reason)
    return Outcome(target, "failed", reason)
