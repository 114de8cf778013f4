"""A model of the verdicts: cross-fitted, calibrated, and drawn towards the evidence that needs none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from audits.evidence.features import Features
from audits.evidence.logistic import Logistic, fit_logistic

Floats64 = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

#: Spreads of the prior of a standardized feature's coefficient that are tried; cross-validation picks one.
SPREADS = (0.06, 0.12, 0.25)
#: The effect of a class or group of its own may go this many times as far as a feature's coefficient.
LEVEL_SPREAD = 2.0
#: A class or group gets an effect of its own when at least so many verdicts are of it.
LEVEL_LEAST = 3
FOLDS = 5
#: How far the coefficient of the evidence without verdicts may be from 1.
PRIOR_SPREAD = 0.5
#: Anchors weigh this share of what the verdicts do.
ANCHOR_WEIGHT = 0.2
#: Standardized features are held within this; those that vary less than that among the reviewed items teach nothing.
_LIMIT, _CONSTANT = 4.0, 1e-9


@dataclass(frozen=True)
class Learned:
    """What verdicts taught.

    Attributes
    ----------
    log_odds : float array, shape (n,)
        Of each item's label being wrong, calibrated.
    held_out : float array, shape (r,)
        The same of the reviewed items, from models that did not see their own verdict.
    parts : mapping of str to float array, shape (n,)
        What each source adds to the log odds of an item, against the mean of the reviewed ones.
    spread : float
        The one of `SPREADS` that was picked.
    """

    log_odds: Floats64
    held_out: Floats64
    parts: dict[str, Floats64]
    spread: float


@dataclass(frozen=True)
class Anchors:
    """Items drawn at random from those that nobody looked at, and how likely the evidence without verdicts calls them
    wrong. They stand for a share of the verdicts (`ANCHOR_WEIGHT`), so that what is learned from a queue of alike items
    is not carried over to items that are unlike all of them.
    """

    rows: npt.NDArray[np.intp]
    probability: Floats64


_NONE = Anchors(np.empty(0, dtype=np.intp), np.empty(0))


def learn(
    prior: Mapping[str, Floats64],
    features: Features,
    rows: npt.NDArray[np.intp],
    wrong: Bools,
    weights: Floats64,
    anchors: Anchors | None = None,
    seed: int = 0,
) -> Learned:
    """Fit the model on the reviewed items and apply it to all.

    Parameters
    ----------
    prior : mapping of str to float array, shape (n,)
        Log odds without verdicts, by source; they count as their sum. The coefficient of the sum is drawn to 1, those
        of the features to 0, so that few verdicts change little.
    features : Features
        Of n items.
    rows : int array, shape (r,)
        The reviewed items, each once.
    wrong : bool array, shape (r,)
        Whether people found the label wrong.
    weights : float array, shape (r,)
        Of the verdicts; mean 1.
    anchors : Anchors, optional
        Items that nobody looked at; left out, none.
    seed : int
        Of the folds.

    Returns
    -------
    Learned
    """
    from threadpoolctl import threadpool_limits

    design = _Design.of(prior, features, rows)
    reviewed, beside = design.matrix(rows), _Beside.of(design, anchors or _NONE, float(weights.sum()))
    folds = _folds(wrong, seed)
    with threadpool_limits(1):  # products this small take longer on several threads, far longer on busy cores
        fits = {s: _cross_fitted(design, reviewed, wrong, weights, folds, s, beside) for s in SPREADS}
        spread = min(fits, key=lambda s: _loss(fits[s], wrong, weights))
        model = _fit(design, reviewed, wrong, weights, spread, beside)
    # two numbers that turn what is drawn towards the prior, and so too even, into odds that hold
    calibration = fit_logistic(
        np.concatenate([fits[spread], model.log_odds(beside.matrix)])[:, None],
        np.concatenate([wrong, beside.targets]),
        np.concatenate([weights, beside.weights]),
        np.ones(1),
        np.full(1, 0.5),
    )
    slope = float(calibration.coefficients[0])
    added = design.added(model.coefficients)
    total = np.full(len(design), model.intercept)
    for part in added.values():
        total += part
    return Learned(
        calibration.log_odds(total[:, None]),
        calibration.log_odds(fits[spread][:, None]),
        {name: slope * (part - part[rows].mean()) for name, part in added.items()},
        spread,
    )


@dataclass(frozen=True)
class _Design:
    """Columns of the regression: the evidence without verdicts, the standardized features, an effect for each frequent
    class and group. The effects are kept as codes, since a column for each of a thousand classes would not fit.
    """

    prior: Mapping[str, Floats64]
    values: Floats64
    sources: tuple[str, ...]
    codes: Mapping[str, npt.NDArray[np.intp]]
    effects: Mapping[str, int]

    @classmethod
    def of(cls, prior: Mapping[str, Floats64], features: Features, rows: npt.NDArray[np.intp]) -> _Design:
        seen = features.values[rows]
        spread = seen.std(axis=0)
        used = np.flatnonzero(spread > _CONSTANT)
        z = (features.values[:, used] - seen[:, used].mean(axis=0)) / spread[used]
        codes, effects = {}, {}
        for name, level in features.levels.items():
            known, counts = np.unique(level[rows][level[rows] >= 0], return_counts=True)
            frequent = known[counts >= LEVEL_LEAST]
            # the last code is that of all others, which have no effect
            lookup = np.full(int(level.max(initial=-1)) + 2, len(frequent), dtype=np.intp)
            lookup[frequent] = np.arange(len(frequent))
            codes[name], effects[name] = lookup[level], len(frequent)
        sources = tuple(features.sources[j] for j in used)
        return cls(prior, np.clip(z, -_LIMIT, _LIMIT), sources, codes, effects)

    def __len__(self) -> int:
        return len(self.values)

    def matrix(self, rows: npt.NDArray[np.intp]) -> sparse.csr_array:
        """The rows of some items, shape (r, d)."""
        known = (
            np.sum([part[rows] for part in self.prior.values()], axis=0)
            if self.prior
            else np.zeros(len(rows))
        )
        blocks = [sparse.csr_array(np.column_stack([known, self.values[rows]]))]
        for name, codes in self.codes.items():
            at = codes[rows]
            inside = np.flatnonzero(at < self.effects[name])
            ones = np.ones(len(inside))
            blocks.append(
                sparse.csr_array((ones, (inside, at[inside])), shape=(len(rows), self.effects[name]))
            )
        return sparse.csr_array(sparse.hstack(blocks, format="csr"))

    def spreads(self, spread: float) -> Floats64:
        """Spread of the prior of each coefficient, shape (d,)."""
        effects = sum(self.effects.values())
        own = np.concatenate([np.full(self.values.shape[1], spread), np.full(effects, LEVEL_SPREAD * spread)])
        return np.append(PRIOR_SPREAD, own)

    def added(self, coefficients: Floats64) -> dict[str, Floats64]:
        """What each source adds to the log odds of each item, shape (n,)."""
        out = {name: coefficients[0] * part for name, part in self.prior.items()}

        def add(name: str, values: Floats64) -> None:
            out[name] = out[name] + values if name in out else values

        for j, source in enumerate(self.sources):
            add(source, coefficients[1 + j] * self.values[:, j])
        start = 1 + len(self.sources)
        for name, codes in self.codes.items():
            end = start + self.effects[name]
            add(name, np.append(coefficients[start:end], 0.0)[codes])
            start = end
        return out


@dataclass(frozen=True)
class _Beside:
    """The anchors as rows of the regression, with targets and weights."""

    matrix: sparse.csr_array
    targets: Floats64
    weights: Floats64

    @classmethod
    def of(cls, design: _Design, anchors: Anchors, verdicts: float) -> _Beside:
        each = ANCHOR_WEIGHT * verdicts / max(len(anchors.rows), 1)
        return cls(design.matrix(anchors.rows), anchors.probability, np.full(len(anchors.rows), each))


def _fit(
    design: _Design,
    reviewed: sparse.csr_array,
    wrong: Bools,
    weights: Floats64,
    spread: float,
    beside: _Beside,
) -> Logistic:
    spreads = design.spreads(spread)
    return fit_logistic(
        sparse.csr_array(sparse.vstack([reviewed, beside.matrix], format="csr")),
        np.concatenate([wrong, beside.targets]),
        np.concatenate([weights, beside.weights]),
        np.eye(1, len(spreads))[0],
        spreads,
    )


def _cross_fitted(
    design: _Design,
    reviewed: sparse.csr_array,
    wrong: Bools,
    weights: Floats64,
    folds: npt.NDArray[np.intp],
    spread: float,
    beside: _Beside,
) -> Floats64:
    odds = np.empty(len(wrong))
    for fold in np.unique(folds):
        out = folds == fold
        model = _fit(design, reviewed[~out], wrong[~out], weights[~out], spread, beside)
        odds[out] = model.log_odds(reviewed[out])
    return odds


def _folds(wrong: Bools, seed: int) -> npt.NDArray[np.intp]:
    """A fold for each verdict, both kinds spread evenly."""
    rng = np.random.default_rng(seed)
    folds = np.empty(len(wrong), dtype=np.intp)
    for kind in (True, False):
        at = np.flatnonzero(wrong == kind)
        folds[rng.permutation(at)] = np.arange(len(at)) % FOLDS
    return folds


def _loss(odds: Floats64, wrong: Bools, weights: Floats64) -> float:
    return float(weights @ (np.logaddexp(0.0, odds) - wrong * odds))
