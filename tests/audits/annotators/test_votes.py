"""Numbering annotations, counting them, and annotators who label an item twice."""

import numpy as np
import pytest

from audits.annotators.votes import first_best, once, votes_of
from audits.errors import InputError, UsageError
from audits.signals.inputs import Annotations
from tests.audits.annotators.crowds import NOBODY, made, said


def test_items_and_classes_are_those_that_occur():
    votes = votes_of(said((7, "x", 4), (2, "y", 1), (7, "y", 1)), 6)
    assert votes.items.tolist() == [2, 7]
    assert votes.classes.tolist() == [1, 4]
    assert votes.counts.tolist() == [[1, 0], [1, 1]]
    assert votes.by_item().tolist() == [1, 2]
    assert votes.by_annotator().tolist() == [1, 2]
    assert votes.weighted(np.array([1.0, 2.0, 4.0])).tolist() == [[2, 0], [4, 1]]


def test_further_classes_on_request():
    votes = votes_of(said((0, "x", 4), (0, "y", 1)), 6, least_classes=4)
    assert votes.classes.tolist() == [0, 1, 2, 4]
    assert votes.counts.tolist() == [[0, 1, 0, 1]]
    assert votes_of(said((0, "x", 1)), 2, least_classes=3).classes.tolist() == [0, 1]


def test_the_pairs_of_annotator_and_label():
    annotations, _ = made(40, 6, 4)
    votes = votes_of(annotations, 4)
    matrix, annotator, label = votes.given
    dense = np.zeros((len(votes.items), 6, 4))
    np.add.at(dense, (votes.item, votes.annotator, votes.label), 1)
    again = np.zeros_like(dense)
    again[:, annotator, label] = matrix.toarray()
    assert (dense == again).all()
    assert (np.diff(annotator) >= 0).all()


def test_no_annotations():
    votes = votes_of(NOBODY, 3)
    assert (len(votes), votes.counts.shape, votes.given[0].shape) == (0, (0, 0), (0, 0))


@pytest.mark.parametrize(
    ("rows", "annotators", "labels", "words"),
    [
        ([0, -1], [0, 0], [0, 1], "each row to be at least 0 and below 2147483647; 1 of 2 are not (-1)"),
        ([0, 1], [0, 2], [0, 1], "each annotator to be at least 0 and below 2; 1 of 2 are not (2)"),
        ([0, 1], [0, 1], [3, 9], "each label to be at least 0 and below 3; 2 of 2 are not (3, 9)"),
    ],
)
def test_values_out_of_range(rows, annotators, labels, words):
    columns = (np.array(c, dtype=np.int32) for c in (rows, annotators, labels))
    with pytest.raises(InputError) as refused:
        votes_of(Annotations(*columns, ("x", "y")), 3)
    assert words in str(refused.value)


def test_lengths_that_differ():
    with pytest.raises(UsageError, match="got 2, 1 and 2"):
        votes_of(Annotations(*(np.zeros(s, np.int32) for s in (2, 1, 2)), ("x",)), 3)


def test_the_last_label_counts():
    kept = once(said((0, "x", 1), (1, "x", 0), (0, "y", 2), (0, "x", 2), (0, "x", 0)))
    assert list(zip(kept.rows, kept.annotators, kept.labels, strict=True)) == [
        (1, 0, 0),
        (0, 1, 2),
        (0, 0, 0),
    ]
    assert once(kept) is kept
    assert once(NOBODY) is NOBODY


def test_the_first_of_equals():
    values = np.array([[0.1 + 0.2, 0.3, 0.0], [1e12, 1e12 + 1e-3, 0.0], [0.0, 0.0, 0.1]])
    assert first_best(values).tolist() == [0, 0, 2]
    assert first_best(np.array([[-np.inf, -1.0, -1.0]])).tolist() == [1]
