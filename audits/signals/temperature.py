"""Temperature scaling of dense probabilities: each item by a temperature that was fitted without it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from audits.audit_config import Calibration
from audits.errors import AuditError
from audits.outputs import Floats, Ints, ModelOutputs, row_blocks
from audits.signals.base import Floats64

#: Parts that the items are split into.
FOLDS = 5

#: Temperatures that are tried lie between these.
LEAST, MOST = 0.1, 10.0

#: A temperature is one number: more items than this would not tell it better.
_MOST_ITEMS = 20_000
_MOST_NUMBERS = 10_000_000

#: The share of wrong labels that a fit may assume. Never 0: a label of probability 0 would cost infinitely much.
_LEAST_NOISE, _MOST_NOISE = 1e-6, 0.5


@dataclass(frozen=True)
class Temperature:
    """What a fit comes to.

    Attributes
    ----------
    value : float
        T, in [0.1, 10]: above 1 the model is too sure of itself, below 1 not sure enough. To three decimals.
    noise : float
        Share of the labels that the fit takes as drawn at random, in [1e-6, 0.5].
    """

    value: float
    noise: float


def calibrated(item_ids: pa.Array, labels: Ints, outputs: ModelOutputs, how: Calibration) -> ModelOutputs:
    """Calibrate one model's dense probabilities on held-out folds.

    Parameters
    ----------
    item_ids : pyarrow string array, length n
    labels : int32 array, shape (n,)
        Given labels as class indices.
    outputs : ModelOutputs
        With `pred_probs` of shape (n, K).
    how : {"none", "temperature"}

    Returns
    -------
    ModelOutputs
        none: `outputs` itself. temperature: softmax(log p / T) in the dtype of the probabilities, T being fitted by
        `fit_temperature` to the items of the other folds (`fold_of`). The predicted class of every item is as
        before, and a probability of 0 stays 0.

    Raises
    ------
    AuditError
        When the outputs are not dense, or a row has no probability above 0.

    Notes
    -----
    At most 20,000 items enter a fit, fewer from 500 classes on: those with the smallest hashes. The probabilities
    are read and written by blocks of rows; the result is in memory.

    References
    ----------
    Guo, Pleiss, Sun and Weinberger: On Calibration of Modern Neural Networks (2017), arXiv:1706.04599.
    """
    if how == "none":
        return outputs
    probs = outputs.pred_probs
    if probs is None:
        raise AuditError(
            f"temperature scaling needs dense outputs; model {outputs.model!r} has {outputs.kind}"
        )
    keys = _hashes(item_ids)
    fold = _folds(keys, labels, FOLDS)
    most = max(1, min(_MOST_ITEMS, _MOST_NUMBERS // probs.shape[1]))
    # in the order of the hashes, so that sums come out alike to the last bit in whatever order the items are
    by_hash = np.argsort(keys, kind="stable")
    temperatures = np.ones(FOLDS)
    for f in np.unique(fold):
        rows = by_hash[fold[by_hash] != f][:most]
        temperatures[f] = fit_temperature(_taken(probs, rows), labels[rows]).value
    scaled = scale(probs, temperatures[fold])
    return ModelOutputs(outputs.model, "dense", outputs.n_classes, pred_probs=scaled)


def fold_of(item_ids: pa.Array, labels: Ints, folds: int = FOLDS) -> Ints:
    """Split items into folds by a hash of their ids, each given class evenly.

    Parameters
    ----------
    item_ids : pyarrow string array, length n
        Distinct.
    labels : int32 array, shape (n,)
    folds : int

    Returns
    -------
    int32 array, shape (n,)
        In [0, folds). The items of a class are dealt out in the order of their hashes, beginning at a fold that
        their smallest hash says; the order of the items and the numbering of the classes do not matter.
    """
    return _folds(_hashes(item_ids), labels, folds)


def fit_temperature(pred_probs: Floats, labels: Ints) -> Temperature:
    """Fit the temperature at which probabilities explain labels best, some of the labels being wrong.

    Parameters
    ----------
    pred_probs : float array, shape (n, K)
    labels : int32 array, shape (n,)

    Returns
    -------
    Temperature
        Minimizes the sum over items of -log((1 - e) q + e / K) plus (log T)^2 / 2, over T and the share e of labels
        that are drawn at random; q is the probability of the label at T. Without items T is 1.

    Raises
    ------
    AuditError
        When a row has no probability above 0.

    Notes
    -----
    The plain negative log-likelihood pays without bound for every wrong label, and so makes a model look too sure of
    itself by as much as labels are wrong; e takes that up. The last term, a normal prior of log T, matters with
    a few items alone: it keeps T from the bounds where all labels are predicted.

    References
    ----------
    Guo et al. (2017), as `calibrated`. The symmetric channel: Patrini, Rozza, Menon, Nock and Qu: Making Deep Neural
    Networks Robust to Label Noise: a Loss Correction Approach (2017), arXiv:1609.03683.
    """
    from scipy.optimize import minimize_scalar

    logs, k = _logs(np.asarray(pred_probs)), pred_probs.shape[1]
    rows = np.arange(len(labels))

    def of_label(log_t: float) -> Floats64:
        parts, at = [], 0
        for block in row_blocks(logs):
            z = block / np.exp(log_t)
            end = at + len(block)
            parts.append(np.exp(z[rows[: len(block)], labels[at:end]]) / np.exp(z).sum(axis=1))
            at = end
        return np.concatenate(parts) if parts else np.empty(0)

    def cost(log_t: float) -> float:
        q = of_label(log_t)
        e = _likeliest_noise(q, k)
        return float(-np.log((1 - e) * q + e / k).sum() + log_t**2 / 2)

    grid = np.linspace(np.log(LEAST), np.log(MOST), 15)
    # there may be several minima: one at which labels are wrong, one at which the model is too sure
    best = int(np.argmin([cost(t) for t in grid]))
    bounds = (grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)])
    found = minimize_scalar(cost, bounds=bounds, method="bounded", options={"xatol": 1e-5})
    # rounded, so that the last bits of sums, which depend on the order of the classes, do not show
    value = round(float(np.exp(found.x)), 3)
    return Temperature(value, _likeliest_noise(of_label(float(np.log(value))), k))


def scale(pred_probs: Floats, temperatures: Floats64) -> Floats:
    """Take probabilities to the power 1 / T and make the rows sum to 1 again.

    Parameters
    ----------
    pred_probs : float array, shape (n, K)
    temperatures : float array, shape (n,)
        Above 0, one an item.

    Returns
    -------
    float array, shape (n, K)
        In [0, 1] and the dtype of `pred_probs`; the first largest value of a row stays where it was.

    Raises
    ------
    AuditError
        When a row has no probability above 0.
    """
    scaled, at = np.empty(pred_probs.shape, dtype=pred_probs.dtype), 0
    for block in row_blocks(pred_probs):
        end = at + len(block)
        part = np.exp(_logs(np.asarray(block)) / temperatures[at:end, None])
        part /= part.sum(axis=1, keepdims=True)
        scaled[at:end] = part
        _keep_first_largest(np.asarray(block), scaled[at:end])
        at = end
    return scaled


def _keep_first_largest(before: Floats, after: Floats) -> None:
    """Where rounding made two classes equal that were not, lift the one that was first by the last bit."""
    best = before.argmax(axis=1)
    rows = np.flatnonzero(after.argmax(axis=1) != best)
    after[rows, best[rows]] = np.nextafter(after[rows].max(axis=1), after.dtype.type(1))


def _likeliest_noise(q: Floats64, k: int) -> float:
    """The e that maximizes the sum of log((1 - e) q + e / k), which is concave in e."""
    low, high = _LEAST_NOISE, _MOST_NOISE
    for _ in range(40):
        e = (low + high) / 2
        rising = float(((1 / k - q) / ((1 - e) * q + e / k)).sum()) > 0
        low, high = (e, high) if rising else (low, e)
    return (low + high) / 2


def _logs(probs: Floats) -> Floats64:
    """Logarithms of p less the largest of its row, minus infinity where p is 0."""
    p = probs.astype(np.float64)
    largest = p.max(axis=1, keepdims=True, initial=0.0)
    if lacking := int((largest <= 0).sum()):
        first = int(np.flatnonzero(largest[:, 0] <= 0)[0])
        raise AuditError(f"{lacking} rows have no probability above 0, the first of them row {first}")
    p /= largest
    return np.log(p, out=np.full(p.shape, -np.inf), where=p > 0)


def _taken(probs: Floats, rows: npt.NDArray[np.intp]) -> Floats:
    """Some rows in the order given, a memory map being read from front to back."""
    order = np.argsort(rows)
    found = np.empty((len(rows), probs.shape[1]), dtype=probs.dtype)
    found[order] = probs[rows[order]]
    return found


def _hashes(item_ids: pa.Array) -> npt.NDArray[np.uint64]:
    digests = (hashlib.blake2b(i.encode(), digest_size=8).digest() for i in item_ids.to_pylist())
    return np.frombuffer(b"".join(digests), dtype=">u8").astype(np.uint64)


def _folds(keys: npt.NDArray[np.uint64], labels: Ints, folds: int) -> Ints:
    order = np.lexsort((keys, labels))
    given = labels[order]
    first = np.flatnonzero(np.diff(given, prepend=-1))  # where each class begins
    counts = np.diff(first, append=len(given))
    place = np.arange(len(given)) - np.repeat(first, counts)
    offset = np.repeat((keys[order][first] % np.uint64(folds)).astype(np.int64), counts)
    fold = np.empty(len(given), dtype=np.int32)
    fold[order] = (place + offset) % folds
    return fold
