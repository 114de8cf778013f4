"""Chart of how many errors 100 reviewed items hold, by which items they are."""

from __future__ import annotations

import altair as alt

from audits.errors import UsageError
from audits.report import theme
from audits.report.lettering import text_width
from audits.report.names import fitted
from audits.report.plane import Dot, Mark, Rule, Text, drawn
from audits.report.sentences import yield_sentence
from audits.review.statistics.yields import Yield, Yields

# Heights of a row, of a heading and of the scale above the rows, the room between columns, and the widest name, in px.
_ROW, _HEADING, _HEAD, _GAP, _NAME = 22, 30, 26, 12, 190

#: At most so many signals are drawn.
MOST = 15

_SECTIONS = (("by_signal", "Flagged by"), ("by_rank", "Rank"), ("by_stratum", "Asked as"))

#: Numbers of the scale.
_TICKS = (0, 25, 50, 75, 100)


def yield_chart(dataset: str, yields: Yields) -> alt.LayerChart:
    """Draw how many errors 100 reviewed items hold, with intervals: by signal, by rank, and by why they were asked.

    Parameters
    ----------
    dataset : str
        Its name.
    yields : Yields

    Returns
    -------
    altair.LayerChart

    Raises
    ------
    UsageError
        When nothing is reviewed yet.
    """
    if not yields.all.errors.n:
        raise UsageError("the chart 'yield' needs at least one reviewed item; got none")
    sections = [(heading, list(getattr(yields, name))[:MOST]) for name, heading in _SECTIONS]
    sections = [(heading, rows) for heading, rows in sections if rows]
    shown = [y for _, rows in sections for y in rows]
    names = {y.name: fitted(y.name, theme.TEXT, _NAME) for y in shown}
    figures = [_figure(y) for y in shown]
    left = max([text_width(n, theme.TEXT) for n in names.values()], default=0) + _GAP
    right = theme.WIDTH - max([text_width(f, theme.TEXT) for f in figures], default=0) - _GAP
    height = _HEAD + sum(_HEADING + _ROW * len(rows) for _, rows in sections)

    def x(share: float) -> float:
        return left + share * (right - left)

    marks: list[Mark] = []
    for tick in _TICKS:
        marks.append(Rule(x(tick / 100), _HEAD - 6, x(tick / 100), height, theme.FAINT, 0.5))
        marks.append(Text(x(tick / 100), _HEAD / 2 - 2, str(tick), theme.ORIGINAL, "center"))
    overall = yields.all.errors.value or 0.0
    marks.append(Rule(x(overall), _HEAD - 6, x(overall), height, theme.ORIGINAL, 1.0, dashed=True))
    bars, dots, words, top = [], [], [], float(_HEAD)
    for heading, rows in sections:
        words.append(Text(0, top + _HEADING * 0.58, heading, theme.INK, bold=True))
        top += _HEADING
        for row in rows:
            y, share = top + _ROW / 2, row.errors
            if share.low is not None and share.high is not None and share.value is not None:
                bars.append(Rule(x(share.low), y, x(share.high), y, theme.CLEANED, 1.4, model=row.name))
                dots.append(Dot(x(share.value), y, theme.CLEANED, 55, model=row.name))
            words.append(Text(left - _GAP, y, names[row.name], theme.INK, "right", model=row.name))
            words.append(Text(theme.WIDTH, y, _figure(row), theme.ORIGINAL, "right", model=row.name))
            top += _ROW
    words.sort(key=lambda t: (t.align, t.bold))
    return theme.themed(
        drawn(height, [*marks, *bars, *dots, *words]), yield_sentence(yields), _notes(dataset, yields)
    )


def _figure(row: Yield) -> str:
    return f"{row.errors.count:,} of {row.errors.n:,}"


def _notes(dataset: str, yields: Yields) -> list[str]:
    notes = [
        f"{dataset}: wrong labels per 100 reviewed items, n = {yields.all.errors.n:,}, gold items left out. "
        "Thin lines: 95 % intervals; dashed: all of them."
    ]
    if len(yields.by_signal) > MOST:
        notes.append(f"{MOST} of {len(yields.by_signal)} signals are drawn.")
    return notes
