"""What the annotations of the items come to, whichever way they are combined."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from audits.annotators.votes import Floats64, Votes, first_best
from audits.outputs import Ints


@dataclass(frozen=True)
class Aggregate:
    """The consensus of the annotators on each item that has an annotation; the others are left out.

    Attributes
    ----------
    method : str
        How the annotations were combined.
    votes : Votes
        What was combined: m annotated items, w annotators.
    classes : int32 array, shape (c,)
        Class indices that an item can come to, ascending: those that some annotator gave, and with a model all K.
    posterior : float64 array, shape (m, c)
        Probability of each of these classes, of the items `votes.items`; rows sum to 1.
    """

    method: str
    votes: Votes
    classes: Ints
    posterior: Floats64

    @property
    def items(self) -> Ints:
        """Rows of the annotated items, ascending, shape (m,)."""
        return self.votes.items

    @cached_property
    def labels(self) -> Ints:
        """The consensus as a class index, shape (m,): of equal probabilities the first in class order."""
        if not len(self.items):
            return np.empty(0, dtype=np.int32)
        return self.classes[first_best(self.posterior)]

    @cached_property
    def confidence(self) -> Floats64:
        """Probability of the consensus, in [0, 1], shape (m,)."""
        return self.probability_of(self.labels)

    @cached_property
    def quality(self) -> Floats64:
        """Mean probability of the labels that each annotator gave, in [0, 1], shape (w,); NaN without a label."""
        given = self.posterior[self.votes.item, self.columns_of(self.votes.classes)[self.votes.label]]
        number = self.votes.by_annotator()
        total = self.votes.by_annotator(given)
        return np.asarray(np.divide(total, number, out=np.full(len(number), np.nan), where=number > 0))

    def columns_of(self, classes: Ints) -> Ints:
        """Columns of some class indices in `posterior`; -1 for one that no item can come to."""
        if not len(self.classes):
            return np.full(len(classes), -1, dtype=np.int32)
        place = np.minimum(np.searchsorted(self.classes, classes), len(self.classes) - 1)
        return np.where(self.classes[place] == classes, place, -1).astype(np.int32)

    def probability_of(self, labels: Ints) -> Floats64:
        """Probability of one class an annotated item.

        Parameters
        ----------
        labels : int32 array, shape (m,)
            Class indices, in the order of `items`.

        Returns
        -------
        float64 array, shape (m,)
            0 for a class that is none of `classes`.
        """
        columns = self.columns_of(labels)
        if not len(self.classes):
            return np.zeros(len(labels))
        return np.where(columns < 0, 0.0, self.posterior[np.arange(len(labels)), np.maximum(columns, 0)])
