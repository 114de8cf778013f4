"""What holds of every order."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

from audits.queue_config import OrderName
from audits.review.ordering.orders import ORDERS
from audits.signals.inputs import Neighbours


def test_the_names_are_those_of_the_yaml():
    assert tuple(ORDERS) == get_args(OrderName)


def contested(c, seed):
    """The same with models and neighbours."""
    rng = np.random.default_rng(seed)
    n = len(c)
    near = Neighbours(
        "pixels",
        rng.permuted(np.tile(np.arange(n, dtype=np.int32), (n, 1)), axis=1)[:, :5],
        np.zeros((n, 5)),
        "cosine",
    )
    return replace(
        c,
        predicted={m: rng.integers(-1, 4, n).astype(np.int32) for m in "abc"},
        neighbours={"pixels": near},
    )


@pytest.mark.parametrize("name", ORDERS)
@pytest.mark.parametrize("rich", [False, True])
def test_every_item_once_whatever_order_they_come_in(name, rich, some):
    for seed in range(5):
        c = contested(some(seed), seed) if rich else some(seed)
        order = ORDERS[name](c)
        assert sorted(order.tolist()) == list(range(len(c)))
        mixed = np.random.default_rng(seed).permutation(len(c))
        again = replace(
            c,
            rows=c.rows[mixed],
            rank=c.rank[mixed],
            probability=c.probability[mixed],
            suggested=c.suggested[mixed],
        )
        assert again.rows[ORDERS[name](again)].tolist() == c.rows[order].tolist()


@pytest.mark.parametrize("name", ORDERS)
def test_none_one_and_all_equal(name, candidates):
    assert ORDERS[name](candidates([])).tolist() == []
    assert ORDERS[name](candidates([0.0])).tolist() == [0]
    ranks = np.array([3, 1, 4, 2])
    equal = candidates([0.4] * 4, [0, 1, 2, 3], [1, 2, 3, 0], rank=ranks)
    assert ORDERS[name](equal).tolist() == [1, 3, 0, 2]
    assert sorted(ORDERS[name](candidates([0.0] * 4)).tolist()) == [0, 1, 2, 3]


@pytest.mark.parametrize("name", ORDERS)
def test_a_part_of_the_dataset_can_be_ordered(name, candidates):
    c = candidates([0.2, 0.8], labels=np.array([0, 1, 2, 0, 1], dtype=np.int32))
    c = replace(c, rows=np.array([4, 1]), predicted={m: np.array([0, 1, 1, 0, 2], np.int32) for m in "ab"})
    assert sorted(ORDERS[name](c).tolist()) == [0, 1]
