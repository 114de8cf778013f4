"""What every detector promises, declared in one table that the tests below walk.

A detector that is in a registry and not in the table fails; so does one that breaks what it declares.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from audits.audit_config import ConfidentLearningConfig, ModelAgreementConfig, PervasiveLabelErrorsConfig
from audits.contracts import SIGNALS
from audits.outputs import ModelOutputs
from audits.signals.registry import OVER_MODELS, PER_MODEL

N, K, NOISE = 900, 5, 0.1


@dataclass(frozen=True)
class Declared:
    """What one detector, under one set of parameters, holds to.

    `recall_at_k`: of k planted errors, the share that is among the k lowest scores at the least.
    `flag_recall`: of the planted errors, the share that is flagged at the least.
    `rank_by_score`: flagged items are in the order of their scores.
    """

    params: Any
    recall_at_k: float
    flag_recall: float
    rank_by_score: bool = True


DECLARED: dict[str, tuple[Declared, ...]] = {
    "confident_learning": (
        Declared(ConfidentLearningConfig(), 0.85, 0.8),
        Declared(ConfidentLearningConfig(filter_by="both", method="normalized_margin"), 0.85, 0.7),
        Declared(ConfidentLearningConfig(filter_by="prune_by_class", adjust_pred_probs=True), 0.85, 0.8),
        Declared(ConfidentLearningConfig(filter_by="confident_learning"), 0.85, 0.7),
        Declared(
            ConfidentLearningConfig(filter_by="predicted_neq_given", method="confidence_weighted_entropy"),
            0.6,
            0.9,
        ),
        Declared(ConfidentLearningConfig(filter_by="low_normalized_margin"), 0.85, 0.8),
        Declared(ConfidentLearningConfig(filter_by="low_self_confidence"), 0.85, 0.8),
    ),
    "pervasive_label_errors": (Declared(PervasiveLabelErrorsConfig(), 0.85, 0.8),),
    "model_agreement": (Declared(ModelAgreementConfig(), 0.95, 0.95, rank_by_score=False),),
}

CASES = [(name, declared) for name, all_ in DECLARED.items() for declared in all_]
each = pytest.mark.parametrize(
    ("name", "declared"), CASES, ids=[f"{name}-{i}" for i, (name, _) in enumerate(CASES)]
)


@dataclass(frozen=True)
class Planted:
    """Items of which the true class is known, a tenth of them given another one."""

    ids: list[str]
    truth: np.ndarray
    labels: np.ndarray
    probs: list[np.ndarray]

    @property
    def wrong(self) -> np.ndarray:
        return self.labels != self.truth


@pytest.fixture(scope="module")
def planted() -> Planted:
    rng = np.random.default_rng(11)
    truth = rng.integers(K, size=N).astype(np.int32)
    labels = truth.copy()
    flipped = rng.choice(N, size=int(NOISE * N), replace=False)
    labels[flipped] = (labels[flipped] + rng.integers(1, K, size=len(flipped))) % K
    probs = []
    for _ in range(4):  # models that know the truth fairly well, and have not seen the given labels
        logits = rng.normal(size=(N, K))
        logits[np.arange(N), truth] += 3.5
        e = np.exp(logits - logits.max(axis=1, keepdims=True))
        probs.append(e / e.sum(axis=1, keepdims=True))
    return Planted([f"i{k}" for k in range(N)], truth, labels, probs)


def run(name: str, declared: Declared, ids: Iterable[str], labels, probs, dtype=np.float64) -> pa.Table:
    outputs = [
        ModelOutputs(f"m{j}", "dense", p.shape[1], pred_probs=p.astype(dtype)) for j, p in enumerate(probs)
    ]
    array, labels = pa.array(list(ids), pa.string()), np.asarray(labels, dtype=np.int32)
    if name in PER_MODEL:
        return PER_MODEL[name](array, labels, outputs[0], declared.params)
    return OVER_MODELS[name](array, labels, outputs, declared.params)


def undeclared(registered: Iterable[str]) -> set[str]:
    return set(registered) - set(DECLARED)


def test_every_detector_is_declared():
    assert undeclared({*PER_MODEL, *OVER_MODELS}) == set()
    assert set(DECLARED) == {*PER_MODEL, *OVER_MODELS}
    assert undeclared({*PER_MODEL, "a_new_one"}) == {"a_new_one"}


@each
def test_the_table_is_in_the_contract(name, declared, planted):
    table = run(name, declared, planted.ids, planted.labels, planted.probs)
    assert table.schema == SIGNALS
    assert table["item_id"].to_pylist() == planted.ids
    assert set(table["signal"].to_pylist()) == {name}
    assert (table["model"].null_count == N) == (name in OVER_MODELS)
    score = table["score"].to_numpy()
    assert np.isfinite(score).all()
    assert score.min() >= 0
    assert score.max() <= 1
    suggested = table["suggested_label"].fill_null(-1).to_numpy()
    assert not (suggested == planted.labels).any()
    assert suggested.max() < K
    flagged = table.filter(table["flagged"]).sort_by("rank")
    assert flagged["rank"].to_pylist() == list(range(1, flagged.num_rows + 1))
    assert flagged["suggested_label"].null_count == 0
    if declared.rank_by_score:
        assert (np.diff(flagged["score"].to_numpy()) >= 0).all()


@each
def test_lower_is_worse_and_planted_errors_rank_above_clean_labels(name, declared, planted):
    table = run(name, declared, planted.ids, planted.labels, planted.probs)
    score, wrong = table["score"].to_numpy(), planted.wrong
    k = int(wrong.sum())
    lowest = np.argsort(score, kind="stable")[:k]
    assert wrong[lowest].mean() >= declared.recall_at_k
    flagged = table["flagged"].to_numpy()
    assert flagged[wrong].mean() >= declared.flag_recall
    assert flagged[~wrong].mean() < 0.1
    # and of the planted errors that are flagged, nearly all are put right by the suggestion
    hit = flagged & wrong
    right = table["suggested_label"].to_numpy()[hit] == planted.truth[hit]
    assert right.mean() > 0.9


@each
def test_the_order_of_the_items_does_not_matter(name, declared, planted):
    table = run(name, declared, planted.ids, planted.labels, planted.probs)
    order = np.random.default_rng(2).permutation(N)
    other = run(
        name,
        declared,
        [planted.ids[i] for i in order],
        planted.labels[order],
        [p[order] for p in planted.probs],
    )
    for column in set(SIGNALS.names) - {"score", "p_given", "p_suggested"}:
        assert other[column].to_pylist() == table[column].take(pa.array(order)).to_pylist(), column
    for column in ("score", "p_given", "p_suggested"):
        np.testing.assert_allclose(
            other[column].to_numpy(), table[column].take(pa.array(order)).to_numpy(), rtol=0, atol=1e-12
        )


@each
def test_the_order_of_the_classes_permutes_suggestions_alone(name, declared, planted):
    table = run(name, declared, planted.ids, planted.labels, planted.probs)
    new = np.array([3, 0, 4, 1, 2])  # new index by old index
    back = np.argsort(new)
    other = run(name, declared, planted.ids, new[planted.labels], [p[:, back] for p in planted.probs])
    was = table["suggested_label"].fill_null(-1).to_numpy()
    assert other["suggested_label"].fill_null(-1).to_pylist() == np.where(was < 0, -1, new[was]).tolist()
    np.testing.assert_allclose(other["score"].to_numpy(), table["score"].to_numpy(), rtol=0, atol=1e-12)
    for column in ("flagged", "rank", "n_agree", "n_models"):
        assert other[column].to_pylist() == table[column].to_pylist(), column


@each
def test_float32_scores_are_float64_scores(name, declared, planted):
    wide = run(name, declared, planted.ids, planted.labels, planted.probs)
    narrow = run(name, declared, planted.ids, planted.labels, planted.probs, np.float32)
    np.testing.assert_allclose(narrow["score"].to_numpy(), wide["score"].to_numpy(), rtol=0, atol=1e-5)
    assert narrow["flagged"].to_pylist() == wide["flagged"].to_pylist()
    assert narrow["score"].type == wide["score"].type == pa.float64()


@each
def test_running_twice_gives_the_same_and_leaves_the_arguments_alone(name, declared, planted):
    labels, probs = planted.labels.copy(), [p.copy() for p in planted.probs]
    first = run(name, declared, planted.ids, labels, probs)
    assert run(name, declared, planted.ids, labels, probs).equals(first)
    assert np.array_equal(labels, planted.labels)
    assert all(np.array_equal(a, b) for a, b in zip(probs, planted.probs, strict=True))


@each
def test_a_class_without_items_gets_no_item_and_breaks_nothing(name, declared, planted):
    fifth = planted.labels == K - 1
    ids = [i for i, gone in zip(planted.ids, fifth, strict=True) if not gone]
    table = run(name, declared, ids, planted.labels[~fifth], [p[~fifth] for p in planted.probs])
    score = table["score"].to_numpy()
    assert np.isfinite(score).all()
    assert score.min() >= 0
    assert score.max() <= 1
    wrong = planted.wrong[~fifth]
    above = score[wrong][:, None] < score[~wrong][None, :]
    assert above.mean() > 0.9
    assert table["flagged"].to_numpy().any()


@each
def test_two_classes(name, declared, planted):
    two = (planted.labels < 2) & (planted.truth < 2)
    probs = [p[two, :2] / p[two, :2].sum(axis=1, keepdims=True) for p in planted.probs]
    ids = [i for i, kept in zip(planted.ids, two, strict=True) if kept]
    table = run(name, declared, ids, planted.labels[two], probs)
    suggested = table["suggested_label"].to_pylist()
    assert all(s is None or s == 1 - g for s, g in zip(suggested, planted.labels[two].tolist(), strict=True))
    wrong = planted.wrong[two]
    assert wrong.any()
    assert table["score"].to_numpy()[wrong].mean() < table["score"].to_numpy()[~wrong].mean()


@each
def test_ties_everywhere(name, declared, planted):
    labels = np.arange(40) % K
    probs = [np.full((40, K), 1 / K)] * 3
    table = run(name, declared, [f"i{k}" for k in range(40)], labels, probs)
    # nothing tells items of one class apart, and the class that argmax takes is not worse off for it
    score = table["score"].to_numpy()
    assert all(np.ptp(score[labels == c]) == 0 for c in range(K))
    assert np.ptp(score[labels > 0]) < 1e-12
    assert score[labels == 0][0] >= score[labels == 1][0]
    assert all(s != g for s, g in zip(table["suggested_label"].to_pylist(), labels.tolist(), strict=True))
