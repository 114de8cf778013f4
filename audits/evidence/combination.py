"""Evidence without verdicts: one ranking from what models and other signals say, with stated weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from audits.evidence.clusters import others_rate
from audits.evidence.excess import unsupported
from audits.evidence.support import Support, backing, support
from audits.outputs import Ints
from audits.signals.inputs import Inputs

Floats64 = npt.NDArray[np.float64]

#: What the parts of the models' word weigh: see `model_evidence`.
EXCESS, EXCESS_ORDER, EXCESS_TAKES = 2.0, 8.0, 0.8
PAIRS, GROUPS = 0.02, 0.15
#: How far each model's own doubt counts beside the backing of the class that they agree on.
OWN_DOUBT = 0.2
#: How far a suggestion that came with the data counts beside the class that the models put in the label's place.
SUGGESTION = 0.5
#: Log odds are this many times the models' evidence less the second number, and grow as a logarithm from the third on.
SLOPE, CENTRE, LINEAR = 3.0, 0.3, 4.0

#: What the log odds of signals that no model is behind weigh. Detectors of models' outputs weigh nothing here: what
#: they look at is in the models' evidence already. The four of training dynamics look at one thing.
SIGNAL_WEIGHTS: Mapping[str, float] = {
    "annotator_consensus": 1.0,
    "duplicate_conflicts": 1.0,
    "neighbour_disagreement": 0.5,
    "outliers": 0.1,
    "area_under_margin": 0.25,
    "given_over_epochs": 0.25,
    "forgetting": 0.1,
    "el2n": 0.25,
}
#: How many models are alike, and what they expect, is worked out on this many items at the most.
_LIKENESS_ITEMS, _EXPECTED_ITEMS = 50_000, 10_000
#: Log odds of an item of which nothing is known.
_UNKNOWN = 0.05
_BASE = float(np.log(_UNKNOWN / (1 - _UNKNOWN)))


@dataclass(frozen=True)
class Combination:
    """What is known of each item without any verdict.

    Attributes
    ----------
    log_odds : float array, shape (n,)
        Higher is worse. It orders; it is no probability before verdicts say how often such labels are wrong.
    support : Support or None
        What models say; None without models.
    excess : float array, shape (n,)
        `excess.unsupported`; 0 without models.
    suspect : float array, shape (n,)
        A first guess in [0, 1] at whether each label is wrong, from the models alone; 0 without models.
    parts : mapping of str to float array, shape (n,)
        What each source adds to the log odds, by its name.
    """

    log_odds: Floats64
    support: Support | None
    excess: Floats64
    suspect: Floats64
    parts: Mapping[str, Floats64]


def combine(inputs: Inputs, signals: pa.Table) -> Combination:
    """Combine models and signals without verdicts.

    Parameters
    ----------
    inputs : Inputs
        n items; `outputs` are those of all models.
    signals : pyarrow.Table
        In the schema `contracts.SIGNALS`: blocks of n rows in items order; may be empty.

    Returns
    -------
    Combination
    """
    n = len(inputs)
    parts: dict[str, Floats64] = {}
    asked = sample_of(inputs.item_ids, _LIKENESS_ITEMS)
    said = support(inputs.models, inputs.labels, asked) if inputs.outputs and n else None
    if said is not None and not said.answered.any():
        said = None
    excess, suspect = np.zeros(n), np.zeros(n)
    if said is not None:
        some = sample_of(inputs.item_ids, _EXPECTED_ITEMS)
        excess = unsupported(inputs.models, said.weights, said.mean_given, some)
        suspect = suspected(said, excess)
        against = _limited(SLOPE * (model_evidence(inputs, said, excess, suspect) - CENTRE))
        parts["models"] = np.where(said.answered, against, _BASE)
    for name, score in signal_scores(signals, n).items():
        if weight := SIGNAL_WEIGHTS.get(name, 1.0 if name == "suggestion" and said is None else 0.0):
            odds = risk_log_odds(score)
            parts[name] = weight * (odds - np.median(odds))
    total = np.full(n, 0.0 if said is not None else _BASE)
    for part in parts.values():
        total = total + part
    return Combination(total, said, excess, suspect, parts)


def sample_of(item_ids: pa.Array, most: int) -> npt.NDArray[np.intp]:
    """Rows of some items, at most so many: those whose ids have the smallest hashes, whatever their order is."""
    if len(item_ids) <= most:
        return np.arange(len(item_ids))
    from pandas.util import hash_array

    hashes = hash_array(np.asarray(item_ids.to_numpy(zero_copy_only=False), dtype=object))
    return np.sort(np.argpartition(hashes, most)[:most])


def _limited(log_odds: Floats64) -> Floats64:
    """Log odds that are far out, drawn in without a change of their order: nothing is that sure without a verdict."""
    over = np.maximum(np.abs(log_odds) - LINEAR, 0.0)
    return np.asarray(np.sign(log_odds) * (np.abs(log_odds) - over + np.log1p(over)), dtype=np.float64)


def suspected(said: Support, excess: Floats64) -> Floats64:
    """A first guess in [0, 1] at whether each label is wrong, from margin and excess: what clusters are made of."""
    plain = 1.0 / (1.0 + np.exp(-6.0 * (said.margin - 0.1)))
    return np.asarray(np.where(said.answered, excess + (1.0 - excess) * plain, _UNKNOWN), dtype=np.float64)


def model_evidence(inputs: Inputs, said: Support, excess: Floats64, suspect: Floats64) -> Floats64:
    """What models say against each given label, shape (n,); higher is worse.

    With b four fifths of the backing of the class that they put in its place and one fifth of the mean probability of
    the class that each finds likeliest itself (halfway from there to the backing of a suggestion where one came with
    the data), g the mean probability of the given label, m = b - g, x the excess of labels with as little support,
    and r the log odds of errors among the other items of the same pair of classes and of the same group:
    (1 - 0.8 x) m + x (2 + 8 (1 - g)) + 0.02 r_pair + 0.15 r_group. For two classes there is no pair to speak of.
    """
    against = (1 - OWN_DOUBT) * said.backing + OWN_DOUBT * said.mean_rival
    if inputs.suggestions is not None:
        suggested = np.where(inputs.suggestions == inputs.labels, -1, inputs.suggestions).astype(np.int32)
        backed = backing(inputs.models, suggested, said.weights)
        against = np.where(suggested >= 0, (1 - SUGGESTION) * against + SUGGESTION * backed, against)
    margin = against - said.mean_given
    evidence = (1 - EXCESS_TAKES * excess) * margin + excess * (EXCESS + EXCESS_ORDER * (1 - said.mean_given))
    if inputs.n_classes > 2:
        evidence = evidence + PAIRS * others_rate(suspect, pairs(inputs.labels, said.other, inputs.n_classes))
    for groups in inputs.groups.values():
        evidence = evidence + GROUPS * others_rate(suspect, groups)
    return np.asarray(evidence, dtype=np.float64)


def pairs(first: Ints, second: Ints, n_classes: int) -> npt.NDArray[np.int64]:
    """Number of each pair of classes, 0 and up without gaps; -1 where either class is."""
    key = np.where((first >= 0) & (second >= 0), first.astype(np.int64) * n_classes + second, -1)
    known, at = np.unique(key, return_inverse=True)
    return np.asarray(at - (known[:1] == -1).any(), dtype=np.int64)


def signal_scores(signals: pa.Table, n: int) -> dict[str, Floats64]:
    """Each signal's score, the mean over its models, shape (n,), by name."""
    found: dict[str, list[Floats64]] = {}
    for start in range(0, signals.num_rows, max(n, 1)):
        block = signals.slice(start, n)
        found.setdefault(block["signal"][0].as_py(), []).append(block["score"].to_numpy().astype(np.float64))
    return {name: np.mean(scores, axis=0) for name, scores in found.items()}


def risk_log_odds(score: Floats64) -> Floats64:
    """Log odds of 1 - score, the score held in [0.01, 0.99]."""
    p = np.clip(1.0 - score, 0.01, 0.99)
    return np.asarray(np.log(p) - np.log1p(-p), dtype=np.float64)
