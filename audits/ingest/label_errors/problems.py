"""Gather what is wrong with the entries of one file, and report all of it at once."""

from __future__ import annotations

from pathlib import Path

from audits.errors import InputError, collect, first_few


class Problems:
    """Offenders by kind of problem.

    Parameters
    ----------
    path : Path
        The file that is looked at, for the message.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._found: dict[str, list[str]] = {}

    def add(self, kind: str, offender: object) -> None:
        """Note one offender; `kind` is a phrase that follows a count, such as 'entries lack a field'."""
        self._found.setdefault(kind, []).append(str(offender))

    def raise_any(self) -> None:
        """Raise InputError with all that was found, each kind with its count and the first few."""
        if self._found:
            lines = [f"{len(found)} {kind} ({first_few(found)})" for kind, found in self._found.items()]
            raise InputError(collect(str(self.path), lines))
