"""What is poor of features and still usable; what is broken is judged where it is read."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from audits.feature_expectations import judge_features, rules_of_features, weigh_features
from audits.ingest.features import id_rows
from audits.signals.inputs import Features

IDS = pa.array(["a", "b", "c"])
ZERO = np.array([[1, 0], [0, 0], [0, 2]], dtype=np.float32)


@pytest.mark.parametrize(
    ("features", "without"),
    [
        (Features("f", "embeddings", vectors=ZERO), ["b"]),
        (Features("f", "embeddings", vectors=ZERO, metric="euclidean"), []),
        (Features("f", "numeric", vectors=ZERO), []),
        (Features("f", "numeric", vectors=ZERO, metric="cosine"), ["b"]),
        (Features("f", "numeric", vectors=np.full((3, 2), 0.5)), ["a", "b", "c"]),
        (Features("f", "numeric", vectors=np.array([[0.5, 1], [0.5, 2], [0.5, 1]])), []),
        (Features("f", "text", texts=pa.array([None, "x", None])), ["a", "c"]),
        (
            Features("f", "images", hashes=np.zeros((3, 8), np.uint8), digests=pa.array(["1", "2", None])),
            ["c"],
        ),
        (Features("f", "text", texts=pa.array(["x", "y", "z"])), []),
    ],
)
def test_items_with_nothing_to_be_compared_by_are_warned_of(features, without):
    judged = weigh_features(features, IDS)
    assert judged.passed == (not without)
    if without:
        (failure,) = judged.failures
        assert failure.count == len(without)
        assert list(failure.first) == [f"item_id {i}" for i in without]
        assert "nothing to be compared by" in str(judged)


def test_a_sound_summary_passes_every_rule():
    judged = judge_features(id_rows(IDS, IDS, np.ones(3, dtype=bool)), "f")
    assert judged.passed
    assert judged.rules == len(rules_of_features()) >= 6


def test_each_fault_is_told_apart():
    ids = pa.array(["a", "a", "x", "", None])
    said = str(judge_features(id_rows(ids, IDS, np.array([True, True, False])), "f"))
    for words in (
        "features 'f': ",
        "the item id is missing",
        "the item id is empty",
        "the id is no item of the dataset",
        "2 of 6 rows: the item has no row (item_id b, item_id c)",
        "1 of 6 rows: the item has several rows (item_id a: 2)",
    ):
        assert words in said
