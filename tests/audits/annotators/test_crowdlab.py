"""CROWDLAB against cleanlab's, its weights, and what cleanlab does not take."""

import numpy as np
import pytest
from cleanlab.multiannotator import (
    get_label_quality_multiannotator,
    get_label_quality_multiannotator_ensemble,
)

from audits.annotators.crowdlab import can_use, crowdlab
from audits.annotators.majority import majority
from audits.errors import InputError, UsageError
from tests.audits.annotators.crowds import NOBODY, made, said, shuffled


def models(truth: np.ndarray, k: int, number: int = 1, seed: int = 0, dtype=np.float64) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    found = rng.dirichlet(np.full(k, 0.5), size=(number, len(truth)))
    found[:, np.arange(len(truth)), truth] += rng.uniform(0.2, 0.8, size=(number, 1))
    return list((found / found.sum(axis=2, keepdims=True)).astype(dtype))


def table(annotations) -> tuple[np.ndarray, np.ndarray]:
    """As cleanlab takes it, and which annotators have a label."""
    wide = np.full((annotations.rows.max() + 1, len(annotations.names)), np.nan)
    wide[annotations.rows, annotations.annotators] = annotations.labels
    seen = np.flatnonzero((~np.isnan(wide)).any(axis=0))
    return wide[:, seen], seen


@pytest.mark.parametrize(
    ("n", "w", "k", "per"), [(60, 8, 3, 4), (600, 30, 10, 5), (300, 150, 20, 3), (80, 5, 2, 4)]
)
@pytest.mark.parametrize("number", [1, 3])
def test_as_cleanlab(n, w, k, per, number):
    annotations, truth = made(n, w, k, per=per, seed=n)
    probs = models(truth, k, number)
    wide, seen = table(annotations)
    found = crowdlab(annotations, k, probs)
    if number == 1:
        theirs = get_label_quality_multiannotator(wide, probs[0], return_weights=True, verbose=False)
    else:
        stacked = np.stack(probs)
        theirs = get_label_quality_multiannotator_ensemble(wide, stacked, return_weights=True, verbose=False)
    labels = theirs["label_quality"]
    assert (found.labels == labels["consensus_label"].to_numpy()).all()
    assert np.abs(found.confidence - labels["consensus_quality_score"].to_numpy()).max() < 1e-12
    assert np.abs(found.annotator_weight[seen] - theirs["annotator_weight"]).max() < 1e-12
    assert np.abs(found.model_weight - theirs["model_weight"]).max() < 1e-12
    # the quality of each given label is the posterior of it
    detailed = theirs["detailed_label_quality"].to_numpy()
    detailed = detailed[annotations.rows, np.searchsorted(seen, annotations.annotators)]
    own = found.posterior[annotations.rows, annotations.labels]
    assert np.abs(own - detailed).max() < 1e-12
    assert found.posterior.sum(axis=1) == pytest.approx(1)


def test_as_cleanlab_with_narrow_probabilities():
    annotations, truth = made(200, 10, 4)
    probs = models(truth, 4, dtype=np.float32)
    theirs = get_label_quality_multiannotator(table(annotations)[0], probs[0], verbose=False)["label_quality"]
    found = crowdlab(annotations, 4, probs)
    assert (found.labels == theirs["consensus_label"].to_numpy()).all()
    assert np.abs(found.confidence - theirs["consensus_quality_score"].to_numpy()).max() < 1e-6


def test_ties_that_the_model_leaves_open_as_in_cleanlab():
    # an even model: the rarer class counts, then the annotators who agree more with the majority elsewhere
    entries = [(0, "good", 0), (0, "bad", 1), (1, "good", 1), (1, "bad", 0)]
    entries += [(i, who, i % 2) for i in range(2, 8) for who in ("good", "x", "y")]
    entries += [(i, "bad", 1 - i % 2) for i in range(2, 8)]
    annotations, even = said(*entries), np.full((8, 3), 1 / 3)
    found = crowdlab(annotations, 3, [even])
    theirs = get_label_quality_multiannotator(table(annotations)[0], even, verbose=False)["label_quality"]
    assert found.labels.tolist() == theirs["consensus_label"].tolist()
    assert found.labels[:2].tolist() == [0, 1]


