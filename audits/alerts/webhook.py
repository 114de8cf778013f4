"""Posting to a webhook whose URL is a secret: tried again where that may help, and quiet about the URL."""

from __future__ import annotations

import contextlib
import json
import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from audits.errors import AuditError

#: Longest pause before a further attempt, in seconds, whatever the receiver asks for.
LONGEST_PAUSE = 30.0

#: First pause, in seconds; each further one is twice as long.
_FIRST_PAUSE = 1.0


class WebhookError(AuditError):
    """A post was not taken. The message names the variable and what came back, never the URL.

    Attributes
    ----------
    passing : bool
        Whether it may work later: no answer, 429 or 5xx.
    """

    code = "webhook"
    mend = "See that the receiver answers; 'labelaudit doctor' says what is waiting to be told."

    def __init__(self, message: str, *, passing: bool) -> None:
        super().__init__(message)
        self.passing = passing


@dataclass(frozen=True)
class _Answer:
    status: int = 0  # 0: there was none
    error: str = ""  # class of the error then
    retry_after: str | None = None

    @property
    def taken(self) -> bool:
        return 200 <= self.status < 300

    @property
    def passing(self) -> bool:
        return self.status in (0, 429) or self.status >= 500

    def __str__(self) -> str:
        if not self.status:
            return f"no answer ({self.error})"
        redirect = "; redirects are not followed" if 300 <= self.status < 400 else ""
        return f"the answer was {self.status}{redirect}"


def post(
    url: str,
    payload: dict[str, object],
    *,
    name: str,
    key: str,
    timeout: float = 10.0,
    attempts: int = 4,
    deadline: float = float("inf"),
    sleep: Callable[[float], None] = time.sleep,
    rng: random.Random | None = None,
) -> int:
    """Post a JSON payload; try again after no answer, 429 or 5xx.

    Parameters
    ----------
    url : str
        An http or https URL. It is a secret and in no message, log record or exception of this function.
    payload : dict
    name : str
        What messages call the URL: its environment variable.
    key : str
        Value of the header ``Idempotency-Key``, so that a receiver can tell a repeated post.
    timeout : float
        Seconds that one attempt may take in all.
    attempts : int
        How often to try, at least 1.
    deadline : float
        Time of `time.monotonic` at which to stop: no attempt lasts and no pause begins beyond it.
    sleep : callable
        Called with the seconds to pause.
    rng : random.Random or None
        Where the pauses' jitter comes from.

    Returns
    -------
    int
        How many attempts it took.

    Raises
    ------
    WebhookError
        When no attempt was taken, or the URL is none.
    """
    checked_url(url, name)
    rng = rng or random.Random()  # noqa: S311
    body = json.dumps(payload).encode()
    tried, answer = 0, _Answer(error="no time was left")
    while tried < attempts and (left := deadline - time.monotonic()) > 0:
        tried += 1
        answer = _attempt(url, body, key, min(timeout, left))
        if answer.taken:
            return tried
        pause = _pause(answer, tried, rng)
        if not answer.passing or tried == attempts or time.monotonic() + pause >= deadline:
            break
        sleep(pause)
    times = f" after {tried} attempts" if tried > 1 else ""
    raise WebhookError(f"the webhook of {name} failed{times}: {answer}", passing=answer.passing)


def checked_url(url: str, name: str) -> str:
    """Give back a URL that can be posted to; raises a WebhookError that does not repeat it otherwise."""
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and url.isprintable()
    except ValueError:
        sound = False
    if not sound:
        raise WebhookError(f"the environment variable {name} holds no http or https URL", passing=False)
    return url


def _pause(answer: _Answer, tried: int, rng: random.Random) -> float:
    # between half and all of a growing pause: senders that failed together do not return together
    own = _FIRST_PAUSE * 2.0 ** (tried - 1) * rng.uniform(0.5, 1.0)
    return min(max(own, _asked_for(answer.retry_after)), LONGEST_PAUSE)


def _asked_for(retry_after: str | None) -> float:
    """Seconds that a Retry-After header asks for, which gives seconds or a date; 0 when it cannot be read."""
    try:
        if retry_after is None or retry_after.strip().isdigit():
            return float(retry_after or 0)
        when = parsedate_to_datetime(retry_after)
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() - datetime.now(UTC).timestamp()
    except (ValueError, OverflowError):
        return 0.0


def _attempt(url: str, body: bytes, key: str, seconds: float) -> _Answer:
    import requests  # noqa: F401  loaded at use, and before the clock runs

    # a thread, since the timeout of requests bounds neither a name's resolution nor a receiver that
    # answers a byte at a time; and what is raised in it, which holds the URL, stays in it
    answers: list[_Answer] = []
    thread = threading.Thread(target=lambda: answers.append(_send(url, body, key, seconds)), daemon=True)
    thread.start()
    thread.join(seconds + 0.5)
    return answers[0] if answers else _Answer(error="Timeout")


def _send(url: str, body: bytes, key: str, seconds: float) -> _Answer:
    import requests

    headers = {"Content-Type": "application/json", "Idempotency-Key": key}
    try:
        with (
            _urls_kept_from_logs(),
            # stream: the body of the answer is of no interest and may be endless
            requests.post(
                url, data=body, headers=headers, timeout=seconds, allow_redirects=False, stream=True
            ) as answer,
        ):
            return _Answer(answer.status_code, retry_after=answer.headers.get("Retry-After"))
    except Exception as e:  # the text of any error may hold the URL: only its class leaves this function
        return _Answer(error=type(e).__name__)


@contextlib.contextmanager
def _urls_kept_from_logs() -> Iterator[None]:
    """Keep what urllib3 logs of this thread's requests from every handler: paths of URLs are in it."""
    me = threading.get_ident()

    def of_others(record: logging.LogRecord) -> bool:
        return record.thread != me

    loggers = [logging.getLogger(f"urllib3.{n}") for n in ("connectionpool", "connection", "util.retry")]
    for logger in loggers:
        logger.addFilter(of_others)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(of_others)
