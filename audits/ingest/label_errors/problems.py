"""Gather what is wrong with the entries of one file, and report all of it at once."""

from __future__ import annotations

from pathlib import Path

from audits.errors import InputError, collect, first_few, plain


class Problems:
    """Offenders by kind of problem.

    Parameters
    ----------
    path : Path
        The file that is looked at, for the message.
    error : type of InputError
        What the problems are, where `add` does not say otherwise.
    """

    def __init__(self, path: Path, error: type[InputError] = InputError) -> None:
        self.path = path
        self._error = error
        self._errors: set[type[InputError]] = set()
        self._found: dict[str, list[str]] = {}

    def add(self, kind: str, offender: object, error: type[InputError] | None = None) -> None:
        """Note one offender; `kind` is a phrase that follows a count, such as 'entries lack a field'."""
        self._errors.add(error or self._error)
        self._found.setdefault(kind, []).append(plain(offender))

    def raise_any(self) -> None:
        """Raise an InputError with all that was found, each kind with its count and the first few.

        It is of the kind that all problems are of; where they are of several, InputError itself.
        """
        if self._found:
            lines = [f"{len(found)} {kind} ({first_few(found)})" for kind, found in self._found.items()]
            error = self._errors.pop() if len(self._errors) == 1 else InputError
            raise error(collect(str(self.path), lines))
