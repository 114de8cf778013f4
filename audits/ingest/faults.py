"""The faults of one file, told together: whoever mends it sees all of them at once."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from audits.errors import AuditError, InputError, PathError, collect
from audits.judging import Rule, offenders


class Faults:
    """Gathers what is wrong with a file while as much of it as can be is looked at.

    Parameters
    ----------
    where : Path or str
        The file, as messages name it.

    Examples
    --------
    >>> faults = Faults("items.csv")
    >>> faults.add(InputError, "column 'label': is missing", "column 'text': is missing")
    >>> faults.require()
    Traceback (most recent call last):
    audits.errors.InputError: items.csv: 2 problems
      - column 'label': is missing
      - column 'text': is missing
    """

    def __init__(self, where: Path | str) -> None:
        self.where = str(where)
        self._found: list[tuple[type[AuditError], str]] = []

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._found)

    def add(self, kind: type[AuditError], *words: str) -> None:
        """Note faults of a kind, in words that follow the name of the file."""
        self._found += [(kind, w) for w in words]

    @contextlib.contextmanager
    def noted(self, place: str = "") -> Iterator[None]:
        """Note what the block refuses and go on behind it.

        Parameters
        ----------
        place : str
            Where in the file, such as "column 'label'".
        """
        try:
            yield
        except (InputError, PathError) as e:
            text = str(e).removeprefix(f"{self.where}: ")
            self.add(type(e), f"{place}: {text}" if place else text)

    def look(
        self,
        columns: Mapping[str, pa.Array | None],
        rows: int,
        rules: Sequence[Rule],
        *,
        numbered: bool = True,
    ) -> None:
        """Note what breaks the rules in the columns that could be read.

        Parameters
        ----------
        columns : mapping of name to pyarrow array, length n
            Canonical columns; None for one that could not be read.
        rows : int
            n.
        rules : sequence of Rule
        numbered : bool
            Whether the rows are those of the file, in its order.
        """
        there = {name: c for name, c in columns.items() if c is not None}
        # without ids, rows are named by their numbers alone
        table = pa.table({"item_id": pa.nulls(rows, pa.string()), **there})
        for rule in rules:
            if "item_id" in there or "item_id" not in rule.columns:
                for failure in offenders(table, [rule], numbered=numbered):
                    self.add(rule.kind, str(failure))

    def error(self) -> AuditError:
        """All of them in one error, of the one kind that all are of or else InputError."""
        found = dict.fromkeys(self._found)  # two columns may have the same fault
        return one_kind(k for k, _ in found)(collect(self.where, [w for _, w in found]))

    def require(self) -> None:
        """Raise them in one error; do nothing without any."""
        if self._found:
            raise self.error()


def one_kind(kinds: Iterable[type[AuditError]]) -> type[AuditError]:
    """The one kind that all are of; InputError where they are of several.

    Examples
    --------
    >>> one_kind([PathError, PathError]).code
    'path'
    """
    several = set(kinds)
    return several.pop() if len(several) == 1 else InputError
