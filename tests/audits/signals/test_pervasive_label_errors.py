from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from cleanlab.count import compute_confident_joint
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from audits.audit_config import PervasiveLabelErrorsConfig
from audits.contracts import SIGNALS
from audits.outputs import ModelOutputs
from audits.signals.pervasive_label_errors import confident_joint, detect

#: (off the diagonal, sum, flagged)
PUBLISHED = {"cifar10": (244, 8_852, 275), "20news": (55, 4_448, 93)}


def run(labels, probs) -> pa.Table:
    probs = np.asarray(probs)
    ids = pa.array([f"i{k}" for k in range(len(labels))], pa.string())
    outputs = ModelOutputs("m", "dense", probs.shape[1], pred_probs=probs)
    return detect(ids, np.asarray(labels, dtype=np.int32), outputs, PervasiveLabelErrorsConfig())


def ranked(table: pa.Table) -> list[str]:
    flagged = table.filter(table["flagged"]).sort_by("rank")
    assert flagged["rank"].to_pylist() == list(range(1, flagged.num_rows + 1))
    return flagged["item_id"].to_pylist()


def test_exactly_the_items_that_were_sent_to_reviewers(real):
    table = detect(real.ids, real.stored_labels, real.stored, PervasiveLabelErrorsConfig())
    flagged = ranked(table)
    assert len(flagged) == PUBLISHED[real.name][2]
    assert sorted(flagged) == sorted(real.voted)


def test_the_confident_joint_of_the_published_matrices(real):
    joint = confident_joint(real.stored_labels, real.stored.pred_probs)
    off, total, _ = PUBLISHED[real.name]
    assert (joint.sum() - np.trace(joint), joint.sum()) == (off, total)
    assert np.array_equal(joint, compute_confident_joint(real.labels, real.probs, calibrate=False))


def test_float32_flags_the_same_items(real):
    narrow = real.probs.astype(np.float32)
    wide, table = run(real.labels, real.probs), run(real.labels, narrow)
    assert set(ranked(table)) == set(ranked(wide))
    np.testing.assert_allclose(table["score"].to_numpy(), wide["score"].to_numpy(), atol=1e-6)


@settings(deadline=None, max_examples=150)
@given(
    seed=st.integers(0, 2**32 - 1),
    k=st.integers(2, 6),
    n=st.integers(20, 120),
    sharpness=st.sampled_from([0.3, 1.0, 4.0]),
)
def test_the_joint_is_cleanlabs_where_every_class_is_found(seed, k, n, sharpness):
    rng = np.random.default_rng(seed)
    labels = rng.integers(k, size=n).astype(np.int32)
    # a pull towards the given label, different by class, so that thresholds are far apart
    pull = rng.uniform(0, 2, size=k)
    alpha = np.full((n, k), sharpness)
    alpha[np.arange(n), labels] += pull[labels]
    probs = rng.dirichlet(np.ones(k), size=n) * 0.2 + 0.8 * np.array([rng.dirichlet(a) for a in alpha])
    joint = confident_joint(labels, probs)
    assume((np.diagonal(joint) > 0).all())
    assert np.array_equal(joint, compute_confident_joint(labels, probs, calibrate=False))


@settings(deadline=None, max_examples=100)
@given(seed=st.integers(0, 2**32 - 1), k=st.integers(2, 6), n=st.integers(1, 40))
def test_elsewhere_cleanlab_adds_items_to_the_diagonal_that_do_not_exist(seed, k, n):
    rng = np.random.default_rng(seed)
    labels = rng.integers(k, size=n).astype(np.int32)
    # few levels: ties and zeros abound
    probs = rng.multinomial(8, np.ones(k) / k, size=n) / 8
    ours, theirs = confident_joint(labels, probs), compute_confident_joint(labels, probs, calibrate=False)
    off = ~np.eye(k, dtype=bool)
    assert np.array_equal(ours[off], theirs[off])
    assert np.array_equal(np.maximum(np.diagonal(ours), 1), np.diagonal(theirs))
    assert ours.sum() <= n
    assert np.all(ours.sum(axis=1) <= np.bincount(labels, minlength=k))


