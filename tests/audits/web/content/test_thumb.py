from __future__ import annotations

import numpy as np

from audits.web.content.addresses import image_url
from audits.web.content.thumb import LINE, thumb
from tests.audits.web.content.drawn import SVG, picture


def test_a_picture_stands_for_the_item_and_says_whether_it_is_tiny(shown):
    shown.yaml["items"] |= {"content": ["image"], "files": ["image"]}
    names = [
        shown.image("a.png", picture()),
        shown.image("b.png", picture(size=(70, 70))),
        shown.image("c", SVG),
    ]
    shown.items(["ant", "bee", "cow"], image=names)
    loaded = shown.open()
    tiny, large, drawing = (thumb(loaded, row, blind=False) for row in range(3))
    assert tiny.url == f"{image_url(loaded, 0, 'image')}?size=96"
    assert tiny.large_url == f"{image_url(loaded, 0, 'image')}?size=384"
    assert (tiny.tiny, large.tiny) == (True, False)
    assert (drawing.url, drawing.text) == (None, "")


def test_texts_are_one_line_prose_before_words_and_cut(shown):
    long = "many\n\nwords " * LINE
    shown.items(
        ["ant", "bee"], kind=["short", "x"], text=["the  text\nof it, which is longer than 40 signs", long]
    )
    loaded = shown.open()
    assert thumb(loaded, 0, blind=False).text == "the text of it, which is longer than 40 signs — short"
    line = thumb(loaded, 1, blind=False).text
    assert len(line) == LINE + 1
    assert "\n" not in line


def test_lists_and_rows_are_joined(shown):
    shown.items(["ant", "bee"], l=[["x", "y"], []], m=[{"a": 1}, {"a": 2}])
    assert thumb(shown.open(), 0, blind=False).text == "x · y — 1"


def test_it_names_the_label_and_marks_what_the_run_flags_unless_blind(shown):
    given = ["ant", "bee", "cow"] * 10
    shown.items(["bee", *given[1:]], text=[f"t{i}" for i in range(30)])
    shown.dense("m", np.eye(3)[np.arange(30) % 3] * 0.94 + 0.02)
    loaded = shown.open()
    assert thumb(loaded, 0, blind=False).flagged
    assert not thumb(loaded, 0, blind=True).flagged
    assert not thumb(loaded, 1, blind=False).flagged
    assert thumb(loaded, 0, blind=True).label.name == "bee"
    assert thumb(loaded, 0, blind=True).href == f"/d/shown/q/{loaded.questions[0].hash}"
