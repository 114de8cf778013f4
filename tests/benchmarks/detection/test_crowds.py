"""Aggregators on crowd-labelled sets."""

from __future__ import annotations

import pytest

from benchmarks.detection.crowds import of_crowd
from benchmarks.detection.datasets import crowds
from tests.benchmarks.detection.made import everything


def test_crowd_sets(tmp_path):
    root = tmp_path / "crowd" / "small"
    root.mkdir(parents=True)
    asked = ["item,worker,label", "7,9,0", "7,10,1", "7,11,1", "5,9,1", "5,9,0", "8,9,2", "3,11,1"]
    (root / "label.csv").write_text("\n".join(asked) + "\n")
    (root / "truth.csv").write_text("item,truth\n7,1\n5,0\n8,0\n99,1\n")
    (found,) = crowds(tmp_path)
    assert found.rows.tolist() == [1, 2, 3]  # items 5, 7 and 8; 99 has no annotation
    assert found.truth.tolist() == [0, 1, 0]
    assert found.annotations.names == ("10", "11", "9")
    # the later label of annotator 9 on item 5 counts: majority is wrong on item 8 alone
    rows = {r.method: r for r in of_crowd(found, everything, 50, 0)}
    assert rows["majority"].metric == "error_rate"
    assert rows["majority"].value == pytest.approx(1 / 3)
    assert rows["majority"].low <= rows["majority"].value <= rows["majority"].high


def test_aggregators_are_as_wrong_as_published(public_data):
    rates = {c.name: {r.method: r.value for r in of_crowd(c, everything, 0, 0)} for c in crowds(public_data)}
    assert rates["web"]["dawid_skene"] == pytest.approx(0.1783, abs=0.01)
    assert rates["dog"]["dawid_skene"] == pytest.approx(0.1574, abs=0.002)
    assert rates["dog"]["majority"] == pytest.approx(0.1778, abs=0.01)
