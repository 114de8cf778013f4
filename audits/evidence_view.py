"""What the evidence of a dataset rests on: which signals ran, what counts, and what the next reviews will find."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from audits.evidence.estimate import LEAST_OF_A_KIND, LEAST_VERDICTS
from audits.results import ResultStore
from audits.review.consensus import Rule
from audits.review.queue_forecast import queue_forecast
from audits.review.store import ReviewStore
from audits.stored import load_items
from audits.table_store import TableStore

#: Why there is no forecast before anything is learned.
_TOO_FEW = f"it takes {LEAST_VERDICTS} verdicts, {LEAST_OF_A_KIND} of either kind, to learn how likely a label is wrong"


def evidence_view(
    tables: TableStore, results: ResultStore, store: ReviewStore, rule: Rule, *, upcoming: int = 100
) -> dict[str, Any]:
    """Gather what the evidence of the last run rests on.

    Parameters
    ----------
    tables : TableStore
    results : ResultStore
    store : ReviewStore
    rule : Rule
        When an item is decided and leaves the queue.
    upcoming : int
        How many items of the queue the forecast is about, at least 1.

    Returns
    -------
    dict
        Plain data, as `labelaudit evidence --json` prints it.

    Raises
    ------
    UsageError
        When the dataset was never run.
    """
    ref = tables.current_ref("findings")
    signals = tables.read("signals", tables.current_ref("signals").version).to_pylist()
    made = results.that_made("findings", "findings", ref.version)
    facts = {} if made is None else made.facts
    learned = facts.get("verdicts learned from", 0)
    return {
        "dataset": tables.dataset,
        "verdicts_learned_from": learned,
        "signals": [
            {
                "signal": s["signal"],
                "model": s["model"],
                "flagged": s["flagged"],
                "mean_score": s["mean_score"],
                "absent": s["absent"],
            }
            for s in signals
        ],
        "what_counts": [
            {"source": c["source"], "mean_log_odds": c["mean log odds"]} for c in facts.get("what counts", [])
        ],
        "forecast": _forecast(tables, store, rule, upcoming) | ({} if learned else {"reason": _TOO_FEW}),
    }


def _forecast(tables: TableStore, store: ReviewStore, rule: Rule, upcoming: int) -> dict[str, Any]:
    """What the next items of the queue are expected to hold, and from where on review does harm."""
    items = load_items(tables, tables.current_ref("findings").lineage())
    found = queue_forecast(store, tables.dataset, items, rule, upcoming=upcoming)
    return {
        **asdict(found.forecast),
        "reviewed": found.decided,
        "found_wrong": found.found_wrong,
        "break_even": asdict(found.break_even),
    }
