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
#: Of features only the ids and `finite` are filled; of training dynamics the numbers are over all epochs, `sum` the one
#: farthest from 1.
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
#: are the mean probabilities these models give to the two labels (null when none gives probabilities). Of a
#: detector of annotations the annotators of the item stand in the models' place. `reason` says why in words where
#: the numbers do not; null elsewhere.
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
        pa.field("reason", pa.string()),
    ]
)

#: One row per detector and model: how many items it flags and its mean score, in [0, 1]. A detector that could not
#: run has `absent`, the reason in words, and no figures.
SIGNAL_SUMMARY = pa.schema(
    [
        pa.field("signal", pa.string()),
        pa.field("model", pa.string()),
        pa.field("flagged", pa.int64()),
        pa.field("mean_score", pa.float64()),
        pa.field("absent", pa.string()),
    ]
)

#: One row per pair of items that are duplicates of each other by some features, each pair once and by each feature
#: that finds it: `item_id` is the earlier row. `exact` says that they are equal, else `distance` (in the measure of
#: the features: cosine or euclidean 0 or more, hamming in bits) is how far they are from each other. `conflict` says
#: that their given labels differ. Splits are null where the dataset names none.
DUPLICATES = pa.schema(
    [
        pa.field("item_id", pa.string()),
        pa.field("other_id", pa.string()),
        pa.field("features", pa.string()),
        pa.field("exact", pa.bool_()),
        pa.field("distance", pa.float64()),
        pa.field("label", pa.int32()),
        pa.field("other_label", pa.int32()),
        pa.field("conflict", pa.bool_()),
        pa.field("split", pa.string()),
        pa.field("other_split", pa.string()),
    ]
)

#: One row an item, ranked: rank 1 is the likeliest label error. `score` in [0, 1], lower is worse: it orders.
#: `probability` that the given label is wrong, learned from verdicts, and null until there are enough; `held_out` is
#: that of a model that did not see the item's own verdict.
FINDINGS = pa.schema(
    [
        pa.field("item_id", pa.string()),
        pa.field("rank", pa.int32()),
        pa.field("score", pa.float64()),
        pa.field("flagged", pa.bool_()),
        pa.field("given_label", pa.int32()),
        pa.field("suggested_label", pa.int32()),
        pa.field("reasons", pa.list_(pa.string())),
        pa.field("probability", pa.float64()),
        pa.field("held_out", pa.float64()),
    ]
)

#: One row per reviewed item: what its verdicts come to under a stated rule. `outcome` is one of
#: `policies.OUTCOMES`; `label` is the class index that the item ends up with, null when it has none or several;
#: `labels` are all class indices that are right.
CONSENSUS = pa.schema(
    [
        pa.field("item_id", pa.string()),
        pa.field("outcome", pa.string()),
        pa.field("label", pa.int32()),
        pa.field("votes", pa.int32()),
        pa.field("agreeing", pa.int32()),
        pa.field("reviewers", pa.list_(pa.string())),
        pa.field("last_at", pa.timestamp("us", tz="UTC")),
        pa.field("labels", pa.list_(pa.int32())),
    ]
)

#: One row per label version and item of the dataset. `state` is one of given, kept, relabelled, several, pending,
#: left_out; `reason` says why an item is left out. `label` is the one right label, null where the item is left
#: out or has several; `labels` are all that are right, null exactly where `state` is left_out.
LABEL_VERSIONS = pa.schema(
    [
        pa.field("version", pa.string()),
        pa.field("item_id", pa.string()),
        pa.field("label", pa.int32()),
        pa.field("state", pa.string()),
        pa.field("reason", pa.string()),
        pa.field("labels", pa.list_(pa.int32())),
    ]
)

#: One tidy row per score. `items` is all, common or relabelled; `value` is null exactly when `reason`
#: says why; `n` is the number of items the value is over. `low` and `high` bound its 95 % interval, made as
#: `interval` says: wilson, bootstrap, delta or bounds; all three are null where there is none. `prevalence` is the
#: share of positives, of metrics that are about positives.
SCORES = pa.schema(
    [
        pa.field("model", pa.string()),
        pa.field("version", pa.string()),
        pa.field("items", pa.string()),
        pa.field("metric", pa.string()),
        pa.field("value", pa.float64()),
        pa.field("n", pa.int64()),
        pa.field("reason", pa.string()),
        pa.field("low", pa.float64()),
        pa.field("high", pa.float64()),
        pa.field("interval", pa.string()),
        pa.field("prevalence", pa.float64()),
    ]
)

