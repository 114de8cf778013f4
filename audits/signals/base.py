"""What every detector gives: one score and flag an item, in the schema `contracts.SIGNALS`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from audits import contracts
from audits.outputs import Ints

Floats64 = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def signal_table(
    item_ids: pa.Array,
    signal: str,
    model: str | None,
    *,
    score: Floats64,
    flagged_in_order: npt.NDArray[np.integer],
    suggested: Ints,
    n_agree: Ints | None = None,
    n_models: int | Ints = 1,
    p_given: Floats64 | None = None,
    p_suggested: Floats64 | None = None,
    reasons: Sequence[str | None] | None = None,
) -> pa.Table:
    """Assemble one detector's table.

    Parameters
    ----------
    item_ids : pyarrow string array, length n
    signal : str
        Name of the detector.
    model : str or None
        The model it looked at; None when it looked at all.
    score : float array, shape (n,)
        In [0, 1], lower is worse.
    flagged_in_order : integer array
        Rows of the flagged items, worst first.
    suggested : int32 array, shape (n,)
        Class index other than the given label that the detector would put in its place; -1 for none.
    n_agree : int32 array, shape (n,), optional
        How many of them give the suggested class.
    n_models : int, or int32 array, shape (n,)
        How many models, or annotators of each item, there are.
    p_given, p_suggested : float arrays, shape (n,), optional
        Mean probability given to the given label and to the suggested class; NaN becomes null.
    reasons : sequence of str or None, length n, optional
        Why, in words that follow the name of the item; None where there is nothing to say.

    Returns
    -------
    pyarrow.Table
        n rows in the schema `contracts.SIGNALS`.
    """
    n = len(item_ids)
    rank = np.zeros(n, dtype=np.int32)
    rank[flagged_in_order] = np.arange(1, len(flagged_in_order) + 1)
    nothing = pa.nulls(n, pa.float64())
    return pa.Table.from_arrays(
        [
            item_ids,
            pa.array([signal] * n, pa.string()),
            pa.array([model] * n, pa.string()),
            pa.array(score, pa.float64()),
            pa.array(rank > 0),
            pa.array(rank, pa.int32(), mask=rank == 0),
            pa.array(suggested, pa.int32(), mask=suggested < 0),
            pa.nulls(n, pa.int32()) if n_agree is None else pa.array(n_agree, pa.int32(), mask=suggested < 0),
            pa.array(np.broadcast_to(np.asarray(n_models, dtype=np.int32), n)),
            nothing if p_given is None else pa.array(p_given, pa.float64(), from_pandas=True),
            nothing if p_suggested is None else pa.array(p_suggested, pa.float64(), mask=suggested < 0),
            pa.nulls(n, pa.string()) if reasons is None else pa.array(reasons, pa.string()),
        ],
        schema=contracts.SIGNALS,
    )


def likeliest_other(pred_probs: npt.NDArray[np.floating], labels: Ints) -> tuple[Ints, Floats64, Floats64]:
    """Find the likeliest class other than the given label.

    Parameters
    ----------
    pred_probs : float array, shape (n, K)
    labels : int32 array, shape (n,)

    Returns
    -------
    other : int32 array, shape (n,)
        Class index; of equal probabilities the first in column order.
    p_other, p_given : float arrays, shape (n,)
        Probabilities of that class and of the given label.
    """
    rows = np.arange(len(labels))
    p_given = np.asarray(pred_probs[rows, labels], dtype=np.float64)
    masked = np.array(pred_probs, copy=True)
    masked[rows, labels] = -np.inf
    other = masked.argmax(axis=1).astype(np.int32)
    return other, np.asarray(masked[rows, other], dtype=np.float64), p_given


def agreement_vote(shares: Floats64, min_share: float) -> Bools:
    """Whether a share reaches the least share asked for, with room for the rounding of divisions."""
    return shares >= min_share - 1e-9
