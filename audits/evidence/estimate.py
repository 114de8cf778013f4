"""The probability that each given label is wrong: from signals alone, or learned from verdicts as well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from audits.errors import UsageError
from audits.evidence.combination import Combination, combine, sample_of
from audits.evidence.features import features
from audits.evidence.learned import Anchors, learn
from audits.evidence.logistic import sigmoid
from audits.outputs import Ints
from audits.signals.inputs import Inputs

Floats64 = npt.NDArray[np.float64]

#: With fewer verdicts, or fewer of either kind, nothing is learned from them.
LEAST_VERDICTS, LEAST_OF_A_KIND = 50, 5
#: A verdict counts at the most so many times as much as the middle one, however unlikely its item was to be drawn.
WEIGHT_LIMIT = 3.0
#: So many items, less those that people looked at, keep what is learned near the evidence without verdicts where no
#: verdicts are on items drawn at random.
ANCHORS = 500


@dataclass(frozen=True)
class Reviewed:
    """What people found.

    Parameters
    ----------
    rows : int array, shape (r,)
        The reviewed items, each once.
    wrong : bool array, shape (r,)
        Whether they found the given label wrong.
    inclusion : float array, shape (r,)
        Probability in (0, 1] with which each item was drawn for review.
    """

    rows: npt.NDArray[np.integer]
    wrong: npt.NDArray[np.bool_]
    inclusion: Floats64

    def __post_init__(self) -> None:
        if not len(self.rows) == len(self.wrong) == len(self.inclusion):
            raise UsageError(
                f"reviewed: {len(self.rows)} rows, {len(self.wrong)} findings and {len(self.inclusion)} probabilities"
            )
        if len(np.unique(self.rows)) < len(self.rows):
            raise UsageError("reviewed: an item is there more than once")
        if len(self.rows) and not (np.min(self.inclusion) > 0 and np.max(self.inclusion) <= 1):
            raise UsageError("reviewed: expected probabilities of inclusion above 0 and at most 1")

    @property
    def enough(self) -> bool:
        """Whether there is enough to learn from."""
        wrong = int(self.wrong.sum())
        return len(self.rows) >= LEAST_VERDICTS and min(wrong, len(self.rows) - wrong) >= LEAST_OF_A_KIND


@dataclass(frozen=True)
class Evidence:
    """What is known of each item, arrays of shape (n,).

    Attributes
    ----------
    probability : float array
        In [0, 1], higher is worse. Learned: calibrated on the verdicts; else it only orders.
    held_out : float array
        The same, of a reviewed item from a model that did not see its own verdict.
    suggested : int32 array
        The class that the models put in the label's place; -1 for none.
    parts : mapping of str to float array
        What each source adds to the log odds.
    verdicts : int
        How many were learned from; 0: none.
    decided : bool array, shape (n,), or None
        Items whose verdicts were learned from; None where there are none.
    drawn : bool
        Whether some of the verdicts are on items that were drawn at random from those without a flag. Without, nothing
        is known of these but what the signals say.
    """

    probability: Floats64
    held_out: Floats64
    suggested: Ints
    parts: Mapping[str, Floats64]
    verdicts: int = 0
    decided: npt.NDArray[np.bool_] | None = None
    drawn: bool = False


def without_verdicts(inputs: Inputs, signals: pa.Table) -> Evidence:
    """Combine models and signals with stated weights: see `combination`.

    Parameters
    ----------
    inputs : Inputs
        n items with all their models.
    signals : pyarrow.Table
        In the schema `contracts.SIGNALS`: blocks of n rows in items order; may be empty.
    """
    found = combine(inputs, signals)
    p = sigmoid(found.log_odds)
    other = np.full(len(inputs), -1, dtype=np.int32) if found.support is None else found.support.other
    return Evidence(p, p, other, found.parts)


def with_verdicts(
    inputs: Inputs,
    signals: pa.Table,
    reviewed: Reviewed,
    seed: int = 0,
    combination: Combination | None = None,
) -> Evidence:
    """Learn from verdicts what the signals are worth, and apply it to all items.

    Parameters
    ----------
    inputs, signals
        As `without_verdicts`.
    reviewed : Reviewed
    seed : int
        Of the folds of the cross-validation.
    combination : Combination, optional
        `combine(inputs, signals)`, where it is known already.

    Returns
    -------
    Evidence
        With too few verdicts, that of `without_verdicts`.

    Notes
    -----
    A queue that is reviewed from the top holds items that are alike. Verdicts count by the inverse of the probability
    with which their items were drawn, at the most `WEIGHT_LIMIT` times as much as the middle one; and the model is
    drawn towards the evidence without verdicts, by its prior, and by `Anchors` where no verdicts are on items drawn at
    random: it holds where no verdict says otherwise.
    """
    if not reviewed.enough:
        return without_verdicts(inputs, signals)
    found = combine(inputs, signals) if combination is None else combination
    # in items order, so that the folds do not depend on the order of the verdicts
    order = np.argsort(reviewed.rows)
    rows, wrong = np.asarray(reviewed.rows, dtype=np.intp)[order], reviewed.wrong[order]
    inverse = 1.0 / reviewed.inclusion[order]
    weights = np.minimum(inverse, WEIGHT_LIMIT * np.median(inverse))
    drawn = int((reviewed.inclusion < 1).sum()) >= LEAST_OF_A_KIND
    others = np.setdiff1d(sample_of(inputs.item_ids, ANCHORS), rows)
    learned = learn(
        found.parts,
        features(inputs, signals, found),
        rows,
        wrong,
        weights / weights.mean(),
        # verdicts on items that were drawn at random say what is to be said of the others
        None if drawn else Anchors(others, sigmoid(found.log_odds[others])),
        seed,
    )
    probability = sigmoid(learned.log_odds)
    held_out = probability.copy()
    held_out[rows] = sigmoid(learned.held_out)
    other = np.full(len(inputs), -1, dtype=np.int32) if found.support is None else found.support.other
    decided = np.zeros(len(inputs), dtype=bool)
    decided[rows] = True
    return Evidence(probability, held_out, other, learned.parts, len(rows), decided, drawn)
