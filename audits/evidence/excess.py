"""Given labels that no model supports, where there are more of them than the models lead one to expect."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from audits.evidence.model_weights import copies_of
from audits.outputs import ModelOutputs

Floats64 = npt.NDArray[np.float64]

_BLOCK = 1_000

#: Supports are put into these bins, two to a factor of ten; a bin with fewer expected labels says nothing.
_EDGES = 10.0 ** np.arange(-6.0, 0.0, 0.5)
_LEAST_EXPECTED = 20.0
#: An excess of so many of the labels that are there may come from what models get wrong.
_NO_MATTER = 0.2


def unsupported(
    outputs: Sequence[ModelOutputs],
    weights: Floats64,
    mean_given: Floats64,
    sampled: npt.NDArray[np.intp] | None = None,
) -> Floats64:
    """Find out for each given label whether labels with as little support are more frequent than expected.

    Parameters
    ----------
    outputs : sequence of ModelOutputs
        At least one, any kind, n items.
    weights : float array, shape (m,)
        Of the models; sum 1.
    mean_given : float array, shape (n,)
        Weighted mean probability of the given label, in [0, 1].
    sampled : int array, optional
        Items that what the models expect is worked out on; left out, all.

    Returns
    -------
    float array, shape (n,)
        In [0, 1], higher is worse, and never higher for a label with more support. Where O labels have the support t
        or less, and the models expect E, it is sqrt(1 - E / O) of the largest such share over all supports that are
        t or more, less a fifth that may come from what models get wrong; O and E each moved by a standard deviation to
        the side of no excess. 0 where there is none, and where no model gave an answer.

    Notes
    -----
    Were the models calibrated and the labels right, the labels with support t or less would be as many as the
    models' probabilities of t or less sum to. Labels that were mixed up, or typed wrongly, pile up where no model
    finds any support; labels that people confused do not, and on such data this says nothing. Of models that give
    labels alone, the expected share of labels that none predicts is the share of predictions that one model is alone
    with (Good: The population frequencies of species and the estimation of population parameters, 1953,
    doi:10.1093/biomet/40.3-4.237).
    """
    answered = np.any([o.predicted() >= 0 for o in outputs], axis=0)
    out = np.zeros(len(mean_given))
    n = int(answered.sum())
    rows = np.flatnonzero(answered) if sampled is None else sampled[answered[sampled]]
    if not len(rows):
        return out
    unseen = 0.0 if any(o.kind != "labels" for o in outputs) else _alone(outputs, rows)
    n_classes = outputs[0].n_classes
    given = mean_given * (1 - unseen) + unseen / n_classes
    order = np.flatnonzero(answered)[np.argsort(given[answered], kind="stable")]
    supports = given[order]
    observed = np.searchsorted(supports, supports, side="right").astype(np.float64)
    expected = np.zeros(n)
    for start in range(0, len(rows), _BLOCK):
        block = _mean_probs([o.take(rows[start : start + _BLOCK]) for o in outputs], weights)
        flat = np.sort((block * (1 - unseen) + unseen / n_classes).ravel())
        upto = np.concatenate([[0.0], np.cumsum(flat, dtype=np.float64)])
        # float32 sums and float64 ones of equal numbers differ in the last bits
        expected += upto[np.searchsorted(flat, supports * (1 + 1e-6), side="right")]
    expected *= n / len(rows)
    expected = _calibrated(supports, expected)
    least = np.maximum(observed - np.sqrt(observed), 0.0)
    most = expected + np.sqrt(expected) + 1.0
    share = np.clip(1.0 - most / np.maximum(least, 1e-9), 0.0, 1.0)
    most_share = np.maximum.accumulate(share[::-1])[::-1]
    out[order] = np.sqrt(np.clip((most_share - _NO_MATTER) / (1.0 - _NO_MATTER), 0.0, 1.0))
    return out


def _calibrated(supports: Floats64, expected: Floats64) -> Floats64:
    """Expected numbers of labels up to each support, where models expect more than there are at larger supports.

    Models are not calibrated, above all where probabilities are small. Mistakes of models grow rarer with the support
    that the right label has; so the share of the expected labels that are there may only fall towards small supports,
    and the least share among all larger supports, at most 1, is what is to be expected of smaller ones.
    """
    bins = np.digitize(supports, _EDGES)
    steps = np.diff(expected, prepend=0.0)
    there = np.bincount(bins, minlength=len(_EDGES) + 1)
    awaited = np.bincount(bins, steps, minlength=len(_EDGES) + 1)
    share = np.where(awaited >= _LEAST_EXPECTED, there / np.maximum(awaited, 1e-9), 1.0)
    # the least of the larger supports, not of its own
    allowed = np.append(np.minimum.accumulate(share[::-1])[::-1][1:], 1.0)
    return np.asarray(np.cumsum(steps * np.minimum(allowed, 1.0)[bins]), dtype=np.float64)


def _alone(outputs: Sequence[ModelOutputs], rows: npt.NDArray[np.intp]) -> float:
    """Share of the predictions that no other model makes of the same item."""
    said = [o.predicted()[rows] for o in outputs]
    predicted = np.stack([said[i] for i in np.unique(copies_of(said))], axis=1)  # a copy says nothing twice
    counts = np.stack(
        [(predicted == predicted[:, [j]]).sum(axis=1) for j in range(predicted.shape[1])], axis=1
    )
    return float(((counts == 1) & (predicted >= 0)).sum() / max((predicted >= 0).sum(), 1))


def _mean_probs(outputs: list[ModelOutputs], weights: Floats64) -> npt.NDArray[np.float32]:
    """Weighted mean probability of each class, shape (b, K); what a top-k row leaves over is spread evenly."""
    mean = np.zeros((len(outputs[0]), outputs[0].n_classes), dtype=np.float32)
    total = np.zeros(len(outputs[0]))
    for o, w in zip(outputs, weights, strict=True):
        if o.pred_probs is not None:
            mean += np.float32(w) * np.clip(o.pred_probs, 0.0, 1.0).astype(np.float32)
        elif o.top_k_labels is not None and o.top_k_probs is not None:
            k = o.top_k_labels.shape[1]
            probs = np.asarray(o.top_k_probs, dtype=np.float64)
            rest = np.clip(1.0 - probs.sum(axis=1), 0.0, None) / max(o.n_classes - k, 1)
            # as in `ModelOutputs.probability_of`: a class outside is never likelier than one inside
            spread = np.repeat(np.minimum(rest, probs.min(axis=1))[:, None], o.n_classes, axis=1)
            np.put_along_axis(spread, np.asarray(o.top_k_labels, dtype=np.int64), probs, axis=1)
            mean += (w * spread).astype(np.float32)
        else:
            answered = np.flatnonzero(o.predicted() >= 0)
            mean[answered, o.predicted()[answered]] += np.float32(w)
        total += w * (o.predicted() >= 0)
    return mean / np.maximum(total, 1e-9).astype(np.float32)[:, None]
