"""Items with two plausible labels."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import roc_auc_score

from audits.annotator_config import AnnotatorAmbiguityConfig
from audits.annotators.toptwo import toptwo
from audits.contracts import SIGNALS
from audits.errors import InputError
from audits.signals.annotator_ambiguity import NAME, detect
from audits.signals.inputs import Annotations, Inputs
from tests.audits.annotators.crowds import NOBODY, made, said, shuffled, votes_for


def inputs(labels, annotations, k: int = 4, **further) -> Inputs:
    labels = np.asarray(labels, dtype=np.int32)
    ids = pa.array([f"i{i}" for i in range(len(labels))], pa.string())
    return Inputs(ids, labels, k, annotations=annotations, **further)


def crowd_with_two_answers(
    n: int = 300, w: int = 20, seed: int = 0
) -> tuple[Annotations, np.ndarray, np.ndarray]:
    """Every third item has two answers, given about equally often."""
    rng = np.random.default_rng(seed)
    first = rng.integers(4, size=n)
    second = (first + rng.integers(1, 4, size=n)) % 4
    two = np.arange(n) % 3 == 0
    rows, who = (x.ravel().astype(np.int32) for x in np.meshgrid(np.arange(n), np.arange(w), indexing="ij"))
    kept = rng.random(len(rows)) < 0.5
    rows, who = rows[kept], who[kept]
    other = rng.random(len(rows)) < np.where(two, 0.45, 0.03)[rows]
    known = np.where(other, second[rows], first[rows])
    labels = np.where(rng.random(len(rows)) < 0.1, rng.integers(4, size=len(rows)), known)
    return Annotations(rows, who, labels.astype(np.int32), tuple(f"a{i:02d}" for i in range(w))), first, two


def test_items_with_two_answers_score_lowest():
    annotations, first, two = crowd_with_two_answers()
    given = inputs(first, annotations, class_names=("ant", "bee", "cow", "dog"))
    table = detect(given, AnnotatorAmbiguityConfig())
    assert table.schema == SIGNALS
    score, flagged = np.array(table["score"]), np.array(table["flagged"])
    assert roc_auc_score(two, -score) > 0.95
    assert flagged[two].mean() > 0.8
    assert flagged[~two].mean() < 0.1
    assert ((score > 0.5) & (score < 1)).all()
    ranked = sorted((r for r in table.to_pylist() if r["flagged"]), key=lambda r: r["rank"])
    assert [r["rank"] for r in ranked] == list(range(1, len(ranked) + 1))
    assert [r["score"] for r in ranked] == sorted(r["score"] for r in ranked)
    assert all(" say " in r["reason"] and "both are plausible" in r["reason"] for r in ranked)
    assert all(r["reason"] is None for r in table.to_pylist() if not r["flagged"])


def test_what_is_suggested():
    annotations, first, _ = crowd_with_two_answers()
    found = toptwo(annotations, 4)
    for labels in (first, (first + 1) % 4):
        rows = detect(inputs(labels, annotations), AnnotatorAmbiguityConfig()).to_pylist()
        for i, row in enumerate(rows):
            counts = np.bincount(annotations.labels[annotations.rows == i], minlength=4)
            wanted = found.first[i] if found.first[i] != labels[i] else found.second[i]
            assert row["suggested_label"] == (wanted if counts[wanted] else None)
            assert row["n_agree"] == (counts[wanted] if counts[wanted] else None)
            assert row["n_models"] == counts.sum()
            assert row["score"] == pytest.approx(1 - found.confusion[i])
            assert row["suggested_label"] is not None or not row["flagged"]


def test_the_bar_is_a_parameter():
    annotations, first, _ = crowd_with_two_answers()
    number = [
        np.array(
            detect(inputs(first, annotations), AnnotatorAmbiguityConfig(min_confusion=bar))["flagged"]
        ).sum()
        for bar in (0.05, 0.2, 0.45)
    ]
    assert number[0] > number[1] > number[2] > 0


def test_items_without_annotations():
    table = detect(
        inputs([0, 1, 2, 0], votes_for((3, 0, 0), (1, 2, 0), (0, 0, 3))), AnnotatorAmbiguityConfig()
    )
    last = table.to_pylist()[3]
    assert (last["score"], last["flagged"], last["suggested_label"], last["n_models"]) == (
        1.0,
        False,
        None,
        0,
    )
    nothing = detect(inputs([0, 1], NOBODY), AnnotatorAmbiguityConfig()).to_pylist()
    assert [(r["score"], r["flagged"]) for r in nothing] == [(1.0, False)] * 2


def test_the_order_of_annotations_does_not_matter():
    annotations, _, _ = crowd_with_two_answers(60)
    labels = np.zeros(60, np.int32)
    a, b = (
        detect(inputs(labels, x), AnnotatorAmbiguityConfig()) for x in (annotations, shuffled(annotations))
    )
    assert np.array(a["score"]) == pytest.approx(np.array(b["score"]), abs=1e-6)
    assert a["suggested_label"] == b["suggested_label"]


def test_the_last_label_of_an_annotator_counts():
    annotations, truth = made(50, 6, 4)
    first = {k: getattr(annotations, k)[:1] for k in ("rows", "annotators")}
    twice = replace(
        annotations,
        rows=np.r_[first["rows"], annotations.rows],
        annotators=np.r_[first["annotators"], annotations.annotators],
        labels=np.r_[(annotations.labels[:1] + 1) % 4, annotations.labels].astype(np.int32),
    )
    once_only, both = (detect(inputs(truth, x), AnnotatorAmbiguityConfig()) for x in (annotations, twice))
    assert once_only == both


def test_refusals():
    with pytest.raises(InputError, match=f"{NAME!r} needs annotations, and there are none"):
        detect(inputs([0], None), AnnotatorAmbiguityConfig())
    with pytest.raises(InputError, match=f"{NAME!r}: TopTwo needs 3 classes or more.*there are 2"):
        detect(inputs([0, 1], votes_for((2, 1)), 2), AnnotatorAmbiguityConfig())
    with pytest.raises(InputError, match="annotations of row 3, but only 2 items"):
        detect(inputs([0, 1], said((3, "x", 0))), AnnotatorAmbiguityConfig())