#: One row per model within one version, item set and metric. Rank 1 is best; ties share the lowest rank. `low` and
#: `high` bound the rank's 95 % interval; null where it was not worked out.
RANKS = pa.schema(
    [
        pa.field("model", pa.string()),
        pa.field("version", pa.string()),
        pa.field("items", pa.string()),
        pa.field("metric", pa.string()),
        pa.field("rank", pa.int32()),
        pa.field("low", pa.int32()),
        pa.field("high", pa.int32()),
    ]
)

#: One row per pair of models whose order under a metric turns from one version to the other. `p_before` is the
#: share of resamples in which the one that was ahead is so under the first version, `p_after` that in which the
#: other is under the second, `p_flip` that in which both hold. `sure`: at least 95 % of the resamples show the flip,
#: and tests over all pairs tell the two apart under both versions. All null where they were not worked out.
FLIPS = pa.schema(
    [
        pa.field("items", pa.string()),
        pa.field("metric", pa.string()),
        pa.field("was_ahead", pa.string()),
        pa.field("now_ahead", pa.string()),
        pa.field("p_before", pa.float64()),
        pa.field("p_after", pa.float64()),
        pa.field("p_flip", pa.float64()),
        pa.field("sure", pa.bool_()),
    ]
)

#: Two models on one label version, under the first metric: `difference` is the score of `model` minus that of
#: `other`, with its 95 % interval; `model` is the better one. `p_above` is the share of resamples in which it is.
#: `only_model` and `only_other` count the items that just one of them gets right; from these McNemar's exact and
#: mid-p follow, and `holm_p`, the exact one adjusted over all pairs. The last five are null where the metric is not a
#: share of items.
PAIRS = pa.schema(
    [
        pa.field("version", pa.string()),
        pa.field("items", pa.string()),
        pa.field("metric", pa.string()),
        pa.field("model", pa.string()),
        pa.field("other", pa.string()),
        pa.field("difference", pa.float64()),
        pa.field("low", pa.float64()),
        pa.field("high", pa.float64()),
        pa.field("p_above", pa.float64()),
        pa.field("only_model", pa.int64()),
        pa.field("only_other", pa.int64()),
        pa.field("mcnemar_exact_p", pa.float64()),
        pa.field("mcnemar_mid_p", pa.float64()),
        pa.field("holm_p", pa.float64()),
    ]
)

#: One model between two label versions: `change` is the score under the second minus that under the first, with its
#: 95 % interval. `gained` and `lost` count the items that are right under the second alone, and under the first
#: alone; on the items that both have, McNemar's exact and mid-p follow from them. The last four are null where the
#: item set differs between the versions, or the metric is not a share of items.
CHANGES = pa.schema(
    [
        pa.field("model", pa.string()),
        pa.field("items", pa.string()),
        pa.field("metric", pa.string()),
        pa.field("change", pa.float64()),
        pa.field("low", pa.float64()),
        pa.field("high", pa.float64()),
        pa.field("gained", pa.int64()),
        pa.field("lost", pa.int64()),
        pa.field("mcnemar_exact_p", pa.float64()),
        pa.field("mcnemar_mid_p", pa.float64()),
    ]
)

#: One row per model, label version and slice of the items: `by` is a group column, `class` (items of one given
#: label: its recall) or `difficulty` (how many of the models are right). As `SCORES`.
SLICES = pa.schema(
    [
        pa.field("model", pa.string()),
        pa.field("version", pa.string()),
        pa.field("by", pa.string()),
        pa.field("slice", pa.string()),
        pa.field("metric", pa.string()),
        pa.field("value", pa.float64()),
        pa.field("n", pa.int64()),
        pa.field("reason", pa.string()),
        pa.field("low", pa.float64()),
        pa.field("high", pa.float64()),
        pa.field("interval", pa.string()),
    ]
)

#: One row per model, label version and group column: how far accuracy differs between the groups of a class.
#: `macro_std` is the mean over the classes of the weighted standard deviation of the groups' accuracies;
#: `baseline` and `baseline_high` are its mean and 95th percentile where groups make no difference, `p_value` the
#: share of such that reaches it. `worst` is the group with the lowest accuracy of those with `least` items or more.
GROUP_SPREAD = pa.schema(
    [
        pa.field("model", pa.string()),
        pa.field("version", pa.string()),
        pa.field("by", pa.string()),
        pa.field("macro_std", pa.float64()),
        pa.field("baseline", pa.float64()),
        pa.field("baseline_high", pa.float64()),
        pa.field("p_value", pa.float64()),
        pa.field("worst", pa.string()),
        pa.field("worst_accuracy", pa.float64()),
        pa.field("worst_n", pa.int64()),
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
