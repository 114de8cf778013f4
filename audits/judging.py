"""Judge a table by rules: Great Expectations says which are met, Arrow finds the rows that are at fault.

Each rule is an expectation, which Great Expectations judges, and beside it an Arrow expression that finds
the offending rows. The suite runs with the result format BOOLEAN_ONLY, since asking it for the rows of one
expectation that fails everywhere takes a minute on a million rows, where Arrow takes milliseconds.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from audits.errors import SHOWN, AuditError, InputError, collect, plain


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
    """

    expectation: str
    arguments: Mapping[str, Any]
    offending: Callable[[pa.Table], pa.Array]
    says: str
    column: str


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
    """

    column: str
    says: str
    count: int
    rows: int
    first: tuple[str, ...]

    def __str__(self) -> str:
        """One line: what, where, how many, the first few."""
        if not self.first:
            return f"column {self.column!r}: {self.says}"
        rest = self.count - len(self.first)
        named = ", ".join(self.first) + (f" and {rest} more" if rest > 0 else "")
        return f"column {self.column!r}: {self.count} of {self.rows} rows: {self.says} ({named})"


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
        """Raise InputError with all failures unless the table passed."""
        if self.failures:
            raise InputError(str(self))


def judge(table: pa.Table, rules: Sequence[Rule], what: str, id_column: str = "item_id") -> Judgement:
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

    Returns
    -------
    Judgement

    Raises
    ------
    AuditError
        When an expectation could not be evaluated, or disagrees with its Arrow expression: a defect here,
        never a fault of the data.
    """
    met = _validate(table, rules, what)
    failures = []
    for rule, ok in zip(rules, met, strict=True):
        if ok:
            continue
        mask = pc.fill_null(rule.offending(table), False)
        bad = table.filter(mask)
        if bad.num_rows == 0 and table.num_rows > 0:
            raise AuditError(f"{what}: {rule.expectation} on {rule.column!r} failed, but no row is at fault")
        failures.append(
            Failure(rule.column, rule.says, bad.num_rows, table.num_rows, _named(bad, rule.column, id_column))
        )
    return Judgement(what, len(rules), tuple(failures))


def _named(bad: pa.Table, column: str, id_column: str) -> tuple[str, ...]:
    out = []
    for row in bad.slice(0, SHOWN).to_pylist():
        value = row[column]
        named = f"{id_column} {plain(row[id_column])}"
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
