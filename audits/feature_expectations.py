"""The expectations of features and training dynamics: what is broken is refused, what is poor is warned of."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from audits.config import ToleranceConfig
from audits.errors import IdsError
from audits.expectations import flag_holds, ids_present, rules_of_outputs
from audits.hints import unknown_ids
from audits.judging import Judgement, Rule, judge
from audits.outputs import row_blocks
from audits.signals.inputs import Features
from audits.signals.points import any_varies


def judge_features(rows: pa.Table, name: str) -> Judgement:
    """Judge a table in the schema `contracts.OUTPUT_ROWS`: vectors of exactly the items, and finite."""
    return judge(rows, rules_of_features(), f"features {name!r}")


def rules_of_features() -> list[Rule]:
    """The rules of `judge_features`."""
    known = flag_holds("known", "the id is no item of the dataset", IdsError)
    return [
        *ids_present(),
        replace(known, column="item_id", hint=unknown_ids),
        Rule(
            "ExpectColumnValuesToBeBetween",
            {"column": "rows", "min_value": 1},
            lambda t: pc.equal(t["rows"], 0),
            "the item has no row",
            "item_id",
            IdsError,
        ),
        Rule(
            "ExpectColumnValuesToBeBetween",
            {"column": "rows", "max_value": 1},
            lambda t: pc.greater(t["rows"], 1),
            "the item has several rows",
            "rows",
            IdsError,
        ),
        flag_holds("finite", "a value is missing or not finite"),
    ]


def judge_training(rows: pa.Table, kind: str, tolerance: ToleranceConfig) -> Judgement:
    """Judge a table in the schema `contracts.OUTPUT_ROWS`: finite, and for probabilities as those of a dense model."""
    rules = rules_of_outputs("dense", tolerance)
    if kind == "logits":
        rules = [replace(r, says="a logit is not finite") for r in rules if r.column == "finite"]
    return judge(rows, rules, "training dynamics")


def weigh_features(features: Features, item_ids: pa.Array) -> Judgement:
    """Judge what is poor but usable: items with nothing to be compared by, which are nobody's neighbour.

    Parameters
    ----------
    features : Features
        n items.
    item_ids : pyarrow string array, length n
    """
    table = pa.table({"item_id": item_ids, "compared": _has_something(features, len(item_ids))})
    rule = flag_holds(
        "compared",
        "the item has nothing to be compared by (no text or image, a vector of zeros, or columns that do not vary)",
    )
    return judge(table, [rule], f"features {features.name!r}")


def _has_something(features: Features, n: int) -> pa.Array:
    for texts in (features.texts, features.digests):
        if texts is not None:
            return texts.is_valid()
    if features.vectors is not None and features.kind == "numeric" and not any_varies(features.vectors):
        return pa.array(np.zeros(n, dtype=bool))
    metric = features.metric or ("cosine" if features.kind == "embeddings" else "euclidean")
    if features.vectors is None or metric != "cosine":
        return pa.array(np.ones(n, dtype=bool))
    return pa.array(np.concatenate([np.any(block != 0, axis=1) for block in row_blocks(features.vectors)]))
