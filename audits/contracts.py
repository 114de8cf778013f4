"""The canonical tables, as Arrow schemas: the one place where columns are named.

A *class index* is an int32 position in the dataset's class list, which is also the column of dense
probabilities. Class ids, not indices, are what leaves the program (files, verdicts, JSON), so that a
reordered class list cannot change the meaning of anything that was kept.
"""

from __future__ import annotations

import pyarrow as pa

#: One row an item, in the order of the items file. `label` is null where the given label is in no class
#: (only in a candidate: the check refuses it). `content_hash` covers what a reviewer is shown.
ITEMS = pa.schema(
    [
        pa.field("item_id", pa.string()),
        pa.field("label", pa.int32()),
        pa.field("given_label", pa.string()),
        pa.field("content_hash", pa.string()),
    ]
)

#: One row per id that a model's outputs or the dataset's items name: what the expectations judge.
#: `rows` counts the output rows of the id (1 is right), `known` says that the dataset has the item.
#: `min`, `max` and `sum` are over the probabilities of the row, before anything is clipped.
OUTPUT_ROWS = pa.schema(
    [
        pa.field("item_id", pa.string()),
        pa.field("rows", pa.int32()),
        pa.field("known", pa.bool_()),
        pa.field("finite", pa.bool_()),
        pa.field("min", pa.float64()),
        pa.field("max", pa.float64()),
        pa.field("sum", pa.float64()),
        pa.field("labels_known", pa.bool_()),
        pa.field("labels_distinct", pa.bool_()),
    ]
)

#: Several rows an item: one annotator's label for it.
ANNOTATIONS = pa.schema(
    [
        pa.field("item_id", pa.string()),
        pa.field("annotator_id", pa.string()),
        pa.field("label", pa.int32()),
        pa.field("given_label", pa.string()),
        pa.field("known", pa.bool_()),
    ]
)

#: One row per signal, model (null when the signal is over all models) and item. `score` is in [0, 1],
#: lower is worse. `rank` is the 1-based position among the items this signal flags, worst first, and
#: null elsewhere. `n_agree` of `n_models` models predict `suggested_label`; `p_given` and `p_suggested`
#: are the mean probabilities these models give to the two labels (null when none gives probabilities).
SIGNALS = pa.schema(
    [
        pa.field("item_id", pa.string()),
        pa.field("signal", pa.string()),
        pa.field("model", pa.string()),
        pa.field("score", pa.float64()),
        pa.field("flagged", pa.bool_()),
        pa.field("rank", pa.int32()),
        pa.field("suggested_label", pa.int32()),
        pa.field("n_agree", pa.int32()),
        pa.field("n_models", pa.int32()),
        pa.field("p_given", pa.float64()),
        pa.field("p_suggested", pa.float64()),
    ]
)

#: One row per detector and model: how many items it flags and its mean score, in [0, 1].
SIGNAL_SUMMARY = pa.schema(
    [
        pa.field("signal", pa.string()),
        pa.field("model", pa.string()),
        pa.field("flagged", pa.int64()),
        pa.field("mean_score", pa.float64()),
    ]
)

#: One row an item, ranked: rank 1 is the likeliest label error. `score` in [0, 1], lower is worse.
FINDINGS = pa.schema(
    [
        pa.field("item_id", pa.string()),
        pa.field("rank", pa.int32()),
        pa.field("score", pa.float64()),
        pa.field("flagged", pa.bool_()),
        pa.field("given_label", pa.int32()),
        pa.field("suggested_label", pa.int32()),
        pa.field("reasons", pa.list_(pa.string())),
    ]
)

#: One row per reviewed item: what its verdicts come to under a stated rule. `outcome` is one of
#: `consensus.OUTCOMES`; `label` is the class index that the item ends up with, null when it has none.
CONSENSUS = pa.schema(
    [
        pa.field("item_id", pa.string()),
        pa.field("outcome", pa.string()),
        pa.field("label", pa.int32()),
        pa.field("votes", pa.int32()),
        pa.field("agreeing", pa.int32()),
        pa.field("reviewers", pa.list_(pa.string())),
        pa.field("last_at", pa.timestamp("us", tz="UTC")),
    ]
)

#: One row per label version and item of the dataset. `state` is one of given, kept, relabelled, pending,
#: left_out; `reason` says why an item is left out. `label` is null exactly where `state` is left_out.
LABEL_VERSIONS = pa.schema(
    [
        pa.field("version", pa.string()),
        pa.field("item_id", pa.string()),
        pa.field("label", pa.int32()),
        pa.field("state", pa.string()),
        pa.field("reason", pa.string()),
    ]
)

#: One tidy row per score. `items` is all, common or relabelled; `value` is null exactly when `reason`
#: says why; `n` is the number of items the value is over.
SCORES = pa.schema(
    [
        pa.field("model", pa.string()),
        pa.field("version", pa.string()),
        pa.field("items", pa.string()),
        pa.field("metric", pa.string()),
        pa.field("value", pa.float64()),
        pa.field("n", pa.int64()),
        pa.field("reason", pa.string()),
    ]
)

#: One row per model within one version, item set and metric. Rank 1 is best; ties share the lowest rank.
RANKS = pa.schema(
    [
        pa.field("model", pa.string()),
        pa.field("version", pa.string()),
        pa.field("items", pa.string()),
        pa.field("metric", pa.string()),
        pa.field("rank", pa.int32()),
    ]
)

#: One row per pair of models whose order under a metric turns from one version to the other.
FLIPS = pa.schema(
    [
        pa.field("items", pa.string()),
        pa.field("metric", pa.string()),
        pa.field("was_ahead", pa.string()),
        pa.field("now_ahead", pa.string()),
    ]
)

#: One row per item whose label changes. Labels are written as the dataset's own file writes them; `new`
#: is null where the item leaves the set. `reviewers` are joined by ';', `time` is the last verdict's, in
#: ISO 8601 and UTC.
PATCH = pa.schema(
    [
        pa.field("item_id", pa.string()),
        pa.field("old", pa.string()),
        pa.field("new", pa.string()),
        pa.field("decision", pa.string()),
        pa.field("votes", pa.int32()),
        pa.field("reviewers", pa.string()),
        pa.field("time", pa.string()),
    ]
)
