"""CROWDLAB: annotators and models vote together, each with the weight that its agreement with the others earns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from audits.annotators.aggregate import Aggregate
from audits.annotators.votes import ROUNDING, Floats64, Votes, votes_of
from audits.errors import InputError, UsageError
from audits.outputs import Ints
from audits.signals.inputs import Annotations

#: What no weight and no error rate falls below.
_LEAST = 1e-6

#: Probabilities of models are read by blocks of about this many numbers.
_BLOCK = 1 << 22


@dataclass(frozen=True)
class Crowdlab(Aggregate):
    """The consensus of annotators and models, and what each of them weighs.

    Attributes
    ----------
    consensus : int32 array, shape (m,)
        The consensus, as a class index: the class that was likeliest when annotators and models were weighed by their
        agreement with the majority. With the weights that follow from it another one can be as likely or likelier.
    annotator_weight : float64 array, shape (w,)
        Weight of an annotation of each annotator, at least 1e-6; NaN without a label.
    model_weight : float64 array, shape (models,)
        Weight of each model's probabilities.
    """

    consensus: Ints
    annotator_weight: Floats64
    model_weight: Floats64

    @cached_property
    def labels(self) -> Ints:
        """The consensus as a class index, shape (m,)."""
        return self.consensus


def can_use(annotations: Annotations) -> bool:
    """Whether some item has two annotations, without which annotators cannot be weighed against each other."""
    return len(annotations.rows) > 0 and int(np.bincount(annotations.rows).max()) > 1


def crowdlab(
    annotations: Annotations, n_classes: int, pred_probs: Sequence[npt.NDArray[np.floating]]
) -> Crowdlab:
    """Combine annotations with the probabilities of one or several models.

    Parameters
    ----------
    annotations : Annotations
        At most one an item and annotator.
    n_classes : int
        K, at least 2.
    pred_probs : sequence of float arrays, shape (n, K)
        Of at least one model, out of sample, in items order.

    Returns
    -------
    Crowdlab

    Raises
    ------
    UsageError
        When there is no model, or the arrays do not have K columns and a row for each annotated item.
    InputError
        When no item has two annotations, or the annotations are not sound.

    Notes
    -----
    The numbers are those of cleanlab's `get_label_quality_multiannotator`, and with several models of
    `get_label_quality_multiannotator_ensemble`, on the items that have annotations. Those functions take a dense
    table of items and annotators and go through it annotator by annotator, or class by class and item by item;
    here the work is in proportion to the annotations, and to items times classes.

    Where the most frequent labels of an item tie, the one with the highest mean probability of the models counts,
    then the one that is rarer among all annotations, then that of the annotators who agree more with the majority
    elsewhere, then the first in class order, where cleanlab draws one.

    References
    ----------
    H. W. Goh, U. Tkachenko, J. Mueller: CROWDLAB: Supervised Learning to Infer Consensus Labels and Quality Scores
    for Data with Multiple Annotators (2022), arXiv:2210.06812.
    """
    votes = votes_of(annotations, n_classes)
    if not pred_probs:
        raise UsageError("crowdlab: expected the probabilities of at least one model, got none")
    least = int(votes.items[-1]) + 1 if len(votes.items) else 0
    for probs in pred_probs:
        if probs.ndim != 2 or probs.shape[1] != n_classes or len(probs) < least or n_classes < 2:
            raise UsageError(
                f"crowdlab: expected probabilities of at least {least} items and {n_classes} classes (2 or more), "
                f"got the shape {probs.shape}"
            )
    number = votes.by_item()
    if not (number > 1).any():
        raise InputError(
            f"crowdlab needs an item with two annotations; each of the {len(number)} annotated items has one"
        )
    crowd = _Crowd(votes, number, pred_probs, n_classes)
    weights = crowd.weights(crowd.majority)
    likelier = crowd.posterior(*weights)
    # where the posterior is even between classes the majority decides
    labels = likelier.argmax(axis=1).astype(np.int32)
    even = (likelier == likelier.max(axis=1, keepdims=True)).sum(axis=1) > 1
    labels[even] = crowd.majority[even]
    weights = crowd.weights(labels)
    seen = votes.by_annotator() > 0
    return Crowdlab(
        "crowdlab",
        votes,
        np.arange(n_classes, dtype=np.int32),
        crowd.posterior(*weights),
        labels,
        np.where(seen, weights[0], np.nan),
        weights[1],
    )


class _Crowd:
    """What the steps of CROWDLAB share.

    Parameters
    ----------
    votes : Votes
    number : float64 array, shape (m,)
        Annotations an item.
    pred_probs : sequence of float arrays, shape (n, K)
    n_classes : int
    """

    def __init__(
        self, votes: Votes, number: Floats64, pred_probs: Sequence[npt.NDArray[np.floating]], n_classes: int
    ) -> None:
        self.votes, self.number, self.pred_probs, self.n_classes = votes, number, pred_probs, n_classes
        self.several = number > 1
        self.predicted = [
            np.concatenate([np.asarray(p[rows]).argmax(axis=1) for rows in self._blocks()])
            for p in pred_probs
        ]
        # of these the others agree with the annotator, of so many others
        agreeing = votes.counts[votes.item, votes.label] - 1
        others = number[votes.item] - 1
        agreed, met = votes.by_annotator(agreeing), votes.by_annotator(others)
        agreement = np.divide(agreed, met, out=np.full(len(met), np.nan), where=met > 0)
        # an annotator who shares no item with another one is taken to be as good as they are on average
        self.agreement = np.where(met > 0, agreement, np.mean(agreement[met > 0]))

    @cached_property
    def majority(self) -> Ints:
        """The most frequent label of each item, as a class index, shape (m,)."""
        votes = self.votes
        counts = votes.counts
        open_ = counts == counts.max(axis=1, keepdims=True)
        tied = np.flatnonzero(open_.sum(axis=1) > 1)
        clear = open_.sum(axis=1) == 1
        if len(tied):
            rows = votes.items[tied]
            shown = sum(np.asarray(p[rows], dtype=np.float64)[:, votes.classes] for p in self.pred_probs)
            among = _narrowed(open_[tied], np.asarray(shown))
            among = _narrowed(among, -np.broadcast_to(counts.sum(axis=0), among.shape))
            among = _narrowed(among, self._standing(open_.argmax(axis=1), clear)[tied])
            open_[tied] = among
        return np.asarray(votes.classes[open_.argmax(axis=1)], dtype=np.int32)

    def _standing(self, label: npt.NDArray[np.intp], clear: npt.NDArray[np.bool_]) -> Floats64:
        """How often those who gave an item a class are with the majority where there is a clear one, on average."""
        votes = self.votes
        counted = clear[votes.item]
        right = votes.by_annotator((counted & (votes.label == label[votes.item])).astype(np.float64))
        asked = votes.by_annotator(counted.astype(np.float64))
        share = np.divide(right, asked, out=np.full(len(asked), np.nan), where=asked > 0)
        share = np.where(asked > 0, share, np.mean(share[asked > 0]) if (asked > 0).any() else 0.0)
        total = votes.weighted(share[votes.annotator])
        return np.divide(total, votes.counts, out=np.zeros_like(total), where=votes.counts > 0)

    def weights(self, labels: npt.NDArray[np.integer]) -> tuple[Floats64, Floats64, float]:
        """What annotators and models weigh, and how likely an annotator gives the consensus."""
        votes, several = self.votes, self.several
        hit = votes.by_item((votes.classes[votes.label] == labels[votes.item]).astype(np.float64))
        likely = float(np.mean((hit / self.number)[several]))
        compared = labels[several]
        # the error rate of always giving the most frequent class
        chance = max(float(np.mean(compared != np.bincount(compared).argmax())), _LEAST)
        annotators = np.maximum(1 - (1 - self.agreement) / chance, _LEAST)
        errors = np.array([np.mean(p[several] != compared) for p in self.predicted])
        models = np.maximum(1 - errors / chance, _LEAST) * np.sqrt(np.mean(self.number))
        return annotators, models, likely

    def posterior(self, annotators: Floats64, models: Floats64, likely: float) -> Floats64:
        """The weighted mean of what annotators and models say of each item, shape (m, K)."""
        votes = self.votes
        unlikely = (1 - likely) / (self.n_classes - 1)
        weight = annotators[votes.annotator]
        whole = votes.by_item(weight)
        out = np.empty((len(votes.items), self.n_classes))
        first = 0
        for rows in self._blocks():
            block = out[first : first + len(rows)]
            block[:] = sum(
                w * np.asarray(p[rows], dtype=np.float64)
                for w, p in zip(models, self.pred_probs, strict=True)
            )
            block += unlikely * whole[first : first + len(rows), None]
            first += len(rows)
        out[:, votes.classes] += (likely - unlikely) * votes.weighted(weight)
        out /= (models.sum() + whole)[:, None]
        return out

    def _blocks(self) -> list[Ints]:
        """The rows of the annotated items in parts."""
        size = max(1, _BLOCK // self.n_classes)
        return [self.votes.items[i : i + size] for i in range(0, len(self.votes.items), size)]


def _narrowed(among: npt.NDArray[np.bool_], values: npt.NDArray[np.floating]) -> npt.NDArray[np.bool_]:
    """Of the classes still open in each row those with the largest value."""
    held = np.where(among, values, -np.inf)
    return np.asarray(among & (held >= held.max(axis=1, keepdims=True) - ROUNDING))
