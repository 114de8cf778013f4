import logging
import socket
import threading
import time
import traceback
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from random import Random

import pytest

from audits.alerts.webhook import LONGEST_PAUSE, WebhookError, checked_url, post

PATH = "xyzzy"


@pytest.fixture
def send(receiver):
    """Post to the receiver; the pauses are noted, not made."""

    def send(url=None, **options):
        pauses = []
        options = {"sleep": pauses.append, "rng": Random(1), "timeout": 5.0, **options}  # noqa: S311
        try:
            return post(url or receiver.url, {"a": 1}, name="HOOK", key="id-1", **options), pauses
        except WebhookError as e:
            return e, pauses

    return send


def test_a_post_is_made_once_with_its_key(receiver, send):
    assert send() == (1, [])
    assert receiver.posts == [("/T0SECRET/B0SECRET/xyzzy", {"a": 1})]
    assert receiver.keys == ["id-1"]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_may_pass_is_tried_again_with_growing_pauses_and_one_key(receiver, send, status):
    receiver.script = [status, status, status, 204]
    times, pauses = send()
    assert times == 4
    assert all(b / 2 <= p <= b for p, b in zip(pauses, [1, 2, 4], strict=True))
    assert set(receiver.keys) == {"id-1"}


def test_pauses_differ_between_senders(receiver, send):
    receiver.script = [500]
    assert send(rng=Random(1))[1] != send(rng=Random(2))[1]  # noqa: S311


@pytest.mark.parametrize("status", [400, 401, 404, 410])
def test_what_will_not_pass_is_not_tried_again(receiver, send, status):
    receiver.script = [status]
    error, pauses = send()
    assert str(error) == f"the webhook of HOOK failed: the answer was {status}"
    assert not error.passing
    assert (len(receiver.posts), pauses) == (1, [])


def test_redirects_are_not_followed(receiver, send):
    receiver.script = [(302, {"Location": receiver.url + "/elsewhere"})]
    error, _ = send()
    assert str(error) == "the webhook of HOOK failed: the answer was 302; redirects are not followed"
    assert len(receiver.posts) == 1


def test_attempts_end(receiver, send):
    receiver.script = [500]
    error, pauses = send(attempts=3)
    assert str(error) == "the webhook of HOOK failed after 3 attempts: the answer was 500"
    assert error.passing
    assert (len(receiver.posts), len(pauses)) == (3, 2)


@pytest.mark.parametrize(
    ("asked", "low", "high"),
    [
        ("7", 7, 7),
        ("100000", LONGEST_PAUSE, LONGEST_PAUSE),
        pytest.param(
            format_datetime(datetime.now(UTC) + timedelta(hours=1)), LONGEST_PAUSE, LONGEST_PAUSE, id="a date"
        ),
        ("Wed, 21 Oct 2015 07:28:00 -0000", 0.5, 1),  # long past
        ("soon", 0.5, 1),
        ("", 0.5, 1),
        ("-5", 0.5, 1),
    ],
)
def test_retry_after_is_kept_to_within_reason(receiver, send, asked, low, high):
    receiver.script = [(429, {"Retry-After": asked}), 200]
    times, pauses = send()
    assert times == 2
    assert low <= pauses[0] <= high


def test_a_receiver_that_hangs_is_left_after_the_timeout(receiver, send):
    receiver.script = ["hang"]
    error, _ = send(attempts=1, timeout=0.2)
    assert str(error) == "the webhook of HOOK failed: no answer (ReadTimeout)"
    assert error.passing


def test_a_receiver_that_answers_a_byte_at_a_time_is_left_too():
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/{PATH}"
        stop = threading.Event()

        def drip():
            connection, _ = server.accept()
            with connection:
                while not stop.wait(0.05):
                    try:
                        connection.sendall(b"H")
                    except OSError:
                        return

        thread = threading.Thread(target=drip)
        thread.start()
        try:
            with pytest.raises(WebhookError, match=r"no answer \(Timeout\)"):
                post(url, {}, name="HOOK", key="k", timeout=0.1, attempts=1)
        finally:
            stop.set()
            thread.join()


def test_no_pause_begins_beyond_the_deadline(receiver, send):
    receiver.script = [500]
    _, pauses = send(deadline=time.monotonic() + 0.4)
    assert (len(receiver.posts), pauses) == (1, [])
    error, _ = send(deadline=time.monotonic() - 1)
    assert "no time was left" in str(error)
    assert len(receiver.posts) == 1


def _nobody_listens() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}/{PATH}"


@pytest.mark.parametrize(
    "url",
    [
        pytest.param(_nobody_listens(), id="nobody listens"),
        f"http://{'a' * 70}.invalid/{PATH}",
        f"http://127.0.0.1:99999999/{PATH}",
        f"http://[::1/{PATH}",
        f"ftp://127.0.0.1/{PATH}",
        f"file:///etc/{PATH}",
        f"http:///{PATH}",
        f"http://127.0.0.1/\n{PATH}",
        f"{PATH}",
        "hang",
        "500",
        "302",
    ],
)
def test_the_url_is_in_no_message_log_or_chain(receiver, send, caplog, capfd, url):
    caplog.set_level(logging.DEBUG)
    if url in ("hang", "500", "302"):
        receiver.script = ["hang" if url == "hang" else int(url)]
        url = None
    error, _ = send(url=url, attempts=2, timeout=0.2)
    assert isinstance(error, WebhookError)
    assert error.code == "webhook"
    shown = "".join(traceback.format_exception(error))
    told = [shown, repr(error), str(error.args), caplog.text, *capfd.readouterr()]
    seen = error
    while seen := seen.__cause__ or seen.__context__:
        told.append(repr(seen))
    assert "HOOK" in str(error)
    assert not [t for t in told if PATH in t]


def test_logs_of_other_threads_requests_stay(receiver, send, caplog):
    caplog.set_level(logging.DEBUG)
    receiver.script = [200]
    send()
    assert not [r for r in caplog.records if r.name.startswith("urllib3")]
    logging.getLogger("urllib3.connectionpool").debug("mine")
    assert "mine" in caplog.text


def test_only_urls_of_the_web_are_taken():
    assert checked_url("https://hooks.example.com/x", "HOOK") == "https://hooks.example.com/x"
    with pytest.raises(WebhookError, match="HOOK holds no http or https URL"):
        checked_url("mailto:a@example.com", "HOOK")
