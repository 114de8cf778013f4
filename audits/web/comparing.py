"""The scores page's figures: worked out when somebody looks, and kept while neither run nor verdicts change."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from audits.benchmark.behind_flips import behind
from audits.benchmark.comparison import Comparison, TableRow, table_rows
from audits.benchmark.comparison_cautions import Mark, cautions_on, mark
from audits.benchmark.conclusions import conclusions
from audits.benchmark.truth import NO_LABEL
from audits.classes import ClassList
from audits.cleaned import Asked, Contest, class_distance_of, compare_cleaned, contest
from audits.errors import UsageError
from audits.outputs import NO_ANSWER, Ints
from audits.review.questions import questions_of
from audits.review.records import Mark as StoreMark
from audits.review.store import ReviewStore
from audits.web.loaded import Loaded
from audits.web.room import Room

if TYPE_CHECKING:
    from audits.report.saving import AnyChart

#: Comparisons that are kept: of several datasets and metrics.
KEPT = 8

#: Flips, and items behind each, that a page shows before it counts them.
FLIPS, ITEMS = 10, 60


@dataclass(frozen=True)
class ItemBehind:
    """An item behind a flip. `given` and `cleaned` are names of classes, `was` and `now` what the models say.

    Attributes
    ----------
    item_id, question_hash : str
    given : str
    cleaned : tuple of str
        All labels that are right now.
    was, now : str or None
        What the model that was ahead, and the one that is, predict; None: no answer.
    gain : int
        By how many right answers the item moved the one that is ahead now against the other.
    """

    item_id: str
    question_hash: str
    given: str
    cleaned: tuple[str, ...]
    was: str | None
    now: str | None
    gain: int


@dataclass(frozen=True)
class Flip:
    """Two models that change places, and the items behind it.

    Attributes
    ----------
    was_ahead, now_ahead : str
    p_flip : float or None
        Share of the resamples that show it.
    sure : bool or None
    favour, against : int
        Items that moved the model that is ahead now forward, and back.
    items : tuple of ItemBehind
        The first of them.
    """

    was_ahead: str
    now_ahead: str
    p_flip: float | None
    sure: bool | None
    favour: int
    against: int
    items: tuple[ItemBehind, ...]


@dataclass(frozen=True)
class Compared:
    """Original beside cleaned scores of a dataset on one metric, under the verdicts of one moment.

    Attributes
    ----------
    loaded : Loaded
    mark : Mark
        The verdicts.
    metric : str
    comparison : Comparison
    contest : Contest
        What the models are compared on.
    """

    loaded: Loaded
    mark: StoreMark
    metric: str
    comparison: Comparison
    contest: Contest
    _svgs: dict[str, str] = field(default_factory=dict)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def rows(self, items: str) -> list[TableRow]:
        """A line a model on an item set."""
        return table_rows(self.comparison, items, self.metric)

    @cached_property
    def cautions(self) -> list[str]:
        """What must be read before the scores are."""
        return [*self.comparison.cautions, *cautions_on(self.comparison, self.metric)]

    @cached_property
    def conclusions(self) -> list[tuple[Mark, str]]:
        """What holds, on the items of both versions: how it is marked, and a sentence."""
        doubtful = bool(cautions_on(self.comparison, self.metric))
        return [
            (mark(c, self.comparison, doubtful=doubtful), c.words)
            for c in conclusions(self.comparison, "common", self.metric)
            if c.about not in ("basis", "pending")  # the page says these above
        ]

    @cached_property
    def flips(self) -> list[Flip]:
        """Pairs of models that change places on the items of both versions, the first `FLIPS` with their items."""
        truths = self.contest.truths("common")
        before, after = (truths[v] for v in self.comparison.pair)
        models = self.contest.models
        found = []
        for row in self.flip_rows[:FLIPS]:
            was, now = (models[row[k]].predicted() for k in ("was_ahead", "now_ahead"))
            moved = behind(before, after, was, now)
            found.append(
                Flip(
                    row["was_ahead"],
                    row["now_ahead"],
                    row["p_flip"],
                    row["sure"],
                    int((moved.gain > 0).sum()),
                    int((moved.gain < 0).sum()),
                    tuple(self._items(moved.rows[:ITEMS], moved.gain[:ITEMS], was, now)),
                )
            )
        return found

    @cached_property
    def flip_rows(self) -> list[dict[str, Any]]:
        """All pairs that change places, as `contracts.FLIPS` has them."""
        rows = self.comparison.flips.to_pylist()
        return [r for r in rows if (r["items"], r["metric"]) == ("common", self.metric)]

    @cached_property
    def charts(self) -> Mapping[str, AnyChart]:
        """The charts by name; none where there is nothing to draw."""
        from audits.report.comparison_charts import charts_of

        if not any(r.corrected_rank and r.original_rank for r in self.rows("common")):
            return {}
        return charts_of(self.comparison, self.metric, self.contest.models, self.contest.truths())

    def sentences(self) -> dict[str, str]:
        """What each chart says, by its name."""
        return {name: str(chart.description) for name, chart in self.charts.items()}

    def svg(self, chart: str) -> str:
        """A chart as SVG.

        Raises
        ------
        UsageError
            When there is no such chart.
        """
        from audits.report.saving import to_svg

        with self._guard:
            if chart not in self.charts:
                raise UsageError(
                    f"there is no chart {chart!r} here; there are {', '.join(self.charts) or 'none'}"
                )
            if chart not in self._svgs:
                self._svgs[chart] = to_svg(self.charts[chart])
            return self._svgs[chart]

    def _items(
        self, rows: npt.NDArray[np.intp], gains: npt.NDArray[np.int8], was: Ints, now: Ints
    ) -> Iterator[ItemBehind]:
        items = self.contest.cleaned.items
        classes = items.classes
        after = self.contest.truths("common")[self.comparison.pair[1]].take(rows)
        questions = questions_of(items.items.take(rows), self.loaded.name, classes)
        for k, question in enumerate(questions):
            right = [after.labels[k], *([] if after.further is None else after.further[k])]
            yield ItemBehind(
                question.item_id,
                question.hash,
                str(classes.display(classes.positions[question.given_label])),
                tuple(str(classes.display(int(c))) for c in right if c != NO_LABEL),
                _said(classes, was[rows[k]]),
                _said(classes, now[rows[k]]),
                int(gains[k]),
            )


class Comparisons:
    """The comparisons of a room's datasets, kept while neither run nor verdicts change; safe with threads.

    Parameters
    ----------
    store : ReviewStore
    """

    def __init__(self, store: ReviewStore) -> None:
        self._store = store
        self._kept: OrderedDict[tuple[str, str], Compared] = OrderedDict()
        self._guard = threading.Lock()
        self._working: dict[str, threading.Lock] = {}

    def of(self, loaded: Loaded, metric: str | None = None) -> Compared:
        """Original beside cleaned scores under the verdicts of this moment.

        Parameters
        ----------
        loaded : Loaded
        metric : str, optional
            One of the dataset's; left out, its first.

        Raises
        ------
        UsageError
            When the dataset has no model to score, or no such metric.
        """
        config = loaded.dataset.config
        metric = config.metrics[0] if metric is None else metric
        if metric not in config.metrics:
            raise UsageError(
                f"metric {metric!r} is not computed for {loaded.name!r} (its YAML says {', '.join(config.metrics)})"
            )
        key = (loaded.name, metric)
        with self._guard:
            working = self._working.setdefault(loaded.name, threading.Lock())
        with working:  # whoever comes while it is worked out waits for it
            mark = self._store.marks(loaded.name).get(loaded.name, StoreMark())
            with self._guard:
                kept = self._kept.get(key)
                if kept is not None and kept.loaded is loaded and kept.mark == mark:
                    self._kept.move_to_end(key)
                    return kept
            found = self._worked_out(loaded, metric, mark)
            with self._guard:
                self._kept[key] = found
                self._kept.move_to_end(key)
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
            return found

    def _worked_out(self, loaded: Loaded, metric: str, mark: StoreMark) -> Compared:
        config = loaded.dataset.config
        opened = contest(loaded.tables, self._store, loaded.rule)
        asked = Asked(
            (metric,),
            opened.pair,
            (("common", metric), ("all", metric)),
            config.uncertainty,
            class_distance_of(loaded.dataset, opened.cleaned.items.classes),
        )
        compared = compare_cleaned(loaded.tables, self._store, loaded.rule, asked, opened)
        return Compared(loaded, mark, metric, compared, opened)


#: One for each room, for as long as it is served.
_COMPARISONS: WeakKeyDictionary[Room, Comparisons] = WeakKeyDictionary()
_GUARD = threading.Lock()


def comparisons_of(room: Room) -> Comparisons:
    """The comparisons of a room's datasets."""
    with _GUARD:
        if (found := _COMPARISONS.get(room)) is None:
            found = _COMPARISONS[room] = Comparisons(room.store)
        return found


def _said(classes: ClassList, index: int) -> str | None:
    return None if index == NO_ANSWER else classes.display(int(index))
