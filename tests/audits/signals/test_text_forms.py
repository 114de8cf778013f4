"""What copies of a text share, and what they do not."""

from __future__ import annotations

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audits.signals.text_forms import copy_key, folded, words

plain_words = st.lists(st.text(string.ascii_lowercase, min_size=1, max_size=8), min_size=1, max_size=12)


@settings(deadline=None)  # the first text waits for the list of all punctuation
@given(
    plain_words,
    st.sampled_from([str.upper, str.title, str.swapcase]),
    st.sampled_from([" ", "\n\t", ", ", "\u00a0"]),
)
def test_case_spaces_and_punctuation_make_no_difference(text, case, gap):
    assert copy_key(f"  {gap.join(map(case, text))}?!") == copy_key(" ".join(text))
    assert words(f"({gap.join(map(case, text))})") == text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ﬁne ＡＢＣ", "fine abc"),  # compatibility forms
        ("Straße", "STRASSE"),
        ("na\u0131\u0308ve cafe\u0301", "na\u0131\u0308ve café"),  # composed or not
        ("soft\u00adware\u200b", "software"),  # characters that nobody sees
        ("don't stop", "dont stop"),
        ("“quoted” — text…", '"quoted" - text'),
        ("1,000 of 2", "1,000 of  2"),
    ],
)
def test_same_key(one, other):
    assert copy_key(one) == copy_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1.5 kg", "15 kg"),
        ("is -3", "is 3"),
        ("x = -3", "x = 3"),
        ("1 2", "12"),
        ("a + b", "a b"),
        ("sqrt(2)*sqrt(3)", "sqrt(2)/sqrt(3)"),
        ("50%", "50"),
        ("???", "!!!"),
        ("resume", "résumé"),
    ],
)
def test_other_key(one, other):
    assert copy_key(one) != copy_key(other)


@pytest.mark.parametrize("empty", [None, "", " \n\t", "\u200b"])
def test_nothing_has_no_key(empty):
    assert copy_key(empty) is None


def test_words_of_scripts_with_and_without_spaces():
    assert words("Café №5, l'été_2024") == ["café", "no5", "lété", "2024"]
    assert words("猫が好き") == ["猫", "が", "好", "き"]
    assert words("한국어 단어") == ["한국어", "단어"]
    assert words("+++ ... ") == []


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_folded_once_and_for_all(text):
    once = folded(text)
    assert folded(once) == once
    assert copy_key(text) is None or copy_key(folded(text)) == copy_key(text)
