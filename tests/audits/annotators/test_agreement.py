"""Krippendorff's alpha against published examples and nltk's, and its interval."""

from dataclasses import replace

import numpy as np
import pytest
from crowdkit.metrics.data import alpha_krippendorff  # type: ignore[attr-defined]

from audits.annotators.agreement import krippendorff, pairs_that_agree
from audits.annotators.votes import votes_of
from audits.errors import UsageError
from tests.audits.annotators.crowds import NOBODY, Crowd, crowd, made, said, shuffled


def table(*observers: str):
    """An observer a word, a sign an item, '.' where there is none."""
    return said(
        *(
            (i, f"o{o}", int(sign))
            for o, word in enumerate(observers)
            for i, sign in enumerate(word)
            if sign != "."
        )
    )


def test_two_observers_and_two_values():
    # K. Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), section A
    found = krippendorff(table("0100000010", "1110010000"), 2)
    assert found.alpha == pytest.approx(0.095, abs=5e-4)
    assert (found.items, found.annotations) == (10, 20)


def test_four_observers_with_missing_values():
    # the same, section C: 12 items, of which the last has one value
    observers = "123321412...", "1233224125.3", ".3332342251.", "12332441251."
    found = krippendorff(table(*observers), 6)
    assert found.alpha == pytest.approx(0.743, abs=5e-4)
    assert (found.items, found.annotations) == (11, 40)


@pytest.mark.parametrize("name", ["cf", "face_sentiment_identification"])
def test_as_nltk_on_public_sets(public_data, name):
    c = crowd(public_data, name)
    found = krippendorff(c.annotations, c.n_classes, replicates=200)
    assert found.alpha == pytest.approx(alpha_krippendorff(c.frame), abs=1e-9)
    assert found.low < found.alpha < found.high


def test_as_nltk_on_random_tables():
    for seed in range(10):
        annotations, _ = made(15, 5, 3, seed=seed)
        c = Crowd(annotations, 3, {})
        found = krippendorff(annotations, 3, replicates=1)
        assert found.alpha == pytest.approx(alpha_krippendorff(c.frame), abs=1e-9)


def test_full_agreement_and_what_chance_gives():
    assert krippendorff(table("0123", "0123"), 4).alpha == 1.0
    rng = np.random.default_rng(0)
    columns = [rng.integers(3, size=6000) for _ in range(3)]
    entries = [(i, f"o{o}", int(v)) for o, column in enumerate(columns) for i, v in enumerate(column)]
    found = krippendorff(said(*entries), 3, replicates=200)
    assert abs(found.alpha) < 0.02
    assert found.low < 0 < found.high
    assert krippendorff(table("0101", "1010"), 2).alpha < 0


def test_order_and_items_with_one_annotation_do_not_matter():
    annotations, _ = made(80, 6, 4)
    found = krippendorff(annotations, 4, replicates=50)
    assert krippendorff(shuffled(annotations), 4, replicates=50) == found
    number = np.bincount(annotations.rows)[annotations.rows]
    several = number > 1
    assert not several.all()
    columns = (annotations.rows[several], annotations.annotators[several], annotations.labels[several])
    assert krippendorff(type(annotations)(*columns, annotations.names), 4, replicates=50) == found


def test_the_interval_holds_as_often_as_it_says():
    # of annotators who are right with 0.75, guessing else among three: two agree beyond chance with 0.75 squared
    expected, hits = 0.75**2, 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        truth = rng.integers(3, size=120)
        columns = [np.where(rng.random(120) < 0.75, truth, rng.integers(3, size=120)) for _ in range(4)]
        entries = [(i, f"o{o}", int(v)) for o, column in enumerate(columns) for i, v in enumerate(column)]
        found = krippendorff(said(*entries), 3, replicates=200, seed=seed)
        hits += found.low <= expected <= found.high
    assert 0.90 <= hits / 200 <= 0.99


@pytest.mark.parametrize(
    ("annotations", "items", "reason"),
    [
        (NOBODY, 0, "no item has two annotations"),
        (said((0, "x", 1), (1, "x", 0), (2, "y", 2)), 0, "no item has two annotations"),
        (table("111", "111"), 3, "all annotations of items with two or more are of one class"),
    ],
    ids=["none", "one an item", "one class"],
)
def test_where_there_is_none(annotations, items, reason):
    found = krippendorff(annotations, 3)
    assert (found.alpha, found.low, found.high) == (None, None, None)
    assert (found.items, found.reason) == (items, reason)


def test_one_item_has_no_interval():
    found = krippendorff(said((0, "x", 0), (0, "y", 0), (0, "z", 1), (1, "x", 1)), 2)
    assert found.alpha == pytest.approx(0.0)  # two of three pairs differ, as many as by chance
    assert (found.low, found.high, found.items, found.reason) == (None, None, 1, None)
    assert krippendorff(table("01", "00"), 2).low is not None


def test_wrong_options():
    annotations = table("01", "01")
    with pytest.raises(UsageError, match="replicates"):
        krippendorff(annotations, 2, replicates=0)
    with pytest.raises(UsageError, match="level"):
        krippendorff(annotations, 2, level=1.0)


def test_pairs_that_agree():
    annotations = said((0, "x", 1), (0, "y", 1), (0, "z", 0), (1, "x", 2), (2, "x", 0), (2, "z", 0))
    agreeing, compared = pairs_that_agree(votes_of(replace(annotations, names=("x", "y", "z", "u")), 3))
    assert agreeing.tolist() == [2, 1, 1, 0]
    assert compared.tolist() == [3, 2, 3, 0]
