"""What a model that learns from verdicts looks at: numbers for each item, by name and by the source they come from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from audits.evidence.clusters import others_rate
from audits.evidence.combination import Combination, pairs, risk_log_odds, signal_scores
from audits.evidence.support import Support, backing
from audits.outputs import Ints
from audits.signals.inputs import Inputs

Floats64 = npt.NDArray[np.float64]

#: Attributes of `Support` that are looked at as they are.
_PLAIN = (
    "share_given",
    "share_other",
    "plain_given",
    "plain_other",
    "mean_given",
    "mean_other",
    "backing",
    "mean_rival",
    "top_given",
    "spread_given",
    "spread_other",
    "confidence",
    "strong_given",
    "strong_other",
    "classes",
    "entropy",
)


@dataclass(frozen=True)
class Features:
    """Numbers for each item.

    Attributes
    ----------
    names : tuple of str, length d
    sources : tuple of str, length d
        Where each comes from: `models`, `class pair`, a group column or the name of a signal.
    values : float array, shape (n, d)
        Finite.
    levels : mapping of str to int array, shape (n,)
        Categories that get an effect of their own when verdicts name them often enough; -1: in none.
    """

    names: tuple[str, ...]
    sources: tuple[str, ...]
    values: Floats64
    levels: dict[str, npt.NDArray[np.integer]]


def features(inputs: Inputs, signals: pa.Table, combined: Combination) -> Features:
    """Gather what verdicts can be explained by; no verdict is looked at here."""
    columns: dict[str, tuple[str, Floats64]] = {}
    levels: dict[str, npt.NDArray[np.integer]] = {"given label": inputs.labels}
    said = combined.support
    if said is not None:
        columns |= {name: ("models", v) for name, v in _of_models(said, combined.excess).items()}
        columns |= {
            name: ("class pair", v) for name, v in _of_classes(inputs, said, combined.suspect).items()
        }
        levels["suggested label"] = said.other
        if inputs.suggestions is not None:
            found = _of_suggestions(inputs, said, inputs.suggestions)
            columns |= {name: ("suggestion", v) for name, v in found.items()}
    for name, score in signal_scores(signals, len(inputs)).items():
        columns[f"signal {name}"] = (name, risk_log_odds(score))
    for name, groups in inputs.groups.items():
        columns[f"rate in {name}"] = (name, others_rate(combined.suspect, groups))
        levels[name] = groups
    values = [np.asarray(v, dtype=np.float64) for _, v in columns.values()]
    return Features(
        tuple(columns),
        tuple(source for source, _ in columns.values()),
        np.column_stack(values) if values else np.empty((len(inputs), 0)),
        levels,
    )


def _of_models(said: Support, excess: Floats64) -> dict[str, Floats64]:
    out: dict[str, Floats64] = {name: getattr(said, name) for name in _PLAIN}
    out["log_backing"] = np.log(said.backing + 1e-3)
    out["log_low_given"] = np.log(said.low_given + 1e-2)
    out["log_low_other"] = np.log(said.low_other + 1e-2)
    out["excess"] = excess
    return out


def _of_classes(inputs: Inputs, said: Support, suspect: Floats64) -> dict[str, Floats64]:
    given, other, k = inputs.labels, said.other, inputs.n_classes
    there, back = pairs(given, other, k), _reverse(given, other, k, suspect)
    sizes = np.log1p(np.bincount(given, minlength=k))
    return {
        "rate_given": others_rate(suspect, given),
        "rate_other": others_rate(suspect, other),
        "rate_pair": others_rate(suspect, there),
        "rate_reverse": back,
        "size_given": sizes[given],
        "size_other": np.where(other >= 0, sizes[other], sizes[given]),
    }


def _reverse(given: Ints, other: Ints, k: int, suspect: Floats64) -> Floats64:
    """Log of how many suspects there are of the pair turned round: given what is suggested here, and the reverse."""
    keys, at = np.unique(given.astype(np.int64) * k + np.maximum(other, 0), return_inverse=True)
    total = np.bincount(at, np.where(other >= 0, suspect, 0.0))
    turned = np.maximum(other, 0).astype(np.int64) * k + given
    where = np.minimum(np.searchsorted(keys, turned), len(keys) - 1)
    return np.where((keys[where] == turned) & (other >= 0), np.log1p(total[where]), 0.0)


def _of_suggestions(inputs: Inputs, said: Support, suggestions: Ints) -> dict[str, Floats64]:
    suggested = np.where(suggestions == inputs.labels, -1, suggestions).astype(np.int32)
    backed = backing(inputs.models, suggested, said.weights)
    there = suggested >= 0
    return {
        "suggested": there.astype(np.float64),
        "suggestion_is_other": ((suggested == said.other) & there).astype(np.float64),
        "suggestion_backing": np.where(there, backed, 0.0),
        "suggestion_log_backing": np.where(there, np.log(backed + 1e-3), np.log(1e-3)),
        "suggestion_share": np.where(
            there,
            np.mean([o.predicted() == suggested for o in inputs.models], axis=0),
            0.0,
        ),
    }
