"""The figures of the lead's pages, worked out once for each state of a dataset and its verdicts."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import func, select

from audits.errors import UsageError
from audits.review.schema import reopening, review_task, verdict, withdrawal
from audits.review.statistics.agreement import ReviewAgreement, agreement
from audits.review.statistics.confusions import Confusions, confusions
from audits.review.statistics.effort import Effort, effort
from audits.review.statistics.error_rate import ErrorRate, error_rate
from audits.review.statistics.gathered import Gathered, gather
from audits.review.statistics.reviewers import Reviewers, reviewers
from audits.review.statistics.second_looks import SecondLooks, pairs_of, second_looks
from audits.review.statistics.trend import TrendPoint, trend
from audits.review.statistics.yields import Yields, yields
from audits.review.store import ReviewStore
from audits.run_log import RunRecord
from audits.web.content.named import named_id
from audits.web.loaded import Loaded
from audits.web.people import Person
from audits.web.room import Room

T = TypeVar("T")

#: Names of the charts.
CHARTS = ("effort", "yield", "confusions", "trend")

#: Figures that took longer than this to work out, in seconds, are shown for a while although there are newer verdicts:
#: for so many times as long as they took.
_SLOW, _TIMES = 1.0, 10

#: How many states of a dataset are kept: the charts of a page are asked for after it, by the state that it shows.
_STATES = 3


class Lead:
    """The figures of one state of a dataset. Each is worked out when it is first asked for; safe to use from several
    threads.

    Parameters
    ----------
    store : ReviewStore
    loaded : Loaded
    state : str
        Stands for the state.
    last_run : RunRecord or None
    points : dict
        Points of the trend that are worked out already.
    """

    def __init__(
        self,
        store: ReviewStore,
        loaded: Loaded,
        state: str,
        last_run: RunRecord | None,
        points: dict[object, TrendPoint],
    ) -> None:
        self.loaded, self.state, self.last_run = loaded, state, last_run
        self.made_at = datetime.now(UTC)
        self.seconds = 0.0
        self._store, self._points = store, points
        self._lock = threading.RLock()
        self._made: dict[str, Any] = {}
        self._depth = 0

    def _once(self, what: str, make: Callable[[], T]) -> T:
        """A figure, worked out when it is first asked for."""
        # no cached_property: its lock and this one could wait for each other
        with self._lock:
            if what not in self._made:
                began, self._depth = time.monotonic(), self._depth + 1
                try:
                    self._made[what] = make()
                finally:
                    self._depth -= 1
                    if not self._depth:
                        self.seconds += time.monotonic() - began
            found: T = self._made[what]
            return found

    @property
    def gathered(self) -> Gathered:
        """How the review stands."""
        at = self.loaded
        return self._once("gathered", lambda: gather(self._store, at.name, at.question_rows, at.rule))

    @property
    def yields(self) -> Yields:
        """What review yielded."""
        return self._once("yields", lambda: yields(self.gathered, self.loaded.signals))

    @property
    def confusions(self) -> Confusions:
        """Which labels were corrected to which."""
        return self._once("confusions", lambda: confusions(self.gathered))

    @property
    def effort(self) -> Effort:
        """Errors found against items reviewed."""
        return self._once("effort", lambda: effort(self.gathered))

    @property
    def error_rate(self) -> ErrorRate:
        """How many labels are wrong."""
        return self._once("error_rate", self._estimated)

    def _estimated(self) -> ErrorRate:
        findings = self.loaded.findings
        some = findings.filter(findings["flagged"])
        likely = dict(zip(some["item_id"].to_pylist(), some["probability"].to_pylist(), strict=True))
        return error_rate(self.gathered, self.loaded.items.items.num_rows, likely)

    @property
    def metric(self) -> str:
        """The metric whose best score the trend follows."""
        return self.loaded.dataset.config.metrics[0]

    @property
    def trend(self) -> tuple[TrendPoint, ...]:
        """How the review went on from run to run."""
        at = self.loaded
        return self._once(
            "trend", lambda: trend(self.gathered, at.tables, at.rule, self.metric, known=self._points)
        )

    @property
    def agreement(self) -> ReviewAgreement:
        """How far reviewers agree."""
        return self._once("agreement", lambda: agreement(self.gathered.rows.verdicts))

    @property
    def second_looks(self) -> SecondLooks:
        """What second looks came to."""
        return self._once("second_looks", lambda: second_looks(pairs_of(self.gathered.rows.verdicts)))

    @property
    def reviewers(self) -> Reviewers:
        """How each reviewer works."""
        rows, room = self.gathered.rows, self.loaded.dataset.config.review.room
        return self._once(
            "reviewers", lambda: reviewers(rows.verdicts, rows.gold, fast_seconds=room.fast_seconds)
        )

    @property
    def last_verdict(self) -> datetime | None:
        """When the last verdict or withdrawal was stored."""
        verdicts = self.gathered.rows.verdicts
        return self._once(
            "last", lambda: max((v.withdrawn_at or v.stored_at for v in verdicts), default=None)
        )

    @property
    def last_run_at(self) -> datetime | None:
        """When the last run ended."""
        return None if self.last_run is None else datetime.fromisoformat(self.last_run.ended_at)

    def verdicts_since(self, scored: tuple[int, int] | None) -> int | None:
        """How many verdicts and withdrawals came after scores that were made from so many; None without scores."""
        if scored is None:
            return None
        verdicts = self.gathered.rows.verdicts
        now = len(verdicts) + sum(v.withdrawn_at is not None for v in verdicts)
        return max(now - sum(scored), 0)

    def let_go(self) -> None:
        """Let go of the rows that figures were made from, where there is a newer state; charts need them no more."""
        with self._lock:
            if {"effort", "yields", "confusions", "trend"} <= set(self._made):
                self._made.pop("gathered", None)

    def name_of(self, class_id: str) -> str:
        """What a class is called."""
        return named_id(self.loaded, class_id).name

    def has_chart(self, chart: str) -> bool:
        """Whether there is anything to draw in a chart."""
        if chart == "trend":
            return bool(self.trend)
        if chart == "confusions":
            return bool(self.confusions.pairs)
        return bool(self.yields.all.errors.n)

    def chart(self, chart: str) -> bytes:
        """A chart as SVG, drawn once.

        Raises
        ------
        UsageError
            When there is no such chart, or nothing to draw in it.
        """
        if chart not in CHARTS or not self.has_chart(chart):
            raise UsageError(
                f"there is no chart {chart!r} here; there are {', '.join(filter(self.has_chart, CHARTS))}"
            )
        return self._once(f"chart {chart}", lambda: self._drawn(chart))

    def _drawn(self, chart: str) -> bytes:
        from audits.benchmark.metrics import metric_named
        from audits.report import charts

        name = self.loaded.name
        drawn: Any
        if chart == "effort":
            drawn = charts.effort_chart(name, self.effort)
        elif chart == "yield":
            drawn = charts.yield_chart(name, self.yields)
        elif chart == "confusions":
            drawn = charts.confusion_chart(name, self.confusions, self.loaded.classes.ids, self.name_of)
        else:
            percent = metric_named(self.metric).interval == "wilson"  # a share of the items
            drawn = charts.trend_chart(name, self.metric, self.trend, percent=percent)
        return charts.to_svg(drawn).encode()


class _Kept:
    """The newest states of one dataset."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.leads: list[Lead] = []
        self.points: tuple[str, dict[object, TrendPoint]] = ("", {})


