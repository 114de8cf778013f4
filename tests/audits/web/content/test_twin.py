from __future__ import annotations

from audits.web.content.twin import twin_of

TEXTS = [
    "the quick brown fox jumps over the lazy dog near the river bank",
    "the quick brown fox jumps over the lazy cat near the river bank",
    "the quick brown fox jumps over the lazy dog near the river bank",
    "something else entirely, of other words, which nobody has written before",
]


def opened(shown, labels):
    shown.yaml["features"] = [{"name": "text", "kind": "text", "columns": ["text"]}]
    shown.yaml["audits"] = {"duplicate_conflicts": {"text_similarity": 0.6}}
    shown.yaml["items"]["split"] = "part"
    shown.items(labels, text=TEXTS, part=["train", "test", "test", "train"])
    return shown.open()


def test_an_exact_copy_with_another_label_comes_before_a_near_one(shown):
    loaded = opened(shown, ["ant", "bee", "cow", "ant"])
    twin = twin_of(loaded, 0)
    assert (twin.exact, twin.other.item_id, twin.label.name, twin.further) == (True, "i2", "cow", 1)
    assert (twin.own.item_id, twin.split, twin.columns) == ("i0", "test", ())


def test_of_a_near_copy_the_words_that_differ_are_marked_whichever_row_comes_first(shown):
    loaded = opened(shown, ["ant", "bee", "ant", "ant"])
    for row, other, own_word, other_word in ((0, "i1", "dog", "cat"), (1, "i0", "cat", "dog")):
        twin = twin_of(loaded, row)
        assert (twin.exact, twin.other.item_id, twin.features) == (False, other, "text")
        assert 0 < twin.distance < 0.4
        (column,) = twin.columns
        assert [p.text for p in column.own if p.differs] == [own_word]
        assert [p.text for p in column.other if p.differs] == [other_word]


def test_copies_with_one_label_and_items_without_copies_have_none(shown):
    loaded = opened(shown, ["ant", "ant", "ant", "bee"])
    assert [twin_of(loaded, row) for row in range(4)] == [None] * 4


def test_where_nothing_was_looked_for_there_is_none(shown):
    shown.items(["ant", "bee"], text=["same", "same"])
    assert twin_of(shown.open(), 0) is None
