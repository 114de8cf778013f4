from __future__ import annotations

import threading

import pytest

from audits.web.security import attempts as module
from audits.web.security.attempts import (
    FIRST_WAIT,
    FORGOTTEN_AFTER,
    FREE_PER_ACCOUNT,
    FREE_PER_ADDRESS,
    LONGEST_WAIT,
    Attempts,
    in_words,
)


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def attempts(clock):
    return Attempts(clock)


def fail(attempts, times, name="ann", address="10.0.0.1"):
    return [attempts.begin(name, address) for _ in range(times)]


def test_after_a_few_failures_the_next_waits_twice_as_long_each_time(attempts, clock):
    assert fail(attempts, FREE_PER_ACCOUNT) == [0.0] * FREE_PER_ACCOUNT
    waits = []
    for _ in range(10):
        wait = attempts.begin("ann", "10.0.0.1")
        assert wait > 0
        clock.now += wait - 0.001
        assert attempts.begin("ann", "10.0.0.1") > 0, "a moment too early"
        clock.now += 0.002
        assert attempts.begin("ann", "10.0.0.1") == 0.0
        waits.append(wait)
    assert waits == [pytest.approx(min(LONGEST_WAIT, FIRST_WAIT * 2**n)) for n in range(10)]
    assert waits[-1] == LONGEST_WAIT


def test_a_refused_try_does_not_lengthen_the_wait(attempts):
    fail(attempts, FREE_PER_ACCOUNT)
    assert {attempts.begin("ann", "10.0.0.1") for _ in range(100)} == {FIRST_WAIT}


def test_an_account_is_guarded_from_wherever_it_is_tried(attempts):
    waits = [attempts.begin("ann", f"10.0.0.{n}") for n in range(FREE_PER_ACCOUNT + 1)]
    assert waits == [0.0] * FREE_PER_ACCOUNT + [FIRST_WAIT]
    assert attempts.begin("ANN", "10.0.1.1") == FIRST_WAIT, "however it is written"
    assert attempts.begin("bob", "10.0.1.1") == 0.0


def test_an_address_is_guarded_whatever_it_tries(attempts):
    waits = [attempts.begin(f"name {n}", "10.0.0.1") for n in range(FREE_PER_ADDRESS + 1)]
    assert waits == [0.0] * FREE_PER_ADDRESS + [FIRST_WAIT]
    assert attempts.begin("ann", "10.0.0.2") == 0.0


def test_success_clears_the_account_and_takes_back_the_one_try_of_the_address(attempts):
    fail(attempts, FREE_PER_ACCOUNT - 1)
    assert attempts.begin("ann", "10.0.0.1") == 0.0
    attempts.succeeded("ann", "10.0.0.1")
    assert fail(attempts, FREE_PER_ACCOUNT) == [0.0] * FREE_PER_ACCOUNT
    assert attempts.begin("ann", "10.0.0.1") > 0


def test_whoever_has_an_account_does_not_clear_their_address_with_it(attempts):
    for n in range(FREE_PER_ADDRESS):
        assert attempts.begin(f"victim {n}", "10.0.0.1") == 0.0
        if attempts.begin("mine", "10.0.0.1") == 0.0:
            attempts.succeeded("mine", "10.0.0.1")
    assert attempts.begin("another victim", "10.0.0.1") > 0


def test_failures_are_forgotten(attempts, clock):
    fail(attempts, FREE_PER_ACCOUNT)
    clock.now += FORGOTTEN_AFTER + 1
    assert fail(attempts, FREE_PER_ACCOUNT) == [0.0] * FREE_PER_ACCOUNT


def test_many_at_once_are_no_way_round(attempts):
    waits, start = [], threading.Barrier(40)

    def one():
        start.wait()
        waits.append(attempts.begin("ann", "10.0.0.1"))

    threads = [threading.Thread(target=one) for _ in range(40)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sum(w == 0.0 for w in waits) == FREE_PER_ACCOUNT


def test_what_is_kept_in_mind_has_a_bound(attempts, monkeypatch):
    monkeypatch.setattr(module, "KEPT", 10)
    for n in range(100):
        attempts.begin(f"name {n}", f"10.0.0.{n}")
    assert len(attempts._failures) == 10
    fail(attempts, FREE_PER_ACCOUNT, "name 99", "10.0.0.99")
    assert attempts.begin("name 99", "elsewhere") > 0, "the newest are kept"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.01, "1 second"),
        (1, "1 second"),
        (1.5, "2 seconds"),
        (59.1, "1 minute"),
        (60, "1 minute"),
        (900, "15 minutes"),
    ],
)
def test_a_wait_is_told_in_words_and_never_as_less(seconds, words):
    assert in_words(seconds) == words
