"""What holds of every reader, and how many examples try it."""
# ruff: noqa: PT017  a reader may also not raise

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from hypothesis import HealthCheck, event, settings

from audits.errors import AuditError, InputError
from audits.errors import ConfigError as BadConfig

#: How many times as many examples as usual; each then is another one. `make fuzz` sets it.
_TIMES = int(os.environ.get("LABELAUDIT_EXAMPLES_TIMES", "1"))

#: The most that one refusal may say, in characters, beside the names of files.
MOST_WORDS = 10_000


def examples(number: int) -> settings:
    """So many examples, the same ones each time: what CI says of a commit does not change by itself."""
    return settings(
        max_examples=number * _TIMES,
        derandomize=_TIMES == 1,
        deadline=None,  # a machine may be busy
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


class Refused(Exception):  # noqa: N818 - it is no error of a test
    """The reader said no, in the way in which it may."""


@contextlib.contextmanager
def one_refusal(path: Path) -> Iterator[None]:
    """Turn a refusal within the block into `Refused`, after a look at its words; any other exception goes through.

    A refusal is one of wrong input or configuration. It names the file, shows no sign that could steer a
    terminal, and is of bounded length whatever the file holds.
    """
    try:
        yield
    except AuditError as e:
        words = str(e)
        assert isinstance(e, InputError | BadConfig), f"{type(e).__name__}: {words}"
        assert e.exit_status == 2
        assert str(path) in words, words[:500]
        assert len(words.replace(str(path), "")) <= MOST_WORDS, words[:500]
        assert all(c.isprintable() or c == "\n" for c in words), ascii(words[:500])
        event(f"refused: {e.code}")  # --hypothesis-show-statistics tells how many are not
        raise Refused from e
