"""Why an item is where it is, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from audits.evidence.blocks import Block, by_signal
from audits.evidence.estimate import Evidence
from audits.signals.registry import OVER_MODELS, PER_MODEL

Ints64 = npt.NDArray[np.int64]

#: What a signal is called in a sentence; others by their name, with spaces.
TITLES = {
    "confident_learning": "confident learning",
    "ensemble_confident_learning": "confident learning over the ensemble",
    "pervasive_label_errors": "the lowest-margin rule",
    "class_thresholds": "the threshold of its class",
    "models": "what the models say",
    "class pair": "how often its classes are confused",
    "given label": "its given class",
    "suggested label": "the suggested class",
}
#: How many sources of the evidence are named.
_NAMED = 2
#: Log odds that are worth naming.
_WORTH = 0.1


def reasons_of(
    blocks: Sequence[Block],
    given: Ints64,
    names: Sequence[str],
    evidence: Evidence,
    told: npt.NDArray[np.bool_],
) -> list[list[str]]:
    """Write down why, for each item; the source that counts most comes first.

    Parameters
    ----------
    blocks : sequence of Block
        The signals, n items each.
    given : int array, shape (n,)
        Given labels as class indices.
    names : sequence of str
        Display names of the classes.
    evidence : Evidence
        Its parts order the reasons; where it was learned from verdicts, the probability and its main sources come last.
    told : bool array, shape (n,)
        Items for which the probability is put into words.

    Returns
    -------
    list of list of str, length n
    """
    found: list[list[tuple[float, str]]] = [[] for _ in range(len(given))]
    # agreement stands before flags where both come from the models
    for signal, group in sorted(by_signal(blocks).items(), key=lambda s: s[0] != "model_agreement"):
        rows, words = _rows(signal, group), _WORDS.get(signal, _flag_words)
        # what models say is one source of the evidence, whichever detector puts it into words
        of_models = signal in PER_MODEL or signal in OVER_MODELS
        named = [
            evidence.parts[p] for p in (signal, *(["models"] if of_models else [])) if p in evidence.parts
        ]
        part = np.sum(named, axis=0) if named else None
        for i in rows:
            said = _of_part(group, int(i)) or words(signal, group, int(i), names, given)
            found[i].append((0.0 if part is None else -float(part[i]), said))
    out = [[words for _, words in sorted(said, key=lambda s: s[0])] for said in found]
    if evidence.verdicts:
        for i in np.flatnonzero(told):
            out[i].append(_probability_words(evidence, int(i)))
    return out


def _rows(signal: str, group: list[Block]) -> npt.NDArray[np.intp]:
    if signal == "model_agreement":
        return np.flatnonzero(group[0].suggested >= 0)
    return np.flatnonzero(np.any([b.flagged for b in group], axis=0))


def _of_part(group: list[Block], i: int) -> str | None:
    """The detector's own words, of a detector that looks at no single model."""
    return group[0].reasons.get(i) if len(group) == 1 else None


def _flag_words(signal: str, group: list[Block], i: int, names: Sequence[str], given: Ints64) -> str:
    title = title_of(signal)
    raised = [b for b in group if b.flagged[i]]
    p_given = float(np.mean([b.p_given[i] for b in raised]))
    if group[0].model is None:
        words = f"{title} flags it"
        return (
            words if np.isnan(p_given) else f"{words}: {names[given[i]]} has mean probability {p_given:.2f}"
        )
    if len(group) == 1:
        b = group[0]
        place = f"on {b.model} flags it ({b.rank[i]} of {int(b.flagged.sum())})"
        return (
            f"{title} {place}: {names[given[i]]} has probability {p_given:.2f}, "
            f"{names[b.suggested[i]]} {b.p_suggested[i]:.2f}"
        )
    words = (
        f"{title} flags it on {len(raised)} of {len(group)} models: "
        f"{names[given[i]]} has mean probability {p_given:.2f}"
    )
    if len({int(b.suggested[i]) for b in raised}) == 1:  # else there is no one class to name beside it
        words += f", {names[raised[0].suggested[i]]} {np.mean([b.p_suggested[i] for b in raised]):.2f}"
    return words


def _agreement_words(signal: str, group: list[Block], i: int, names: Sequence[str], given: Ints64) -> str:
    b = group[0]
    models = "model says" if b.n_models == 1 else "models say"
    words = f"{b.n_agree[i]} of {b.n_models} {models} {names[b.suggested[i]]}"
    if np.isnan(b.p_given[i]):
        return words
    return f"{words}; given label {names[given[i]]} has mean probability {b.p_given[i]:.2f}"


_WORDS = {"model_agreement": _agreement_words}


def _probability_words(evidence: Evidence, i: int) -> str:
    """How likely the label is wrong by what was learned, and the sources that move it most."""
    words = f"wrong with probability {evidence.probability[i]:.2f}, learned from {evidence.verdicts} verdicts"
    added = main_sources({name: float(part[i]) for name, part in evidence.parts.items()})
    if not added:
        return words
    return f"{words}; most by " + " and ".join(f"{title_of(name)} ({value:+.1f})" for name, value in added)


def main_sources(added: Mapping[str, float]) -> list[tuple[str, float]]:
    """The sources that add most to an item's log odds, or take most away, the largest first."""
    worth = [(name, value) for name, value in added.items() if abs(value) >= _WORTH]
    return sorted(worth, key=lambda s: -abs(s[1]))[:_NAMED]


def title_of(source: str) -> str:
    """What a source of evidence is called in a sentence."""
    return TITLES.get(source, source.replace("_", " "))
