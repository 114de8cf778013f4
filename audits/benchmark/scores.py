"""Scores: every metric of every model on every label version, and on what two versions have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from audits.benchmark.metrics import metric_named
from audits.benchmark.versions import Ids, version_labels, version_names
from audits.contracts import SCORES
from audits.errors import UsageError, first_few
from audits.outputs import Ints, ModelOutputs, agreeing_length

#: Which items a score is over: all of its version, those that both versions of the pair label, and of
#: these the ones that they label differently.
ITEM_SETS = ("all", "common", "relabelled")

#: The two versions that are compared unless the caller names others.
DEFAULT_PAIR = ("original", "corrected")


def score_versions(
    outputs: Mapping[str, ModelOutputs],
    versions: pa.Table,
    item_ids: Ids,
    metrics: Sequence[str],
    pair: tuple[str, str] = DEFAULT_PAIR,
) -> pa.Table:
    """Score models on label versions.

    Parameters
    ----------
    outputs : mapping of str to ModelOutputs
        The models to score, by name; each with n rows in the order of `item_ids`.
    versions : pyarrow.Table, `contracts.LABEL_VERSIONS`
        All versions in it are scored.
    item_ids : sequence of str or pyarrow string array, length n
        The items.
    metrics : sequence of str
        Names from `METRICS`.
    pair : (str, str)
        The two versions that are also scored on their common and on their relabelled items.

    Returns
    -------
    pyarrow.Table, `contracts.SCORES`
        Ordered by model, version, items and metric, each as given. For the versions of the pair the
        scores on `common` and `relabelled` items differ by labels alone.

    Raises
    ------
    UsageError
        When a metric or a version of the pair is not known.
    AuditError
        When the outputs or the versions do not belong to these items.
    """
    chosen = [metric_named(name) for name in metrics]
    names = version_names(versions)
    if missing := [v for v in pair if v not in names]:
        raise UsageError(
            f"there is no label version {first_few(map(repr, missing))}; there are {first_few(names, 20)}"
        )
    agreeing_length(outputs, len(item_ids))
    label_sets = _label_sets(versions, item_ids, names, pair)
    rows: list[tuple[object, ...]] = []
    for model, model_outputs in outputs.items():
        for (version, item_set), labels in label_sets.items():
            for metric in chosen:
                score = metric.function(labels, model_outputs)
                rows.append((model, version, item_set, metric.name, score.value, score.n, score.reason))
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(SCORES)
    return pa.table([list(c) for c in columns], schema=SCORES)


def _label_sets(
    versions: pa.Table, item_ids: Ids, names: Sequence[str], pair: tuple[str, str]
) -> dict[tuple[str, str], Ints]:
    """Labels by version and item set, -1 for the items that are outside the set."""
    labels = {name: version_labels(versions, name, item_ids) for name in names}
    first, second = (labels[name] for name in pair)
    common = (first >= 0) & (second >= 0)
    relabelled = common & (first != second)
    sets: dict[tuple[str, str], Ints] = {}
    for name in names:
        sets[name, "all"] = labels[name]
        if name in pair:
            sets[name, "common"] = np.where(common, labels[name], -1).astype(np.int32)
            sets[name, "relabelled"] = np.where(relabelled, labels[name], -1).astype(np.int32)
    return sets
