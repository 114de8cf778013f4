"""The sentences that stand above the charts of a review. Also what a page says in a chart's place, so nothing is drawn
or loaded for them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from audits.report.names import fitted
from audits.review.statistics.confusions import Confusions
from audits.review.statistics.effort import Effort
from audits.review.statistics.trend import TrendPoint
from audits.review.statistics.yields import Yield, Yields

# Size of the type, as that of `theme`, and the widest name in a sentence, in px.
_SIZE, _NAME = 17, 200


def effort_sentence(effort: Effort) -> str:
    """What the chart of errors found against items reviewed shows."""
    done, errors = len(effort.found) - 1, effort.found[-1]
    if not done:
        return "No item is reviewed yet"
    said = f"{errors:,} of {done:,} reviewed items had a wrong label"
    ahead = effort.ahead
    if not len(ahead.items):
        return said if effort.left else f"{said}; nothing is left to review"
    more, low, high = (float(v[-1]) - errors for v in (ahead.expected, ahead.low, ahead.high))
    left = int(ahead.items[-1]) - done
    are = "is" if round(more) == 1 else "are"
    return f"{said}; {more:,.0f} more {are} expected among the {left:,} left ({low:,.0f} to {high:,.0f})"


def yield_sentence(yields: Yields) -> str:
    """What the chart of errors in 100 reviewed items shows."""
    if not yields.all.errors.n:
        return "No item is reviewed yet"
    said = f"{_hundred(yields.all)} of 100 reviewed items had a wrong label"
    if len(yields.by_signal) < 2:
        return said
    best = yields.by_signal[0]
    return f"{said}; of those that {fitted(best.name, _SIZE, _NAME)} flags, {_hundred(best)} of 100"


def confusion_sentence(found: Confusions, name_of: Callable[[str], str] = str) -> str:
    """What the chart of corrected labels shows."""
    if not found.pairs:
        return "No label is corrected to another one yet"
    first = found.pairs[0]
    alike = sum(p.items.count == first.items.count for p in found.pairs)
    if alike == len(found.pairs) > 1:
        return f"{found.corrected:,} labels were corrected, no pair of classes more often than another"
    given, new = (fitted(name_of(c), _SIZE, _NAME) for c in (first.given, first.new))
    times = f"{first.items.count:,} time{'s' if first.items.count > 1 else ''}"
    also = f", and {alike - 1:,} other pair{'s' if alike > 2 else ''} as often" if alike > 1 else ""
    return f"The label {given} is most often corrected to {new}: {times} of {found.corrected:,}{also}"


def trend_sentence(points: Sequence[TrendPoint]) -> str:
    """What the chart of the runs shows."""
    if not points:
        return "There was no run yet"
    first, last = points[0], points[-1]
    rate = "" if last.rate is None else f"; an estimated {100 * last.rate:.1f} % of the labels are wrong"
    if len(points) == 1:
        return f"After one run {last.open:,} items are open and {last.decided:,} decided{rate}"
    return (
        f"Over {len(points)} runs, open items went from {first.open:,} to {last.open:,} and decided ones from "
        f"{first.decided:,} to {last.decided:,}{rate}"
    )


def _hundred(row: Yield) -> str:
    return f"{100 * (row.errors.value or 0):.0f}"
