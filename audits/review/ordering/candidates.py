"""What an order of the queue is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from audits.outputs import Ints
from audits.signals.inputs import Neighbours

Order: TypeAlias = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Candidates:
    """Items that are to be put in an order, n of them, and what is known of the dataset that they are from.

    Attributes
    ----------
    rows : int array, shape (n,)
        Row of each in the dataset, each once.
    rank : int array, shape (n,)
        Rank of its finding, from 1, each once: what decides between equals.
    probability : float array, shape (n,)
        Estimated probability in [0, 1] that the given label is wrong.
    suggested : int32 array, shape (n,)
        Class index that the evidence would put in the place of the given label; -1 for none.
    labels : int32 array, shape (N,)
        Given labels of all items of the dataset, as class indices.
    predicted : mapping of str to int32 array, shape (N,)
        Class index that each model predicts for all items; -1 where it predicts none. Only `rank-impact` looks.
    neighbours : mapping of str to Neighbours
        Nearest items by features, over all items. Only `diversity` looks.
    """

    rows: npt.NDArray[np.integer]
    rank: npt.NDArray[np.integer]
    probability: npt.NDArray[np.float64]
    suggested: Ints
    labels: Ints
    predicted: Mapping[str, Ints] = field(default_factory=dict)
    neighbours: Mapping[str, Neighbours] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def given(self) -> Ints:
        """Given label of each as a class index, shape (n,)."""
        return np.asarray(self.labels[self.rows], dtype=np.int32)

    def best_first(self, *keys: npt.NDArray[np.float64]) -> Order:
        """Positions by the first key, highest first; of equals by the next, the probability, then the rank."""
        return np.lexsort((self.rank, -self.probability, *(-k for k in reversed(keys))))