def test_ties_that_nothing_settles_go_to_the_first_class():
    annotations = said((0, "x", 1), (0, "y", 2), (1, "x", 2), (1, "y", 1))
    found = crowdlab(annotations, 3, [np.full((2, 3), 1 / 3)])
    assert found.labels.tolist() == [1, 1]


def test_better_than_annotators_or_model_alone():
    annotations, truth = made(3000, 40, 5, per=4, skills=(0.3, 0.8))
    probs = models(truth, 5)[0]
    found = crowdlab(annotations, 5, [probs])
    right = np.mean(found.labels == truth)
    assert right > np.mean(majority(annotations, 5).labels == truth) + 0.02
    assert right > np.mean(probs.argmax(axis=1) == truth) + 0.02


def test_items_without_annotations_are_left_out_and_change_nothing():
    annotations, truth = made(50, 6, 3)
    probs = models(truth, 3)[0]
    spread = type(annotations)(
        annotations.rows * 2 + 1, annotations.annotators, annotations.labels, (*annotations.names, "nobody")
    )
    wide = np.repeat(probs, 2, axis=0)
    a, b = crowdlab(annotations, 3, [probs]), crowdlab(spread, 3, [wide])
    assert b.items.tolist() == (a.items * 2 + 1).tolist()
    assert (a.posterior == b.posterior).all()
    assert np.isnan(b.annotator_weight[-1])


def test_the_order_of_annotations_and_models_does_not_matter():
    annotations, truth = made(120, 9, 4)
    probs = models(truth, 4, 3)
    a, b = crowdlab(annotations, 4, probs), crowdlab(shuffled(annotations), 4, probs[::-1])
    assert np.abs(a.posterior - b.posterior).max() < 1e-12
    assert (a.labels == b.labels).all()
    assert a.model_weight == pytest.approx(b.model_weight[::-1])


def test_blocks_do_not_matter(monkeypatch):
    annotations, truth = made(100, 9, 4)
    probs = models(truth, 4, 2)
    whole = crowdlab(annotations, 4, probs)
    monkeypatch.setattr("audits.annotators.crowdlab._BLOCK", 28)
    assert (crowdlab(annotations, 4, probs).posterior == whole.posterior).all()


def test_refusals():
    one_each = said((0, "x", 1), (1, "y", 0))
    assert not can_use(one_each)
    assert not can_use(NOBODY)
    assert can_use(said((0, "x", 1), (0, "y", 0)))
    with pytest.raises(InputError, match="each of the 2 annotated items has one"):
        crowdlab(one_each, 2, [np.full((2, 2), 0.5)])
    with pytest.raises(InputError, match="each of the 0 annotated items has one"):
        crowdlab(NOBODY, 2, [np.full((2, 2), 0.5)])
    with pytest.raises(UsageError, match="at least one model, got none"):
        crowdlab(one_each, 2, [])
    with pytest.raises(UsageError, match=r"at least 2 items and 2 classes .*got the shape \(1, 2\)"):
        crowdlab(one_each, 2, [np.full((1, 2), 0.5)])
    with pytest.raises(UsageError, match=r"got the shape \(2, 3\)"):
        crowdlab(one_each, 2, [np.full((2, 3), 1 / 3)])


def test_all_agree():
    annotations = said(*((i, who, 1) for i in range(4) for who in "xyz"))
    found = crowdlab(annotations, 3, [np.full((4, 3), 1 / 3)])
    assert found.labels.tolist() == [1, 1, 1, 1]
    assert np.isfinite(found.posterior).all()
