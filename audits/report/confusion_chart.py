"""Chart of which labels are most often corrected to which: a table of the classes, or a list where there are many."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import altair as alt

from audits.errors import UsageError
from audits.report import theme
from audits.report.lettering import text_width
from audits.report.names import fitted
from audits.report.plane import Mark, Rule, Text, drawn
from audits.report.sentences import confusion_sentence
from audits.review.statistics.confusions import Confusion, Confusions

#: With more classes than this a list is drawn, of at most so many pairs.
MOST_CLASSES, MOST_PAIRS = 12, 20

# Height of a row and of a bar, the room between columns, and the widest name of a class, in px.
_ROW, _BAR, _GAP, _NAME = 24, 12, 10, 130

# The largest cell of the table and the widest name beside it, in px.
_CELL, _CELL_NAME = 38, 110


def confusion_chart(
    dataset: str, found: Confusions, classes: Sequence[str], name_of: Callable[[str], str] = str
) -> alt.LayerChart:
    """Draw which labels people corrected to which.

    Parameters
    ----------
    dataset : str
        Its name.
    found : Confusions
    classes : sequence of str
        All class ids, in their order.
    name_of : callable, optional
        What a class is called, by its id.

    Returns
    -------
    altair.LayerChart
        With up to 12 classes a table, a row a given label; with more a list, most often corrected first.

    Raises
    ------
    UsageError
        When nothing was corrected.
    """
    if not found.pairs:
        raise UsageError("the chart 'confusions' needs at least one corrected label; got none")
    known = set(classes)
    # a verdict outlives its class: such pairs are told in the list alone
    alike = all(p.given in known and p.new in known for p in found.pairs)
    if len(classes) <= MOST_CLASSES and alike:
        chart = _table(found.pairs, classes, name_of)
        notes = [f"{_about(dataset, found)} Row: given label; column: the label that people decided on."]
    else:
        chart = _listed(found.pairs[:MOST_PAIRS], name_of)
        notes = [
            f"{_about(dataset, found)} Beside each bar: so many, of the decided items with the given label."
        ]
        if len(found.pairs) > MOST_PAIRS:
            notes.append(f"{MOST_PAIRS} of {len(found.pairs):,} pairs are drawn.")
    return theme.themed(chart, confusion_sentence(found, name_of), notes)


def _listed(pairs: Sequence[Confusion], name_of: Callable[[str], str]) -> alt.LayerChart:
    names = [
        (fitted(name_of(p.given), theme.TEXT, _NAME), fitted(name_of(p.new), theme.TEXT, _NAME))
        for p in pairs
    ]
    figures = [f"{p.items.count:,} of {p.items.n:,}" for p in pairs]
    given = max(text_width(a, theme.TEXT) for a, _ in names)
    new = max(text_width(b, theme.TEXT) for _, b in names)
    arrow = text_width("→", theme.TEXT) + 2 * _GAP
    left = given + arrow + new + _GAP
    right = theme.WIDTH - max(text_width(f, theme.TEXT) for f in figures) - _GAP
    most = max(p.items.count for p in pairs)
    bars: list[Mark] = []
    words: list[Text] = []
    for i, (p, (a, b), figure) in enumerate(zip(pairs, names, figures, strict=True)):
        y, end = (i + 0.5) * _ROW, left + p.items.count / most * (right - left)
        key = f"{p.given} {p.new}"
        bars.append(Rule(left, y, end, y, theme.CLEANED, _BAR, model=key))
        words.append(Text(given, y, a, theme.ORIGINAL, "right", model=key))
        words.append(Text(given + arrow / 2, y, "→", theme.ORIGINAL, "center", model=key))
        words.append(Text(given + arrow, y, b, theme.INK, "left", model=key))
        words.append(Text(end + 8, y, figure, theme.ORIGINAL, "left", model=key))
    words.sort(key=lambda t: t.align)
    return drawn(_ROW * len(pairs), [*bars, *words])


def _table(
    pairs: Sequence[Confusion], classes: Sequence[str], name_of: Callable[[str], str]
) -> alt.LayerChart:
    names = {c: fitted(name_of(c), theme.TEXT, _CELL_NAME) for c in classes}
    wide = max(text_width(n, theme.TEXT) for n in names.values())
    # names of columns stand upright where they are wider than a cell
    cell = min(_CELL, (theme.WIDTH - wide - 40) / len(classes))
    side = cell * len(classes)
    counts = {(p.given, p.new): p.items.count for p in pairs}
    most = max(counts.values())
    place = {c: i + 0.5 for i, c in enumerate(classes)}
    rows = [
        {
            "given": place[a],
            "new": place[b],
            "count": f"{counts[a, b]:,}" if (a, b) in counts else "",
            "colour": "#F1F3F4" if a == b else theme.CLEANED if (a, b) in counts else "white",
            # never so strong that the number in it is hard to read
            "opacity": 1.0 if (a, b) not in counts else 0.12 + 0.5 * counts[a, b] / most,
        }
        for a in classes
        for b in classes
    ]
    scale = alt.Scale(domain=[0, len(classes)], nice=False)
    down = alt.Scale(domain=[len(classes), 0], nice=False)
    x = alt.X("new", type="quantitative", scale=scale, axis=None)
    y = alt.Y("given", type="quantitative", scale=down, axis=None)
    data = alt.Chart(theme.values(rows))
    squares = data.mark_square(size=(cell - 2) ** 2).encode(
        x=x,
        y=y,
        color=alt.Color("colour", type="nominal", scale=None),
        opacity=alt.Opacity("opacity", type="quantitative", scale=None),
    )
    numbers = data.mark_text(fontSize=theme.SMALL, color=theme.INK).encode(
        x=x, y=y, text=alt.Text("count", type="nominal")
    )
    written = [{"at": place[c], "text": names[c]} for c in classes]
    upright = wide > cell - 6
    beside = alt.Chart(theme.values(written)).mark_text(align="right", dx=-8, color=theme.ORIGINAL)
    above = alt.Chart(theme.values(written)).mark_text(
        align="left" if upright else "center",
        angle=270 if upright else 0,
        dx=8 if upright else 0,
        dy=0 if upright else -12,
        color=theme.INK,
    )
    text = alt.Text("text", type="nominal")
    layers = [
        squares,
        numbers,
        beside.encode(x=alt.value(0), y=alt.Y("at", type="quantitative", scale=down, axis=None), text=text),
        above.encode(x=alt.X("at", type="quantitative", scale=scale, axis=None), y=alt.value(0), text=text),
    ]
    return theme.layered(layers, side, side)


def _about(dataset: str, found: Confusions) -> str:
    said = f"{dataset}: {found.corrected:,} labels that people corrected to one other, gold items left out."
    if found.otherwise:
        said += f" {found.otherwise:,} more have several labels, or none."
    return said
