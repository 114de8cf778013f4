"""Scores: every metric of every model on every label version, and on what two versions have in common."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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


@dataclass(frozen=True)
class LabelSets:
    """The labels of one version, on every item set that it is scored on.

    Attributes
    ----------
    version : str
        Its name.
    sets : mapping of str to int32 array, shape (n,)
        By name of the item set: class indices in items order, -1 for the items outside of the set.
    """

    version: str
    sets: Mapping[str, Ints]

    @property
    def fingerprint(self) -> str:
        """Hash of the version's name and all labels."""
        hashed = hashlib.blake2b(self.version.encode(), digest_size=16)
        for name, labels in self.sets.items():
            hashed.update(f"\0{name}\0".encode() + np.ascontiguousarray(labels).tobytes())
        return hashed.hexdigest()


def label_sets(
    versions: pa.Table, item_ids: Ids, pair: tuple[str, str] = DEFAULT_PAIR
) -> dict[str, LabelSets]:
    """Gather the labels that models are scored on.

    Parameters
    ----------
    versions : pyarrow.Table, `contracts.LABEL_VERSIONS`
        All versions in it are taken.
    item_ids : sequence of str or pyarrow string array, length n
        The items.
    pair : (str, str)
        The two versions that are also scored on their common and on their relabelled items.

    Returns
    -------
    dict of str to LabelSets
        By name of the version, in the order of the table.

    Raises
    ------
    UsageError
        When a version of the pair is not known.
    AuditError
        When the versions are not of these items.
    """
    names = version_names(versions)
    if missing := [v for v in pair if v not in names]:
        raise UsageError(
            f"there is no label version {first_few(map(repr, missing))}; there are {first_few(names, 20)}"
        )
    labels = {name: version_labels(versions, name, item_ids) for name in names}
    first, second = (labels[name] for name in pair)
    common = (first >= 0) & (second >= 0)
    relabelled = common & (first != second)
    found = {}
    for name in names:
        sets: dict[str, Ints] = {"all": labels[name]}
        if name in pair:
            sets["common"] = np.where(common, labels[name], -1).astype(np.int32)
            sets["relabelled"] = np.where(relabelled, labels[name], -1).astype(np.int32)
        found[name] = LabelSets(name, sets)
    return found


def score_model(outputs: ModelOutputs, labels: LabelSets, metrics: Sequence[str]) -> list[dict[str, Any]]:
    """Score one model on one label version.

    Parameters
    ----------
    outputs : ModelOutputs
        n rows in items order.
    labels : LabelSets
    metrics : sequence of str
        Names from `METRICS`.

    Returns
    -------
    list of dict
        Rows of `contracts.SCORES`, ordered by item set and metric, each as given.

    Raises
    ------
    UsageError
        When a metric is not known.
    """
    rows = []
    for item_set, given in labels.sets.items():
        for metric in map(metric_named, metrics):
            score = metric.function(given, outputs)
            rows.append(
                {
                    "model": outputs.model,
                    "version": labels.version,
                    "items": item_set,
                    "metric": metric.name,
                    "value": score.value,
                    "n": score.n,
                    "reason": score.reason,
                }
            )
    return rows


def scores_table(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Rows as a table in the schema `contracts.SCORES`."""
    return pa.Table.from_pylist(list(rows), schema=SCORES)


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
    versions, item_ids, pair
        As `label_sets` takes them.
    metrics : sequence of str
        Names from `METRICS`.

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
    for name in metrics:
        metric_named(name)
    sets = label_sets(versions, item_ids, pair)
    agreeing_length(outputs, len(item_ids))
    return scores_table(
        [
            {**row, "model": model}
            for model, model_outputs in outputs.items()
            for labels in sets.values()
            for row in score_model(model_outputs, labels, metrics)
        ]
    )
