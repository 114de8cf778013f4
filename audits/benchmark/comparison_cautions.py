"""What holds less than a comparison on one metric says, and how firmly its conclusions may be told."""

from __future__ import annotations

from typing import Literal

from audits.benchmark.comparison import Comparison
from audits.benchmark.conclusions import Conclusion
from audits.benchmark.coverage import warning
from audits.benchmark.metric_names import general_name

#: How a conclusion is marked: as it stands; `so far` while verdicts are awaited; empty for a note.
Mark = Literal["holds", "so far", "changed", "not sure", ""]


def cautions_on(compared: Comparison, metric: str) -> list[str]:
    """Sentences on the common items and one metric: what holds less at so many items, and what does not compare.

    Parameters
    ----------
    compared : Comparison
    metric : str

    Returns
    -------
    list of str
        Empty where no model has a score.
    """
    scores = compared.scores.to_pylist()
    rows = [r for r in scores if (r["metric"], r["items"]) == (metric, "common") and r["value"] is not None]
    if not rows:
        return []
    n = min(r["n"] for r in rows)
    found = [w for of in ("value", "difference", "change") if (w := warning(of, metric, n)) is not None]
    if general_name(metric) == "average_precision":
        was, now = (
            [r["prevalence"] for r in rows if r["version"] == v and r["prevalence"] is not None]
            for v in compared.pair
        )
        if was and now and abs(max(now) - max(was)) > 1e-12:
            found.append(
                f"the prevalence moved from {max(was):.4f} to {max(now):.4f}: average precision starts from it, "
                "so it does not compare between the versions; auroc does"
            )
    return found


def mark(found: Conclusion, compared: Comparison, *, doubtful: bool) -> Mark:
    """How a conclusion is marked: firm ones not where intervals fail, and for now only while verdicts are awaited.

    Parameters
    ----------
    found : Conclusion
    compared : Comparison
    doubtful : bool
        Whether there are cautions on the metric.
    """
    if found.standing == "note":
        return ""
    if found.standing == "unsure" or doubtful:
        return "not sure"
    if found.standing == "changed":
        return "changed"
    return "so far" if compared.after.pending else "holds"
