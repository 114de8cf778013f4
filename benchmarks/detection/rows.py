"""The rows that are written, and what is told of them on the terminal and in the documentation."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

#: The name of the row over all cells.
OVER_CELLS = "mean over cells"
DIFFERENCE = "average_precision_minus_cleanlab_ensemble"
PLANTED = "planted-"

#: Columns of the tables: metric and heading; the first with its interval.
_COLUMNS = {
    "average_precision": "AP",
    DIFFERENCE: "AP − cleanlab's ensemble",
    "auroc": "AUROC",
    "precision_at_100": "P@100",
    "recall_in_first_5_percent": "recall in 5 %",
    "recall_in_first_10_percent": "recall in 10 %",
    "ece": "ECE",
    "error_rate": "error rate",
}
_WITH_INTERVAL = ("average_precision", DIFFERENCE, "error_rate")


@dataclass(frozen=True)
class Row:
    """One figure with its 95 % interval; the bounds are NaN where there is none."""

    dataset: str
    method: str
    metric: str
    value: float
    low: float
    high: float


def as_json(rows: Iterable[Row]) -> str:
    """The rows as a JSON list, one a line; what is not defined is null."""

    def plain(row: Row) -> str:
        fields = asdict(row)
        return json.dumps(
            {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in fields.items()}
        )

    return "[\n" + ",\n".join(plain(row) for row in rows) + "\n]\n"


def read_rows(path: Path) -> list[Row]:
    """Read rows that were written by `as_json`."""
    return [
        Row(**{k: math.nan if v is None else v for k, v in row.items()})
        for row in json.loads(path.read_text(encoding="utf-8"))
    ]


def markdown(rows: Sequence[Row]) -> str:
    """Markdown tables: one a dataset with a line a method; planted cells all in one, with a line a cell."""
    real = [r for r in rows if not r.dataset.startswith(PLANTED)]
    parts = [f"### {name}\n\n{_of_dataset([r for r in real if r.dataset == name])}" for name in _names(real)]
    if cells := [r for r in rows if r.dataset.startswith(PLANTED)]:
        parts.append(f"### Planted errors\n\n{_of_cells(cells)}")
    return "\n".join(parts)


def _of_dataset(rows: Sequence[Row]) -> str:
    metrics = [m for m in _COLUMNS if any(r.metric == m for r in rows)]
    by = {(r.method, r.metric): r for r in rows}
    first = metrics[0] if metrics else ""
    methods = list(dict.fromkeys(r.method for r in rows if r.metric in _COLUMNS))
    lower = first == "error_rate"

    def place(method: str) -> float:
        value = by[method, first].value if (method, first) in by else math.nan
        return math.inf if math.isnan(value) else (value if lower else -value)

    return _table(
        ["method", *(_COLUMNS[m] for m in metrics)],
        [[m, *(_figure(by.get((m, metric))) for metric in metrics)] for m in sorted(methods, key=place)],
    )


def _of_cells(rows: Sequence[Row]) -> str:
    """A line a cell: the average precision of every method, and the paired difference."""
    methods = list(dict.fromkeys(r.method for r in rows if r.metric == "average_precision"))
    by = {(r.dataset, r.method, r.metric): r for r in rows}
    paired = list(dict.fromkeys(r.method for r in rows if r.metric == DIFFERENCE))
    lines = [
        [
            name.removeprefix(PLANTED),
            *(_figure(by.get((name, m, "average_precision")), bare=True) for m in methods),
            *(_figure(by.get((name, m, DIFFERENCE))) for m in paired),
        ]
        for name in _names(rows)
    ]
    return _table(["cell", *methods, *(f"{m} − cleanlab's ensemble" for m in paired)], lines)


def _figure(row: Row | None, *, bare: bool = False) -> str:
    if row is None or math.isnan(row.value):
        return "–"
    figure = f"{row.value:.3f}"
    if bare or row.metric not in _WITH_INTERVAL or math.isnan(row.low):
        return figure
    return f"{figure} [{row.low:.3f}, {row.high:.3f}]"


def _table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    widths = [max(len(line[i]) for line in [head, *lines]) for i in range(len(head))]

    def written(cells: Sequence[str], pad: Callable[[str, int], str]) -> str:
        return "| " + " | ".join(pad(c, w) for c, w in zip(cells, widths, strict=True)) + " |"

    rule = "| " + " | ".join(["-" * widths[0], *("-" * (w - 1) + ":" for w in widths[1:])]) + " |"
    return "\n".join([written(head, str.ljust), rule, *(written(line, str.ljust) for line in lines)]) + "\n"


def _names(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(r.dataset for r in rows))
