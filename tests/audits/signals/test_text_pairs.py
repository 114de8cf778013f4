"""Near texts against every pair worked out, and the changes that one makes to a copy."""

from __future__ import annotations

import string

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from audits.signals import text_pairs as module
from audits.signals.text_forms import words
from audits.signals.text_pairs import near_texts

LETTERS = list(string.ascii_lowercase)
VOCABULARY = ["".join(np.random.default_rng(i).choice(LETTERS, 3 + i % 6)) + str(i) for i in range(2000)]


def written(n: int, fewest: int, most: int, seed: int = 0) -> list[list[str]]:
    """Texts whose words are as unevenly common as those of a language."""
    rng = np.random.default_rng(seed)
    share = 1 / np.arange(1, len(VOCABULARY) + 1)
    drawn = [
        rng.choice(len(VOCABULARY), rng.integers(fewest, most + 1), p=share / share.sum()) for _ in range(n)
    ]
    return [[VOCABULARY[i] for i in row] for row in drawn]


def near(texts, similarity=0.85) -> dict[tuple[int, int], float]:
    first, second, distance = near_texts(texts, similarity)
    found = list(zip(first.tolist(), second.tolist(), strict=True))
    assert len(set(found)) == len(found)
    assert all(a < b for a, b in found)
    return dict(zip(found, distance.tolist(), strict=True))


@pytest.mark.parametrize("similarity", [0.3, 0.6, 0.85, 1.0])
@pytest.mark.parametrize("work", [50, 20_000_000])
def test_all_pairs_that_reach_the_similarity_are_found(similarity, work, monkeypatch):
    monkeypatch.setattr(module, "_WORK", work)
    monkeypatch.setattr(module, "ONE_WORD_OF", (10**9, 10**9))
    texts = written(300, 1, 6)
    matrix = TfidfVectorizer(analyzer=lambda text: text, sublinear_tf=True).fit_transform(texts)
    cosine = np.triu((matrix @ matrix.T).toarray(), 1)
    wanted = {(int(a), int(b)): 1 - cosine[a, b] for a, b in np.argwhere(cosine >= similarity - 1e-9)}
    found = near(texts, similarity)
    assert len(wanted) > 5
    assert set(found) == set(wanted)
    assert all(found[pair] == pytest.approx(wanted[pair], abs=1e-9) for pair in wanted)


def replaced(text, rng):
    return [*text[: (i := rng.integers(len(text)))], "zebra", *text[i + 1 :]]


def left_out(text, rng):
    i = rng.integers(len(text))
    return text[:i] + text[i + 1 :]


def put_in(text, rng):
    i = rng.integers(len(text) + 1)
    return [*text[:i], "zebra", *text[i:]]


def mistyped(text, rng):
    i = rng.integers(len(text))
    return [*text[:i], text[i][1:], *text[i + 1 :]]


def run_together(text, rng):
    i = rng.integers(len(text) - 1)
    return [*text[:i], text[i] + text[i + 1], *text[i + 2 :]]


@pytest.mark.parametrize("change", [replaced, left_out, put_in, mistyped, run_together])
def test_copies_with_one_change_are_all_found_and_nothing_else(change):
    rng = np.random.default_rng(1)
    texts = written(400, 8, 90)
    planted = [change(text, rng) for text in texts[:150]]
    assert set(near([*texts, *planted])) == {(i, 400 + i) for i in range(150)}


def test_a_form_that_many_texts_fill_in_is_no_duplicate():
    form = [
        "the",
        "order",
        "{}",
        "of",
        "the",
        "customer",
        "was",
        "sent",
        "on",
        "time",
        "from",
        "our",
        "store",
    ]
    texts = [[f"n{i}" if w == "{}" else w for w in form] for i in range(200)]
    assert near(texts) == {}
    # so few are hardly a form, but what tells them apart weighs as much as the rest together
    assert near([*texts[:20], *written(200, 8, 20)]).keys() <= {(a, b) for b in range(20) for a in range(b)}


def test_short_texts_need_the_similarity():
    texts = [["good", "film"], ["bad", "film"], ["good", "film", "really"]]
    assert near([*texts, *written(50, 3, 6)]) == {}


def test_the_same_letters_cut_otherwise():
    one, other = "a three-dimensional oscillator x.1 y.2", "a threedimensional oscillator x1 y2"
    assert near([words(one), words(other), *written(50, 3, 6)]).keys() == {(0, 1)}


@pytest.mark.parametrize("texts", [[], [["a"]], [[], []], [[], ["a"], []]])
def test_nothing_to_compare(texts):
    assert near(texts) == {}


def test_the_order_of_the_texts_makes_no_difference():
    texts = [*written(100, 3, 12), *written(100, 3, 12)[:30]]
    texts[100:] = [replaced(t, np.random.default_rng(2)) for t in texts[100:]]
    order = np.random.default_rng(0).permutation(len(texts))
    again = near([texts[i] for i in order], 0.5)
    assert {tuple(sorted((int(order[a]), int(order[b])))) for a, b in again} == set(near(texts, 0.5))
