"""Evidence: all signals of an item combined into one ranking, with the reason in words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from audits import contracts
from audits.audit_config import AuditsConfig
from audits.classes import ClassList
from audits.errors import AuditError
from audits.signals.base import agreement_vote
from audits.signals.registry import OVER_MODELS, PER_MODEL

_TITLES = {
    "confident_learning": "confident learning",
    "pervasive_label_errors": "the lowest-margin rule",
}


@dataclass(frozen=True)
class _Block:
    """One signal on one model: arrays of shape (n,), in items order."""

    signal: str
    model: str | None
    score: npt.NDArray[np.float64]
    flagged: npt.NDArray[np.bool_]
    rank: npt.NDArray[np.int64]
    suggested: npt.NDArray[np.int64]
    n_agree: npt.NDArray[np.int64]
    n_models: int
    p_given: npt.NDArray[np.float64]
    p_suggested: npt.NDArray[np.float64]


def rank_findings(items: pa.Table, signals: pa.Table, classes: ClassList, audits: AuditsConfig) -> pa.Table:
    """Combine signals into one ranked table.

    Parameters
    ----------
    items : pyarrow.Table
        In the schema `contracts.ITEMS`, n rows, every label known.
    signals : pyarrow.Table
        In the schema `contracts.SIGNALS`: blocks of n rows in items order, as `run_signals` gives them.
    classes : ClassList
    audits : AuditsConfig
        Which audits raise flags, and what share of models an audit of single models needs for it.

    Returns
    -------
    pyarrow.Table
        In the schema `contracts.FINDINGS`, n rows, the likeliest label error first. The score is the mean
        over audits of the audit's mean over models, in [0, 1], lower is worse; null without any signal.
        The suggested label is the class that most models predict instead of the given label; where every
        model predicts the given label but a flag was raised, the likeliest other class of the models that
        raised it.

    Raises
    ------
    AuditError
        When signals and items do not belong together.
    """
    blocks = _blocks(items, signals)
    n = items.num_rows
    given = items["label"].to_numpy().astype(np.int64)
    score = _mean_score(blocks, n)
    flagged = _flagged(blocks, audits, n)
    suggested = _suggested(blocks, n)
    reasons = _reasons(blocks, given, classes, n)
    order = np.lexsort((np.arange(n), ~flagged, np.where(np.isnan(score), 2.0, score)))
    table = pa.table(
        {
            "item_id": items["item_id"].combine_chunks(),
            "rank": pa.nulls(n, pa.int32()),
            "score": pa.array(score, from_pandas=True),
            "flagged": pa.array(flagged),
            "given_label": pa.array(given, pa.int32()),
            "suggested_label": pa.array(suggested, pa.int32(), mask=suggested < 0),
            "reasons": pa.array(reasons, pa.list_(pa.string())),
        },
        schema=contracts.FINDINGS,
    ).take(order)
    return table.set_column(1, contracts.FINDINGS.field("rank"), pa.array(np.arange(1, n + 1), pa.int32()))


def _blocks(items: pa.Table, signals: pa.Table) -> list[_Block]:
    n = items.num_rows
    if n == 0 or signals.num_rows % n:
        raise AuditError(f"{signals.num_rows} signal rows do not fit {n} items")
    blocks = []
    for start in range(0, signals.num_rows, n):
        part = signals.slice(start, n)
        if not part["item_id"].equals(items["item_id"]):
            raise AuditError("signals and items are of different versions of the dataset")
        floats = {c: part[c].to_numpy().astype(np.float64) for c in ("score", "p_given", "p_suggested")}
        ints = {
            c: part[c].fill_null(-1).to_numpy().astype(np.int64)
            for c in ("rank", "suggested_label", "n_agree")
        }
        blocks.append(
            _Block(
                signal=part["signal"][0].as_py(),
                model=part["model"][0].as_py(),
                score=floats["score"],
                flagged=part["flagged"].to_numpy(),
                rank=ints["rank"],
                suggested=ints["suggested_label"],
                n_agree=ints["n_agree"],
                n_models=part["n_models"][0].as_py(),
                p_given=floats["p_given"],
                p_suggested=floats["p_suggested"],
            )
        )
    return blocks


def _by_signal(blocks: list[_Block]) -> dict[str, list[_Block]]:
    grouped: dict[str, list[_Block]] = {}
    for block in blocks:
        grouped.setdefault(block.signal, []).append(block)
    return grouped


def _mean_score(blocks: list[_Block], n: int) -> npt.NDArray[np.float64]:
    per_signal = [np.mean([b.score for b in group], axis=0) for group in _by_signal(blocks).values()]
    return np.mean(per_signal, axis=0) if per_signal else np.full(n, np.nan)


def _flagged(blocks: list[_Block], audits: AuditsConfig, n: int) -> npt.NDArray[np.bool_]:
    flagged = np.zeros(n, dtype=bool)
    for signal, group in _by_signal(blocks).items():
        params = getattr(audits, signal, None)
        if params is None or not params.flags:
            continue
        if signal in PER_MODEL:
            share = np.mean([b.flagged for b in group], axis=0)
            flagged |= agreement_vote(share, params.min_model_share)
        else:
            flagged |= group[0].flagged
    return flagged


def _suggested(blocks: list[_Block], n: int) -> npt.NDArray[np.int64]:
    best = np.full(n, -1, dtype=np.int64)
    strength = np.full(n, -1.0)
    for b in blocks:
        if b.signal in PER_MODEL:
            better = b.flagged & (b.p_suggested > strength)
            best = np.where(better, b.suggested, best)
            strength = np.where(better, b.p_suggested, strength)
    for b in blocks:
        if b.signal in OVER_MODELS:
            best = np.where(b.suggested >= 0, b.suggested, best)
    return best


def _reasons(
    blocks: list[_Block], given: npt.NDArray[np.int64], classes: ClassList, n: int
) -> list[list[str]]:
    names = [classes.display(i) or "" for i in range(len(classes))]
    reasons: list[list[str]] = [[] for _ in range(n)]
    for b in blocks:
        if b.signal in OVER_MODELS:
            for i in np.flatnonzero(b.suggested >= 0):
                reasons[i].append(_agreement_words(b, int(i), names, given))
    for signal, group in _by_signal(blocks).items():
        if signal in PER_MODEL:
            for i in np.flatnonzero(np.any([b.flagged for b in group], axis=0)):
                reasons[i].append(_flag_words(signal, group, int(i), names, given))
    return reasons


def _flag_words(
    signal: str, group: list[_Block], i: int, names: list[str], given: npt.NDArray[np.int64]
) -> str:
    title = _TITLES.get(signal, signal)
    raised = [b for b in group if b.flagged[i]]
    p_given = float(np.mean([b.p_given[i] for b in raised]))
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


def _agreement_words(b: _Block, i: int, names: list[str], given: npt.NDArray[np.int64]) -> str:
    models = "model says" if b.n_models == 1 else "models say"
    words = f"{b.n_agree[i]} of {b.n_models} {models} {names[b.suggested[i]]}"
    if np.isnan(b.p_given[i]):
        return words
    return f"{words}; given label {names[given[i]]} has mean probability {b.p_given[i]:.2f}"
