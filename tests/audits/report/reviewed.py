"""Made-up statistics of a review, to draw charts of."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np

from audits.review.statistics.ahead import Ahead
from audits.review.statistics.confusions import ClassCorrections, Confusion, Confusions
from audits.review.statistics.effort import Effort
from audits.review.statistics.shares import share
from audits.review.statistics.trend import TrendPoint
from audits.review.statistics.yields import Yield, Yields

START = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
NOTHING_AHEAD = Ahead(np.zeros(0, dtype=np.int64), *(np.zeros(0) for _ in range(3)))


def effort_of(errors: int = 40, done: int = 100, left: int = 50, unknown: int = 0) -> Effort:
    """So many errors, found evenly; 10 more expected, 6 to 17."""
    found = tuple(int(errors * k / done) for k in range(done + 1)) if done else (0,)
    if left - unknown <= 0:
        return Effort(found, NOTHING_AHEAD, left, unknown, "the queue is empty")
    items = done + np.arange(1, left - unknown + 1)
    part = (items - done) / (left - unknown)
    lines = (errors + part * more for more in (10, 6, 17))
    return Effort(found, Ahead(items, *lines), left, unknown)


def yields_of(names: list[str]) -> Yields:
    """A yield for each name as a signal, falling; two bands of ranks and two strata."""
    signals = tuple(Yield(n, share(max(60 - i, 0), 80)) for i, n in enumerate(names))
    ranks = (Yield("1–50", share(45, 50)), Yield("51–100", share(15, 50)))
    strata = (Yield("flagged", share(60, 100)), Yield("control", share(0, 40)))
    return Yields(Yield("all", share(60, 140)), signals, ranks, strata)


def confusions_of(pairs: list[tuple[str, str, int]], otherwise: int = 0) -> Confusions:
    """Pairs of classes that were corrected so often, of 100 items with each given label."""
    found = tuple(Confusion(a, b, share(n, 100)) for a, b, n in sorted(pairs, key=lambda p: -p[2]))
    classes = tuple(ClassCorrections(a, share(n, 100)) for a, _, n in pairs)
    return Confusions(found, classes, sum(n for *_, n in pairs), otherwise)


def runs_of(n: int, every: timedelta = timedelta(days=1), **values: object) -> list[TrendPoint]:
    """So many nights in which a queue of 300 is worked off, and `values` in the place of any other."""
    return [
        TrendPoint(
            **{
                "at": START + k * every,
                "flagged": 218,
                "open": 300 - 300 * k // n,
                "decided": 300 * k // n,
                "wrong": 100 * k // n,
                "rate": 0.08 + 0.02 / (k + 1),
                "low": 0.07,
                "high": 0.2 / (k + 1) + 0.09,
                "model": f"model_{k}",
                "score": 0.9 + 0.05 * k / n,
                **values,
            }
        )
        for k in range(n)
    ]


def drawn(chart, kind: str) -> list[tuple[dict, list[dict]]]:
    """Each part of a chart with a kind of mark: the mark, and the rows that it is drawn from."""
    spec = chart.to_dict(validate=False)

    def parts(of: dict) -> Iterator[dict]:
        yield of
        for key in ("layer", "vconcat"):
            for part in of.get(key, []):
                yield from parts(part)

    found = [p for p in parts(spec) if (p.get("mark") or {}).get("type") == kind]
    named = spec.get("datasets", {})
    return [(p["mark"], p["data"].get("values") or named[p["data"]["name"]]) for p in found]
