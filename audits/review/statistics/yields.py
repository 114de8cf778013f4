"""How many errors 100 reviewed items hold: by signal, by place in the ranking, and by why they were asked."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from audits.review.statistics.gathered import Gathered
from audits.review.statistics.shares import Share, shares

Kind = TypeVar("Kind", bound=Hashable)

#: Ranks at which a band of the ranking ends.
BANDS = (50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000)

#: Why items are asked, in the order in which it is told; gold items are known and yield nothing.
_STRATA = ("flagged", "exploration", "control")


@dataclass(frozen=True)
class Yield:
    """What the review of some items yielded.

    Attributes
    ----------
    name : str
        Which items.
    errors : Share
        Items whose label was found wrong, of those that people decided.
    """

    name: str
    errors: Share


@dataclass(frozen=True)
class Yields:
    """What review yielded.

    Attributes
    ----------
    all : Yield
    by_signal : tuple of Yield
        Items that a signal flags, the highest yield first. An item that several flag is in each.
    by_rank : tuple of Yield
        Flagged items by the rank they were routed with.
    by_stratum : tuple of Yield
        Items by why they were asked.
    """

    all: Yield
    by_signal: tuple[Yield, ...]
    by_rank: tuple[Yield, ...]
    by_stratum: tuple[Yield, ...]


def yields(gathered: Gathered, signals: pa.Table) -> Yields:
    """Tell what review yielded. Gold items are passed over: what their label is was known.

    Parameters
    ----------
    gathered : Gathered
    signals : pyarrow.Table
        `contracts.SIGNALS` of the newest run; what each flags today.
    """
    wrong = {q.item_id: bool(f.wrong) for q, f in gathered.decided}
    by_rank = ((_band(q.rank), bool(f.wrong)) for q, f in gathered.decided if q.rank is not None)
    by_stratum = (
        (_STRATA.index(q.stratum), bool(f.wrong)) for q, f in gathered.decided if q.stratum in _STRATA
    )
    flagged = _counted((name, wrong[item]) for name, item in _flagged(signals, list(wrong)))
    ranked = sorted(_yields(flagged), key=lambda y: (-(y.errors.value or 0), y.name))
    (everything,) = _yields({"all": (sum(wrong.values()), len(wrong))})
    bands = dict(sorted(_counted(by_rank).items()))
    strata = dict(sorted(_counted(by_stratum).items()))
    return Yields(
        everything,
        tuple(ranked),
        tuple(_yields({_band_name(b): c for b, c in bands.items()})),
        tuple(_yields({_STRATA[s]: c for s, c in strata.items()})),
    )


def _flagged(signals: pa.Table, items: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each signal with each of the items that it flags, once however many models say so."""
    some = signals.filter(
        pc.and_(signals["flagged"], pc.is_in(signals["item_id"], pa.array(items, pa.string())))
    )
    once = some.select(["signal", "item_id"]).group_by(["signal", "item_id"]).aggregate([])
    yield from zip(once["signal"].to_pylist(), once["item_id"].to_pylist(), strict=True)


def _counted(found: Iterable[tuple[Kind, bool]]) -> dict[Kind, tuple[int, int]]:
    """How many are wrong and how many there are, by kind."""
    wrong: dict[Kind, int] = defaultdict(int)
    n: dict[Kind, int] = defaultdict(int)
    for kind, is_wrong in found:
        wrong[kind] += is_wrong
        n[kind] += 1
    return {kind: (wrong[kind], n[kind]) for kind in n}


def _yields(counts: Mapping[str, tuple[int, int]]) -> list[Yield]:
    found = shares([c for c, _ in counts.values()], [n for _, n in counts.values()])
    return [Yield(name, s) for name, s in zip(counts, found, strict=True)]


def _band(rank: int) -> int:
    return bisect_right(BANDS, rank - 1)


def _band_name(band: int) -> str:
    first = 1 if band == 0 else BANDS[band - 1] + 1
    return f"{first:,}–{BANDS[band]:,}" if band < len(BANDS) else f"from {first:,}"
