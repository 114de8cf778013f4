"""Chart of errors found against items reviewed, and how that is expected to go on."""

from __future__ import annotations

from typing import Any

import altair as alt
import numpy as np

from audits.errors import UsageError
from audits.report import theme
from audits.report.lettering import apart
from audits.report.sentences import effort_sentence
from audits.review.statistics.effort import Effort

# Size of the plane, in px; beside it stand the numbers of the axis and what is written at the ends of lines.
_WIDTH, _HEIGHT, _LETTERS = 384, 250, 18

#: At most so many steps of the line are drawn.
_STEPS = 400


def effort_chart(dataset: str, effort: Effort) -> alt.LayerChart:
    """Draw the errors found against the items reviewed, and the continuation that is expected with its interval.

    Parameters
    ----------
    dataset : str
        Its name.
    effort : Effort

    Returns
    -------
    altair.LayerChart

    Raises
    ------
    UsageError
        When nothing is reviewed yet.
    """
    done = len(effort.found) - 1
    if done < 1:
        raise UsageError("the chart 'effort' needs at least one reviewed item; got none")
    ahead = effort.ahead
    errors = effort.found[-1]
    end = int(ahead.items[-1]) if len(ahead.items) else done
    highest = float(max([errors, *ahead.high.tolist()]))
    x = alt.X(
        "reviewed",
        type="quantitative",
        scale=alt.Scale(domain=[0, end], nice=False),
        axis=alt.Axis(grid=False, tickCount=5, title="items reviewed", format=",d", labelFlush=False),
    )
    top = max(highest * 1.04, 1.0)
    scale = alt.Scale(domain=[0, top], nice=False)
    axis = alt.Axis(tickCount=5, title="wrong labels found", format=",d", tickMinStep=1)
    y = alt.Y("errors", type="quantitative", scale=scale, axis=axis)
    layers: list[alt.Chart] = []
    labels = {f"{errors:,} found": float(errors)}
    at = {f"{errors:,} found": done}
    if len(ahead.items):
        rows: list[dict[str, float]] = [{"reviewed": done, "errors": errors, "low": errors, "high": errors}]
        columns = (ahead.items, ahead.expected, ahead.low, ahead.high)
        rows += [
            {"reviewed": int(r), "errors": float(e), "low": float(lo), "high": float(hi)}
            for r, e, lo, hi in zip(*columns, strict=True)
        ]
        data = alt.Chart(theme.values(rows))
        band = data.mark_area(color=theme.FAINT, opacity=0.45)
        layers.append(
            band.encode(x=x, y=alt.Y("low", type="quantitative", scale=scale, axis=axis), y2="high")
        )
        line = data.mark_line(color=theme.ORIGINAL, strokeWidth=1.6, strokeDash=theme.DASHES)
        layers.append(line.encode(x=x, y=y))
        expected = f"{ahead.expected[-1]:,.0f} expected"
        labels[expected], at[expected] = float(ahead.expected[-1]), end
    steps = np.unique(np.linspace(0, done, min(done, _STEPS) + 1).round().astype(int)).tolist()
    found = [{"reviewed": s, "errors": effort.found[s]} for s in steps]
    so_far = alt.Chart(theme.values(found)).mark_line(color=theme.CLEANED, strokeWidth=2.4)
    now = alt.Chart(theme.values(found[-1:])).mark_point(filled=True, color=theme.CLEANED, size=70, opacity=1)
    layers += [so_far.encode(x=x, y=y), now.encode(x=x, y=y)]
    layers += _letters(labels, at, end, scale, top)
    return theme.themed(
        theme.layered(layers, _WIDTH, _HEIGHT), effort_sentence(effort), _notes(dataset, effort)
    )


def _letters(
    labels: dict[str, float], at: dict[str, int], end: int, scale: Any, top: float
) -> list[alt.Chart]:
    """What is written at the right edge, each as high as its line ends."""
    heights = apart(labels, _LETTERS * top / _HEIGHT)
    rows = [
        {
            "text": text,
            "height": min(height, top),
            "colour": theme.CLEANED if text.endswith("found") else theme.ORIGINAL,
        }
        for text, height in heights.items()
    ]
    text = alt.Chart(theme.values(rows)).mark_text(align="left", dx=8)
    placed = text.encode(
        x=alt.value(_WIDTH),
        y=alt.Y("height", type="quantitative", scale=scale),
        text=alt.Text("text", type="nominal"),
        color=alt.Color("colour", type="nominal", scale=None),
    )
    reached = [t for t in labels if at[t] < end]
    if not reached:
        return [placed]
    rule = alt.Chart(theme.values([{"reviewed": at[t], "to": end, "errors": labels[t]} for t in reached]))
    lead = rule.mark_rule(color=theme.FAINT, strokeWidth=0.8).encode(
        x=alt.X("reviewed", type="quantitative"), x2="to", y=alt.Y("errors", type="quantitative", scale=scale)
    )
    return [lead, placed]


def _notes(dataset: str, effort: Effort) -> list[str]:
    notes = [f"{dataset}: errors found in the order in which items were decided, gold items left out."]
    if len(effort.ahead.items):
        notes.append(
            "Dashed: how it is expected to go on, by the probabilities as verdicts so far correct them; "
            "grey: 95 % interval."
        )
    elif effort.reason is not None and effort.left:
        notes.append(f"What is left is not forecast: {effort.reason}.")
    if effort.unknown and len(effort.ahead.items):
        notes.append(f"{effort.unknown:,} items without a probability are not in it.")
    return notes
