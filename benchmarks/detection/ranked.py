"""How well a ranking puts the wrong labels first, for many resamples at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Counts = npt.NDArray[np.uint8]

#: Replicates that are worked on at once take about this many bytes.
_BLOCK_BYTES = 16 << 20
#: Bins of the calibration error, of equal numbers of items.
BINS = 15


class Ranked:
    """Items in the order of a score, and which are wrong.

    A resample is how often each item is drawn. All figures are the same as those of the ranking of the drawn items;
    items of one score are in no order: each figure is then that of `sklearn.metrics`, or an expected value.

    Parameters
    ----------
    score : float array, shape (n,)
        Higher: likelier wrong. Finite.
    wrong : bool array, shape (n,)
        Which items are wrong.

    Raises
    ------
    ValueError
        When the arrays differ in length or are empty, or a score is not finite.
    """

    def __init__(self, score: Floats, wrong: Bools) -> None:
        if score.shape != wrong.shape or score.ndim != 1:
            raise ValueError(
                f"expected one score and truth an item, got shapes {score.shape} and {wrong.shape}"
            )
        if not len(score):
            raise ValueError("there are no items to rank")
        if not np.isfinite(score).all():
            raise ValueError(f"{np.count_nonzero(~np.isfinite(score))} of {len(score)} scores are not finite")
        self.n = len(score)
        self.order = np.argsort(-score, kind="stable")
        self.wrong = wrong[self.order].astype(bool)
        # Items of one score form a tie; ties without any wrong item matter as a sum only.
        in_order = score[self.order]
        new_tie = np.r_[True, in_order[1:] != in_order[:-1]]
        tie_start, tie = np.flatnonzero(new_tie), np.cumsum(new_tie) - 1
        matters = np.zeros(len(tie_start), dtype=bool)
        matters[tie[self.wrong]] = True
        # a segment starts where a tie with wrong items starts or has just ended
        starts = matters | np.r_[True, matters[:-1]]
        self._starts = tie_start[starts]

    def measure(self, counts: Counts | None = None, budgets: Sequence[int | float] = ()) -> dict[str, Floats]:
        """Average precision, AUROC, and how many wrong items are among the first.

        Parameters
        ----------
        counts : unsigned int array, shape (r, n), optional
            How often each item is drawn in each of r resamples; left out: each once.
        budgets : sequence of int or float
            How many drawn items are looked at: whole numbers of 1 and up, or shares of all below 1.

        Returns
        -------
        dict of str to float array, shape (r,)
            `average_precision`, `auroc`, `wrong`, how many wrong items are drawn, and `found_BUDGET` for each of
            `budgets`: wrong items among so many first ones. The first two are NaN where a resample has no wrong
            item, AUROC also where it has no other.
        """
        if counts is None:
            counts = np.ones((1, self.n), dtype=np.uint8)
        step = max(1, _BLOCK_BYTES // max(1, 8 * self.n))
        parts = [self._block(counts[i : i + step], budgets) for i in range(0, len(counts), step)]
        return {name: np.concatenate([p[name] for p in parts]) for name in parts[0]} if parts else {}

    def _block(self, counts: Counts, budgets: Sequence[int | float]) -> dict[str, Floats]:
        drawn = counts[:, self.order]
        whole = np.add.reduceat(drawn, self._starts, axis=1, dtype=np.int32)
        right = np.add.reduceat(drawn * ~self.wrong, self._starts, axis=1, dtype=np.int32)
        bad = whole - right
        until = np.cumsum(whole, axis=1)
        bad_until = np.cumsum(bad, axis=1)
        all_bad, total = bad_until[:, -1], until[:, -1]
        all_right = total - all_bad
        with np.errstate(invalid="ignore", divide="ignore"):
            precision = np.where(until > 0, bad_until / np.maximum(until, 1), 0.0)
            ap = np.where(all_bad > 0, (bad * precision).sum(axis=1) / all_bad, np.nan)
            right_before = np.cumsum(right, axis=1) - right
            lost = (bad * (right_before + right / 2.0)).sum(axis=1)
            auroc = np.where(
                (all_bad > 0) & (all_right > 0), 1.0 - lost / (all_bad * 1.0 * all_right), np.nan
            )
        found = {"average_precision": ap, "auroc": auroc, "wrong": all_bad.astype(np.float64)}
        for budget in budgets:
            found[f"found_{budget}"] = _found(whole, bad, until, bad_until, _many(budget, total))
        return found


def _many(budget: int | float, total: npt.NDArray[np.int64]) -> Floats:
    return np.minimum(budget if budget >= 1 else budget * total, total).astype(np.float64)


def _found(
    whole: np.ndarray, bad: np.ndarray, until: np.ndarray, bad_until: np.ndarray, many: Floats
) -> Floats:
    """Wrong items among the first so many; a part of a tie has its part of the tie's wrong items."""
    rows = np.arange(len(until))
    segment = np.minimum((until < many[:, None]).sum(axis=1), until.shape[1] - 1)
    before = until[rows, segment] - whole[rows, segment]
    bad_before = bad_until[rows, segment] - bad[rows, segment]
    share = (many - before) / np.maximum(whole[rows, segment], 1)
    return np.asarray(bad_before + share * bad[rows, segment])


def calibration_error(probability: Floats, wrong: Bools, counts: Counts | None = None) -> Floats:
    """Expected calibration error over 15 bins of equal numbers of items, bounds as without resampling.

    Parameters
    ----------
    probability : float array, shape (n,)
        Of being wrong, in [0, 1].
    wrong : bool array, shape (n,)
    counts : unsigned int array, shape (r, n), optional
        Resamples; left out: each item once.

    Returns
    -------
    float array, shape (r,)
        Mean over the items of |mean probability - share wrong| of their bin, in [0, 1].

    References
    ----------
    Nixon et al.: Measuring Calibration in Deep Learning (2019), arXiv:1904.01685.
    """
    order = np.argsort(probability, kind="stable")
    bins = min(BINS, len(order))
    starts = np.arange(bins) * len(order) // bins
    drawn = np.ones((1, len(order))) if counts is None else counts[:, order].astype(np.float64)
    gap = np.add.reduceat(drawn * (probability[order] - wrong[order]), starts, axis=1)
    return np.asarray(np.abs(gap).sum(axis=1) / drawn.sum(axis=1))
