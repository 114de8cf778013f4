from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from audits.review.ordering import diversity, probability
from audits.review.ordering.diversity import DECAY, WINDOW
from audits.signals.inputs import Neighbours


def by_the_rule(c, alike):
    """The rule word for word, in cubic time: a matrix of look-alikes."""
    left, placed = set(range(len(c))), []
    while left:

        def counts_for(i):
            tired = sum(bool(alike[i, j]) for j in placed[-WINDOW:])
            return (-c.probability[i] * DECAY**tired, c.rank[i])

        best = min(left, key=counts_for)
        placed.append(best)
        left.remove(best)
    return placed


def test_a_run_is_broken_up_where_others_are_nearly_as_likely(candidates):
    c = candidates([0.9, 0.89, 0.88, 0.6, 0.5], [0, 0, 0, 1, 2], [9] * 5)
    # 0.89 and 0.88 count half after the first, a quarter after the second
    assert diversity.order(c).tolist() == [0, 3, 4, 1, 2]


def test_nothing_else_to_ask_is_the_order_by_probability(candidates):
    c = candidates(np.random.default_rng(0).random(80))
    assert diversity.order(c).tolist() == probability.order(c).tolist()


def test_without_look_alikes_it_is_the_order_by_probability(candidates):
    c = candidates(np.random.default_rng(0).random(80), np.arange(80), np.arange(80) + 1)
    assert diversity.order(c).tolist() == probability.order(c).tolist()


@pytest.mark.parametrize("seed", range(4))
def test_pairs_of_classes_follow_the_rule(some, seed):
    c = some(seed, 90)
    pair = c.given * 10 + c.suggested
    assert diversity.order(c).tolist() == by_the_rule(c, pair[:, None] == pair[None, :])


@pytest.mark.parametrize("seed", range(4))
def test_mutual_neighbours_follow_the_rule(some, seed):
    rng = np.random.default_rng(seed)
    c, n = some(seed, 90), 90
    kinds = {}
    alike = np.zeros((n, n), dtype=bool)
    for name in ("pixels", "words"):
        points = rng.random((n, 2))
        far = np.linalg.norm(points[:, None] - points[None], axis=2)
        np.fill_diagonal(far, np.inf)
        rows = np.argsort(far, axis=1)[:, :12].astype(np.int32)
        kinds[name] = Neighbours(name, rows, np.take_along_axis(far, rows, 1).astype(np.float32), "euclidean")
        near = np.zeros((n, n), dtype=bool)
        near[np.repeat(np.arange(n), diversity.NEAREST), rows[:, : diversity.NEAREST].ravel()] = True
        alike |= near & near.T
    c = replace(c, neighbours=kinds)
    assert diversity.order(c).tolist() == by_the_rule(c, alike)


def test_neighbours_that_are_no_candidates_do_not_matter(candidates):
    near = Neighbours("x", np.array([[3, 1], [0, 3], [3, 0], [0, 1]], np.int32), np.zeros((4, 2)), "cosine")
    c = candidates([0.9, 0.8, 0.7], labels=np.zeros(4, np.int32), neighbours={"x": near})
    # 0 and 1 are among each other's nearest
    assert diversity.order(c).tolist() == [0, 2, 1]


def test_on_the_public_votes_no_run_and_no_errors_lost(voted):
    c, wrong = voted
    found = {}
    for policy in (diversity, probability):
        first = policy.order(c)[:531]
        pairs = list(zip(c.given[first].tolist(), c.suggested[first].tolist(), strict=True))
        seen = sum(pair in pairs[max(0, i - 20) : i] for i, pair in enumerate(pairs))
        found[policy.NAME] = (seen, int(wrong[first].sum()))
    assert found["probability"][0] > 50
    assert found["diversity"][0] == 0
    assert found["diversity"][1] >= found["probability"][1] - 10
