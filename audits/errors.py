"""One base class for all that labelaudit refuses, with a stable code and an exit status."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

#: How many offenders a message names before it only counts them.
SHOWN = 5

#: How much of one offender a message shows, in characters.
_SHOWN_CHARACTERS = 200


class AuditError(ValueError):
    """Base of every error labelaudit raises on purpose.

    Attributes
    ----------
    code : str
        Stable, machine-readable name of the kind of error.
    exit_status : int
        What the `labelaudit` command exits with: 2 when the input or the call is wrong, 1 when the
        work failed, 3 when a gate did not hold.
    """

    code = "audit-error"
    exit_status = 1


class InputError(AuditError):
    """A file or table that came in is broken; the message says what, where, how many and the first few."""

    code = "input"
    exit_status = 2


class ConfigError(AuditError):
    """A dataset's YAML file, or a workspace, is not usable as it stands."""

    code = "config"
    exit_status = 2


class UsageError(AuditError):
    """The call is wrong: an unknown dataset, item or option, or a stage that has not been run yet."""

    code = "usage"
    exit_status = 2


class StoreError(AuditError):
    """The review store cannot be opened or refuses what was asked of it."""

    code = "store"


class GateError(AuditError):
    """A gate that the caller asked for did not hold."""

    code = "gate"
    exit_status = 3


def first_few(offenders: Iterable[object], shown: int = SHOWN) -> str:
    """Name the first offenders and count the rest.

    Parameters
    ----------
    offenders : iterable
        Whatever is to be named, in the order in which it is to be named.
    shown : int
        How many to name.

    Returns
    -------
    str
        For example ``"a, b, c and 4 more"``; empty when there are none. Each is shown by `plain`.

    Examples
    --------
    >>> first_few(["a", "b", "c"], shown=2)
    'a, b and 1 more'
    """
    listed = list(offenders)
    text = ", ".join(plain(o) for o in listed[:shown])
    rest = len(listed) - shown
    return f"{text} and {rest} more" if rest > 0 else text


def plain(value: object) -> str:
    r"""A value on one line of a message: line breaks and control characters escaped, long text cut.

    Examples
    --------
    >>> plain("two\nlines")
    "'two\\nlines'"
    """
    text = str(value)
    if not text.isprintable():
        text = repr(text[: 2 * _SHOWN_CHARACTERS])
    return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 3] + "..."


def collect(where: str, problems: Sequence[str]) -> str:
    """Render all problems of one table or file as one message, a line each when there are several."""
    if len(problems) == 1:
        return f"{where}: {problems[0]}"
    return "\n".join([f"{where}: {len(problems)} problems", *(f"  - {p}" for p in problems)])
