from __future__ import annotations

from audits.web.content.parts import parts_of
from tests.audits.web.content.drawn import SVG, picture


def test_each_content_column_is_a_part_in_the_order_of_the_yaml_and_no_other_is(shown):
    shown.yaml["items"]["content"] = ["second", "first"]
    shown.items(["ant", "bee"], first=["long " * 20, "x"], second=["words", "more"], hidden=["secret", "s"])
    parts = parts_of(shown.open(), 0)
    assert [p.name for p in parts] == ["second", "first"]
    assert [p.kind for p in parts] == ["value", "text"]
    assert "secret" not in str(parts)


def test_a_column_of_words_that_is_alone_is_what_is_to_be_read(shown):
    shown.items(["ant", "bee"], text=["a word", "another"])
    assert [p.kind for p in parts_of(shown.open(), 0)] == ["text"]


def test_items_known_by_their_ids_have_no_parts(shown):
    shown.items(["ant", "bee"])
    assert parts_of(shown.open(), 0) == ()


def test_answers_are_marked_by_the_classes_where_every_item_has_one_for_each(shown):
    shown.items(["ant", "bee"], choices=[["x", "y", "z"], ["u", "v", "w"]])
    assert [e.marker for e in parts_of(shown.open(), 0)[0].entries] == ["ant", "bee", "cow"]


def test_they_are_numbered_where_one_item_has_another_number_of_them(shown):
    shown.items(["ant", "bee"], choices=[["x", "y", "z"], ["u", "v"]])
    assert [e.marker for e in parts_of(shown.open(), 0)[0].entries] == ["1", "2", "3"]


def test_a_tiny_picture_is_shown_in_whole_multiples_of_its_points(shown):
    shown.yaml["items"] |= {"content": ["image"], "files": ["image"]}
    names = [shown.image("a.png", picture(size=(8, 6))), shown.image("b.png", picture(size=(70, 50)))]
    shown.items(["ant", "bee"], image=names)
    loaded = shown.open()
    (tiny,), (large,) = parts_of(loaded, 0), parts_of(loaded, 1)
    assert tiny.tiny
    assert tiny.width % 8 == tiny.height % 6 == 0
    assert tiny.width / tiny.height == 8 / 6
    assert tiny.width > 200
    assert (large.tiny, large.width, large.height) == (False, 70, 50)


def test_a_file_that_is_no_picture_is_offered_for_download_and_one_that_is_gone_is_told(shown):
    shown.yaml["items"] |= {"content": ["image"], "files": ["image"]}
    names = [shown.image("a.svg", SVG), shown.image("b.png", picture()), None]
    shown.items(["ant", "bee", "cow"], image=names)
    loaded = shown.open()
    (shown.folder / "b.png").unlink()
    (drawing,), (gone,) = parts_of(loaded, 0), parts_of(loaded, 1)
    assert (drawing.kind, drawing.url[-11:]) == ("file", "?download=1")
    assert (gone.kind, gone.url) == ("gone", None)
    assert parts_of(loaded, 2) == ()


def test_an_address_tells_neither_the_file_nor_the_item_nor_its_label(shown):
    shown.yaml["items"] |= {"content": ["image"], "files": ["image"]}
    names = [shown.image("bee/truth-is-cow.png", picture()), None]
    shown.items(["ant", "bee"], ["item-of-cow", "other"], image=names)
    (part,) = parts_of(shown.open(), 0)
    for word in ("ant", "bee", "cow", "truth", "item-of"):
        assert word not in part.url + part.thumb_url
