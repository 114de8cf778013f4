from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from audits.web.content.values import DEEPEST, LONG_ENTRY, LONG_LIST, MOST_VALUES, Part, cut, part_of
from audits.web.pages import LONG_TEXT


def leaves(part: Part) -> list[str]:
    """All texts that a page would show of a part, in order."""
    found = [part.text + part.more] if part.kind in ("text", "value") else []
    for entry in (*part.entries, *part.rest):
        found += leaves(entry.part)
    return found


def test_a_text_is_prose_unless_its_column_holds_words():
    assert part_of("t", "a line\nand another").kind == "text"
    assert part_of("t", "a word", short=True).kind == "value"


def test_of_a_long_text_the_rest_is_behind_a_click_and_none_of_it_is_lost():
    text = "word " * LONG_TEXT
    part = part_of("t", text)
    assert len(part.text) == LONG_TEXT
    assert part.text + part.more == text


def test_within_a_list_a_text_is_cut_sooner():
    text = "word " * LONG_TEXT
    (entry,) = part_of("l", [text]).entries
    assert len(entry.part.text) == LONG_ENTRY
    assert entry.part.text + entry.part.more == text


def test_nobody_clicks_for_a_few_signs():
    text = "x" * (LONG_TEXT + 10)
    assert cut(text) == (text, "")


@given(st.text(max_size=60), st.integers(1, 20))
def test_what_is_cut_is_the_text_again(text, longest):
    shown, rest = cut(text, longest)
    assert shown + rest == text
    assert len(shown) <= longest * 5 // 4


def test_plain_values_are_words():
    for value, words in [
        (3, "3"),
        (0.1, "0.1"),
        (True, "True"),
        (None, "–"),
        (float("nan"), "nan"),
        (dt.date(2024, 2, 29), "2024-02-29"),
        (Decimal("1.50"), "1.50"),
        (b"\x00\x01", "2 bytes"),
    ]:
        part = part_of("v", value)
        assert (part.kind, part.text) == ("value", words)


def test_a_list_of_texts_is_numbered_from_one():
    part = part_of("l", ["red", "green"])
    assert part.kind == "list"
    assert [(e.marker, e.part.text) for e in part.entries] == [("1", "red"), ("2", "green")]


def test_a_list_with_an_entry_a_class_is_marked_by_the_classes_and_another_is_not():
    assert [e.marker for e in part_of("l", ["x", "y"], markers=["A", "B"]).entries] == ["A", "B"]
    assert [e.marker for e in part_of("l", ["x", "y", "z"], markers=["A", "B"]).entries] == ["1", "2", "3"]


def test_numbers_stand_in_a_row():
    part = part_of("l", [1, 2.5, None])
    assert (part.kind, part.text) == ("value", "1, 2.5, –")


def test_an_empty_list_is_nothing():
    assert part_of("l", []).text == "–"


def test_mappings_are_rows_and_so_are_the_pairs_of_an_arrow_map():
    for value in ({"a": 1, "b": "two"}, [("a", 1), ("b", "two")]):
        part = part_of("m", value)
        assert part.kind == "rows"
        assert [(e.marker, e.part.text) for e in part.entries] == [("a", "1"), ("b", "two")]


def test_lists_lie_in_rows_and_rows_in_lists():
    part = part_of("m", [{"role": "user", "says": ["hello", "again"]}])
    rows = part.entries[0].part
    assert rows.kind == "rows"
    assert rows.entries[1].part.kind == "list"
    assert leaves(part) == ["user", "hello", "again"]


def test_of_a_long_list_the_rest_is_behind_a_click():
    part = part_of("l", [f"line {i}" for i in range(LONG_LIST + 7)])
    assert (len(part.entries), len(part.rest)) == (LONG_LIST, 7)
    assert part.rest[0].marker == str(LONG_LIST + 1)


def test_what_lies_deep_or_is_much_is_shown_as_text_and_whole():
    deep: object = "bottom"
    for _ in range(DEEPEST + 3):
        deep = {"in": deep}
    assert "bottom" in leaves(part_of("d", deep))[0]
    many = [f"line {i}" for i in range(MOST_VALUES + 1)]
    part = part_of("l", many)
    assert part.kind == "text"
    assert json.loads(part.text + part.more) == many


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
        max_leaves=40,
    )
)
def test_every_text_within_a_value_is_on_the_page(value):
    def texts(of: object) -> list[str]:
        if isinstance(of, str):
            return [of]
        inner = of if isinstance(of, list) else of.values() if isinstance(of, dict) else []
        return [t for v in inner for t in texts(v)]

    shown = "\n".join(leaves(part_of("v", value)))
    for text in texts(value):
        assert text in shown or json.dumps(text, ensure_ascii=False)[1:-1] in shown
