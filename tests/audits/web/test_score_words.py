"""How figures are written: shares in percent, their changes in points, nought without a sign."""

from __future__ import annotations

import pytest

from audits.web.score_words import MINUS, Figures


@pytest.mark.parametrize(
    ("metric", "share"), [("accuracy", True), ("top5_accuracy", True), ("log_loss", False)]
)
def test_which_metrics_are_shares(metric, share):
    found = Figures.of(metric)
    assert found.share is share
    assert (found.unit, found.change_unit) == (("in percent", "points") if share else ("", ""))


@pytest.mark.parametrize(
    ("share", "value", "score", "change"),
    [
        (True, 0.98219, "98.22", "+98.22"),
        (True, -0.0012, f"{MINUS}0.12", f"{MINUS}0.12"),
        (True, -0.00001, "0.00", "0.00"),
        (True, 0.0, "0.00", "0.00"),
        (False, -0.00001, "0.0000", "0.0000"),
        (False, 1.25, "1.2500", "+1.2500"),
        (True, None, "–", "–"),
    ],
)
def test_figures(share, value, score, change):
    assert Figures(share).value(value) == score
    assert Figures(share).change(value) == change


def test_intervals():
    assert Figures(True).between(None) == ""
    assert Figures(True).between((0.1, 0.25)) == "10.00–25.00"
    assert Figures(False).between((-0.5, 0.25), change=True) == f"{MINUS}0.5000 to +0.2500"
