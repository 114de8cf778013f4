"""Tries to log in: after a few that fail the next has to wait, ever longer, for each account and each address."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

#: How many tries of one account may fail before the next has to wait.
FREE_PER_ACCOUNT = 5

#: How many from one address; people behind one router share it.
FREE_PER_ADDRESS = 20

#: The first wait, in seconds; each further failure doubles it.
FIRST_WAIT = 5.0

#: The longest wait, in seconds: so long, nobody keeps somebody else out for good.
LONGEST_WAIT = 900.0

#: A failure is forgotten when there was no other for so long, in seconds.
FORGOTTEN_AFTER = 3600.0

#: How many accounts and addresses are kept in mind; beyond it the oldest are forgotten.
KEPT = 20_000


@dataclass
class _Failures:
    count: int
    last: float


class Attempts:
    """Counts tries to log in. Safe to use from several threads; each server counts on its own.

    Parameters
    ----------
    now : callable, optional
        Seconds of a clock that only goes forward.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._guard = threading.Lock()
        self._failures: dict[tuple[str, str], _Failures] = {}

    def begin(self, name: str, address: str) -> float:
        """Begin a try. It counts as failed until `succeeded` says otherwise, so that many at once are no way round.

        Parameters
        ----------
        name : str
            Of the account that is tried, whether there is one or not.
        address : str

        Returns
        -------
        float
            0 when it may be made; otherwise how many seconds to wait, and it does not count.
        """
        keys = self._keys(name, address)
        with self._guard:
            now = self._now()
            if (wait := max(self._wait(key, free, now) for key, free in keys)) > 0:
                return wait
            for key, _ in keys:
                count = self._count(key, now) + 1
                self._failures.pop(key, None)  # put last: the first are the oldest
                self._failures[key] = _Failures(count, now)
            while len(self._failures) > KEPT:
                del self._failures[next(iter(self._failures))]
        return 0.0

    def succeeded(self, name: str, address: str) -> None:
        """Forget the failures of an account, and count this try of the address as none."""
        (account, _), (place, _) = self._keys(name, address)
        with self._guard:
            self._failures.pop(account, None)
            if (failures := self._failures.get(place)) is not None:
                failures.count -= 1

    @staticmethod
    def _keys(name: str, address: str) -> list[tuple[tuple[str, str], int]]:
        return [(("account", name.casefold()), FREE_PER_ACCOUNT), (("address", address), FREE_PER_ADDRESS)]

    def _count(self, key: tuple[str, str], now: float) -> int:
        failures = self._failures.get(key)
        return 0 if failures is None or now - failures.last > FORGOTTEN_AFTER else failures.count

    def _wait(self, key: tuple[str, str], free: int, now: float) -> float:
        over = self._count(key, now) - free
        if over < 0:
            return 0.0
        wait = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(over, 60))
        return max(0.0, self._failures[key].last + wait - now)


def in_words(seconds: float) -> str:
    """A wait in words, never less than it is.

    Examples
    --------
    >>> in_words(0.2), in_words(40), in_words(61)
    ('1 second', '40 seconds', '2 minutes')
    """
    whole = -int(-seconds // 1)
    if whole < 60:
        return f"{whole} second{'s' * (whole != 1)}"
    minutes = -(-whole // 60)
    return f"{minutes} minute{'s' * (minutes != 1)}"
