"""The likeliest label errors first."""

from __future__ import annotations

import numpy as np

from audits.review.ordering.candidates import Candidates, Order

NAME = "probability"


def order(candidates: Candidates) -> Order:
    """Take the findings' own order: by rank, which is by the probability that the given label is wrong.

    It finds the most errors that any order can expect, whatever the number of items that are reviewed.

    Parameters
    ----------
    candidates : Candidates
        n items.

    Returns
    -------
    intp array, shape (n,)
        Positions of the items, first to be reviewed first.
    """
    return np.argsort(candidates.rank, kind="stable")
