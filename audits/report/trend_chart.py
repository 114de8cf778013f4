"""Chart of how a review went on from run to run, a panel for what is counted alike."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, timedelta
from typing import Any

import altair as alt

from audits.errors import UsageError
from audits.report import theme
from audits.report.lettering import apart
from audits.report.names import fitted
from audits.report.sentences import trend_sentence
from audits.report.subject import Subject
from audits.review.statistics.trend import TrendPoint

# Size of a panel, the room between two of them, and the least distance of two texts, in px.
_WIDTH, _HEIGHT, _SPACING, _LETTERS = 372, 108, 26, 17

#: How many times are written below the runs.
_TIMES = 6

#: How much of the vertical axis is beyond the highest and the lowest figure.
_MARGIN = 0.08


def trend_chart(
    dataset: str, metric: str, points: Sequence[TrendPoint], *, percent: bool = True
) -> alt.VConcatChart:
    """Draw what was flagged, open and decided after each run, the estimated error rate, and the best corrected score.

    Parameters
    ----------
    dataset : str
        Its name.
    metric : str
        What the score measures, as it is to be written.
    points : sequence of TrendPoint
        At least one, the earliest first.
    percent : bool
        Whether the score is written in percent.

    Returns
    -------
    altair.VConcatChart
        A panel is left out where no run has its figures.

    Raises
    ------
    UsageError
        When there is no run.
    """
    if not points:
        raise UsageError("the chart 'trend' needs at least one run; got none")
    subject = Subject(dataset, metric, 0, 0, percent=percent)
    panels = [_counts(points)]
    if any(p.rate is not None for p in points):
        panels.append(_rates(points))
    if any(p.score is not None for p in points):
        panels.append(_scores(points, subject))
    runs = _Runs(points)
    # only the last panel says when
    drawn = [panel(runs, i == len(panels) - 1) for i, panel in enumerate(panels)]
    chart = alt.vconcat(*drawn, spacing=_SPACING)
    return theme.themed(chart, trend_sentence(points), _notes(dataset, points))


class _Runs:
    """The runs beside each other at equal distances: many may be of one hour, and then there is none for a week."""

    def __init__(self, points: Sequence[TrendPoint]) -> None:
        self.n = len(points)
        span = points[-1].at - points[0].at
        self._format = (
            "%H:%M" if span < timedelta(days=2) else "%d %b" if span < timedelta(days=300) else "%b %Y"
        )
        self._moments = [p.at.astimezone(UTC) for p in points]

    def x(self) -> alt.X:
        """The horizontal axis."""
        # a run alone stands in the middle
        ends = [0, self.n - 1] if self.n > 1 else [-1, 1]
        return alt.X("run", type="quantitative", scale=alt.Scale(domain=ends, nice=False), axis=None)

    def times(self) -> list[alt.Chart]:
        """When the runs were, of as many as can be told apart, to stand below a panel."""
        apart_by = max(1, -(-self.n // _TIMES))
        rows = [
            {"run": i, "time": self._moments[i].strftime(self._format)}
            for i in range(self.n - 1, -1, -apart_by)  # the last one always
        ]
        words = alt.Chart(theme.values(rows)).mark_text(color=theme.ORIGINAL, baseline="top")
        return [words.encode(x=self.x(), y=alt.value(_HEIGHT + 8), text=alt.Text("time", type="nominal"))]


class _Panel:
    """Lines over the runs, each with its last figure written beside it."""

    def __init__(self, heading: str, top: float | None = None, bottom: float | None = None) -> None:
        self.heading = heading
        self.top, self.bottom = top, bottom
        self.lines: list[tuple[str, str, list[dict[str, Any]]]] = []
        self.bands: list[dict[str, Any]] = []

    def add(self, text: str, colour: str, rows: list[dict[str, Any]]) -> None:
        """Add a line; what is written at its end, its colour, and rows with `run` and `value`."""
        self.lines.append((text, colour, rows))

    def __call__(self, runs: _Runs, last: bool) -> alt.LayerChart:
        every = [r["value"] for *_, rows in self.lines for r in rows]
        every += [b[end] for b in self.bands for end in ("low", "high")]
        low, high = min(every), max(every)
        spare = (high - low) * _MARGIN or max(abs(high) * _MARGIN, 0.5)
        low, high = low - spare, high + spare
        if self.bottom is not None:
            low = self.bottom
        if self.top is not None:
            high = min(high, self.top)
        scale = alt.Scale(domain=[low, high], nice=False)
        x = runs.x()
        y = alt.Y("value", type="quantitative", scale=scale, axis=alt.Axis(tickCount=4, title=None))
        layers: list[alt.Chart] = []
        if self.bands:
            data = alt.Chart(theme.values(self.bands))
            at = alt.Y("low", type="quantitative", scale=scale, axis=alt.Axis(tickCount=4, title=None))
            mark = data.mark_area(color=theme.FAINT, opacity=0.45) if len(self.bands) > 1 else None
            mark = mark or data.mark_rule(color=theme.ORIGINAL, strokeWidth=1.4)
            layers.append(mark.encode(x=x, y=at, y2="high"))
        for _, colour, rows in self.lines:
            data = alt.Chart(theme.values(rows))
            layers.append(data.mark_line(color=colour, strokeWidth=2).encode(x=x, y=y))
            layers.append(data.mark_point(color=colour, filled=True, size=26, opacity=1).encode(x=x, y=y))
        ends = {text: rows[-1]["value"] for text, _, rows in self.lines}
        colours = {text: colour for text, colour, _ in self.lines}
        rows = [
            {"text": text, "value": height, "colour": colours[text]}
            for text, height in apart(ends, _LETTERS * (high - low) / _HEIGHT).items()
        ]
        words = (
            alt.Chart(theme.values(rows))
            .mark_text(align="left", dx=8)
            .encode(
                x=alt.value(_WIDTH),
                y=alt.Y("value", type="quantitative", scale=scale),
                text=alt.Text("text", type="nominal"),
                color=alt.Color("colour", type="nominal", scale=None),
            )
        )
        heading = alt.TitleParams(self.heading, fontSize=theme.TEXT, offset=4, anchor="start", frame="group")
        layers += [words, *(runs.times() if last else [])]
        return theme.layered(layers, _WIDTH, _HEIGHT).properties(title=heading)


def _counts(points: Sequence[TrendPoint]) -> _Panel:
    panel = _Panel("Items", bottom=0)
    for name, colour in (("flagged", theme.ORIGINAL), ("open", theme.INK), ("decided", theme.CLEANED)):
        rows = [_row(i, float(v)) for i, p in enumerate(points) if (v := getattr(p, name)) is not None]
        if rows:
            panel.add(f"{rows[-1]['value']:,.0f} {name}", colour, rows)
    return panel


def _rates(points: Sequence[TrendPoint]) -> _Panel:
    panel = _Panel("Estimated share of wrong labels, %", bottom=0, top=100)
    rows = [_row(i, 100 * p.rate) for i, p in enumerate(points) if p.rate is not None]
    panel.add(f"{rows[-1]['value']:.1f} %", theme.CLEANED, rows)
    panel.bands = [
        {"run": i, "low": 100 * p.low, "high": 100 * p.high}
        for i, p in enumerate(points)
        if p.low is not None and p.high is not None
    ]
    return panel


def _scores(points: Sequence[TrendPoint], subject: Subject) -> _Panel:
    unit = ", %" if subject.percent else ""
    panel = _Panel(f"Best {subject.metric} under corrected labels{unit}")
    rows = [_row(i, subject.scaled(p.score)) for i, p in enumerate(points) if p.score is not None]
    last = next(p for p in reversed(points) if p.score is not None)
    panel.add(
        f"{subject.score(last.score or 0.0)} {fitted(str(last.model), theme.TEXT, 84)}", theme.CLEANED, rows
    )
    return panel


def _row(run: int, value: float) -> dict[str, Any]:
    return {"run": run, "value": value}


def _notes(dataset: str, points: Sequence[TrendPoint]) -> list[str]:
    notes = [f"{dataset}: as it stood after each run that changed anything, times in UTC."]
    if any(p.rate is not None for p in points):
        notes.append("Grey: 95 % interval.")
    gone = sum(p.flagged is None for p in points)
    if gone:
        notes.append(f"Tables of {gone} runs are no longer kept; what only they knew is left out.")
    return notes
