"""Every metric against scikit-learn or a case worked by hand, and against the invariants it declares."""

from __future__ import annotations

import math
import subprocess
import sys
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk

from audits.benchmark.metric import Value
from audits.benchmark.metrics import METRICS, metric_named
from audits.config import ALL_METRICS
from audits.errors import AuditError, UsageError
from audits.outputs import ModelOutputs

K = 8


def dense(probs):
    return ModelOutputs("m", "dense", probs.shape[1], pred_probs=probs)


def top_k(probs, k):
    order = np.argsort(-probs, axis=1)[:, :k].astype(np.int32)
    order = order[:, ::-1]  # top-k files need not be sorted
    return ModelOutputs(
        "m",
        "top_k",
        probs.shape[1],
        top_k_labels=order,
        top_k_probs=np.take_along_axis(probs, order, axis=1),
    )


def only_labels(predicted, n_classes=K):
    return ModelOutputs("m", "labels", n_classes, labels=np.asarray(predicted, dtype=np.int32))


def of_kind(kind, probs):
    return {
        "dense": lambda: dense(probs),
        "top_k": lambda: top_k(probs, 6),
        "labels": lambda: only_labels(probs.argmax(axis=1), probs.shape[1]),
    }[kind]()


def example(seed=0, n=200, n_classes=K, skill=2.0):
    """Labels, and probabilities without ties that know something of them."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, n_classes, n).astype(np.int32)
    logits = rng.normal(size=(n, n_classes))
    logits[np.arange(n), labels] += skill
    probs = np.exp(logits)
    return labels, probs / probs.sum(axis=1, keepdims=True)


def score(name, labels, outputs):
    return METRICS[name].function(np.asarray(labels, dtype=np.int32), outputs)


# -- the table of invariants, walked for every metric and every kind of outputs that can give it --------


def check_permutation(metric, labels, probs, kind):
    order = np.random.default_rng(1).permutation(len(labels))
    return metric.function(labels, of_kind(kind, probs)), metric.function(
        labels[order], of_kind(kind, probs[order])
    )


def check_relabelling(metric, labels, probs, kind):
    new_of_old = np.random.default_rng(2).permutation(probs.shape[1]).astype(np.int32)
    moved = np.empty_like(probs)
    moved[:, new_of_old] = probs
    return metric.function(labels, of_kind(kind, probs)), metric.function(
        new_of_old[labels], of_kind(kind, moved)
    )


def check_doubling(metric, labels, probs, kind):
    twice = metric.function(np.tile(labels, 2), of_kind(kind, np.tile(probs, (2, 1))))
    assert twice.n == 2 * len(labels)
    return metric.function(labels, of_kind(kind, probs)), twice


def check_range(metric, labels, probs, kind):
    # from always right to always wrong
    for shift in range(probs.shape[1]):
        value = metric.function(labels, of_kind(kind, np.roll(probs, shift, axis=1))).value
        assert metric.low <= value <= metric.high
    return None


def check_direction(metric, labels, probs, kind):
    certain = np.full_like(probs, 1e-300)
    certain[np.arange(len(labels)), labels] = 1.0
    best = metric.high if metric.higher_is_better else metric.low
    assert metric.function(labels, of_kind(kind, certain)).value == pytest.approx(best, abs=1e-12)
    wrong = metric.function(labels, of_kind(kind, np.roll(certain, 1, axis=1))).value
    assert (wrong < best) if metric.higher_is_better else (wrong > best)
    return None


CHECKS = {
    "permutation": check_permutation,
    "relabelling": check_relabelling,
    "doubling": check_doubling,
    "range": check_range,
    "direction": check_direction,
}


@pytest.mark.parametrize("name", METRICS)
def test_declared_invariants_hold(name):
    metric = METRICS[name]
    assert metric.name == name
    assert metric.invariants, "a metric declares what holds for it"
    assert metric.needs
    labels, probs = example(n=151)
    for kind in metric.needs:
        for invariant in metric.invariants:
            pair = CHECKS[invariant](metric, labels, probs, kind)
            if pair is not None:
                assert pair[0].value == pytest.approx(pair[1].value, rel=1e-12), (kind, invariant)


def test_registry_has_the_metrics_of_the_configuration():
    assert tuple(METRICS) == ALL_METRICS
    with pytest.raises(UsageError, match="no metric is named 'f1'; there are accuracy"):
        metric_named("f1")


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("kind", ["dense", "top_k", "labels"])
def test_what_outputs_cannot_give_has_a_reason(name, kind):
    labels, probs = example(n=20)
    value = score(name, labels, of_kind(kind, probs))
    assert value.n == 20
    assert (value.value is None) == (value.reason is not None) == (kind not in METRICS[name].needs)


@pytest.mark.parametrize("name", METRICS)
def test_no_items(name):
    empty = Value(None, 0, "no items")
    assert score(name, [], dense(np.empty((0, K)))) == empty
    assert score(name, [-1, -1], dense(np.full((2, K), 1 / K))) == empty


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("kind", ["dense", "top_k", "labels"])
def test_items_without_a_label_are_as_if_they_were_not_there(name, kind):
    labels, probs = example(n=90)
    keep = np.random.default_rng(3).random(90) < 0.6
    masked = np.where(keep, labels, -1).astype(np.int32)
    outputs = of_kind(kind, probs)
    assert score(name, masked, outputs) == score(name, labels[keep], outputs.take(keep))


@pytest.mark.parametrize("name", METRICS)
def test_labels_that_do_not_fit(name):
    with pytest.raises(AuditError, match=r"'labels' for model 'm': expected shape \(2,\), got \(3,\)"):
        score(name, [0, 0, 0], dense(np.full((2, K), 1 / K)))
    with pytest.raises(AuditError, match="expected class indices below 8, got 8"):
        score(name, [0, 8], dense(np.full((2, K), 1 / K)))


@pytest.mark.parametrize("name", ["log_loss", "ece_15"])
def test_a_number_that_is_none_has_a_reason(name):
    probs = np.full((3, K), np.nan)
    value = score(name, [0, 1, 2], dense(probs))
    assert value.value is None
    assert "not finite" in value.reason


# -- scikit-learn as the oracle -------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("seed", range(3))
def test_scikit_learn_agrees(seed, dtype):
    labels, probs = example(seed, n=300, skill=1.0)
    probs = probs.astype(dtype)
    outputs = dense(probs)
    predicted = probs.argmax(axis=1)
    every = np.arange(K)
    assert score("accuracy", labels, outputs).value == sk.accuracy_score(labels, predicted)
    assert score("top5_accuracy", labels, outputs).value == pytest.approx(
        sk.top_k_accuracy_score(labels, probs, k=5, labels=every), abs=1e-12
    )
    assert score("balanced_accuracy", labels, outputs).value == pytest.approx(
        sk.balanced_accuracy_score(labels, predicted), abs=1e-12
    )
    assert score("macro_f1", labels, outputs).value == pytest.approx(
        sk.f1_score(labels, predicted, average="macro"), abs=1e-12
    )
    assert score("log_loss", labels, outputs).value == pytest.approx(
        sk.log_loss(labels, probs.astype(dtype), labels=every), rel=1e-6 if dtype == np.float32 else 1e-12
    )


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=30))
def test_scikit_learn_agrees_on_few_items(pairs):
    labels, predicted = (np.array(side, dtype=np.int32) for side in zip(*pairs, strict=True))
    outputs = only_labels(predicted)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # predicted classes that no label has, one class alone
        recall = sk.balanced_accuracy_score(labels, predicted)
        f1 = sk.f1_score(labels, predicted, average="macro", zero_division=0)
    assert score("balanced_accuracy", labels, outputs).value == pytest.approx(recall, abs=1e-12)
    assert score("macro_f1", labels, outputs).value == pytest.approx(f1, abs=1e-12)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_log_loss_clips_as_scikit_learn_does(dtype):
    probs = np.zeros((2, 3), dtype=dtype)
    probs[:, 0] = 1
    labels = np.array([0, 1], dtype=np.int32)
    ours = score("log_loss", labels, dense(probs)).value
    assert ours == pytest.approx(sk.log_loss(labels, probs, labels=[0, 1, 2]), rel=1e-6)
    assert ours == pytest.approx(-math.log(np.finfo(dtype).eps) / 2, rel=1e-6)


# -- by hand --------------------------------------------------------------------------------------------


def test_a_missing_answer_is_wrong_but_no_class():
    outputs = only_labels([0, -1, 1, 1])
    labels = [0, 0, 1, 0]
    assert score("accuracy", labels, outputs).value == 0.5
    assert score("balanced_accuracy", labels, outputs).value == pytest.approx((1 / 3 + 1) / 2)
    # class 0: 2*1/(3+1); class 1: 2*1/(1+2); the missing answer adds no third class
    assert score("macro_f1", labels, outputs).value == pytest.approx((2 / 4 + 2 / 3) / 2)


def test_ece_by_hand():
    # bins (9/15, 10/15] and (14/15, 1]: |1/2 - 0.65| * 2/4 + |1/2 - 0.975| * 2/4
    probs = np.array([[0.65, 0.35], [0.35, 0.65], [0.95, 0.05], [0.0, 1.0]])
    value = score("ece_15", [0, 0, 0, 0], dense(probs)).value
    assert value == pytest.approx((0.15 + 0.475) / 2)


def test_ece_bins_are_closed_to_the_right():
    # 2/3 ends bin 10 and 0.7 is in bin 11; sharing a bin, the gaps of the two would cancel
    edge = np.linspace(0, 1, 16)[10]
    probs = np.array([[edge, 1 - edge], [0.7, 0.3]])
    value = score("ece_15", [0, 1], dense(probs)).value
    assert value == pytest.approx(((1 - edge) + 0.7) / 2)


def test_top5_reasons():
    labels, probs = example(n=10, n_classes=5)
    assert score("top5_accuracy", labels, dense(probs)).reason == "every class is among the top 5"
    labels, probs = example(n=10)
    assert "top-3 outputs do not reach" in score("top5_accuracy", labels, top_k(probs, 3)).reason
    assert "labels alone" in score("top5_accuracy", labels, only_labels(labels)).reason


@pytest.mark.parametrize("k", [5, 7])
def test_top5_of_unsorted_top_k(k):
    labels, probs = example(n=120, skill=0.5)
    assert score("top5_accuracy", labels, top_k(probs, k)) == score("top5_accuracy", labels, dense(probs))


def test_top5_holds_the_predicted_class_under_ties():
    # rounding makes many ties, within a row and for the fifth place
    rng = np.random.default_rng(0)
    probs = rng.integers(0, 3, size=(500, 40)) / 40
    answers = ModelOutputs("m", "dense", 40, pred_probs=probs)
    best = np.argsort(-probs, axis=1, kind="stable")[:, :5]
    assert (np.sort(answers.top5(), axis=1) == np.sort(best, axis=1)).all()
    assert (answers.top5() == answers.predicted()[:, None]).any(axis=1).all()


def test_top5_over_several_blocks(monkeypatch):
    labels, probs = example(n=50)
    whole = score("top5_accuracy", labels, dense(probs))
    monkeypatch.setattr("audits.outputs._BLOCK_BYTES", 7 * K * 8)
    assert score("top5_accuracy", labels, dense(probs)) == whole
    assert dense(probs[:, :4]).top5() is None


def test_memory_mapped_outputs(tmp_path):
    labels, probs = example(n=30)
    np.save(tmp_path / "p.npy", probs)
    mapped = dense(np.load(tmp_path / "p.npy", mmap_mode="r"))
    for name in METRICS:
        assert score(name, labels, mapped) == score(name, labels, dense(probs))


def test_importing_the_room_is_light():
    code = (
        "import sys, audits.benchmark.comparison, audits.benchmark.export, audits.benchmark.patch;"
        "print([m for m in ('sklearn', 'pandas', 'scipy', 'dagster') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"
