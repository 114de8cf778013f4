import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audits import contracts
from audits.classes import ClassList
from audits.config import ToleranceConfig
from audits.expectations import (
    judge_annotations,
    judge_items,
    judge_outputs,
    weigh_annotations,
    weigh_classes,
    weigh_models,
)

TOLERANCE = ToleranceConfig()
slow = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
ids = st.sampled_from(["a", "b", "c", "", None])
flags = st.sampled_from([True, False, None])
numbers = st.sampled_from([0.0, 1.0, 0.5, -0.1, 1.1, 1.00005, -0.00005, float("inf"), None])

# `judge` itself refuses a verdict of Great Expectations that its Arrow expression cannot back with a row;
# the counts below are worked out a third time, in plain Python.

CRANES = ClassList(("1", "2", "3", "4"), ("crane", "owl", "crane", "emu"))


def rows_of(schema, **columns):
    fields = {f.name: columns.get(f.name, st.none()) for f in schema}
    return st.lists(st.fixed_dictionaries(fields), max_size=8).map(lambda r: pa.Table.from_pylist(r, schema))


def items(*rows):
    return pa.Table.from_pylist(
        [{"item_id": i, "label": n, "given_label": g, "content_hash": ""} for i, n, g in rows],
        contracts.ITEMS,
    )


@slow
@given(rows_of(contracts.ITEMS, item_id=ids, label=st.sampled_from([0, 1, None])))
def test_items_are_judged_as_plain_python_would(table):
    rows = table.to_pylist()
    seen = [r["item_id"] for r in rows]
    expected = {
        "the table has no rows": int(not rows),
        "the item id is missing": seen.count(None),
        "the item id is empty": seen.count(""),
        "the item id repeats": sum(i is not None and seen.count(i) > 1 for i in seen),
        "the label is missing or not in the class list": sum(r["label"] is None for r in rows),
    }
    judged = judge_items(table)
    assert {f.says: f.count or 1 for f in judged.failures} == {k: v for k, v in expected.items() if v}
    assert judged.passed == (not judged.failures)


@slow
@given(
    rows_of(contracts.OUTPUT_ROWS, item_id=ids, rows=st.integers(0, 2), known=st.booleans(), finite=flags,
            min=numbers, max=numbers, sum=numbers, labels_known=flags, labels_distinct=flags),
    st.sampled_from(["dense", "top_k", "labels"]),
)  # fmt: skip
def test_outputs_are_judged_as_plain_python_would(table, kind):
    rows = table.to_pylist()
    low, high, off = -TOLERANCE.range, 1 + TOLERANCE.range, TOLERANCE.sum

    def count(column, bad):
        return sum(r[column] is not None and bad(r[column]) for r in rows)

    expected = {
        "known": count("known", lambda v: not v),
        "rows": count("rows", lambda v: v != 1),
        "labels_known": 0 if kind == "dense" else count("labels_known", lambda v: not v),
        "labels_distinct": count("labels_distinct", lambda v: not v) if kind == "top_k" else 0,
        "finite": 0 if kind == "labels" else count("finite", lambda v: not v),
        "min": 0 if kind == "labels" else count("min", lambda v: v < low),
        "max": 0 if kind == "labels" else count("max", lambda v: v > high),
        "sum": {"labels": 0, "dense": count("sum", lambda v: not 1 - off <= v <= 1 + off),
                "top_k": count("sum", lambda v: v > 1 + off)}[kind],
        "item_id": sum(r["item_id"] in (None, "") for r in rows),
    }  # fmt: skip
    # the id is shown for these, which is what people look for
    named = {"known": "is no item of the dataset", "rows": "output row"}
    found = {}
    for failure in judge_outputs(table, "m", kind, TOLERANCE).failures:
        told = next((k for k, words in named.items() if words in failure.says), failure.column)
        found[told] = found.get(told, 0) + failure.count
    assert found == {k: v for k, v in expected.items() if v}


