"""How a review went on from run to run: flagged, open and decided items, the estimated error rate, the best score."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from audits.benchmark.metrics import metric_named
from audits.review.consensus import Rule
from audits.review.statistics.error_rate import ErrorRate, error_rate
from audits.review.statistics.gathered import Gathered
from audits.review.statistics.outcomes import Found, Outcomes
from audits.review.statistics.rows import QuestionRow, ReviewRows, VerdictRow
from audits.table_store import TABLE_FILE, TableStore

#: How many runs are followed back.
MOST_RUNS = 60


@dataclass(frozen=True)
class TrendPoint:
    """How things stood when a run had published its last table.

    What is known only from tables of that run is None where they are no longer kept.

    Attributes
    ----------
    at : datetime
    flagged : int or None
        Items that audits flagged.
    open, decided : int
        Tasks, of those on questions that items pose today, that waited for verdicts, and that were complete.
    wrong : int
        Items whose given label people had found wrong, gold items passed over.
    rate, low, high : float or None
        Estimated share of wrong labels with its 95 % interval.
    model : str or None
        The best model on the corrected labels.
    score : float or None
        Its score.
    """

    at: datetime
    flagged: int | None
    open: int
    decided: int
    wrong: int
    rate: float | None
    low: float | None
    high: float | None
    model: str | None
    score: float | None


@dataclass(frozen=True)
class _Run:
    run_id: str | None
    at: datetime
    tables: Mapping[str, str]


def trend(
    gathered: Gathered,
    tables: TableStore,
    rule: Rule,
    metric: str,
    *,
    known: MutableMapping[object, TrendPoint] | None = None,
) -> tuple[TrendPoint, ...]:
    """Follow a review from run to run, the last `MOST_RUNS` that changed anything.

    What people had decided by then is worked out again from the verdicts and withdrawals stored until then, under
    today's rule.

    Parameters
    ----------
    gathered : Gathered
    tables : TableStore
        Of the dataset, with its history.
    rule : Rule
    metric : str
        Name of the metric whose best score is told.
    known : mutable mapping, optional
        Points that were worked out before for the same questions, rule and metric; new ones are put in.

    Returns
    -------
    tuple of TrendPoint
        The earliest run first.
    """
    points: MutableMapping[object, TrendPoint] = {} if known is None else known
    runs = _runs(tables)[-MOST_RUNS:]
    keys = [(r.run_id, r.at) for r in runs]
    if any(k not in points for k in keys):
        past = _Past(gathered, rule)
        for key, run in zip(keys, runs, strict=True):
            past.go_to(run.at)
            if key not in points:
                points[key] = _point(past, run, tables, metric)
    return tuple(points[k] for k in keys)


def _runs(tables: TableStore) -> list[_Run]:
    """The runs of the history, each with the tables in force at its end."""
    found: list[_Run] = []
    current: dict[str, str] = {}
    for entry in tables.history():
        current = {k: v for k, v in current.items() if k not in entry["dropped"]} | entry["tables"]
        run = _Run(entry["run_id"], datetime.fromisoformat(entry["at"]), current)
        if found and found[-1].run_id == run.run_id:
            found.pop()
        found.append(run)
    return [r for r in found if "findings" in r.tables]


class _Past:
    """The review as it stood at a moment, which only moves forward."""

    def __init__(self, gathered: Gathered, rule: Rule) -> None:
        self._rows, self._today = gathered.rows, gathered.questions
        self._question = {q.hash: q for q in gathered.questions}
        self._tasks = sorted(q.task_id for q in gathered.tasks if q.task_id is not None)
        self._outcomes = Outcomes(rule)
        self._standing: dict[str, list[VerdictRow]] = {}
        self._events = list(_events(gathered.rows))
        self._done = 0
        self._last_task = 0
        self._complete: set[int] = set()
        self._early: set[int] = set()
        self._wrong: set[str] = set()
        self.found: dict[str, Found] = {}

    def go_to(self, at: datetime) -> None:
        """Take in all that was stored until a moment."""
        self._last_task = max((task for when, task in self._rows.queued if when <= at), default=0)
        while self._done < len(self._events) and self._events[self._done][0] <= at:
            _, taken_back, v = self._events[self._done]
            votes = self._standing.setdefault(v.question_hash, [])
            if taken_back:
                votes.remove(v)
            else:
                votes.append(v)
            self._note(v.question_hash, self._outcomes.of(votes))
            self._done += 1

    def _note(self, question: str, found: Found | None) -> None:
        if found is None:
            self.found.pop(question, None)
        else:
            self.found[question] = found
        q = self._question.get(question)
        if q is None:
            return
        wrong = found is not None and found.wrong and q.stratum != "gold"
        (self._wrong.add if wrong else self._wrong.discard)(question)
        if q.task_id is not None:
            complete = found is not None and found.outcome != "pending"
            (self._complete.add if complete else self._complete.discard)(q.task_id)
            if complete and q.task_id > self._last_task:
                self._early.add(q.task_id)

    def counts(self) -> tuple[int, int, int]:
        """Tasks that waited, those that were complete, and items that were found wrong."""
        # verdicts may have come in before anybody was asked
        self._early = {task for task in self._early if task > self._last_task}
        complete = len(self._complete) - len(self._complete & self._early)
        return bisect_right(self._tasks, self._last_task) - complete, complete, len(self._wrong)

    def gathered(self, held_out: Mapping[str, float | None]) -> Gathered:
        """How the review stood, by the probabilities of that run."""
        then = tuple(_as_then(q, self._last_task, held_out.get(q.item_id)) for q in self._today)
        return Gathered(ReviewRows(then, (), {}, ()), then, dict(self.found))


def _as_then(q: QuestionRow, last_task: int, probability: float | None) -> QuestionRow:
    if q.task_id is not None and q.task_id <= last_task:
        return q._replace(probability=probability)
    return q._replace(probability=probability, stratum=None, rank=None, gold_label=None, task_id=None)


def _events(rows: ReviewRows) -> Iterator[tuple[datetime, bool, VerdictRow]]:
    """Verdicts and withdrawals in the order in which they were stored."""
    found = [(v.stored_at, False, v) for v in rows.verdicts]
    found += [(v.withdrawn_at, True, v) for v in rows.verdicts if v.withdrawn_at is not None]
    return iter(sorted(found, key=lambda e: (e[0], e[1], e[2].id)))


def _point(past: _Past, run: _Run, tables: TableStore, metric: str) -> TrendPoint:
    waiting, complete, wrong = past.counts()
    flagged: int | None = None
    estimated: ErrorRate | None = None
    findings = _columns(tables, "findings", run, ["item_id", "flagged", "probability", "held_out"])
    if findings is not None:
        some = findings.filter(findings["flagged"])
        flagged = some.num_rows
        # what is decided is judged by a probability that did not see its own verdict
        judged = pc.coalesce(findings["held_out"], findings["probability"])
        held_out = dict(zip(findings["item_id"].to_pylist(), judged.to_pylist(), strict=True))
        likely = dict(zip(some["item_id"].to_pylist(), some["probability"].to_pylist(), strict=True))
        estimated = error_rate(past.gathered(held_out), findings.num_rows, likely)
    model, score = _best(_columns(tables, "scores", run, None), metric)
    return TrendPoint(
        at=run.at,
        flagged=flagged,
        open=waiting,
        decided=complete,
        wrong=wrong,
        rate=None if estimated is None else estimated.rate,
        low=None if estimated is None else estimated.low,
        high=None if estimated is None else estimated.high,
        model=model,
        score=score,
    )


def _columns(tables: TableStore, table: str, run: _Run, columns: list[str] | None) -> Any:
    """Columns of a version that was in force then; None where it is no longer kept."""
    version = run.tables.get(table)
    folder = tables.root / table / (version or "")
    if version is None or not folder.is_dir():
        return None
    with tables.readable(folder):
        return pq.read_table(folder / TABLE_FILE, columns=columns)


def _best(scores: Any, metric: str) -> tuple[str | None, float | None]:
    if scores is None:
        return None, None
    rows = [
        r
        for r in scores.to_pylist()
        if (r["metric"], r["version"], r["items"]) == (metric, "corrected", "all") and r["value"] is not None
    ]
    if not rows:
        return None, None
    sign = 1 if metric_named(metric).higher_is_better else -1
    best = max(rows, key=lambda r: (sign * r["value"], r["model"]))
    return best["model"], best["value"]
