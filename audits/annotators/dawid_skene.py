"""Dawid and Skene's model: every annotator has a confusion matrix, and the truth is found along with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from audits.annotators.aggregate import Aggregate
from audits.annotators.votes import Floats64, Positions, votes_of
from audits.errors import UsageError
from audits.signals.inputs import Annotations

#: What no probability in the model falls below: an annotator who never confused two classes still may.
_LEAST = 1e-10


@dataclass(frozen=True)
class DawidSkene(Aggregate):
    """The consensus under Dawid and Skene's model, and the model.

    Attributes
    ----------
    priors : float64 array, shape (c,)
        How frequent each class is.
    pair_annotator, pair_label : integer arrays, shape (p,)
        The pairs of an annotator and a label (position in `classes`) that occur.
    errors : float64 array, shape (p, c)
        Probability that the annotator gives the label to an item of each class. Labels that an annotator never gave
        have no row: they are taken to be never given.
    iterations : int
        How often the posterior was worked out.
    converged : bool
        Whether the last iteration gained less than the tolerance.
    """

    priors: Floats64
    pair_annotator: Positions
    pair_label: Positions
    errors: Floats64
    iterations: int
    converged: bool


def dawid_skene(
    annotations: Annotations,
    n_classes: int,
    *,
    iterations: int = 100,
    tolerance: float = 1e-5,
    smoothing: float = 0.0,
) -> DawidSkene:
    """Fit Dawid and Skene's model by expectation maximization, from the shares of the annotators.

    Parameters
    ----------
    annotations : Annotations
    n_classes : int
        K. Classes that nobody gave take no part.
    iterations : int
        The most there are, at least 1.
    tolerance : float
        It stops when an iteration adds less than this to the bound, divided by the number of annotations.
    smoothing : float
        How often each annotator is taken to have given each label to items of each class beforehand, 0 or more.

    Returns
    -------
    DawidSkene

    Raises
    ------
    UsageError
        When `iterations` is below 1 or `smoothing` below 0.
    InputError
        When the annotations are not sound.

    Notes
    -----
    Posteriors, consensus and number of iterations are those of crowd-kit's `DawidSkene`, whose choices these are: no
    probability falls below 1e-10, and the bound that is watched is the evidence lower bound with a class's frequency
    counted once an annotation instead of once an item. It often stops earlier than the likelihood would, which on
    sets with few annotators an item is no loss.

    Without smoothing the posteriors are nearer to 0 and 1 than they should be. Only the pairs of annotator and label
    that occur are held, so the memory is 8 bytes times (items + pairs) times classes, a few times over.

    References
    ----------
    A. P. Dawid, A. M. Skene: Maximum Likelihood Estimation of Observer Error-Rates Using the EM Algorithm (1979),
    doi:10.2307/2346806.
    """
    if iterations < 1:
        raise UsageError(f"iterations: expected at least 1, got {iterations}")
    if not smoothing >= 0:
        raise UsageError(f"smoothing: expected 0 or more, got {smoothing}")
    votes = votes_of(annotations, n_classes)
    matrix, annotator, label = votes.given
    by_pair = matrix.T.tocsr()
    posterior = votes.counts / votes.by_item()[:, None]
    priors, given, errors = _estimated(posterior, by_pair, annotator, smoothing)
    before, done, converged = -np.inf, 0, len(votes) == 0
    while done < iterations and not converged:
        posterior = _likelier(matrix, priors, errors)
        priors, given, errors = _estimated(posterior, by_pair, annotator, smoothing)
        done += 1
        bound = (float((given * (np.log(errors) + _log(priors))).sum()) + _entropy(posterior)) / len(votes)
        converged = bound - before < tolerance
        before = bound
    return DawidSkene(
        "dawid_skene", votes, votes.classes, posterior, priors, annotator, label, errors, done, converged
    )


def _likelier(matrix: sparse.csr_array[Any], priors: Floats64, errors: Floats64) -> Floats64:
    """The posterior of each item under the model; the largest logarithm is taken off before powers are taken."""
    joint = matrix @ np.log(errors) + _log(priors)
    joint -= joint.max(axis=1, keepdims=True)
    np.exp(joint, out=joint)
    joint /= joint.sum(axis=1, keepdims=True)
    return np.asarray(joint)


def _estimated(
    posterior: Floats64, by_pair: sparse.csr_array[Any], annotator: Positions, smoothing: float
) -> tuple[Floats64, Floats64, Floats64]:
    """How frequent the classes are; how often, and with what probability, each annotator gives each label to items of
    each class.
    """
    if not len(posterior):
        return np.empty(0), np.empty((0, 0)), np.empty((0, 0))
    given = np.asarray(by_pair @ posterior)
    smooth = np.maximum(given + smoothing, _LEAST)
    # the pairs are ordered by annotator; labels that he never gave have no row, but weight
    starts = np.flatnonzero(np.r_[True, annotator[1:] != annotator[:-1]])
    sizes = np.diff(np.r_[starts, len(annotator)])
    totals = np.add.reduceat(smooth, starts, axis=0)
    totals += smoothing * (posterior.shape[1] - sizes)[:, None]
    return posterior.mean(axis=0), given, smooth / np.repeat(totals, sizes, axis=0)


def _log(priors: Floats64) -> Floats64:
    return np.asarray(np.log(np.maximum(priors, _LEAST)))


def _entropy(posterior: Floats64) -> float:
    held = np.maximum(posterior, _LEAST)
    return -float((np.log(held) * held).sum())
