"""All ways of combining annotations, by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from audits.annotator_config import Aggregator
from audits.annotators.aggregate import Aggregate
from audits.annotators.crowdkit import by_crowdkit
from audits.annotators.crowdlab import can_use, crowdlab
from audits.annotators.dawid_skene import dawid_skene
from audits.annotators.majority import majority
from audits.annotators.toptwo import toptwo
from audits.annotators.votes import once
from audits.errors import UsageError
from audits.signals.inputs import Annotations

#: Those that look at annotations alone and need no extra.
_ALONE: dict[str, Callable[[Annotations, int], Aggregate]] = {
    "majority": majority,
    "dawid_skene": dawid_skene,
    "toptwo": toptwo,
}


def combine(
    annotations: Annotations,
    n_classes: int,
    method: Aggregator | str = "auto",
    pred_probs: Sequence[npt.NDArray[np.floating]] = (),
) -> Aggregate:
    """Combine annotations by the method of a name; of repeated ones by an annotator on an item the last counts.

    Parameters
    ----------
    annotations : Annotations
    n_classes : int
        K.
    method : str
        auto: crowdlab where there are probabilities and some item has two annotations, dawid_skene elsewhere.
    pred_probs : sequence of float arrays, shape (n, K)
        Of the models that crowdlab takes along, in items order.

    Returns
    -------
    Aggregate
        Its `method` says which one it was.

    Raises
    ------
    UsageError
        When the method is not known, needs an extra that is not installed, or is crowdlab and there is no model.
    InputError
        When the method cannot work on these annotations, or they are not sound.
    """
    kept = once(annotations)
    if method == "auto":
        method = "crowdlab" if pred_probs and can_use(kept) else "dawid_skene"
    if method == "crowdlab":
        return crowdlab(kept, n_classes, pred_probs)
    if method in _ALONE:
        return _ALONE[method](kept, n_classes)
    if method in ("glad", "mace", "wawa", "zero_based_skill", "m_msr"):
        return by_crowdkit(kept, n_classes, method)  # type: ignore[arg-type]
    raise UsageError(f"annotations cannot be combined by {method!r}")
