"""Signals as arrays: one block for each detector and model, in items order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from audits.errors import AuditError


@dataclass(frozen=True)
class Block:
    """One signal on one model: arrays of shape (n,), in items order; `reasons` by row, where there are any."""

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
    reasons: Mapping[int, str] = field(default_factory=dict)


def blocks_of(items: pa.Table, signals: pa.Table) -> list[Block]:
    """Take a table of signals apart.

    Parameters
    ----------
    items : pyarrow.Table
        In the schema `contracts.ITEMS`, n rows.
    signals : pyarrow.Table
        In the schema `contracts.SIGNALS`: blocks of n rows in items order.

    Raises
    ------
    AuditError
        When signals and items do not belong together.
    """
    n = items.num_rows
    if n == 0 or signals.num_rows % n:
        raise AuditError(f"{signals.num_rows} signal rows do not fit {n} items")
    blocks = []
    for start in range(0, signals.num_rows, n):
        part = signals.slice(start, n)
        if not part["item_id"].equals(items["item_id"]):
            raise AuditError("signals and items are of different versions of the dataset")
        blocks.append(_block(part))
    return blocks


def _block(part: pa.Table) -> Block:
    floats = {c: part[c].to_numpy().astype(np.float64) for c in ("score", "p_given", "p_suggested")}
    ints = {
        c: part[c].fill_null(-1).to_numpy().astype(np.int64) for c in ("rank", "suggested_label", "n_agree")
    }
    told = np.flatnonzero(part["reason"].is_valid().to_numpy())
    words = part["reason"].take(told).to_pylist()
    return Block(
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
        reasons=dict(zip(told.tolist(), words, strict=True)),
    )


def by_signal(blocks: Iterable[Block]) -> dict[str, list[Block]]:
    """Blocks by the name of their signal, in order."""
    grouped: dict[str, list[Block]] = {}
    for block in blocks:
        grouped.setdefault(block.signal, []).append(block)
    return grouped
