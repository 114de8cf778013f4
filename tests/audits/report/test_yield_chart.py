from __future__ import annotations

import pytest

from audits.errors import UsageError
from audits.report import theme
from audits.report.charts import to_svg, yield_chart
from audits.report.sentences import yield_sentence
from audits.report.yield_chart import MOST
from audits.review.statistics.shares import share
from audits.review.statistics.yields import Yield, Yields
from tests.audits.report.conftest import ODD_NAMES
from tests.audits.report.reviewed import drawn, yields_of
from tests.audits.report.spec import parsed, rows, subtitle, texts, title


def places(chart):
    return {r["model"]: r for r in rows(chart, "area")}


def test_dots_and_intervals_are_in_proportion():
    yields = yields_of(["strong", "weak"])
    chart = yield_chart("digits", yields)
    dots = places(chart)
    bars = {r["model"]: r for r in rows(chart, "x2") if r["model"]}
    scale = {r["text"]: r["x"] for r in rows(chart, "text") if not r["model"] and r["text"].isdigit()}
    zero, unit = scale["0"], scale["100"] - scale["0"]
    for y in (*yields.by_signal, *yields.by_rank, *yields.by_stratum):
        assert dots[y.name]["x"] == pytest.approx(zero + unit * y.errors.value)
        assert bars[y.name]["x"] == pytest.approx(zero + unit * y.errors.low)
        assert bars[y.name]["x2"] == pytest.approx(zero + unit * y.errors.high)
        assert bars[y.name]["y"] == dots[y.name]["y"]


def test_rows_stand_under_their_headings_in_the_order_given():
    chart = yield_chart("digits", yields_of(["strong", "weak"]))
    heights = {r["text"]: r["y"] for r in rows(chart, "text")}
    order = ["Flagged by", "strong", "weak", "Rank", "1–50", "51–100", "Asked as", "flagged", "control"]
    assert sorted(order, key=heights.__getitem__) == order


def test_figures_are_written_beside():
    assert {"60 of 80", "45 of 50", "0 of 40"} <= set(texts(yield_chart("digits", yields_of(["strong"]))))


def test_all_of_them_is_a_dashed_line():
    chart = yield_chart("digits", yields_of(["strong"]))
    ((row,),) = [rows for mark, rows in drawn(chart, "rule") if mark.get("strokeDash")]
    scale = {r["text"]: r["x"] for r in rows(chart, "text") if r["text"] in ("0", "100")}
    assert row["x"] == pytest.approx(scale["0"] + (scale["100"] - scale["0"]) * 60 / 140)


def test_the_sentence_and_the_number_of_items():
    yields = yields_of(["strong", "weak"])
    chart = yield_chart("digits", yields)
    assert title(chart) == yield_sentence(yields)
    assert "n = 140" in subtitle(chart)
    assert "digits" in subtitle(chart)


def test_of_many_signals_the_first_are_drawn_and_it_says_so():
    chart = yield_chart("digits", yields_of([f"s{i:02}" for i in range(MOST + 5)]))
    assert len([name for name in places(chart) if name.startswith("s")]) == MOST
    assert f"{MOST} of {MOST + 5} signals are drawn." in subtitle(chart)


@pytest.mark.parametrize("names", [[], ["alone"], ODD_NAMES], ids=["none", "one", "odd"])
def test_it_is_well_formed_svg(names):
    chart = yield_chart("digits", yields_of(names))
    chart.to_dict()
    root = parsed(to_svg(chart))
    assert theme.WIDTH * 0.8 <= float(root.attrib["width"]) <= theme.WIDTH * 1.08
    assert all(t.isprintable() for t in texts(chart))


def test_nothing_reviewed_is_refused():
    with pytest.raises(UsageError, match="at least one reviewed item"):
        yield_chart("digits", Yields(Yield("all", share(0, 0)), (), (), ()))
