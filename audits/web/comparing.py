"""The scores page's figures: worked out when somebody looks, and kept while neither run nor verdicts change."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from audits.benchmark.behind_flips import behind
from audits.benchmark.comparison import Comparison, TableRow, table_rows
from audits.benchmark.conclusions import Conclusion, conclusions
from audits.cleaned import Asked, Contest, class_distance_of, compare_cleaned, contest
from audits.errors import UsageError
from audits.review.questions import questions_of
from audits.review.records import Mark
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
    mark: Mark
    metric: str
    comparison: Comparison
    contest: Contest
    _svgs: dict[str, str] = field(default_factory=dict)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def rows(self, items: str) -> list[TableRow]:
        """A line a model on an item set."""
        return table_rows(self.comparison, items, self.metric)

    @cached_property
    def conclusions(self) -> list[Conclusion]:
        """What holds, on the items of both versions."""
        return conclusions(self.comparison, "common", self.metric)

    @cached_property
    def flips(self) -> list[Flip]:
        """Pairs of models that change places on the items of both versions, the first `FLIPS` with their items."""
        truths = self.contest.truths("common")
        before, after = (truths[v] for v in self.comparison.pair)
        models = self.contest.models
        found = []
        for row in self.flip_rows[:FLIPS]:
            was, now = (models[row[k]].predicted() for k in ("was_ahead", "now_ahead"))  # type: ignore[index]
            moved = behind(before, after, was, now)
            found.append(
                Flip(
                    str(row["was_ahead"]),
                    str(row["now_ahead"]),
                    row["p_flip"],  # type: ignore[arg-type]
                    row["sure"],  # type: ignore[arg-type]
                    int((moved.gain > 0).sum()),
                    int((moved.gain < 0).sum()),
                    tuple(self._items(moved.rows[:ITEMS], moved.gain[:ITEMS], was, now)),
                )
            )
        return found

    @cached_property
    def flip_rows(self) -> list[Mapping[str, object]]:
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
        return {name: _sentence(chart) for name, chart in self.charts.items()}

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
                raise UsageError(f"there is no chart {chart!r} here; there are {', '.join(self.charts) or 'none'}")
            if chart not in self._svgs:
                self._svgs[chart] = to_svg(self.charts[chart])
            return self._svgs[chart]

    def _items(
        self, rows: np.ndarray, gains: np.ndarray, was: np.ndarray, now: np.ndarray
    ) -> Sequence[ItemBehind]:
        items = self.contest.cleaned.items
        classes, table = items.classes, items.items.take(rows)
        after = self.contest.truths("common")[self.comparison.pair[1]].take(rows)
        questions = questions_of(table, self.loaded.name, classes)
        found = []
        for k, question in enumerate(questions):
            right = [after.labels[k], *([] if after.further is None else after.further[k])]
            names = tuple(n for c in right if (n := _name(items.classes, int(c))) is not None)
            found.append(
                ItemBehind(
                    question.item_id,
                    question.hash,
                    classes.display(classes.positions[question.given_label]) or question.given_label,
                    names,
                    _name(classes, int(was[rows[k]])),
                    _name(classes, int(now[rows[k]])),
                    int(gains[k]),
                )
            )
        return found
