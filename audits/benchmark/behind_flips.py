"""The items behind a flip: those whose new label moved one model past another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audits.benchmark.truth import Truth
from audits.outputs import Ints


@dataclass(frozen=True)
class Behind:
    """Items whose change of labels moved two models against each other.

    Attributes
    ----------
    rows : intp array, shape (m,)
        The items, those that speak most for the model that is ahead now first, then in items order.
    gain : int array, shape (m,)
        By how many right answers each item moved the model that is ahead now against the one that was: 2, 1, -1
        or -2. Their sum is by how many its lead grew.
    """

    rows: npt.NDArray[np.intp]
    gain: npt.NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.rows)


def behind(before: Truth, after: Truth, was_ahead: Ints, now_ahead: Ints) -> Behind:
    """Find the items behind a flip.

    Parameters
    ----------
    before, after : Truth
        Right classes of n items under both versions. Items that one of them does not score are passed over.
    was_ahead, now_ahead : int32 array, shape (n,)
        What the two models predict.

    Returns
    -------
    Behind
        The flip is of accuracy when the gains outweigh the lead that the other model had; of another metric these are
        still the items on which right and wrong answers changed.
    """
    common = before.scored & after.scored
    lead_after, lead_before = (
        truth.hits(now_ahead).astype(np.int8) - truth.hits(was_ahead).astype(np.int8)
        for truth in (after, before)
    )
    gain = np.where(common, lead_after - lead_before, 0).astype(np.int8)
    rows = np.flatnonzero(gain)
    rows = rows[np.argsort(-gain[rows], kind="stable")]
    return Behind(rows, gain[rows])
