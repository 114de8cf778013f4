"""All about a dataset's annotators and their agreement, as plain values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from audits.annotator_config import AnnotatorConsensusConfig
from audits.annotators.agreement import krippendorff
from audits.annotators.combining import combine
from audits.annotators.more_votes import SURE, more_votes
from audits.annotators.quality import quality
from audits.annotators.votes import once
from audits.config import Dataset
from audits.errors import UsageError, first_few
from audits.stored import ANNOTATIONS, ITEMS, ingested_lineage, load_items, load_models
from audits.stored_inputs import load_annotations
from audits.table_store import TableStore


def annotators_view(
    tables: TableStore, dataset: Dataset, *, method: str | None = None, sure: float = SURE, seed: int = 0
) -> dict[str, Any]:
    """Gather agreement, the annotators' quality and the items that need more votes, on the tables in force.

    Parameters
    ----------
    tables : TableStore
    dataset : Dataset
        Its audit `annotator_consensus` says how annotations are combined and which models take part.
    method : str, optional
        How annotations are combined instead.
    sure : float
        Items whose consensus has less support than this need more votes, as do those with fewer than two annotations;
        in [0, 1].
    seed : int
        Of the bootstrap.

    Returns
    -------
    dict
        `dataset`, `method`, `items`, `annotated`, `annotations`; `agreement` with `alpha`, `low`, `high`, `level`,
        `items`, `annotations` and `reason`; `annotators`, worst first: `annotator_id`, `labels`, `shared`,
        `with_others`, `with_consensus`, `accuracy`, `low`, `high`; `more_votes` with `sure` and `items`, least settled
        first: `item_id`, `given_label`, `consensus` (class ids), `given_name`, `consensus_name`, `support`,
        `annotations`. What there is not is None.

    Raises
    ------
    UsageError
        When the dataset was never run or has no annotations, or the method is not known.
    InputError
        When the method cannot work on the annotations.
    """
    lineage = ingested_lineage(tables.current())
    if ITEMS not in lineage:
        raise UsageError(f"dataset {dataset.name!r} was never run; 'labelaudit run {dataset.name}' does")
    items = load_items(tables, lineage)
    annotations = load_annotations(tables, lineage, items.ids)
    if annotations is None:
        raise UsageError(
            f"dataset {dataset.name!r} has no annotations: its YAML names none under {ANNOTATIONS!r}"
        )
    params = dataset.config.audits.annotator_consensus or AnnotatorConsensusConfig()
    method = method or params.method
    dense = _dense(tables, lineage, params) if method in ("auto", "crowdlab") else []
    classes = items.classes
    kept = once(annotations)
    found = combine(kept, len(classes), method, dense)
    agreement = krippendorff(kept, len(classes), seed=seed)
    figures = quality(found, agreement.level)
    unsettled = more_votes(found, len(items.ids), sure)
    rows = [
        {
            "annotator_id": annotations.names[a],
            "labels": int(figures.labels[a]),
            "shared": int(figures.shared[a]),
            "with_others": _number(figures.with_others[a]),
            "with_consensus": _number(figures.with_consensus[a]),
            "accuracy": _number(figures.accuracy[a]),
            "low": _number(figures.low[a]),
            "high": _number(figures.high[a]),
        }
        for a in np.lexsort((-figures.labels, figures.accuracy)).tolist()  # NaN comes last
    ]
    ids, consensus = items.ids.take(unsettled.items).to_pylist(), unsettled.labels.tolist()
    return {
        "dataset": dataset.name,
        "method": found.method,
        "items": len(items.ids),
        "annotated": len(found.items),
        "annotations": len(kept.rows),
        "agreement": {
            "alpha": agreement.alpha,
            "low": agreement.low,
            "high": agreement.high,
            "level": agreement.level,
            "items": agreement.items,
            "annotations": agreement.annotations,
            "reason": agreement.reason,
        },
        "annotators": rows,
        "more_votes": {
            "sure": sure,
            "items": [
                {
                    "item_id": id_,
                    "given_label": classes.id_of(given),
                    "consensus": classes.id_of(label) if label >= 0 else None,
                    "given_name": classes.display(given),
                    "consensus_name": classes.display(label) if label >= 0 else None,
                    "support": support,
                    "annotations": number,
                }
                for id_, given, label, support, number in zip(
                    ids,
                    items.labels[unsettled.items].tolist(),
                    consensus,
                    unsettled.support.tolist(),
                    unsettled.annotations.tolist(),
                    strict=True,
                )
            ],
        },
    }


def _dense(
    tables: TableStore, lineage: Mapping[str, str], params: AnnotatorConsensusConfig
) -> list[npt.NDArray[np.floating]]:
    outputs = {name: m.outputs for name, m in load_models(tables, lineage).items()}
    found = {name: o.pred_probs for name, o in outputs.items() if o.pred_probs is not None}
    if lacking := [m for m in params.models or () if m not in found]:
        raise UsageError(f"there are no dense outputs of {first_few(map(repr, lacking))}")
    return [found[m] for m in params.models or found]


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
