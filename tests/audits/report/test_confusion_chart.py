from __future__ import annotations

from itertools import pairwise

import pytest

from audits.errors import UsageError
from audits.report import theme
from audits.report.charts import confusion_chart, to_svg
from audits.report.confusion_chart import MOST_CLASSES, MOST_PAIRS
from audits.report.sentences import confusion_sentence
from tests.audits.report.conftest import ODD_NAMES
from tests.audits.report.reviewed import confusions_of
from tests.audits.report.spec import parsed, rows, subtitle, texts, title

THREE = confusions_of([("a", "b", 6), ("b", "a", 3), ("c", "b", 1)], otherwise=2)
MANY = [f"k{i:02}" for i in range(MOST_CLASSES + 1)]


def cells(chart):
    return {(r["given"], r["new"]): r for r in rows(chart, "given", "new")}


def test_few_classes_make_a_table_with_a_row_a_given_label():
    found = cells(confusion_chart("digits", THREE, "abc"))
    assert len(found) == 9
    counts = {place: r["count"] for place, r in found.items() if r["count"]}
    assert counts == {(0.5, 1.5): "6", (1.5, 0.5): "3", (2.5, 1.5): "1"}


def test_the_stronger_the_colour_the_more_often():
    found = cells(confusion_chart("digits", THREE, "abc"))
    strength = [found[place]["opacity"] for place in ((0.5, 1.5), (1.5, 0.5), (2.5, 1.5))]
    assert strength == sorted(strength, reverse=True)
    assert {found[0.5, 1.5]["colour"]} == {theme.CLEANED}
    assert theme.CLEANED not in {r["colour"] for place, r in found.items() if not r["count"]}


def contrast(one, other):
    def light(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_numbers_can_be_read_on_the_strongest_colour():
    strongest = cells(confusion_chart("digits", THREE, "abc"))[0.5, 1.5]["opacity"]
    mixed = "#" + "".join(
        f"{round(int(theme.CLEANED[i : i + 2], 16) * strongest + 255 * (1 - strongest)):02x}"
        for i in (1, 3, 5)
    )
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast(theme.INK, mixed) > 4.5


def test_many_classes_make_a_list_most_often_corrected_first():
    pairs = [(a, b, 30 - i) for i, (a, b) in enumerate(pairwise(MANY))]
    found = confusions_of(pairs)
    chart = confusion_chart("digits", found, MANY, {k: f"class {k}" for k in MANY}.get)
    bars = [r for r in rows(chart, "x2") if r["model"]]
    lengths = [r["x2"] - r["x"] for r in sorted(bars, key=lambda r: r["y"])]
    assert len(lengths) == len(pairs)
    assert [length / lengths[0] * 30 for length in lengths] == pytest.approx([n for *_, n in pairs])
    assert {"class k00", "class k01", "→", "30 of 100"} <= set(texts(chart))


def test_a_class_that_left_the_class_list_makes_a_list_too():
    chart = confusion_chart("digits", confusions_of([("a", "gone", 2), ("a", "b", 1)]), "ab")
    assert "gone" in texts(chart)


def test_of_many_pairs_the_first_are_drawn_and_it_says_so():
    pairs = [(a, b, 1 + (i + j) % 7) for i, a in enumerate(MANY) for j, b in enumerate(MANY) if a != b]
    chart = confusion_chart("digits", confusions_of(pairs), MANY)
    assert len([r for r in rows(chart, "x2") if r["model"]]) == MOST_PAIRS
    assert f"{MOST_PAIRS} of {len(pairs)} pairs are drawn." in subtitle(chart)


def test_the_sentence_and_what_is_beside_it():
    chart = confusion_chart("digits", THREE, "abc")
    assert title(chart) == confusion_sentence(THREE)
    assert "10 labels that people corrected to one other" in subtitle(chart)
    assert "2 more have several labels, or none" in subtitle(chart)


@pytest.mark.parametrize("names", [["a", "b"], ODD_NAMES, [*ODD_NAMES, *MANY]], ids=["two", "odd", "many"])
def test_it_is_well_formed_svg_within_the_width(names):
    pairs = [(a, b, 5 + i) for i, (a, b) in enumerate(pairwise(names))]
    chart = confusion_chart("digits", confusions_of(pairs), names)
    chart.to_dict()
    root = parsed(to_svg(chart))
    assert float(root.attrib["width"]) <= theme.WIDTH * 1.08
    assert all(t.isprintable() for t in texts(chart))


def test_nothing_corrected_is_refused():
    with pytest.raises(UsageError, match="at least one corrected label"):
        confusion_chart("digits", confusions_of([]), "ab")
