from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audits.web.security.session import IDLE_SECONDS, LONGEST_SECONDS, RENEWED_AFTER, Sessions

SECRET = b"s" * 32


class Clock:
    def __init__(self):
        self.now = 1_700_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def sessions(clock):
    return Sessions(SECRET, clock)


@given(st.text(max_size=100).filter(lambda t: t.isprintable()), st.integers(1, 10**9))
def test_a_session_comes_back_as_it_was(name, epoch):
    sessions = Sessions(SECRET)
    session = sessions.new(name, epoch)
    text = sessions.sealed(session)
    assert sessions.opened(text) == session
    assert text.isascii()
    assert not set(text) & set(' ",;\\'), "nothing that a cookie cannot hold"


def test_a_session_of_another_secret_is_none(sessions, clock):
    other = Sessions(b"t" * 32, clock)
    assert sessions.opened(other.sealed(other.new("ann", 1))) is None


def test_any_changed_sign_makes_it_none(sessions):
    text = sessions.sealed(sessions.new("ann", 1))
    for i, sign in enumerate(text):
        for other in ("A", "B"):
            if other != sign:
                changed = text[:i] + other + text[i + 1 :]
                # the last sign of a base64 text holds bits that say nothing
                assert sessions.opened(changed) is None or (
                    i == len(text) - 1 and sessions.opened(changed) == sessions.opened(text)
                )


@pytest.mark.parametrize("text", ["", ".", "a.b", "W10.x", "é", "x" * 100_000, "null", "\0"])
def test_what_is_no_session_is_none(sessions, text):
    assert sessions.opened(text) is None


def test_what_was_signed_for_another_purpose_is_none(sessions):
    import hashlib

    from itsdangerous import URLSafeSerializer

    how = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
    said = ["ann", 1, "x", 0, 0]
    assert sessions.opened(URLSafeSerializer(SECRET, salt="other", signer_kwargs=how).dumps(said)) is None
    short = URLSafeSerializer(SECRET, salt="labelaudit session", signer_kwargs=how).dumps(["ann"])
    assert sessions.opened(short) is None


def test_it_ends_when_nobody_uses_it(sessions, clock):
    text = sessions.sealed(sessions.new("ann", 1))
    clock.now += IDLE_SECONDS
    assert sessions.opened(text) is not None
    clock.now += 1
    assert sessions.opened(text) is None


def test_it_goes_on_while_it_is_used_but_not_for_ever(sessions, clock):
    start, session = clock.now, sessions.new("ann", 1)
    while clock.now - start <= LONGEST_SECONDS:
        found = sessions.opened(sessions.sealed(session))
        assert found is not None, clock.now - start
        session = sessions.renewed(found) or found
        assert session.since == start
        clock.now += IDLE_SECONDS / 2
    assert sessions.opened(sessions.sealed(session)) is None
    assert clock.now - session.at <= IDLE_SECONDS, "it was in use to the end"


def test_its_cookie_is_written_anew_only_now_and_then(sessions, clock):
    session = sessions.new("ann", 1)
    clock.now += RENEWED_AFTER
    assert sessions.renewed(session) is None
    clock.now += 1
    renewed = sessions.renewed(session)
    assert renewed is not None
    assert (renewed.name, renewed.epoch, renewed.binding, renewed.at) == (
        *("ann", 1, session.binding),
        clock.now,
    )


def test_each_session_has_tokens_of_its_own(sessions, clock):
    one, two = sessions.new("ann", 1), sessions.new("ann", 1)
    assert one.binding != two.binding
    tokens = {sessions.form_token(one.binding), sessions.form_token(two.binding), sessions.form_token("")}
    tokens.add(Sessions(b"t" * 32, clock).form_token(one.binding))
    assert len(tokens) == 4


def test_two_workspaces_on_one_machine_have_cookies_of_their_own(sessions):
    assert sessions.cookie != Sessions(b"t" * 32).cookie
    assert sessions.cookie == Sessions(SECRET).cookie
