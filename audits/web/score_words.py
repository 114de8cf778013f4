"""How the scores page writes figures: shares in percent and their changes in points, other metrics as numbers."""

from __future__ import annotations

from dataclasses import dataclass

from audits.benchmark.metrics import metric_named

#: A minus as long as the plus.
MINUS = "\u2212"

#: Between two ends of an interval.
_TO = "\u2013"


@dataclass(frozen=True)
class Figures:
    """How figures of one metric are written.

    Attributes
    ----------
    share : bool
        Whether the metric is a share of items.

    Examples
    --------
    >>> accuracy, loss = Figures(True), Figures(False)
    >>> accuracy.value(0.98219), accuracy.change(-0.0779), accuracy.between((0.9, 0.95))
    ('98.22', '\u22127.79', '90.00\u201395.00')
    >>> loss.value(0.312), loss.change(0.25), loss.change(None), loss.value(0.00001 - 0.00002)
    ('0.3120', '+0.2500', '\u2013', '0.0000')
    """

    share: bool

    @classmethod
    def of(cls, metric: str) -> Figures:
        """How figures of a metric are written."""
        return cls(metric_named(metric).interval == "wilson")

    @property
    def unit(self) -> str:
        """What scores are written in; empty where they are plain numbers."""
        return "in percent" if self.share else ""

    @property
    def change_unit(self) -> str:
        """What changes are written in; empty where they are plain numbers."""
        return "points" if self.share else ""

    def value(self, value: float | None) -> str:
        """A score; a dash where there is none."""
        return _TO if value is None else self._text(value, "")

    def change(self, value: float | None) -> str:
        """A change, with its sign; a dash where there is none."""
        return _TO if value is None else self._text(value, "+")

    def between(self, ends: tuple[float, float] | None, *, change: bool = False) -> str:
        """An interval; empty where there is none."""
        if ends is None:
            return ""
        low, high = (self._text(end, "+" if change else "") for end in ends)
        return f"{low} to {high}" if change else f"{low}{_TO}{high}"

    def _text(self, value: float, sign: str) -> str:
        places = 2 if self.share else 4
        rounded = round(100 * value if self.share else value, places)
        # what is shown as nought has no sign
        shown = f"{rounded:{sign}.{places}f}" if rounded else f"{0:.{places}f}"
        return shown.replace("-", MINUS)
