"""How firmly a conclusion is told, and what the figures of a metric hold less than they say."""

from __future__ import annotations

import pyarrow as pa
import pytest

from audits.benchmark.comparison import Comparison
from audits.benchmark.comparison_cautions import cautions_on, mark
from audits.benchmark.conclusions import Conclusion
from audits.benchmark.coverage import warning
from audits.benchmark.versions import VersionSummary
from audits.contracts import FLIPS, GROUP_SPREAD, RANKS, SCORES, SLICES


def compared(pending: int = 0, scores: pa.Table | None = None) -> Comparison:
    before, after = (
        VersionSummary(v, 20, 20 - pending, 0, pending, 0, {}) for v in ("original", "corrected")
    )
    return Comparison(
        dataset="zoo",
        agree=1,
        verdicts_per_item=1,
        policy="strict",
        pair=("original", "corrected"),
        versions={"original": before, "corrected": after},
        common=20,
        scores=SCORES.empty_table() if scores is None else scores,
        ranks=RANKS.empty_table(),
        flips=FLIPS.empty_table(),
        certain={},
        replicates=None,
        seed=None,
        guard=None,
        slices=SLICES.empty_table(),
        spread=GROUP_SPREAD.empty_table(),
    )


def scored(metric: str, n: int, before: float | None = None, after: float | None = None) -> Comparison:
    rows = [
        {
            "model": "m",
            "version": version,
            "items": "common",
            "metric": metric,
            "value": 0.5,
            "n": n,
            "prevalence": share,
        }
        for version, share in (("original", before), ("corrected", after))
    ]
    return compared(scores=pa.Table.from_pylist(rows, schema=SCORES))


@pytest.mark.parametrize(
    ("standing", "pending", "doubtful", "marked"),
    [
        ("holds", 0, False, "holds"),
        ("holds", 2, False, "so far"),
        ("holds", 2, True, "not sure"),
        ("changed", 0, False, "changed"),
        ("changed", 2, False, "changed"),
        ("changed", 0, True, "not sure"),
        ("unsure", 0, False, "not sure"),
        ("note", 0, True, ""),
    ],
)
def test_marks(standing, pending, doubtful, marked):
    assert mark(Conclusion("best", standing, "words"), compared(pending), doubtful=doubtful) == marked


def test_too_few_items_are_told_as_the_measured_coverage_says():
    few = cautions_on(scored("accuracy", 20), "accuracy")
    expected = [warning(of, "accuracy", 20) for of in ("value", "difference", "change")]
    assert few == [w for w in expected if w is not None]
    assert few
    assert cautions_on(scored("accuracy", 10**6), "accuracy") == []


def test_without_a_score_there_is_nothing_to_say():
    assert cautions_on(compared(), "accuracy") == []
    assert cautions_on(scored("accuracy", 20), "log_loss") == []


def test_a_prevalence_that_moved_spoils_average_precision():
    moved = cautions_on(scored("average_precision", 10**6, 0.1, 0.15), "average_precision")
    assert any("from 0.1000 to 0.1500" in words for words in moved)
    still = cautions_on(scored("average_precision", 10**6, 0.1, 0.1), "average_precision")
    assert not any("prevalence" in words for words in still)
