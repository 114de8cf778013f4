from __future__ import annotations

import threading

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.low_level import Type

from audits.errors import UsageError
from audits.web.security.passwords import AT_ONCE, LONGEST, SHORTEST, Passwords, sound_password
from tests.audits.web.conftest import CHEAP


class Counting(PasswordHasher):
    """Says what it hashed, what it verified against, and how many it did at the same time."""

    def __init__(self):
        super().__init__(time_cost=1, memory_cost=1024, parallelism=1)
        self.verified, self.now, self.most, self.guard = [], 0, 0, threading.Lock()
        self.hashed = 0

    def hash(self, password, **more):
        self.hashed += 1
        return super().hash(password, **more)

    def verify(self, hash, password):
        with self.guard:
            self.verified.append(hash)
            self.now += 1
            self.most = max(self.most, self.now)
        try:
            return super().verify(hash, password)
        finally:
            with self.guard:
                self.now -= 1


def test_a_password_is_kept_as_an_argon2id_hash_with_the_parameters_of_rfc_9106():
    passwords = Passwords()
    stored = passwords.hash("a few plain words")
    parameters = extract_parameters(stored)
    # RFC 9106, section 4, the second recommended option: 64 MiB, 3 passes, 4 lanes, 128 bits of salt, 256 of tag
    assert (parameters.type, parameters.memory_cost, parameters.time_cost) == (Type.ID, 64 * 1024, 3)
    assert (parameters.parallelism, parameters.salt_len, parameters.hash_len) == (4, 16, 32)
    assert passwords.verify(stored, "a few plain words")
    assert not passwords.verify(stored, "a few plain word")
    assert not passwords.outdated(stored)


def test_the_same_password_has_another_hash_each_time():
    assert CHEAP.hash("a few plain words") != CHEAP.hash("a few plain words")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("Zoe\u0308 und Zoë", "Zoë und Zoe\u0308"),
        ("\uff41 wide letter", "a wide letter"),
        ("\ud800" * 3 + "x", "???x"),
    ],
)
def test_keyboards_may_write_a_letter_in_several_ways(typed, meant):
    assert CHEAP.verify(CHEAP.hash(typed), meant)


@pytest.mark.parametrize("stored", ["", "plain text", "$argon2id$v=19$m=8,t=1,p=1$broken", "$2b$12$abcdefgh"])
def test_a_broken_hash_lets_nobody_in(stored):
    assert not CHEAP.verify(stored, "a few plain words")
    assert not CHEAP.verify(stored, stored)


def test_for_a_name_without_an_account_the_same_work_is_done():
    hasher = Counting()
    passwords = Passwords(hasher)
    stored = passwords.hash("a few plain words")
    assert not passwords.verify(None, "a few plain words")
    assert not passwords.verify(stored, "wrong")
    assert len(hasher.verified) == 2, "one verification each"
    parameters = [extract_parameters(h) for h in hasher.verified]
    assert parameters[0] == parameters[1]


@pytest.mark.parametrize("known_first", [True, False])
def test_the_first_log_in_of_all_takes_as_much_work_for_either_kind_of_name(known_first):
    hasher = Counting()
    stored = Passwords(Counting()).hash("a few plain words")
    passwords = Passwords(hasher)
    for known in (known_first, not known_first):
        before = hasher.hashed, len(hasher.verified)
        passwords.verify(stored if known else None, "wrong")
        work = hasher.hashed - before[0], len(hasher.verified) - before[1]
        assert work == ((1, 1) if known is known_first else (0, 1))


def test_nobody_signs_in_with_the_password_of_the_stand_in():
    passwords = Passwords(Counting())
    assert not passwords.verify(None, "the password of nobody")


def test_only_so_many_are_hashed_at_once():
    hasher = Counting()
    passwords = Passwords(hasher)
    stored = passwords.hash("a few plain words")
    threads = [threading.Thread(target=passwords.verify, args=(stored, "wrong")) for _ in range(12)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(hasher.verified) == 12
    assert 1 <= hasher.most <= AT_ONCE


def test_a_hash_of_older_parameters_is_told():
    older = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("a few plain words")
    assert Passwords().outdated(older)
    assert not CHEAP.outdated(older)


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("", "has 0 characters"),
        ("x1" * 4 + "y", f"has 9 characters; at least {SHORTEST}"),
        ("ab" * (LONGEST // 2) + "c", f"has {LONGEST + 1} characters; at most"),
        ("Bob-The-Reviewer", "is the name of the account"),
        ("aaaaaaaaaaaa", "one sign again and again"),
    ],
)
def test_passwords_that_are_guessed_at_once_are_refused(password, words):
    with pytest.raises(UsageError, match=words):
        sound_password(password, "bob-the-reviewer")


@pytest.mark.parametrize(
    "password", ["0123456789", "a few plain words", "пароль из слов", "🦓🦓🦓🦓🦓🦓🦓🦓🦓🦒"]
)
def test_other_passwords_are_taken_as_they_are(password):
    assert sound_password(password, "bob") == password
