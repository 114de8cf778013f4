"""How long work says where it is, without knowing who listens: a bar, plain lines, or nobody."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar

#: Called with what is being done, and whether that is a whole step or a detail of one.
Listener = Callable[[str, bool], None]

_listener: ContextVar[Listener | None] = ContextVar("labelaudit_progress", default=None)


def report(what: str, *, step: bool = False) -> None:
    """Say what is being done now, in a few words; `step` marks the beginning of a whole step."""
    listener = _listener.get()
    if listener is not None:
        listener(what, step)


@contextlib.contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Send the reports made within the block to a listener."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
