from __future__ import annotations

from datetime import timedelta

import pytest

from audits.errors import UsageError
from audits.report import theme
from audits.report.charts import to_svg, trend_chart
from audits.report.sentences import trend_sentence
from tests.audits.report.reviewed import drawn, runs_of
from tests.audits.report.spec import parsed, rows, subtitle, texts, title


def headings(chart):
    return [part["title"]["text"] for part in chart.to_dict(validate=False)["vconcat"]]


def test_a_panel_for_what_is_counted_alike():
    assert headings(trend_chart("digits", "accuracy", runs_of(3))) == [
        "Items",
        "Estimated share of wrong labels, %",
        "Best accuracy under corrected labels, %",
    ]


def test_lines_have_the_figures_of_each_run():
    points = runs_of(4)
    found = {}
    for mark, values in drawn(trend_chart("digits", "accuracy", points), "line"):
        assert [r["run"] for r in values] == [0, 1, 2, 3]
        found[tuple(r["value"] for r in values)] = mark["color"]
    assert found[tuple(float(p.decided) for p in points)] == theme.CLEANED
    assert found[tuple(float(p.flagged) for p in points)] == theme.ORIGINAL
    assert tuple(100 * p.rate for p in points) in found
    assert tuple(100 * p.score for p in points) in found


def test_the_last_figures_are_written_beside_the_lines():
    assert {"218 flagged", "75 open", "225 decided", "8.5 %", "93.75 model_3"} <= set(
        texts(trend_chart("digits", "accuracy", runs_of(4)))
    )
    assert "0.9375 model_3" in texts(trend_chart("digits", "log loss", runs_of(4), percent=False))


def test_the_interval_of_the_rate_is_a_band():
    points = runs_of(4)
    chart = trend_chart("digits", "accuracy", points)
    ((_, band),) = drawn(chart, "area")
    assert [(r["low"], r["high"]) for r in band] == [(100 * p.low, 100 * p.high) for p in points]
    assert drawn(trend_chart("digits", "accuracy", runs_of(1)), "area") == []


def test_what_no_run_knows_has_no_panel_and_what_some_do_not_is_a_gap():
    bare = runs_of(3, rate=None, low=None, high=None, model=None, score=None, flagged=None)
    chart = trend_chart("digits", "accuracy", bare)
    assert headings(chart) == ["Items"]
    assert "Tables of 3 runs are no longer kept" in subtitle(chart)
    assert not any("flagged" in t for t in texts(chart))
    some = [*bare, *runs_of(2)]
    *_, (_, rates), _ = drawn(trend_chart("digits", "accuracy", some), "line")
    assert [r["run"] for r in rates] == [3, 4]


@pytest.mark.parametrize(
    ("every", "first", "last"),
    [
        (timedelta(hours=1), "02:00", "06:00"),
        (timedelta(days=1), "01 Mar", "05 Mar"),
        (timedelta(days=100), "Mar 2026", "Apr 2027"),
    ],
)
def test_times_are_written_as_fine_as_they_lie_apart(every, first, last):
    chart = trend_chart("digits", "accuracy", runs_of(5, every))
    times = [r["time"] for r in rows(chart, "time")]
    assert sorted((times[0], times[-1])) == sorted((first, last))
    assert len(times) == 5


def test_of_many_runs_a_few_times_are_written_the_last_one_among_them():
    times = rows(trend_chart("digits", "accuracy", runs_of(60)), "time")
    assert len(times) <= 6
    assert max(r["run"] for r in times) == 59


def test_the_sentence_stands_above():
    points = runs_of(3)
    chart = trend_chart("digits", "accuracy", points)
    assert title(chart) == trend_sentence(points)
    assert "digits" in subtitle(chart)


@pytest.mark.parametrize("n", [1, 2, 60])
@pytest.mark.parametrize("model", ["m", "<b>" + "x" * 300])
def test_it_is_well_formed_svg_within_the_width(n, model):
    chart = trend_chart("digits", "accuracy", runs_of(n, model=model))
    chart.to_dict()
    root = parsed(to_svg(chart))
    assert float(root.attrib["width"]) <= theme.WIDTH * 1.1
    assert not {"undefined", "NaN", "null"} & set(root.itertext())


def test_equal_figures_have_a_scale_all_the_same():
    chart = trend_chart(
        "digits", "accuracy", runs_of(3, open=0, decided=0, flagged=0, rate=0.0, low=0.0, high=0.0)
    )
    parsed(to_svg(chart))


def test_no_run_is_refused():
    with pytest.raises(UsageError, match="at least one run"):
        trend_chart("digits", "accuracy", [])
