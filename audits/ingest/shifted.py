"""Recognise outputs without ids whose rows or columns are shifted by one against the items or the classes."""

from __future__ import annotations

from dataclasses import dataclass

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
    k = outputs.n_classes
    if int(labelled.sum()) < _FEWEST:
        return ""
    as_they_are = _Agreement.of(predicted, given, k)
    moved: dict[str, _Agreement] = {}
    # An inverted model on labels that alternate agrees with none of them, and with all when moved: rows that are
    # shifted agree by chance, no less.
    if abs(as_they_are.share - as_they_are.chance) <= as_they_are.spread:
        moved[
            "each row fits the item after its own: a row is missing at the top, or one too many at the end"
        ] = _Agreement.of(predicted[:-1], given[1:], k)
        moved["each row fits the item before its own: there is one row too many at the top"] = _Agreement.of(
            predicted[1:], given[:-1], k
        )
    # Elsewhere than in dense outputs classes are named; of two classes, a model may simply be wrong.
    if outputs.kind == "dense" and k > 2 and as_they_are.share <= as_they_are.chance + as_they_are.spread:
        for step, says in ((1, "after"), (-1, "before")):
            other = np.where(predicted >= 0, (predicted + step) % k, -1)
            moved[f"each column fits the class {says} its own in the class list"] = _Agreement.of(
                other, given, k
            )
    # more than chance: a model that always says one class agrees with its neighbour as often as that one is given
    certain = {says: m for says, m in moved.items() if m.share >= _AGREES and m.share > m.chance + m.spread}
    if not certain:
        return ""
    says, best = max(certain.items(), key=lambda m: m[1].share)
    return (
        f"the outputs are shifted: the likeliest class is the given label of {as_they_are.share:.0%} of the items, "
        f"but {says} ({best.share:.0%} then)"
    )


@dataclass(frozen=True)
class _Agreement:
    """How often predictions are the given labels, how often they would be by chance, and how far chance reaches."""

    share: float
    chance: float
    spread: float

    @classmethod
    def of(cls, predicted: npt.NDArray[np.integer], given: npt.NDArray[np.integer], k: int) -> _Agreement:
        known = (given >= 0) & (predicted >= 0)
        n = int(known.sum())
        if not n:
            return cls(0.0, 0.0, 0.0)
        share = float((predicted == given)[known].mean())
        # of two independent draws with the shares that each class has among labels and predictions
        chance = (
            float(np.bincount(given[known], minlength=k) @ np.bincount(predicted[known], minlength=k)) / n**2
        )
        return cls(share, chance, _DEVIATIONS * float(np.sqrt(chance * (1 - chance) / n)))
