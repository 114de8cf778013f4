"""Given labels against what the annotators come to."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import average_precision_score

from audits.annotator_config import AnnotatorConsensusConfig
from audits.contracts import SIGNALS
from audits.errors import InputError, UsageError
from audits.outputs import ModelOutputs
from audits.signals.annotator_consensus import NAME, detect
from audits.signals.inputs import Inputs
from tests.audits.annotators.crowds import NOBODY, crowd, made, said, shuffled, votes_for


def inputs(labels, annotations, k: int = 3, **further) -> Inputs:
    labels = np.asarray(labels, dtype=np.int32)
    ids = pa.array([f"i{i}" for i in range(len(labels))], pa.string())
    return Inputs(ids, labels, k, annotations=annotations, **further)


def dense(name: str, probs) -> ModelOutputs:
    probs = np.asarray(probs, dtype=np.float64)
    return ModelOutputs(name, "dense", probs.shape[1], pred_probs=probs)


def rows(given: Inputs, **params) -> list[dict]:
    table = detect(given, AnnotatorConsensusConfig(**params))
    assert table.schema == SIGNALS
    assert table.num_rows == len(given)
    return table.to_pylist()


def test_by_hand():
    annotations = votes_for((1, 4, 0), (3, 2, 0), (2, 2, 0), (0, 0, 1))
    found = rows(inputs([0, 0, 1, 1, 2], annotations, class_names=("ant", "bee", "cow")), method="majority")
    assert [r["score"] for r in found] == pytest.approx([0.2, 0.6, 0.5, 0.0, 1.0])
    assert [r["flagged"] for r in found] == [True, False, False, True, False]
    assert [r["rank"] for r in found] == [2, None, None, 1, None]
    assert [r["suggested_label"] for r in found] == [1, 1, 0, 2, None]
    assert [(r["n_agree"], r["n_models"]) for r in found] == [(4, 5), (2, 5), (2, 4), (1, 1), (None, 0)]
    assert [r["p_given"] for r in found] == pytest.approx([0.2, 0.6, 0.5, 0.0, None])
    assert [r["p_suggested"] for r in found] == pytest.approx([0.8, 0.4, 0.5, 1.0, None])
    assert [r["reason"] for r in found] == [
        "4 of 5 annotators say bee (probability 0.80)",
        None,
        None,
        "1 of 1 annotator says cow (probability 1.00)",
        None,
    ]
    assert {r["signal"] for r in found} == {NAME}
    assert {r["model"] for r in found} == {None}


def test_a_tie_with_the_given_label_is_no_flag():
    annotations = votes_for((2, 2, 0), (2, 2, 0))
    assert [r["flagged"] for r in rows(inputs([0, 1], annotations), method="majority")] == [False, False]


def test_of_equal_scores_the_one_with_more_annotators_comes_first():
    annotations = votes_for((0, 1, 0), (0, 5, 0), (0, 3, 0))
    found = rows(inputs([0, 0, 0], annotations), method="majority")
    assert [r["rank"] for r in found] == [3, 1, 2]


def test_nobody_gave_another_label():
    (found,) = rows(inputs([1], votes_for((0, 3, 0))), method="majority")
    assert (found["suggested_label"], found["n_agree"], found["p_suggested"]) == (None, None, None)
    assert found["n_models"] == 3


def test_with_models_by_itself():
    annotations, truth = made(200, 12, 3, per=4)
    given = inputs(truth, annotations)
    probs = np.full((200, 3), 0.1)
    probs[np.arange(200), truth] = 0.8
    with_models = replace(given, outputs={"m": dense("m", probs)})
    assert rows(with_models) == rows(with_models, method="crowdlab")
    assert rows(given) == rows(given, method="dawid_skene")
    top = ModelOutputs("t", "labels", 3, labels=truth.astype(np.int32))
    assert rows(replace(given, outputs={"t": top})) == rows(given)
    assert rows(with_models, method="majority") == rows(given, method="majority")


def test_what_models_bring_in():
    # two models are sure of the third class, where the one annotator says the second
    entries = [(0, "x", 1)] + [(i, who, i % 3) for i in range(1, 40) for who in ("x", "y")]
    annotations, truth = said(*entries), np.arange(40) % 3
    truth[0] = 2
    probs = np.full((40, 3), 0.005)
    probs[np.arange(40), truth] = 0.99
    given = inputs(
        np.where(np.arange(40) == 0, 0, truth), annotations, outputs={n: dense(n, probs) for n in "ab"}
    )
    first = rows(given)[0]
    assert first["suggested_label"] == 2
    assert (first["n_agree"], first["n_models"]) == (0, 1)
    assert first["reason"].startswith("0 of 1 annotator says 2 (probability 0.")
    assert first["reason"].endswith("with the models)")


def test_planted_errors_come_first():
    annotations, truth = made(400, 15, 4, per=7, skills=(0.6, 0.95))
    rng = np.random.default_rng(1)
    wrong = rng.random(400) < 0.1
    labels = np.where(wrong, (truth + 1) % 4, truth)
    for method in ("majority", "dawid_skene", "toptwo"):
        found = rows(inputs(labels, annotations, 4), method=method)
        scores = np.array([r["score"] for r in found])
        less = (scores[wrong][:, None] < scores[~wrong]).mean() + (
            scores[wrong][:, None] == scores[~wrong]
        ).mean() / 2
        assert less > 0.85, method
        flagged = np.array([r["flagged"] for r in found])
        for row, label in zip(found, labels, strict=True):
            assert not row["flagged"] or row["suggested_label"] not in (None, label)
        assert flagged[wrong].mean() > 0.75
        assert flagged[~wrong].mean() < 0.25


def test_on_a_public_set_with_a_label_in_ten_turned(public_data):
    c = crowd(public_data, "dog")
    truth = np.array([c.truth[i] for i in range(len(c.truth))])
    wrong = np.random.default_rng(0).random(len(truth)) < 0.1
    table = detect(
        inputs(np.where(wrong, (truth + 1) % 4, truth), c.annotations, 4), AnnotatorConsensusConfig()
    )
    flagged = np.array(table["flagged"])
    # the consensus errs on 16 % of the items
    assert flagged[wrong].mean() > 0.85
    assert flagged[~wrong].mean() == pytest.approx(0.157, abs=0.03)
    # the share of the annotators puts an order into what the posterior is equally sure of
    found = average_precision_score(wrong, 1 - table["score"].to_numpy())
    assert found > 0.68
    assert found > average_precision_score(wrong, 1 - table["p_given"].to_numpy()) + 0.1


def test_the_order_of_items_and_annotations_does_not_matter():
    annotations, truth = made(80, 9, 4)
    labels = (truth + (np.arange(80) % 5 == 0)) % 4
    there = rows(inputs(labels, annotations, 4))
    place = np.random.default_rng(2).permutation(80)
    moved = replace(
        shuffled(annotations), rows=np.argsort(place)[shuffled(annotations).rows].astype(np.int32)
    )
    back = rows(inputs(labels[place], moved, 4))
    for at, row in enumerate(place):
        assert back[at]["score"] == pytest.approx(there[row]["score"], abs=1e-9)
        for key in ("flagged", "suggested_label", "n_agree"):
            assert back[at][key] == there[row][key]


def test_no_annotations_of_any_item():
    found = rows(inputs([0, 1], NOBODY))
    assert [(r["score"], r["flagged"], r["n_models"]) for r in found] == [(1.0, False, 0)] * 2


def test_no_items():
    assert rows(inputs([], NOBODY)) == []


def test_refusals():
    with pytest.raises(InputError, match="needs annotations, and there are none"):
        detect(inputs([0], None), AnnotatorConsensusConfig())
    with pytest.raises(InputError, match="annotations of row 3, but only 2 items"):
        rows(inputs([0, 1], said((3, "x", 0))))
    with pytest.raises(InputError, match="'annotator_consensus': TopTwo needs 3 classes"):
        rows(inputs([0, 1], votes_for((2, 1)), 2), method="toptwo")
    with pytest.raises(UsageError, match="at least one model"):
        rows(inputs([0], votes_for((2, 1, 0))), method="crowdlab")
