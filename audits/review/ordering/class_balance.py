"""Every given class gets on at the same pace: after any number of items, each has had the same share of its errors."""

from __future__ import annotations

import numpy as np

from audits.review.ordering.candidates import Candidates, Order

NAME = "class-balance"


def order(candidates: Candidates) -> Order:
    """Order by how much of its class's expected errors would be found when the item comes.

    The expected errors of a class are the sum of the probabilities of its items. Within a class the likeliest errors
    come first; an item stands at the share of its class's expected errors that lies before it, its own half counted
    in. Merged by that share, lowest first, all classes come to the same share at the same time: a class with few
    items, or one whose errors nobody is sure of, does not wait until the others are through.

    Parameters
    ----------
    candidates : Candidates
        n items.

    Returns
    -------
    intp array, shape (n,)
        Positions of the items, first to be reviewed first. A class without expected errors comes last.

    References
    ----------
    That errors concentrate on rare classes: "More efficient manual review of automatically transcribed tabular data"
    (2023), arXiv:2306.16126.
    """
    by_class = np.lexsort((candidates.rank, -candidates.probability, candidates.given))
    p, given = candidates.probability[by_class], candidates.given[by_class]
    n = len(given)
    starts = np.flatnonzero(np.r_[True, given[1:] != given[:-1]]) if n else np.zeros(0, dtype=np.intp)
    sizes = np.diff(np.r_[starts, n])
    # summed class by class: a difference of sums over everything would round away small probabilities
    share = np.ones(n)
    for start, size in zip(starts, sizes, strict=True):
        part = p[start : start + size]
        sums = np.cumsum(part)
        if sums[-1] > 0:
            share[start : start + size] = (sums - part / 2) / sums[-1]
    at = np.empty(n)
    at[by_class] = share
    return candidates.best_first(-at)
