"""The expectations of the ingested tables: what is broken is refused, what is poor is warned of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from audits.classes import UNKNOWN, ClassList
from audits.config import ToleranceConfig
from audits.errors import IdsError, InputError, LabelsError, ProbabilitiesError
from audits.hints import labels_at_fault, scale, unknown_ids
from audits.judging import Judgement, Rule, judge
from audits.outputs import Ints


def judge_items(items: pa.Table) -> Judgement:
    """Judge a table in the schema `contracts.ITEMS`: ids unique and present, labels in the class list."""
    return judge(items, rules_of_items(), "items", numbered=True)


def rules_of_items() -> list[Rule]:
    """The rules of `judge_items`."""
    return [_some_rows("item_id"), *ids_present(), _unique_ids(), _label_known()]


def judge_outputs(rows: pa.Table, model: str, kind: str, tolerance: ToleranceConfig) -> Judgement:
    """Judge one model's rows in the schema `contracts.OUTPUT_ROWS`.

    The outputs cover exactly the dataset's items; probabilities are finite, within [0, 1], and sum to 1
    within the tolerance (top-k rows to at most 1); classes are in the class list and not repeated in a row.
    """
    return judge(rows, rules_of_outputs(kind, tolerance), f"model {model!r}")


def rules_of_outputs(kind: str, tolerance: ToleranceConfig) -> list[Rule]:
    """The rules of `judge_outputs`."""
    rules = [
        *ids_present(),
        replace(
            flag_holds("known", "the id is no item of the dataset", IdsError),
            column="item_id",
            hint=unknown_ids,
        ),
        Rule(
            "ExpectColumnValuesToBeBetween",
            {"column": "rows", "min_value": 1},
            lambda t: pc.equal(t["rows"], 0),
            "the item has no output row",
            "item_id",
            IdsError,
        ),
        Rule(
            "ExpectColumnValuesToBeBetween",
            {"column": "rows", "max_value": 1},
            lambda t: pc.greater(t["rows"], 1),
            "the item has several output rows",
            "rows",
            IdsError,
        ),
    ]
    if kind != "dense":
        rules.append(flag_holds("labels_known", "a predicted class is not in the class list", LabelsError))
    if kind == "top_k":
        rules.append(flag_holds("labels_distinct", "a class is named twice among the top k", LabelsError))
    if kind != "labels":
        rules.append(flag_holds("finite", "a probability is not finite", ProbabilitiesError))
        rules.append(_between("min", -tolerance.range, None, "a probability is below 0", ProbabilitiesError))
        rules.append(
            _between("max", None, 1 + tolerance.range, "a probability is above 1", ProbabilitiesError)
        )
        if kind == "dense":
            says = f"the probabilities do not sum to 1 within {tolerance.sum:g}"
            total = _between("sum", 1 - tolerance.sum, 1 + tolerance.sum, says, ProbabilitiesError)
            rules.append(replace(total, hint=scale))
        else:
            says = f"the top-k probabilities sum to more than 1 by over {tolerance.sum:g}"
            rules.append(_between("sum", None, 1 + tolerance.sum, says, ProbabilitiesError))
    return rules


def judge_annotations(annotations: pa.Table) -> Judgement:
    """Judge a table in the schema `contracts.ANNOTATIONS`: known items and classes, annotators present."""
    return judge(annotations, rules_of_annotations(), "annotations", numbered=True)


def rules_of_annotations() -> list[Rule]:
    """The rules of `judge_annotations`."""
    return [
        *ids_present(),
        replace(flag_holds("known", "the id is no item of the dataset", IdsError), column="item_id"),
        Rule(
            "ExpectColumnValuesToNotBeNull",
            {"column": "annotator_id"},
            lambda t: t["annotator_id"].is_null(),
            "the annotator's id is missing",
            "annotator_id",
            IdsError,
        ),
        Rule(
            "ExpectColumnValuesToNotBeInSet",
            {"column": "annotator_id", "value_set": [""]},
            lambda t: pc.equal(t["annotator_id"], ""),
            "the annotator's id is empty",
            "annotator_id",
            IdsError,
        ),
        _label_known(),
    ]


def weigh_annotations(annotations: pa.Table) -> Judgement:
    """Judge what is poor but usable: an annotator who labelled an item more than once, as real crowds do."""
    rule = Rule(
        "ExpectCompoundColumnsToBeUnique",
        {"column_list": ["item_id", "annotator_id"]},
        _repeated_pairs,
        "the annotator labelled the item more than once",
        "annotator_id",
    )
    return judge(annotations, [rule], "annotations")


def weigh_classes(items: pa.Table, classes: ClassList) -> Judgement:
    """Judge what is poor but usable: classes without items, class names that repeat."""
    counts = pc.value_counts(items["label"])
    found = dict(zip(counts.field("values").to_pylist(), counts.field("counts").to_pylist(), strict=True))
    table = pa.table(
        {
            "class_id": list(classes.ids),
            "name": list(classes.names),
            "items": pa.array([found.get(i, 0) for i in range(len(classes))], pa.int64()),
        }
    )
    rules = [
        _between("items", 1, None, "the class has no item"),
        Rule(
            "ExpectColumnValuesToBeUnique",
            {"column": "name"},
            lambda t: pc.is_in(t["name"], value_set=pa.array(classes.repeated_names, pa.string())),
            "several classes have this name; ids keep them apart",
            "name",
        ),
    ]
    return judge(table, rules, "classes", id_column="class_id")


def weigh_models(
    labels: pa.ChunkedArray,
    predicted: Mapping[str, Ints],
    out_of_sample: Mapping[str, bool],
    classes: ClassList,
) -> Judgement:
    """Judge what is poor but usable: models below chance on the given labels, outputs that are in sample.

    Parameters
    ----------
    labels : pyarrow int32 array, length n
        Given labels as class indices; a null one is nobody's prediction.
    predicted : mapping of model name to int32 array, shape (n,)
        Predicted class indices.
    out_of_sample : mapping of model name to whether its outputs are out of sample
    classes : ClassList
        Chance is 1 / K.
    """
    names = list(predicted)
    given = pc.fill_null(labels, UNKNOWN - 1).to_numpy()
    accuracy = {name: float(np.mean(predicted[name] == given)) if len(given) else 0.0 for name in names}
    table = pa.table(
        {
            "model": pa.array(names, pa.string()),
            "accuracy": pa.array([accuracy[n] for n in names], pa.float64()),
            "out_of_sample": pa.array([out_of_sample[n] for n in names], pa.bool_()),
        }
    )
    rules = [
        _between("accuracy", 1 / len(classes), None, f"the model is below chance (1 of {len(classes)})"),
        flag_holds(
            "out_of_sample", "the outputs are in sample: label errors the model has learnt stay hidden"
        ),
    ]
    return judge(table, rules, "models", id_column="model")


def _some_rows(column: str) -> Rule:
    return Rule(
        "ExpectTableRowCountToBeBetween",
        {"min_value": 1},
        lambda t: pa.array([False] * t.num_rows, pa.bool_()),
        "the table has no rows",
        column,
    )


def ids_present() -> list[Rule]:
    """Rules that every row has an item id, and none is empty."""
    return [
        Rule(
            "ExpectColumnValuesToNotBeNull",
            {"column": "item_id"},
            lambda t: t["item_id"].is_null(),
            "the item id is missing",
            "item_id",
            IdsError,
        ),
        Rule(
            "ExpectColumnValuesToNotBeInSet",
            {"column": "item_id", "value_set": [""]},
            lambda t: pc.equal(t["item_id"], ""),
            "the item id is empty",
            "item_id",
            IdsError,
        ),
    ]


def _unique_ids() -> Rule:
    def repeated(table: pa.Table) -> pa.Array:
        counts = pc.value_counts(table["item_id"])
        twice = counts.field("values").filter(pc.greater(counts.field("counts"), 1))
        # a missing id is another rule's matter; unique ignores nulls
        return pc.is_in(table["item_id"], value_set=twice.drop_null())

    return Rule(
        "ExpectColumnValuesToBeUnique",
        {"column": "item_id"},
        repeated,
        "the item id repeats",
        "item_id",
        IdsError,
    )


def _label_known() -> Rule:
    return Rule(
        "ExpectColumnValuesToNotBeNull",
        {"column": "label"},
        lambda t: t["label"].is_null(),
        "the label is missing or not in the class list",
        "given_label",
        LabelsError,
        labels_at_fault,
    )


def flag_holds(column: str, says: str, kind: type[InputError] = InputError) -> Rule:
    """A rule that a column of truth values is true throughout; `says` is what is wrong of a row where it is not."""
    return Rule(
        "ExpectColumnValuesToBeInSet",
        {"column": column, "value_set": [True]},
        lambda t: pc.invert(t[column]),
        says,
        column,
        kind,
    )


def _between(
    column: str, low: float | None, high: float | None, says: str, kind: type[InputError] = InputError
) -> Rule:
    def outside(table: pa.Table) -> pa.Array:
        below = pc.less(table[column], low) if low is not None else False
        above = pc.greater(table[column], high) if high is not None else False
        return pc.or_(below, above)

    return Rule(
        "ExpectColumnValuesToBeBetween",
        {"column": column, "min_value": low, "max_value": high},
        outside,
        says,
        column,
        kind,
    )


def _repeated_pairs(table: pa.Table) -> pa.Array:
    # Nulls are values here, as they are to the expectation; only a row that has neither id is left out.
    items, annotators = (
        pc.dictionary_encode(table[c].combine_chunks(), null_encoding="encode").indices.to_numpy()
        for c in ("item_id", "annotator_id")
    )
    pairs = items.astype(np.int64) * (table.num_rows + 1) + annotators
    _, which, counts = np.unique(pairs, return_inverse=True, return_counts=True)
    neither = pc.and_(table["item_id"].is_null(), table["annotator_id"].is_null())
    return pc.and_not(pa.chunked_array([counts[which] > 1]), neither)
