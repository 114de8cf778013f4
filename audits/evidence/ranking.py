"""All items in one ranking: what is known of each, whether it is flagged, what to put in its label's place, and why."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from audits import contracts
from audits.audit_config import AuditsConfig
from audits.classes import ClassList
from audits.evidence.blocks import Block, blocks_of, by_signal
from audits.evidence.estimate import Evidence
from audits.evidence.reasons import reasons_of
from audits.signals.base import agreement_vote
from audits.signals.registry import OVER_MODELS, PER_MODEL

#: An item is flagged, whatever the signals do, where verdicts, some of them on items drawn at random from those without
#: a flag, teach that its label is wrong as likely as not.
FLAGGED_FROM = 0.5

#: Flags of this signal stand before all others: one of two labels of the same thing is wrong, whatever models say. Of
#: things that are only much alike it may be that neither is: once verdicts teach how often, they are ranked by that,
#: and those alone stand first whose score says that they are equal, until people have decided them.
_FIRST, _EQUAL = "duplicate_conflicts", 0.05


def rank_findings(
    items: pa.Table, signals: pa.Table, classes: ClassList, audits: AuditsConfig, evidence: Evidence
) -> pa.Table:
    """Combine signals and evidence into one ranked table.

    Parameters
    ----------
    items : pyarrow.Table
        In the schema `contracts.ITEMS`, n rows, every label known.
    signals : pyarrow.Table
        In the schema `contracts.SIGNALS`: blocks of n rows in items order, as `run_signals` gives them.
    classes : ClassList
    audits : AuditsConfig
        Which audits raise flags, and what share of models an audit of single models needs for it.
    evidence : Evidence
        How likely each label is wrong.

    Returns
    -------
    pyarrow.Table
        In the schema `contracts.FINDINGS`, n rows, the likeliest label error first, and before all others duplicates
        whose labels differ (near ones only until there are verdicts to learn from). The score is 1 less the evidence,
        in [0, 1], lower is worse; null without any signal or model. `probability` and `held_out` are null until they
        are learned from verdicts.
        The suggested label is the class that most models predict instead of the given label; where every model
        predicts the given label but a flag was raised, the one that the flag comes with, of several models' flags
        that with the highest probability.

    Raises
    ------
    AuditError
        When signals and items do not belong together.
    """
    blocks = blocks_of(items, signals)
    n = items.num_rows
    given = items["label"].to_numpy().astype(np.int64)
    score = 1.0 - evidence.probability if evidence.parts else np.full(n, np.nan)
    flagged = _flagged(blocks, audits, n)
    if evidence.drawn:
        flagged |= evidence.probability >= FLAGGED_FROM
    suggested = _suggested(blocks, evidence, given)
    first = _first(blocks, audits, evidence)
    names = [classes.display(i) or "" for i in range(len(classes))]
    reasons = reasons_of(blocks, given, names, evidence, flagged)
    order = np.lexsort((np.arange(n), ~flagged, np.where(np.isnan(score), 2.0, score), ~first))
    unlearned = np.full(n, evidence.verdicts == 0)
    table = pa.table(
        {
            "item_id": items["item_id"].combine_chunks(),
            "rank": pa.nulls(n, pa.int32()),
            "score": pa.array(score, from_pandas=True),
            "flagged": pa.array(flagged),
            "given_label": pa.array(given, pa.int32()),
            "suggested_label": pa.array(suggested, pa.int32(), mask=suggested < 0),
            "reasons": pa.array(reasons, pa.list_(pa.string())),
            "probability": pa.array(evidence.probability, mask=unlearned),
            "held_out": pa.array(evidence.held_out, mask=unlearned),
        },
        schema=contracts.FINDINGS,
    ).take(order)
    return table.set_column(1, contracts.FINDINGS.field("rank"), pa.array(np.arange(1, n + 1), pa.int32()))


def _flagged(blocks: Sequence[Block], audits: AuditsConfig, n: int) -> npt.NDArray[np.bool_]:
    flagged = np.zeros(n, dtype=bool)
    for signal, group in by_signal(blocks).items():
        params = getattr(audits, signal, None)
        if params is None or not params.flags:
            continue
        if signal in PER_MODEL:
            share = np.mean([b.flagged for b in group], axis=0)
            flagged |= agreement_vote(share, params.min_model_share)
        else:
            flagged |= group[0].flagged
    return flagged


def _first(blocks: Sequence[Block], audits: AuditsConfig, evidence: Evidence) -> npt.NDArray[np.bool_]:
    first = np.zeros(len(evidence.probability), dtype=bool)
    params = getattr(audits, _FIRST)
    for b in blocks:
        if b.signal == _FIRST and params is not None and params.flags:
            first |= b.flagged & ((b.score <= _EQUAL) if evidence.verdicts else True)
    return first if evidence.decided is None else first & ~evidence.decided


def _suggested(
    blocks: Sequence[Block], evidence: Evidence, given: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """What to put in the label's place: the models' majority; else of single models' flags the likeliest; else what a
    flag of another kind comes with; else, where verdicts teach that the label is wrong, the likeliest other class.
    """
    best = np.full(len(given), -1, dtype=np.int64)
    if evidence.drawn:
        likely = (evidence.probability >= FLAGGED_FROM) & (evidence.suggested >= 0)
        best = np.where(likely, evidence.suggested, best)
    for b in blocks:
        if b.signal not in PER_MODEL and b.signal not in OVER_MODELS:
            best = np.where(b.flagged & (b.suggested >= 0), b.suggested, best)
    strength = np.full(len(given), -1.0)
    for b in blocks:
        if b.signal in PER_MODEL:
            better = b.flagged & (b.p_suggested > strength)
            best = np.where(better, b.suggested, best)
            strength = np.where(better, b.p_suggested, strength)
    for b in blocks:
        if b.signal in OVER_MODELS and b.signal != "model_agreement":
            best = np.where(b.flagged & (b.suggested >= 0), b.suggested, best)
    for b in blocks:
        if b.signal == "model_agreement":
            best = np.where(b.suggested >= 0, b.suggested, best)
    return np.where(best == given, -1, best)
