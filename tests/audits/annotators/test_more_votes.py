"""Which items need more votes."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from audits.annotators.crowdlab import crowdlab
from audits.annotators.dawid_skene import dawid_skene
from audits.annotators.majority import majority
from audits.annotators.more_votes import more_votes, support
from audits.annotators.votes import once
from audits.errors import UsageError
from audits.signals.inputs import Annotations
from tests.audits.annotators.crowds import NOBODY, SETS, crowd, said, shuffled, votes_for


def test_support_by_hand():
    # shares 3/4 and 1/2; the classes have frequencies 5/8 and 3/8 and count as one annotation more
    found = support(majority(votes_for((3, 1), (1, 1)), 2))
    assert found == pytest.approx([(0.75 + (3 + 0.625) / 5) / 2, (0.5 + (1 + 0.625) / 3) / 2])


def test_the_least_settled_come_first():
    found = more_votes(majority(votes_for((5, 0), (3, 2), (1, 0), (2, 2), (9, 1)), 2), 7)
    assert found.items[:2].tolist() == [5, 6], "items without an annotation need one most"
    assert found.labels[:2].tolist() == [-1, -1]
    assert found.items[2:].tolist() == [3, 1, 2]
    assert found.annotations.tolist() == [0, 0, 4, 5, 1]
    assert (np.diff(found.support) >= 0).all()
    assert (found.support[:-1] < found.sure).all()


def test_nobody_has_confirmed_a_single_annotation():
    found = more_votes(majority(votes_for((1, 0), (2, 0), (0, 1)), 2), 3, sure=0)
    assert sorted(found.items.tolist()) == [0, 2]
    assert found.annotations.tolist() == [1, 1]
    one = said(*((i, "x", i % 2) for i in range(6)))
    assert len(more_votes(dawid_skene(one, 2), 6).items) == 6


def test_all_and_none():
    aggregate = majority(votes_for((3, 1), (1, 1), (4, 0)), 2)
    assert len(more_votes(aggregate, 3, sure=1).items) == 3
    assert len(more_votes(aggregate, 3, sure=0).items) == 0
    assert more_votes(aggregate, 4, sure=0).items.tolist() == [3]
    assert more_votes(majority(NOBODY, 2), 2).items.tolist() == [0, 1]


def test_one_annotation_is_less_settled_than_several_that_agree():
    found = support(majority(votes_for((1, 0), (2, 0), (5, 0), (0, 4)), 2))
    assert found[0] < found[1] < found[2]


def test_a_class_that_only_a_model_brings_in_has_no_share():
    probs = np.zeros((4, 3))
    probs[:, 2] = 1
    annotations = said(
        (0, "x", 0), (0, "y", 1), (1, "x", 0), (1, "y", 1), (2, "x", 0), (2, "y", 0), (3, "x", 1)
    )
    found = crowdlab(annotations, 3, [probs])
    values = support(found)
    of_model = found.labels == 2
    assert of_model.any()
    assert values[of_model] == pytest.approx(found.confidence[of_model] / 2)


def without_one_each(annotations: Annotations, seed: int) -> tuple[Annotations, np.ndarray]:
    """Without one annotation, drawn at random, of each item that has three or more; and those items."""
    order = np.random.default_rng(seed).permutation(len(annotations.rows))
    _, first = np.unique(annotations.rows[order], return_index=True)
    hidden = order[first]
    hidden = hidden[np.bincount(annotations.rows)[annotations.rows[hidden]] >= 3]
    kept = np.setdiff1d(np.arange(len(annotations.rows)), hidden)
    columns = (annotations.rows[kept], annotations.annotators[kept], annotations.labels[kept])
    return Annotations(*columns, annotations.names), annotations.rows[hidden]


def test_it_tells_which_consensus_changes_and_which_is_wrong(public_data):
    changes, wrong = [], []
    for name in SETS:
        c = crowd(public_data, name)
        kept = once(c.annotations)
        fewer, rows = without_one_each(kept, seed=0)
        before, after = dawid_skene(fewer, c.n_classes), dawid_skene(kept, c.n_classes)
        later = dict(zip(after.items.tolist(), after.labels.tolist(), strict=True))
        changed = np.array(
            [later[r] != x for r, x in zip(before.items.tolist(), before.labels.tolist(), strict=True)]
        )
        asked, values = np.isin(before.items, rows), support(before)
        rivals = {
            "support": values,
            "posterior": before.confidence,
            "share": majority(fewer, c.n_classes).confidence,
        }
        changes.append([roc_auc_score(changed[asked], -v[asked]) for v in rivals.values()])
        known = np.array([r in c.truth for r in before.items.tolist()])
        pairs = zip(before.items.tolist(), before.labels.tolist(), strict=True)
        right = np.array([c.truth.get(r) == x for r, x in pairs])
        wrong.append([roc_auc_score(~right[known], -v[known]) for v in rivals.values()])
    change, error = np.mean(changes, axis=0), np.mean(wrong, axis=0)
    assert change[0] > max(change[1:]) + 0.03, change
    assert change[0] == pytest.approx(0.91, abs=0.02)
    assert error[0] > max(error[1:]) + 0.01, error
    assert error[0] == pytest.approx(0.78, abs=0.02)


def test_listed_items_are_wrong_more_often(public_data):
    for name in SETS:
        c = crowd(public_data, name)
        found = dawid_skene(once(c.annotations), c.n_classes)
        right = np.array(
            [
                c.truth.get(r, -1) == x
                for r, x in zip(found.items.tolist(), found.labels.tolist(), strict=True)
            ]
        )
        known = np.array([r in c.truth for r in found.items.tolist()])
        listed = np.isin(found.items, more_votes(found, int(found.items[-1]) + 1).items)
        assert np.mean(~right[known & listed]) > 1.5 * np.mean(~right[known & ~listed]), name


def test_the_order_of_the_annotations_does_not_matter():
    annotations = votes_for((3, 1), (1, 1), (4, 0), (1, 0))
    a, b = (more_votes(majority(x, 2), 4, sure=0.9) for x in (annotations, shuffled(annotations)))
    assert a.items.tolist() == b.items.tolist()


def test_wrong_options():
    aggregate = majority(votes_for((3, 1), (1, 1)), 2)
    with pytest.raises(UsageError, match=r"sure: expected a number in \[0, 1\], got 1.1"):
        more_votes(aggregate, 2, sure=1.1)
    with pytest.raises(UsageError, match="rows below 1, the number of items, got 1"):
        more_votes(aggregate, 1)
