"""A table of signals taken apart."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from audits.contracts import ITEMS, SIGNALS
from audits.errors import AuditError
from audits.evidence.blocks import blocks_of, by_signal
from audits.signals.base import signal_table
from tests.audits.evidence.made import a_signal


def items(n):
    return pa.table([[f"i{k}" for k in range(n)], [0] * n, ["cat"] * n, ["x"] * n], schema=ITEMS)


def test_a_block_is_what_the_detector_gave():
    table = signal_table(
        items(3)["item_id"].combine_chunks(),
        "margin",
        "m",
        score=np.array([0.1, 0.5, 0.9]),
        flagged_in_order=np.array([2, 0]),
        suggested=np.array([1, -1, 2], dtype=np.int32),
        n_agree=np.array([1, 0, 1], dtype=np.int32),
        n_models=3,
        p_given=np.array([0.2, 0.3, np.nan]),
        p_suggested=np.array([0.6, 0.0, 0.7]),
        reasons=[None, "why", None],
    )
    (block,) = blocks_of(items(3), table)
    assert (block.signal, block.model, block.n_models) == ("margin", "m", 3)
    assert block.score.tolist() == [0.1, 0.5, 0.9]
    assert block.flagged.tolist() == [True, False, True]
    assert block.rank.tolist() == [2, -1, 1]
    assert block.suggested.tolist() == [1, -1, 2]
    assert block.n_agree.tolist() == [1, -1, 1]
    np.testing.assert_array_equal(block.p_given, [0.2, 0.3, np.nan])
    np.testing.assert_array_equal(block.p_suggested, [0.6, np.nan, 0.7])
    assert block.reasons == {1: "why"}


def test_blocks_keep_their_order_and_are_grouped_by_signal():
    tables = [a_signal("margin", [0, 1], "b"), a_signal("outliers", [0, 1]), a_signal("margin", [0, 1], "a")]
    blocks = blocks_of(items(2), pa.concat_tables(tables))
    assert [(b.signal, b.model) for b in blocks] == [("margin", "b"), ("outliers", None), ("margin", "a")]
    grouped = by_signal(blocks)
    assert list(grouped) == ["margin", "outliers"]
    assert [b.model for b in grouped["margin"]] == ["b", "a"]


def test_no_signals_are_no_blocks():
    assert blocks_of(items(2), SIGNALS.empty_table()) == []
    assert by_signal([]) == {}


@pytest.mark.parametrize(("n", "rows"), [(4, 3), (4, 5), (0, 4), (0, 0)])
def test_signals_of_another_number_of_items_are_refused(n, rows):
    with pytest.raises(AuditError, match=f"{rows} signal rows do not fit {n} items"):
        blocks_of(items(n), a_signal("margin", np.zeros(rows)))


def test_signals_of_other_items_or_another_order_are_refused():
    table = a_signal("margin", [0.1, 0.2, 0.3])
    for wrong in (table.take(pa.array([1, 0, 2])), pa.concat_tables([table, table.take([2, 1, 0])])):
        with pytest.raises(AuditError, match="different versions of the dataset"):
            blocks_of(items(3), wrong)
