"""Judge a table by rules: Great Expectations says which are met, Arrow finds the rows that are at fault.

Each rule is an expectation, which Great Expectations judges, and beside it an Arrow expression that finds
the offending rows. The suite runs with the result format BOOLEAN_ONLY, since asking it for the rows of one
expectation that fails everywhere takes a minute on a million rows, where Arrow takes milliseconds.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from audits.errors import SHOWN, AuditError, InputError, collect, kinds, plain


@dataclass(frozen=True)
class Rule:
    """One expectation of a table, and how to find the rows that do not meet it.

    Attributes
    ----------
    expectation : str
        Class name in `great_expectations.expectations`.
    arguments : mapping
        Its arguments.
    offending : callable
        From the table to a boolean Arrow array: true where the row is at fault (null counts as false).
    says : str
        What is wrong, in words that follow "3 of 100 rows: ".
    column : str
        The column that is judged; its values are shown beside the ids.
    kind : type of InputError
        Kind of error that a table which breaks the rule is refused with.
    hint : callable, optional
        From the table to words that help whoever mends it, such as what the fault looks like; empty where there
        is nothing certain to say. Asked only when the rule is broken.
    """

    expectation: str
    arguments: Mapping[str, Any]
    offending: Callable[[pa.Table], pa.Array]
    says: str
    column: str
    kind: type[InputError] = InputError
    hint: Callable[[pa.Table], str] | None = None

    @property
    def columns(self) -> set[str]:
        """The columns that it looks at."""
        named = (self.arguments.get("column"), *self.arguments.get("column_list", ()), self.column)
        return {str(c) for c in named if c}


@dataclass(frozen=True)
class Failure:
    """One rule that a table does not meet.

    Attributes
    ----------
    column : str
        The column at fault.
    says : str
        What is wrong.
    count, rows : int
        How many of how many rows are at fault.
    first : tuple of str
        The first offenders, as "item_id 17: 1.32".
    code : str
        Code of the kind of error.
    hint : str
        What helps to mend it; may be empty.
    """

    column: str
    says: str
    count: int
    rows: int
    first: tuple[str, ...]
    code: str = InputError.code
    hint: str = ""

    def __str__(self) -> str:
        """One line: what, where, how many, the first few."""
        if not self.first:
            return f"column {self.column!r}: {self.says}"
        rest = self.count - len(self.first)
        named = ", ".join(self.first) + (f" and {rest} more" if rest > 0 else "")
        hint = f"; {self.hint}" if self.hint else ""
        return f"column {self.column!r}: {self.count} of {self.rows} rows: {self.says} ({named}){hint}"


@dataclass(frozen=True)
class Judgement:
    """What a suite says of one table.

    Attributes
    ----------
    table : str
        The table that was judged, as people know it ("model resnet18").
    rules : int
        How many expectations there were.
    failures : tuple of Failure
        Those that are not met.
    """

    table: str
    rules: int
    failures: tuple[Failure, ...]

    @property
    def passed(self) -> bool:
        """Whether every expectation is met."""
        return not self.failures

    def __str__(self) -> str:
        """All failures, a line each."""
        return (
            collect(self.table, [str(f) for f in self.failures]) if self.failures else f"{self.table}: passed"
        )

    def require(self) -> None:
        """Raise InputError, of the one kind that all failures are of, with all of them unless the table passed."""
        if self.failures:
            raise kind_of([self])(str(self))


def kind_of(judgements: Iterable[Judgement]) -> type[InputError]:
    """The kind of error that all failures are of; where they are of several kinds, InputError itself."""
    codes = {f.code for j in judgements for f in j.failures}
    found = [k for k in kinds() if issubclass(k, InputError) and {k.code} == codes]
    return found[0] if found else InputError


def judge(
    table: pa.Table, rules: Sequence[Rule], what: str, id_column: str = "item_id", *, numbered: bool = False
) -> Judgement:
    """Run rules over a table as one Great Expectations suite.

    Parameters
    ----------
    table : pyarrow.Table
        Must have every column the rules name, and the id column.
    rules : sequence of Rule
    what : str
        Name of the table for messages.
    id_column : str
        Column whose values name the offending rows.
    numbered : bool
        Whether the rows are those of a file in its order, so that one without an id is named by its number,
        the first being 1.

    Returns
    -------
    Judgement

    Raises
    ------
    AuditError
        When an expectation could not be evaluated, or disagrees with its Arrow expression: a defect here,
        never a fault of the data.
    """
    failures = []
    for rule, ok in zip(rules, _validate(table, rules, what), strict=True):
        if ok:
            continue
        failure = _failure(table, rule, id_column, numbered)
        if failure.count == 0 and table.num_rows > 0:
            raise AuditError(f"{what}: {rule.expectation} on {rule.column!r} failed, but no row is at fault")
        failures.append(failure)
    return Judgement(what, len(rules), tuple(failures))


def offenders(
    table: pa.Table, rules: Sequence[Rule], id_column: str = "item_id", *, numbered: bool = False
) -> list[Failure]:
    """What breaks the rules that a table has the columns for, by the Arrow expressions alone.

    For a table of which only a part could be read: it is refused in any case, and all that can be seen is told.
    """
    found = []
    for rule in rules:
        if rule.columns <= set(table.column_names):
            failure = _failure(table, rule, id_column, numbered)
            found += [failure] if failure.count else []
    return found


def _failure(table: pa.Table, rule: Rule, id_column: str, numbered: bool) -> Failure:
    mask = pc.fill_null(rule.offending(table), False)
    bad = table.filter(mask)
    rows = pc.indices_nonzero(mask)[:SHOWN].to_pylist() if numbered else None
    return Failure(
        rule.column,
        rule.says,
        bad.num_rows,
        table.num_rows,
        _named(bad, rule.column, id_column, rows),
        rule.kind.code,
        rule.hint(table) if rule.hint is not None and bad.num_rows else "",
    )


def _named(bad: pa.Table, column: str, id_column: str, rows: list[int] | None) -> tuple[str, ...]:
    out = []
    for i, row in enumerate(bad.slice(0, SHOWN).to_pylist()):
        value = row[column]
        named = f"{id_column} {plain(row[id_column])}"
        if rows is not None and not row[id_column]:
            named = f"row {rows[i] + 1}"
        if column == id_column or isinstance(value, bool):
            out.append(named)
        else:
            out.append(f"{named}: {f'{value:.6g}' if isinstance(value, float) else plain(repr(value))}")
    return tuple(out)


@cache
def _great_expectations() -> Any:  # the library ships no usable types
    # Set before the import: the library reports home otherwise, and an audit must not need a network.
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # its import of sre_constants, not ours to mend
        import great_expectations as gx
        import great_expectations.expectations
    return gx


def _validate(table: pa.Table, rules: Sequence[Rule], what: str) -> list[bool]:
    gx = _great_expectations()
    base = gx.data_context.types.base
    # By default a context makes a temporary folder for a documentation site and never removes it.
    stores = base.InMemoryStoreBackendDefaults(init_temp_docs_sites=False)
    config = base.DataContextConfig(
        store_backend_defaults=stores, progress_bars=base.ProgressBarsConfig(globally=False)
    )
    context = gx.get_context(mode="ephemeral", project_config=config)
    source = context.data_sources.add_pandas("tables")
    needed = {c for r in rules for c in (r.arguments.get("column"), *r.arguments.get("column_list", ())) if c}
    frame = table.select([c for c in table.column_names if c in needed]).to_pandas()
    definition = source.add_dataframe_asset("table").add_batch_definition_whole_dataframe("whole")
    batch = definition.get_batch({"dataframe": frame})
    suite = gx.ExpectationSuite(
        name=what,
        expectations=[
            getattr(gx.expectations, r.expectation)(**r.arguments, meta={"rule": i})
            for i, r in enumerate(rules)
        ],
    )
    met: dict[int, bool] = {}
    for result in batch.validate(suite, result_format="BOOLEAN_ONLY").results:
        info = result.exception_info or {}
        raised = info.get("raised_exception") or any(
            isinstance(v, dict) and v.get("raised_exception") for v in info.values()
        )
        if raised:
            raise AuditError(f"{what}: {result.expectation_config.type} could not be evaluated: {info}")
        met[result.expectation_config.meta["rule"]] = bool(result.success)
    return [met[i] for i in range(len(rules))]
