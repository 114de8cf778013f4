"""Scores of models on all label versions."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from audits.benchmark.scores import score_versions
from audits.benchmark.versions import label_versions
from audits.contracts import CONSENSUS, FINDINGS, ITEMS, SCORES
from audits.errors import AuditError, UsageError
from audits.outputs import ModelOutputs

IDS = ["a", "b", "c", "d", "e"]


def versions(outcomes, flagged=()):
    items = pa.Table.from_pylist(
        [{"item_id": i, "label": 0, "given_label": "0", "content_hash": ""} for i in IDS], schema=ITEMS
    )
    findings = pa.Table.from_pylist([{"item_id": i, "flagged": True} for i in flagged], schema=FINDINGS)
    consensus = pa.Table.from_pylist(
        [{"item_id": i, "outcome": o, "label": y} for i, (o, y) in outcomes.items()], schema=CONSENSUS
    )
    return label_versions(items, findings, consensus)


def model(predicted, name="m"):
    return ModelOutputs(name, "labels", 3, labels=np.array(predicted, dtype=np.int32))


def by_key(scores):
    return {
        (r["model"], r["version"], r["items"], r["metric"]): (r["value"], r["n"], r["reason"])
        for r in scores.to_pylist()
    }


def test_by_hand():
    table = versions({"a": ("relabelled", 1), "b": ("none", None), "c": ("kept", 0)}, flagged=["a", "e"])
    scores = score_versions({"m": model([1, 0, 0, 2, 0])}, table, IDS, ["accuracy", "log_loss"])
    assert scores.schema == SCORES
    got = by_key(scores)
    assert {k[1:3]: v for k, v in got.items() if k[3] == "accuracy"} == {
        ("original", "all"): (3 / 5, 5, None),
        ("original", "common"): (2 / 4, 4, None),
        ("original", "relabelled"): (0.0, 1, None),
        ("corrected", "all"): (3 / 4, 4, None),
        ("corrected", "common"): (3 / 4, 4, None),
        ("corrected", "relabelled"): (1.0, 1, None),
        ("flagged-removed", "all"): (2 / 3, 3, None),
    }
    assert got["m", "original", "all", "log_loss"] == (
        None,
        5,
        "predicted labels alone: there are no probabilities",
    )
    order = [(r["version"], r["items"], r["metric"]) for r in scores.to_pylist()]
    assert order[:3] == [
        ("original", "all", "accuracy"),
        ("original", "all", "log_loss"),
        ("original", "common", "accuracy"),
    ]


def test_empty_item_sets():
    got = by_key(score_versions({"m": model([0] * 5)}, versions({}), IDS, ["accuracy"]))
    assert got["m", "corrected", "relabelled", "accuracy"] == (None, 0, "no items")
    everything_out = versions({i: ("none", None) for i in IDS})
    got = by_key(score_versions({"m": model([0] * 5)}, everything_out, IDS, ["accuracy"]))
    assert got["m", "corrected", "all", "accuracy"] == (None, 0, "no items")
    assert got["m", "original", "common", "accuracy"] == (None, 0, "no items")
    assert score_versions({}, versions({}), IDS, ["accuracy"]).num_rows == 0


def test_another_pair():
    table = versions({}, flagged=["a"])
    scores = score_versions(
        {"m": model([1, 0, 0, 0, 0])}, table, IDS, ["accuracy"], pair=("original", "flagged-removed")
    )
    got = by_key(scores)
    assert got["m", "original", "common", "accuracy"] == (1.0, 4, None)
    assert ("m", "corrected", "common", "accuracy") not in got


def test_scores_follow_ids_not_rows():
    table = versions({"a": ("relabelled", 1), "b": ("none", None)})
    predicted = np.array([1, 0, 0, 2, 0])
    order = [3, 0, 4, 1, 2]
    one = score_versions({"m": model(predicted)}, table, IDS, ["accuracy", "macro_f1"])
    two = score_versions(
        {"m": model(predicted[order])}, table, [IDS[i] for i in order], ["accuracy", "macro_f1"]
    )
    assert one.equals(two)


def test_predictions_are_worked_out_once_a_model(monkeypatch):
    calls = []
    remembered = ModelOutputs._predicted
    real = remembered.func

    def counted(self):
        calls.append(self.model)
        return real(self)

    monkeypatch.setattr(remembered, "func", counted)
    outputs = {name: model([0] * 5, name) for name in ("x", "y")}
    score_versions(outputs, versions({"a": ("relabelled", 1)}), IDS, ["accuracy", "macro_f1"])
    assert calls == ["x", "y"]


def test_refusals():
    table = versions({})
    with pytest.raises(UsageError, match="no metric is named 'f1'"):
        score_versions({}, table, IDS, ["f1"])
    with pytest.raises(UsageError, match=r"no label version 'cleaned'; there are original, corrected"):
        score_versions({}, table, IDS, ["accuracy"], pair=("original", "cleaned"))
    with pytest.raises(AuditError, match="model 'm' has outputs for 2 items, the dataset has 5"):
        score_versions({"m": model([0, 0])}, table, IDS, ["accuracy"])
    with pytest.raises(AuditError, match="lacks 1 of 5 items"):
        score_versions({}, table, [*IDS[:4], "x"], ["accuracy"])
