"""Recognise outputs without ids whose rows or columns are shifted by one against the items or the classes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from audits.outputs import Ints, ModelOutputs

#: With fewer labelled items, agreement is too much a matter of luck.
_FEWEST = 20

#: How much of the given labels shifted outputs must agree with to be called so.
_AGREES = 0.5

#: How many standard deviations of chance the outputs as they are may agree more than chance.
_DEVIATIONS = 4.0


def shifted(outputs: ModelOutputs, given: Ints) -> str:
    """Say that outputs fit the given labels only when moved by one row or one class; empty when they do not.

    Parameters
    ----------
    outputs : ModelOutputs, n rows
    given : int32 array, shape (n,)
        Given labels as class indices, -1 where there is none.

    Returns
    -------
    str
        What is wrong, in words; empty unless it is certain: as they are the outputs agree with the labels no
        more than by chance, moved they agree with most of them.
    """
    predicted = np.asarray(outputs.predicted())
    labelled = (given >= 0) & (predicted >= 0)
    n, k = int(labelled.sum()), outputs.n_classes
    if n < _FEWEST:
        return ""
    chance = (
        float(np.bincount(given[labelled], minlength=k) @ np.bincount(predicted[labelled], minlength=k))
        / n**2
    )
    as_they_are = _agreement(predicted, given)
    if as_they_are > chance + _DEVIATIONS * np.sqrt(chance * (1 - chance) / n):
        return ""
    moved = {
        "each row fits the item after its own: a row is missing at the top, or one too many at the end": _agreement(
            predicted[:-1], given[1:]
        ),
        "each row fits the item before its own: there is one row too many at the top": _agreement(
            predicted[1:], given[:-1]
        ),
    }
    if outputs.kind == "dense":  # elsewhere classes are named, by whatever name
        moved["each column fits the class after its own in the class list"] = _agreement(
            np.where(predicted >= 0, (predicted + 1) % k, -1), given
        )
        moved["each column fits the class before its own in the class list"] = _agreement(
            np.where(predicted >= 0, (predicted - 1) % k, -1), given
        )
    says, agrees = max(moved.items(), key=lambda m: m[1])
    if agrees < max(_AGREES, 2 * chance):
        return ""
    return (
        f"the outputs are shifted: the likeliest class is the given label of {as_they_are:.0%} of the items, "
        f"but {says} ({agrees:.0%} then)"
    )


def _agreement(predicted: npt.NDArray[np.integer], given: Ints) -> float:
    known = (given >= 0) & (predicted >= 0)
    return float((predicted == given)[known].mean()) if known.any() else 0.0
