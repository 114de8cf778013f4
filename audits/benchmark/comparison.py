"""Two label versions side by side: counts of items, scores, ranks and the models that change places."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from audits.benchmark.joins import column
from audits.benchmark.metrics import metric_named
from audits.benchmark.ranking import flips, ranks
from audits.benchmark.scores import DEFAULT_PAIR, ITEM_SETS
from audits.benchmark.versions import (
    LEFT_OUT,
    VERSIONS,
    VersionSummary,
    of_version,
    summary,
    version_labels,
    version_names,
)
from audits.errors import UsageError


@dataclass(frozen=True)
class Comparison:
    """All that is said about two label versions of a dataset.

    Attributes
    ----------
    dataset : str
        Its name.
    agree, verdicts_per_item : int
        The consensus rule: how many of how many verdicts must agree.
    pair : (str, str)
        The version before and the version after.
    versions : mapping of str to VersionSummary
        Counts of every version, in the order of the versions table.
    common : int
        Items that both versions of the pair label.
    scores, ranks, flips : pyarrow.Table
        As `contracts.SCORES`, `RANKS` and `FLIPS` have it.
    """

    dataset: str
    agree: int
    verdicts_per_item: int
    pair: tuple[str, str]
    versions: Mapping[str, VersionSummary]
    common: int
    scores: pa.Table
    ranks: pa.Table
    flips: pa.Table


@dataclass(frozen=True)
class TableRow:
    """One model's line of the table for people.

    Attributes
    ----------
    model : str
        Its name.
    original, corrected : float or None
        Its score under the first and the second version of the pair; None where `reason` says why.
    original_rank, corrected_rank : int or None
        Its ranks; 1 is best, ties share the lowest.
    delta : float or None
        `corrected` minus `original`, in the unit of the metric.
    original_n, n : int
        Number of items under the first and the second version.
    reason : str or None
        Why a score is missing.
    """

    model: str
    original: float | None
    original_rank: int | None
    corrected: float | None
    corrected_rank: int | None
    delta: float | None
    original_n: int
    n: int
    reason: str | None


def compare(
    dataset: str,
    versions: pa.Table,
    scores: pa.Table,
    *,
    agree: int,
    verdicts_per_item: int,
    pair: tuple[str, str] = DEFAULT_PAIR,
) -> Comparison:
    """Set two label versions of a dataset side by side.

    Parameters
    ----------
    dataset : str
        Its name.
    versions : pyarrow.Table, `contracts.LABEL_VERSIONS`
    scores : pyarrow.Table, `contracts.SCORES`
        What `score_versions` made from these versions with the same pair.
    agree, verdicts_per_item : int
        The consensus rule that the versions were made under.
    pair : (str, str)
        The version before and the version after.

    Returns
    -------
    Comparison

    Raises
    ------
    UsageError
        When a version of the pair is not in the table, or a metric is not known.
    """
    item_ids = column(of_version(versions, pair[0]), "item_id")
    first, second = (version_labels(versions, name, item_ids) for name in pair)
    return Comparison(
        dataset=dataset,
        agree=agree,
        verdicts_per_item=verdicts_per_item,
        pair=pair,
        versions={name: summary(versions, name) for name in version_names(versions)},
        common=int(np.count_nonzero((first != LEFT_OUT) & (second != LEFT_OUT))),
        scores=scores,
        ranks=ranks(scores),
        flips=flips(scores, pair),
    )


def to_json(comparison: Comparison) -> dict[str, object]:
    """Give a comparison as plain data, ready for `json.dumps(..., allow_nan=False)`.

    Parameters
    ----------
    comparison : Comparison

    Returns
    -------
    dict
        dataset, consensus (how many verdicts must agree), items (counts of both versions, of what they
        have in common, pending and left out by reason), scores, ranks, flips (one dict a row),
        verdicts_per_item, and versions with `reviewed` for each. `pending` and `left_out` are those of the
        second version of the pair.
    """
    before, after = (comparison.versions[name] for name in comparison.pair)
    return {
        "dataset": comparison.dataset,
        "consensus": comparison.agree,
        "items": {
            before.version: before.items,
            after.version: after.items,
            "common": comparison.common,
            "pending": after.pending,
            "left_out": dict(after.left_out),
        },
        "scores": [{**row, "value": _finite(row["value"])} for row in comparison.scores.to_pylist()],
        "ranks": comparison.ranks.to_pylist(),
        "flips": comparison.flips.to_pylist(),
        "verdicts_per_item": comparison.verdicts_per_item,
        "versions": [
            {"version": v.version, "items": v.items, "reviewed": VERSIONS[v.version].reviewed}
            for v in comparison.versions.values()
        ],
    }


def table_rows(comparison: Comparison, items: str, metric: str) -> list[TableRow]:
    """Give one table for people: a line a model, best under the second version first.

    Parameters
    ----------
    comparison : Comparison
    items : {"all", "common", "relabelled"}
        Which items the scores are over.
    metric : str
        Name from `METRICS`.

    Returns
    -------
    list of TableRow
        Sorted by corrected rank, then by original rank, then by name; models without a score last.

    Raises
    ------
    UsageError
        When the item set or the metric is not known.
    """
    if items not in ITEM_SETS:
        raise UsageError(f"no item set is named {items!r}; there are {', '.join(ITEM_SETS)}")
    metric_named(metric)
    scores, places = (
        {
            (row["model"], row["version"]): row
            for row in table.to_pylist()
            if row["items"] == items and row["metric"] == metric
        }
        for table in (comparison.scores, comparison.ranks)
    )
    rows = []
    for model in dict.fromkeys(model for model, _ in scores):
        before, after = (scores[model, version] for version in comparison.pair)
        one, two = _finite(before["value"]), _finite(after["value"])
        rank_one, rank_two = (places.get((model, v), {}).get("rank") for v in comparison.pair)
        rows.append(
            TableRow(
                model=model,
                original=one,
                original_rank=rank_one,
                corrected=two,
                corrected_rank=rank_two,
                delta=None if one is None or two is None else two - one,
                original_n=before["n"],
                n=after["n"],
                reason=after["reason"] or before["reason"],
            )
        )
    last = math.inf
    return sorted(rows, key=lambda r: (r.corrected_rank or last, r.original_rank or last, r.model))


def _finite(value: float | None) -> float | None:
    # JSON has no NaN; a scores table that someone else wrote may hold one.
    return value if value is not None and math.isfinite(value) else None
