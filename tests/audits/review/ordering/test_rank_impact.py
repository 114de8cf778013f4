from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from audits.review.ordering import probability, rank_impact
from audits.review.ordering.candidates import Candidates
from audits.review.ordering.rank_impact import impact


def by_the_formula(c):
    """Item by item and pair by pair."""
    n = len(c.labels)
    right = {m: (p == c.labels).astype(float) for m, p in c.predicted.items()}
    out = []
    for i in range(len(c)):
        row, total = c.rows[i], 0.0
        for a, b in itertools.combinations(c.predicted, 2):
            d = right[a] - right[b]
            error = d.std() / np.sqrt(n)
            if error == 0:
                continue
            gain = {
                m: float(c.predicted[m][row] == c.suggested[i] and c.suggested[i] >= 0) - right[m][row]
                for m in (a, b)
            }
            total += np.exp(-((d.mean() / error) ** 2) / 2) / error * abs(gain[a] - gain[b])
        out.append(c.probability[i] * total)
    return np.array(out)


@pytest.mark.parametrize("seed", range(4))
def test_it_is_the_formula(some, seed, monkeypatch):
    rng = np.random.default_rng(seed)
    c = some(seed, 40)
    c = replace(c, predicted={m: rng.integers(-1, 4, 40).astype(np.int32) for m in "abcd"})
    expected = by_the_formula(c)
    assert impact(c) == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert expected.max() > 0
    monkeypatch.setattr(rank_impact, "CHUNK", 7)
    assert impact(c) == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_what_moves_nothing_comes_last(candidates):
    labels = np.array([0, 0, 0, 1], dtype=np.int32)
    # all do the same on 0; on 1 a gains what b loses; on 2 only b loses
    a, b = np.array([1, 1, 1, 1], np.int32), np.array([1, 0, 0, 1], np.int32)
    c = candidates([0.9, 0.2, 0.2], suggested=[1, 1, 2], labels=labels, predicted={"a": a, "b": b})
    assert rank_impact.order(c).tolist() == [1, 2, 0]
    assert impact(c)[0] == 0
    assert impact(c)[1] == pytest.approx(2 * impact(c)[2])


def test_without_two_models_that_differ_it_is_the_order_by_probability(some):
    c = some(0)
    same = np.zeros(60, np.int32)
    for predicted in ({}, {"a": same}, {"a": same, "b": same}):
        one = replace(c, predicted=predicted)
        assert (impact(one) == 0).all()
        assert rank_impact.order(one).tolist() == probability.order(c).tolist()


def test_close_pairs_weigh_more():
    # a and b are level, c is far behind: an item that moves a against b goes before one that moves b against c
    n = 400
    rng = np.random.default_rng(0)
    labels = np.zeros(n, np.int32)
    predicted = {
        m: (rng.random(n) > share).astype(np.int32) for m, share in (("a", 0.8), ("b", 0.8), ("c", 0.2))
    }
    for m, first in (("a", [1, 0]), ("b", [0, 0]), ("c", [0, 1])):
        predicted[m][:2] = first
    c = Candidates(
        np.array([0, 1]),
        np.array([2, 1]),
        np.array([0.5, 0.5]),
        np.array([1, 1], np.int32),
        labels,
        predicted,
    )
    assert rank_impact.order(c).tolist() == [0, 1]


def test_two_hundred_reviews_mend_more_pair_orders_than_by_probability(voted, public_outputs):
    """Subsets of 8,000 images with some 850 voted ones: wrong orders of 34 models after 200 reviews of each order."""
    c, _ = voted
    left = {p.NAME: [] for p in (rank_impact, probability)}
    start = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        chosen = rng.choice(len(c.labels), 8000, replace=False)
        at = np.full(len(c.labels), -1)
        at[chosen] = np.arange(8000)
        inside = np.flatnonzero(at[c.rows] >= 0)
        part = Candidates(
            at[c.rows[inside]],
            c.rank[inside],
            c.probability[inside],
            c.suggested[inside],
            c.labels[chosen],
            {m: p[chosen] for m, p in c.predicted.items()},
        )
        final = public_outputs.final[inside]
        truth = _order(part, final, np.arange(len(part)))
        start.append(np.sum(_order(part, final, np.arange(0)) != truth))
        for policy in (rank_impact, probability):
            left[policy.NAME].append(np.sum(_order(part, final, policy.order(part)[:200]) != truth))
    assert np.mean(start) > 5
    assert np.mean(left["rank-impact"]) < 0.8 * np.mean(left["probability"])


def _order(part, final, reviewed):
    """Which of each pair of models is ahead when these items have the labels that people gave them (-1: none)."""
    labels = part.labels.copy()
    labels[part.rows[reviewed]] = final[reviewed]
    kept = labels >= 0
    hits = np.array([((p == labels) & kept).sum() for p in part.predicted.values()])
    return np.sign(hits[:, None] - hits[None, :])[np.triu_indices(len(hits), 1)]
