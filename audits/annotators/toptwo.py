"""TopTwo: the two most plausible answers of an item, and how easily they are confused."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, svds

from audits.annotators.aggregate import Aggregate
from audits.annotators.votes import Floats64, Positions, Votes, first_best, votes_of
from audits.errors import InputError
from audits.outputs import Ints
from audits.signals.inputs import Annotations

#: Where reliabilities and the share of the first answer are held, away from the values whose logarithm is infinite.
_RELIABILITY, _SHARE = (0.001, 0.999), (0.501, 0.999)

#: How often the range of a share is halved until it is found.
_HALVINGS = 30

#: With fewer classes there is nothing beside the two answers.
_CLASSES = 3

#: Below so many annotators or items the singular vectors are found in whole.
_FEW = 3


@dataclass(frozen=True)
class TopTwo(Aggregate):
    """The two most plausible answers of each annotated item; the consensus is the first.

    Its posterior is that of the first answer under the second stage's likelihood, all pairs alike beforehand.

    Attributes
    ----------
    first, second : int32 array, shape (m,)
        Class indices, different from each other, by the weighted votes of the second stage. Where nobody gave a
        further class, `second` is the first in class order of the others.
    first_by_rank, second_by_rank : int32 array, shape (m,)
        The same by the first stage alone.
    share : float64 array, shape (m,)
        q as the first stage estimates it and the second weighs votes by: how often those who know the item give the
        first answer and not the second, in [0.501, 0.999].
    confusion : float64 array, shape (m,)
        1 - q, refitted: probability that somebody who knows the item gives the second answer, in [0.001, 0.499].
    reliability : float64 array, shape (w,)
        p: how often an annotator does not guess, in [0.001, 0.999]; NaN without a label.
    """

    first: Ints
    second: Ints
    first_by_rank: Ints
    second_by_rank: Ints
    share: Floats64
    confusion: Floats64
    reliability: Floats64

    @cached_property
    def labels(self) -> Ints:
        """The first answer, shape (m,)."""
        return self.first


def toptwo(annotations: Annotations, n_classes: int) -> TopTwo:
    """Find the two most plausible answers of each item, and how easily they are confused.

    An annotator knows an item with probability p (his own) and then gives the first answer with probability q (the
    item's), else the second; or he guesses among all classes.

    Parameters
    ----------
    annotations : Annotations
        At most one an item and annotator.
    n_classes : int
        K, at least 3. The model's number of choices is that of the classes that somebody gave, and 3 at the least.

    Returns
    -------
    TopTwo

    Raises
    ------
    InputError
        When there are fewer than three classes: with two, a guess cannot be told from the second answer. And when
        the annotations are not sound.

    Notes
    -----
    First stage: for each k but the last the annotations are split into classes up to k and above; the leading left
    singular vectors of these rank-one matrices, averaged, are the reliabilities up to scale, and the projections on
    it rank the classes of an item. Second stage: one pass of weighted votes with the likelihood at these estimates.
    Ties go to the first pair in class order.

    The first stage's q is too sure of itself where an item has more annotations than the others. So the confusion
    probability is fitted once more, to the likelihood of the item's annotations given the pair and the reliabilities:
    on simulations from the model its root mean square error is less by a fifth or more.

    On small sets with many classes it is worse than the shares of the annotators; where items have two plausible
    answers its second one is better than theirs.

    References
    ----------
    H. Jeong, H. W. Chung: Recovering Top-Two Answers and Confusion Probability in Multi-Choice Crowdsourcing (2023).
    """
    if n_classes < _CLASSES:
        raise InputError(
            f"TopTwo needs {_CLASSES} classes or more, or a guess cannot be told from the second answer; "
            f"there are {n_classes}"
        )
    votes = votes_of(annotations, n_classes, least_classes=_CLASSES)
    k, m = len(votes.classes), len(votes.items)
    if not m:
        nobody = np.full(votes.n_annotators, np.nan)
        none, no = np.empty(0, dtype=np.int32), np.empty(0)
        return TopTwo(
            "toptwo", votes, votes.classes, np.empty((0, k)), none, none, none, none, no, no, nobody
        )
    distance = _distances(votes)
    g = first_best(-distance)
    h = _second(-distance, g)
    rows = np.arange(m)
    hits = (votes.label == g[votes.item]) | (votes.label == h[votes.item])
    number = votes.by_annotator()
    among = votes.by_annotator(hits.astype(np.float64))
    among = np.divide(among, number, out=np.full(len(number), np.nan), where=number > 0)
    p = np.clip((among - 2 / k) / (1 - 2 / k), *_RELIABILITY)
    q = np.clip(1 / k - distance[rows, g] / np.linalg.norm(p[number > 0]), *_SHARE)
    odds = (p / (1 - p))[votes.annotator]
    as_first = votes.weighted(np.log(k * q[votes.item] * odds + 1))
    as_second = votes.weighted(np.log(k * (1 - q)[votes.item] * odds + 1))
    first, second = _best_pair(as_first, as_second)
    c = votes.classes
    doubt = _confusion(votes, first, second, p[votes.annotator])
    marginal = _of_first(as_first, as_second)
    return TopTwo("toptwo", votes, c, marginal, c[first], c[second], c[g], c[h], q, doubt, p)


def _distances(votes: Votes) -> Floats64:
    """How far each class is from being the answer of each item, shape (m, c).

    In expectation -|p| times (share of the class among those who know the item - 1 / c).
    """
    shape, k = (votes.n_annotators, len(votes.items)), len(votes.classes)
    filled = len(votes) / (shape[0] * shape[1])
    levels = range(1, k)
    signs = [
        sparse.csr_array(
            (np.where(votes.label >= level, 1.0, -1.0), (votes.annotator, votes.item)), shape=shape
        )
        for level in levels
    ]
    shifts = [filled * (k - 2 * level) / k for level in levels]
    vectors = [_leading(matrix, shift) for matrix, shift in zip(signs, shifts, strict=True)]
    reliability = np.clip(np.mean(vectors, axis=0), 0.0, 1.0)
    edges = np.zeros((shape[1], k + 1))
    for level, matrix, shift in zip(levels, signs, shifts, strict=True):
        edges[:, level] = (matrix.T @ reliability - shift * reliability.sum()) / (2 * filled)
    return np.diff(edges, axis=1)


def _leading(matrix: sparse.csr_array, shift: float) -> Floats64:
    """The leading left singular vector of the matrix less a number in every cell; its sum is not negative."""
    shape = matrix.shape
    if min(shape) < _FEW:
        vector = np.linalg.svd(matrix.toarray() - shift, full_matrices=False)[0][:, 0]
    else:
        # the number stands in every cell, missing ones too, so the matrix itself is never written out
        shifted = LinearOperator(
            shape,
            matvec=lambda x: matrix @ x - shift * x.sum(),
            rmatvec=lambda x: matrix.T @ x - shift * x.sum(),
            dtype=np.float64,
        )
        start = np.random.default_rng(0).uniform(
            0.5, 1.5, size=min(shape)
        )  # the vector does not depend on it
        vector = svds(shifted, k=1, v0=start, return_singular_vectors="u")[0][:, 0]
    return np.asarray(-vector if vector.sum() < 0 else vector)


def _start(size: int) -> Floats64:
    """Where the search for a vector starts: fixed, so that it ends alike each time."""
    return np.random.default_rng(0).uniform(0.5, 1.5, size=size)


def _second(values: Floats64, best: Positions) -> Positions:
    """Column of the largest value beside the best one."""
    others = values.copy()
    others[np.arange(len(values)), best] = -np.inf
    return first_best(others)


def _best_pair(as_first: Floats64, as_second: Floats64) -> tuple[Positions, Positions]:
    """The two columns a, b that differ with the largest as_first[a] + as_second[b]; ties: the first a, then b."""
    rows = np.arange(len(as_first))
    top = first_best(as_second)
    beside = np.repeat(as_second[rows, top][:, None], as_second.shape[1], axis=1)
    beside[rows, top] = as_second[rows, _second(as_second, top)]
    first = first_best(as_first + beside)
    return first, _second(as_second, first)


def _of_first(as_first: Floats64, as_second: Floats64) -> Floats64:
    """Probability of each class to be the first answer, shape (m, c): summed over the second ones, in logarithms."""
    rows = np.arange(len(as_first))
    top = as_second.argmax(axis=1)
    highest = as_second[rows, top]
    weight = np.exp(as_second - highest[:, None])
    others = np.maximum(weight.sum(axis=1, keepdims=True) - weight, np.finfo(float).tiny)
    joint = as_first + highest[:, None] + np.log(others)
    # beside the highest itself the next one leads the sum
    weight = as_second.copy()
    weight[rows, top] = -np.inf
    following = weight.max(axis=1)
    beside = following + np.log(np.exp(weight - following[:, None]).sum(axis=1))
    joint[rows, top] = as_first[rows, top] + beside
    joint -= joint.max(axis=1, keepdims=True)
    np.exp(joint, out=joint)
    return np.asarray(joint / joint.sum(axis=1, keepdims=True))


def _confusion(votes: Votes, first: Positions, second: Positions, reliability: Floats64) -> Floats64:
    """The likeliest probability of the second answer among those who know the item, shape (m,), by bisection.

    The logarithm of the likelihood is concave in the share of the first answer; its slope changes sign once.
    """
    guess = (1 - reliability) / len(votes.classes)
    of_first, of_second = votes.label == first[votes.item], votes.label == second[votes.item]
    low, high = (np.full(len(votes.items), end) for end in _SHARE)
    for _ in range(_HALVINGS):
        share = (low + high) / 2
        q = share[votes.item]
        gain = np.where(of_first, reliability / (reliability * q + guess), 0.0)
        loss = np.where(of_second, reliability / (reliability * (1 - q) + guess), 0.0)
        rising = votes.by_item(gain - loss) > 0
        low, high = np.where(rising, share, low), np.where(rising, high, share)
    return np.asarray(1 - (low + high) / 2)
