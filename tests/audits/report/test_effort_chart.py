from __future__ import annotations

import pytest

from audits.errors import UsageError
from audits.report import theme
from audits.report.charts import effort_chart, to_svg
from audits.report.sentences import effort_sentence
from tests.audits.report.reviewed import drawn, effort_of
from tests.audits.report.spec import layers, parsed, rows, subtitle, texts, title


def lines(chart):
    """Points of the line that is expected, where there is one, and of the one so far."""
    *expected, so_far = (rows for _, rows in drawn(chart, "line"))
    return so_far, expected[0] if expected else []


def test_the_lines_are_the_figures():
    effort = effort_of()
    so_far, expected = lines(effort_chart("digits", effort))
    by_number = {r["reviewed"]: r["errors"] for r in so_far}
    assert by_number == {k: effort.found[k] for k in range(101)}
    # it goes on where it is now
    assert expected[0] == {"reviewed": 100, "errors": 40, "low": 40, "high": 40}
    assert expected[-1] == {"reviewed": 150, "errors": 50, "low": 46, "high": 57}
    assert len(expected) == 51


def test_what_was_found_has_the_accent_and_what_is_expected_is_grey_and_dashed():
    found, expected = layers(effort_chart("digits", effort_of()), "line")[::-1]
    assert (found["mark"]["color"], "strokeDash" in found["mark"]) == (theme.CLEANED, False)
    assert (expected["mark"]["color"], expected["mark"]["strokeDash"]) == (theme.ORIGINAL, theme.DASHES)


def test_both_ends_are_written_apart():
    chart = effort_chart("digits", effort_of(40, 100, 50))
    heights = {r["text"]: r["height"] for r in rows(chart, "text", "height")}
    assert set(heights) == {"40 found", "50 expected"}
    assert heights["50 expected"] > heights["40 found"]


def test_the_sentence_stands_above_and_says_nothing_else_than_the_page():
    effort = effort_of()
    chart = effort_chart("digits", effort)
    assert title(chart) == effort_sentence(effort)
    assert chart.to_dict()["description"] == effort_sentence(effort)
    assert "digits" in subtitle(chart)
    assert "95 % interval" in subtitle(chart)


def test_without_a_forecast_it_says_why():
    chart = effort_chart("digits", effort_of(40, 100, 0))
    assert lines(chart)[1] == []
    assert texts(chart) == ["40 found"]
    assert "interval" not in subtitle(chart)
    waiting = effort_of(40, 100, 9, unknown=9)
    assert "What is left is not forecast" in subtitle(effort_chart("digits", waiting))
    assert "10 items without a probability" in subtitle(effort_chart("digits", effort_of(unknown=10)))


def test_a_long_review_has_few_steps_and_keeps_its_end():
    effort = effort_of(30_000, 50_000, 1000)
    so_far, _ = lines(effort_chart("digits", effort))
    assert len({r["reviewed"] for r in so_far}) <= 401
    assert max(r["reviewed"] for r in so_far) == 50_000
    assert all(r["errors"] == effort.found[r["reviewed"]] for r in so_far)


@pytest.mark.parametrize("effort", [effort_of(), effort_of(0, 1, 0), effort_of(0, 5, 3), effort_of(7, 7, 0)])
def test_it_is_well_formed_svg(effort):
    chart = effort_chart("digits", effort)
    chart.to_dict()
    root = parsed(to_svg(chart))
    assert float(root.attrib["width"]) <= theme.WIDTH * 1.08
    assert not {"undefined", "NaN", "null"} & set(root.itertext())


def test_nothing_reviewed_is_refused():
    with pytest.raises(UsageError, match="at least one reviewed item"):
        effort_chart("digits", effort_of(0, 0, 5))
