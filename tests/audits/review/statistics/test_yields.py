from __future__ import annotations

import pyarrow as pa

from audits.contracts import SIGNALS
from audits.review.statistics.shares import share
from audits.review.statistics.yields import yields
from tests.audits.review.statistics.made import asks, says, stand


def signals(*rows):
    """Rows of item, signal, model and flag."""
    return pa.Table.from_pylist(
        [{"item_id": i, "signal": s, "model": m, "flagged": f, "score": 0.5} for i, s, m, f in rows],
        schema=SIGNALS,
    )


def reviewed():
    """Ranks 1 to 60, every second wrong; two control items, one wrong; a gold item."""
    questions = [asks(f"i{k}", rank=k, task_id=k) for k in range(1, 61)]
    verdicts = [says(k, f"i{k}", "none" if k % 2 else "keep") for k in range(1, 61)]
    questions += [asks(f"c{k}", stratum="control", rank=None, task_id=100 + k) for k in range(2)]
    verdicts += [says(100 + k, f"c{k}", "none" if k else "keep") for k in range(2)]
    questions.append(asks("gold", stratum="gold", gold_label="d", task_id=200))
    verdicts.append(says(200, "gold", "none"))
    questions.append(asks("open", task_id=201))
    return stand(questions, verdicts)


def by_name(rows):
    return {y.name: y.errors for y in rows}


def test_errors_of_what_was_reviewed_without_gold_items():
    assert yields(reviewed(), signals()).all.errors == share(31, 62)


def test_by_rank_in_bands():
    assert by_name(yields(reviewed(), signals()).by_rank) == {"1–50": share(25, 50), "51–100": share(5, 10)}


def test_by_why_items_were_asked():
    found = yields(reviewed(), signals())
    assert by_name(found.by_stratum) == {"flagged": share(30, 60), "control": share(1, 2)}
    assert [y.name for y in found.by_stratum] == ["flagged", "control"]


def test_by_signal_an_item_counts_once_however_many_models_flag_it():
    table = signals(
        *[(f"i{k}", "strong", "m0", True) for k in (1, 3, 5)],
        *[(f"i{k}", "strong", "m1", True) for k in (1, 3)],
        *[(f"i{k}", "weak", "m0", True) for k in (1, 2, 4)],
        ("i6", "strong", "m0", False),
        ("open", "strong", "m0", True),
        ("gold", "strong", "m0", True),
        ("i1", "silent", "m0", False),
    )
    found = yields(reviewed(), table)
    assert [y.name for y in found.by_signal] == ["strong", "weak"]
    assert by_name(found.by_signal) == {"strong": share(3, 3), "weak": share(1, 3)}


def test_the_order_of_the_signals_rows_does_not_matter():
    rows = [(f"i{k}", s, "m0", True) for k in range(1, 9) for s in ("a", "b", "c") if (k * 7 + ord(s)) % 3]
    assert yields(reviewed(), signals(*rows)) == yields(reviewed(), signals(*rows[::-1]))


def test_nothing_reviewed():
    found = yields(stand([asks("a")]), signals(("a", "s", "m", True)))
    assert found.all.errors.n == 0
    assert (found.by_signal, found.by_rank, found.by_stratum) == ((), (), ())


def test_ranks_beyond_the_last_band():
    found = yields(stand([asks("a", rank=50_001)], [says(1, "a", "none")]), signals())
    assert by_name(found.by_rank) == {"from 50,001": share(1, 1)}