_kept: WeakKeyDictionary[Room, dict[str, _Kept]] = WeakKeyDictionary()
_guard = threading.Lock()


def lead_of(room: Room, name: str, person: Person, state: str | None = None) -> Lead:
    """The figures of a dataset as it stands, or as a page showed it a moment ago.

    Parameters
    ----------
    room : Room
    name : str
        Of the dataset.
    person : Person
    state : str, optional
        `Lead.state` of the page; where it is no longer kept, the newest is given.

    Raises
    ------
    UsageError
        When there is no such dataset for this person, or it was never run.
    StoreError
        When the store cannot be read.
    """
    loaded = room.loaded(name, person)
    with _guard:
        kept = _kept.setdefault(room, {}).setdefault(name, _Kept())
    with kept.lock:
        for lead in kept.leads:
            if lead.state == state:
                return lead
        last_run = room.workspace.run_log(name).last()
        made_of = [loaded.version, room.workspace.config_hash(name), _run_told(last_run)]
        newest = kept.leads[-1] if kept.leads else None
        now = _digest([*made_of, *_stored(room.store)])
        if newest is not None and (newest.state == now or _lasts(newest, loaded)):
            return newest
        same = _digest([loaded.lineage["items"], room.workspace.config_hash(name)])
        if kept.points[0] != same:
            kept.points = (same, {})
        lead = Lead(room.store, loaded, now, last_run, kept.points[1])
        kept.leads = [*kept.leads[1 - _STATES :], lead]
        for older in kept.leads[:-1]:
            older.let_go()
        return lead


def _lasts(lead: Lead, loaded: Loaded) -> bool:
    """Whether figures that take long to work out are shown a little longer."""
    age = (datetime.now(UTC) - lead.made_at).total_seconds()
    return lead.loaded is loaded and lead.seconds > _SLOW and age < _TIMES * lead.seconds


def _stored(store: ReviewStore) -> list[int]:
    """How far the store has come, all datasets together: the rows of tables that are only added to."""
    found: list[int] = []
    with store.reading() as connection:
        for table in (review_task, verdict, withdrawal, reopening):
            row = connection.execute(select(func.count(table.c.id), func.max(table.c.id))).one()
            found += [int(row[0]), int(row[1] or 0)]
    return found


def _run_told(run: RunRecord | None) -> list[str]:
    return [] if run is None else [str(run.run_id), run.status, run.ended_at]


def _digest(parts: list[Any]) -> str:
    return hashlib.blake2b(json.dumps(parts).encode(), digest_size=12).hexdigest()
