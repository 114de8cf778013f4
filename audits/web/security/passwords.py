"""Passwords: which are taken, and their argon2 hashes."""

from __future__ import annotations

import threading
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from audits.errors import UsageError

#: Fewest characters of a password.
SHORTEST = 10

#: Most characters; more would only be work for whoever hashes them.
LONGEST = 1_000

#: How many passwords are hashed at the same time; each takes 64 MiB for a moment.
AT_ONCE = 2


class Passwords:
    """Hashes passwords and verifies them.

    Parameters
    ----------
    hasher : argon2.PasswordHasher, optional
        Left out: argon2id with the parameters that RFC 9106 recommends where memory is scarce.
    """

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._turns = threading.BoundedSemaphore(AT_ONCE)
        self._dummy: str | None = None

    def hash(self, password: str) -> str:
        """The hash under which a password is kept."""
        with self._turns:
            return self._hasher.hash(_normal(password))

    def verify(self, stored: str | None, password: str) -> bool:
        """Whether a password is the one that was hashed.

        Parameters
        ----------
        stored : str or None
            None where there is no such account: as much work is done as for one, so that the time that an answer
            takes does not tell which names there are.
        password : str
        """
        stand_in = (
            self._stand_in()
        )  # also where it is not needed: the first that needs it must not take longer
        against = stand_in if stored is None else stored
        with self._turns:
            try:
                self._hasher.verify(against, _normal(password)[:LONGEST])
            except (VerificationError, InvalidHashError):
                return False
        return stored is not None

    def outdated(self, stored: str) -> bool:
        """Whether a hash was made with other parameters than are used now."""
        return self._hasher.check_needs_rehash(stored)

    def _stand_in(self) -> str:
        if self._dummy is None:
            self._dummy = self.hash("the password of nobody")
        return self._dummy


def sound_password(password: str, name: str) -> str:
    """A password that may be taken.

    Parameters
    ----------
    password : str
    name : str
        Name of the account.

    Raises
    ------
    UsageError
        When it is too short, too long, the account's name, or one sign again and again.
    """
    normal = _normal(password)
    if len(normal) < SHORTEST:
        raise UsageError(
            f"the password has {len(normal)} characters; at least {SHORTEST} are needed; a few words are easy to keep"
        )
    if len(normal) > LONGEST:
        raise UsageError(f"the password has {len(normal)} characters; at most {LONGEST} are taken")
    if normal.casefold() == _normal(name).casefold():
        raise UsageError("the password is the name of the account; take another one")
    if len(set(normal)) == 1:
        raise UsageError("the password is one sign again and again; take another one")
    return password


def _normal(password: str) -> str:
    """Keyboards write the same letter in several ways; half a character is no reason to fail."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "replace").decode()