@slow
@given(rows_of(contracts.ANNOTATIONS, item_id=ids, annotator_id=st.sampled_from(["x", "y", None]),
               label=st.sampled_from([0, None]), known=st.booleans()))  # fmt: skip
def test_annotations_are_judged_as_plain_python_would(table):
    pairs = [(r["item_id"], r["annotator_id"]) for r in table.to_pylist()]
    judged = judge_annotations(table)
    assert sum(f.count for f in weigh_annotations(table).failures) == sum(
        p != (None, None) and pairs.count(p) > 1 for p in pairs
    )
    missing = [f.count for f in judged.failures if f.says == "the annotator's id is missing"]
    assert sum(missing) == sum(a is None for _, a in pairs)


def test_tables_without_rows_are_judged_too():
    assert judge_outputs(contracts.OUTPUT_ROWS.empty_table(), "m", "dense", TOLERANCE).passed
    assert judge_annotations(contracts.ANNOTATIONS.empty_table()).passed
    assert weigh_annotations(contracts.ANNOTATIONS.empty_table()).passed
    assert str(judge_items(contracts.ITEMS.empty_table())) == "items: column 'item_id': the table has no rows"


@pytest.mark.parametrize("model", ["a/b", "", "ü" * 100, "x'\n\"", "%s {}"])
def test_models_of_any_name_are_judged(model):
    rows = pa.Table.from_pylist([{"item_id": "a", "rows": 0, "known": True}], contracts.OUTPUT_ROWS)
    judged = judge_outputs(rows, model, "labels", TOLERANCE)
    assert str(judged).startswith(
        f"model {model!r}: column 'item_id': 1 of 1 rows: the item has no output row"
    )


def test_a_tolerance_is_a_tolerance():
    rows = pa.Table.from_pylist(
        [{"item_id": "a", "rows": 1, "known": True, "finite": True, "min": -0.01, "max": 1.01, "sum": 1.05}],
        contracts.OUTPUT_ROWS,
    )
    assert not judge_outputs(rows, "m", "dense", TOLERANCE).passed
    assert judge_outputs(rows, "m", "dense", ToleranceConfig(range=0.01, sum=0.06)).passed


def test_poor_classes_are_weighed():
    judged = weigh_classes(items(("a", 0, ""), ("b", 0, ""), ("c", 2, ""), ("d", None, "")), CRANES)
    assert [str(f) for f in judged.failures] == [
        "column 'items': 2 of 4 rows: the class has no item (class_id 2: 0, class_id 4: 0)",
        "column 'name': 2 of 4 rows: several classes have this name; ids keep them apart "
        "(class_id 1: 'crane', class_id 3: 'crane')",
    ]
    assert weigh_classes(items(("a", 0, ""), ("b", 1, "")), ClassList(("x", "y"), ("x", "y"))).passed


def test_poor_models_are_weighed_and_exactly_chance_is_not_below_it():
    labels = pa.chunked_array([pa.array([0, 1, 2, 3] * 2, pa.int32())])
    predicted = {
        "bad": np.array([0, 0, 0, 0, 1, 0, 0, 0], dtype=np.int32),
        "chance": np.zeros(8, dtype=np.int32),
        "good": np.array([0, 1, 2, 3] * 2, dtype=np.int32),
        "silent": np.full(8, -1, dtype=np.int32),
    }
    outside = dict.fromkeys(predicted, True) | {"good": False}
    judged = weigh_models(labels, predicted, outside, CRANES)
    assert [(f.column, f.count, f.first) for f in judged.failures] == [
        ("accuracy", 2, ("model bad: 0.125", "model silent: 0")),
        ("out_of_sample", 1, ("model good",)),
    ]
    assert weigh_models(labels, {}, {}, CRANES).passed


def test_a_missing_label_is_nobodys_prediction_not_even_no_answer():
    labels = pa.chunked_array([pa.array([None, None], pa.int32())])
    judged = weigh_models(labels, {"m": np.array([-1, 0], dtype=np.int32)}, {"m": True}, CRANES)
    assert [f.first for f in judged.failures] == [("model m: 0",)]