def test_of_several_thresholds_the_likeliest_class_counts_though_it_is_under_its_own():
    # thresholds: class 0 at 0.9, class 1 at 0.25, class 2 at 0.2; the last item is over the latter two
    probs = np.array([[0.9, 0.05, 0.05], [0.15, 0.2, 0.65], [0.7, 0.1, 0.2], [0.5, 0.3, 0.2]])
    labels = np.array([0, 1, 2, 1], dtype=np.int32)
    joint = confident_joint(labels, probs)
    assert joint[1, 0] == 1
    theirs = compute_confident_joint(labels, probs, calibrate=False)
    off = ~np.eye(3, dtype=bool)
    assert np.array_equal(joint[off], theirs[off])


def test_a_class_that_no_item_is_given_is_never_confidently_found():
    probs = np.array([[0.6, 0.1, 0.3], [0.1, 0.0, 0.9], [0.3, 0.0, 0.7]])
    joint = confident_joint(np.array([0, 0, 1], dtype=np.int32), probs)
    assert joint[:, 2].sum() == 0
    assert joint[2].sum() == 0


def test_hand_worked():
    # thresholds 0.6 and 0.6; items 0, 1, 3, 4 are confidently 0, 0, 1, 1 and items 2 and 5 in neither
    probs = np.array([[0.9, 0.1], [0.8, 0.2], [0.45, 0.55], [0.25, 0.75], [0.1, 0.9], [0.45, 0.55]])
    labels = np.array([0, 0, 0, 0, 1, 1], dtype=np.int32)
    probs[5] = [0.7, 0.3]
    assert confident_joint(labels, probs).tolist() == [[2, 1], [1, 1]]
    table = run(labels, probs)
    # int((1 - 3/5) 6) = 2 of the lowest margins: -0.5 (item 3), -0.4 (item 5)
    assert ranked(table) == ["i3", "i5"]
    margins = np.array([0.8, 0.6, -0.1, -0.5, 0.8, -0.4])
    np.testing.assert_allclose(table["score"].to_numpy(), (margins + 1) / 2)
    assert table["suggested_label"].to_pylist() == [1, 1, 1, 1, 0, 0]
    assert table["n_agree"].to_pylist() == [0, 0, 1, 1, 0, 1]
    assert table.schema == SIGNALS


def test_the_number_of_flags_is_truncated_not_rounded():
    # one of eight counted items is off the diagonal; (1 - 7/8) 15 = 1.875
    probs = np.array([[0.9, 0.1]] * 4 + [[0.1, 0.9]] * 4 + [[0.5, 0.5]] * 7)
    labels = np.array([0, 0, 0, 1, 1, 1, 1, 1] + [1] * 7, dtype=np.int32)
    joint = confident_joint(labels, probs)
    n = int((1 - np.trace(joint) / joint.sum()) * 15)
    exact = (1 - np.trace(joint) / joint.sum()) * 15
    assert exact != round(exact)
    assert len(ranked(run(labels, probs))) == n == int(np.floor(exact))


def test_of_equal_margins_the_earlier_row_comes_first():
    probs = np.array([[0.8, 0.2]] * 6 + [[0.2, 0.8]] * 6)
    labels = np.array([0] * 3 + [1] * 3 + [1] * 3 + [0] * 3, dtype=np.int32)
    flagged = ranked(run(labels, probs))
    wrong = ["i3", "i4", "i5", "i9", "i10", "i11"]
    assert len(flagged) == 6
    assert flagged == wrong


@pytest.mark.parametrize(
    ("labels", "probs", "flagged"),
    [
        ([1], [[0.9, 0.1]], []),  # alone, an item is over its own threshold
        ([0, 1], [[0.5, 0.5], [0.5, 0.5]], ["i0"]),  # both are over both thresholds, and argmax is 0
        ([0, 0, 0], [[0.5, 0.5]] * 3, []),
    ],
)
def test_degenerate_inputs(labels, probs, flagged):
    table = run(labels, probs)
    assert ranked(table) == flagged
    assert all(0 <= s <= 1 for s in table["score"].to_pylist())


def test_without_any_confident_item_nothing_is_flagged():
    # each class has one sure and one unsure item: the sure one is always over the mean, so take it away
    labels = np.array([0], dtype=np.int32)
    probs = np.array([[0.0, 1.0]])
    assert confident_joint(labels, probs).sum() == 0
    assert ranked(run(labels, probs)) == []
