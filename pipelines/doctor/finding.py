"""What a check found."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from audits.workspace import Workspace

State = Literal["ok", "warn", "fault"]

#: From good to bad.
STATES: tuple[State, ...] = ("ok", "warn", "fault")


@dataclass(frozen=True)
class Finding:
    """What a check found.

    Attributes
    ----------
    name : str
        The check, and what of several things it looked at, e.g. ``dataset zoo``.
    state : {"ok", "warn", "fault"}
        warn: it works, and somebody should look; fault: something does not work, or will not this night.
    words : str
        What was found.
    mend : str
        What to do about it; empty when there is nothing to do.
    """

    name: str
    state: State
    words: str
    mend: str = ""


#: What looks at one thing of a workspace.
Check = Callable[[Workspace], list[Finding]]


def ok(name: str, words: str) -> Finding:
    """A finding that all is well."""
    return Finding(name, "ok", words)


def warn(name: str, words: str, mend: str) -> Finding:
    """A finding that somebody should look at."""
    return Finding(name, "warn", words, mend)


def fault(name: str, words: str, mend: str) -> Finding:
    """A finding that something does not work."""
    return Finding(name, "fault", words, mend)
