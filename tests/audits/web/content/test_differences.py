from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from audits.web.content.differences import MOST_WORDS, differences

WORDS = st.lists(st.sampled_from(["the", "cat", "sat", "on", ",", "a", "mat", "\n"]), max_size=30).map(
    " ".join
)


def marked(pieces) -> list[str]:
    return [p.text for p in pieces if p.differs]


def whole(pieces) -> str:
    return "".join(p.text for p in pieces)


def test_words_that_differ_are_marked_on_both_sides():
    one, other = differences("Is 2 + 2 = 4 true?", "Is 2 + 3 = 4 true?")
    assert marked(one) == ["2"]
    assert marked(other) == ["3"]


def test_a_word_that_one_has_alone_is_marked_there_alone():
    one, other = differences("a very red cat", "a red cat")
    assert "very" in "".join(marked(one))
    assert marked(other) == []


@given(WORDS, WORDS)
def test_joined_the_pieces_are_the_texts_again(a, b):
    one, other = differences(a, b)
    assert (whole(one), whole(other)) == (a, b)


@given(st.text(max_size=40), st.text(max_size=40))
def test_so_they_are_of_any_signs(a, b):
    one, other = differences(a, b)
    assert (whole(one), whole(other)) == (a, b)


@given(WORDS, WORDS)
def test_what_is_not_marked_is_the_same_on_both_sides(a, b):
    one, other = differences(a, b)
    assert "".join(p.text for p in one if not p.differs) == "".join(p.text for p in other if not p.differs)


@given(WORDS)
def test_equal_texts_have_no_mark(a):
    one, other = differences(a, a)
    assert marked(one) == marked(other) == []


def test_of_texts_too_long_to_compare_all_between_their_equal_ends_is_marked():
    middle, another = "x y " * MOST_WORDS, "y z " * MOST_WORDS
    one, other = differences(f"begin {middle}end", f"begin {another}end")
    assert whole(one) == f"begin {middle}end"
    assert [p.differs for p in one] == [False, True, False]
    assert one[0] == other[0]
