import numpy as np
import pyarrow as pa
import pytest

from audits import contracts
from audits.hints import labels_at_fault, other_forms, scale


@pytest.mark.parametrize(
    ("unknown", "known", "says"),
    [
        (["01", "02"], ["1", "2"], "2 of them are items written in another way: '01' here is '1'"),
        (["1.0"], ["001"], "it is an item written in another way: '1.0' here is '001' in the items file"),
        ([" a "], ["A"], "' a ' here is 'A'"),
        (["val/x.JPEG"], ["x"], "'val/x.JPEG' here is 'x'"),
        (["x"], ["C:\\data\\x.png"], "'x' here is"),
        (["other", "stranger"], ["a", "b"], ""),
        (["a/1.png", "b/1.png"], ["1"], ""),
        (["v1.2", "v1.3"], ["v1"], ""),
        (["x.png"], ["a/x", "b/x"], ""),
        ([], ["a"], ""),
        (["a"], [], ""),
    ],
)
def test_ids_in_another_form_are_shown_beside_the_items(unknown, known, says):
    found = other_forms(unknown, known)
    assert says in found
    assert bool(found) == bool(says)


def rows(probs):
    probs = np.asarray(probs, dtype=float)
    table = [
        {
            "item_id": str(i),
            "rows": 1,
            "known": True,
            "finite": True,
            "min": p.min(),
            "max": p.max(),
            "sum": p.sum(),
        }
        for i, p in enumerate(probs)
    ]
    return pa.Table.from_pylist(table, contracts.OUTPUT_ROWS)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda p: np.log(p / (1 - p)) + 2, "these look like logits"),
        (np.log, "these look like logarithms"),
        (lambda p: p * 100, "these look like percentages"),
        (lambda p: p * 0.5, ""),
        (lambda p: p, ""),
        (lambda p: np.vstack([p[:-1], p[-1:] * 7]), ""),
    ],
)
def test_another_scale_is_recognised_only_where_most_rows_have_it(change, says):
    probs = np.random.default_rng(0).dirichlet(np.ones(4), size=30)
    found = scale(rows(change(probs)))
    assert says in found
    assert bool(found) == bool(says)


def test_no_rows_and_missing_rows_look_like_nothing():
    assert scale(contracts.OUTPUT_ROWS.empty_table()) == ""
    assert (
        scale(pa.Table.from_pylist([{"item_id": "a", "rows": 0, "known": True}], contracts.OUTPUT_ROWS)) == ""
    )


def test_many_labels_at_fault_are_counted_by_what_they_are():
    given = ["wolf"] * 4 + ["Ant"] * 2 + ["", None]
    table = pa.table({"label": pa.array([None] * 8, pa.int32()), "given_label": given})
    assert labels_at_fault(table) == "2 missing or blank; 2 that no class has: 'wolf' x 4, 'Ant' x 2"
    assert labels_at_fault(table.slice(0, 5)) == "", "all of them are named anyway"
