"""Texts as vectors: kindred ones near each other, and texts without words apart from all."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from audits.signals import text_vectors as module
from audits.signals.text_vectors import DIMENSIONS, text_vectors

TOPICS = (
    ["goal", "match", "league", "team", "player", "season", "coach", "referee"],
    ["orbit", "planet", "star", "telescope", "galaxy", "comet", "moon", "launch"],
    ["flour", "butter", "sugar", "oven", "dough", "bake", "recipe", "yeast"],
)


def written(n: int, seed: int = 3) -> tuple[list[str], np.ndarray]:
    rng = np.random.default_rng(seed)
    topic = np.arange(n) % 3
    return [" ".join(rng.choice(TOPICS[t], 6)) for t in topic], topic


def test_texts_about_the_same_are_nearest():
    texts, topic = written(90)
    vectors, known = text_vectors(pa.array(texts))
    assert known.all()
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    cosine = vectors @ vectors.T
    np.fill_diagonal(cosine, -1)
    assert np.mean(topic[cosine.argmax(axis=1)] == topic) > 0.95


def test_same_words_same_vector_and_the_seed_alone_decides():
    texts, _ = written(40)
    vectors, _ = text_vectors(pa.array([*texts, texts[0].upper() + "!"]), seed=1)
    assert np.array_equal(vectors[0], vectors[-1])
    again, _ = text_vectors(pa.array([*texts, texts[0].upper() + "!"]), seed=1)
    assert np.array_equal(vectors, again)


def test_what_has_no_words_is_unknown():
    vectors, known = text_vectors(pa.array(["a b", None, "", "?!", "b c", "c a"], pa.string()))
    assert known.tolist() == [True, False, False, False, True, True]
    assert not vectors[~known].any()
    for nothing in ([], [None, "  "]):
        vectors, known = text_vectors(pa.array(nothing, pa.string()))
        assert len(vectors) == len(nothing)
        assert not known.any()


def test_one_text_and_equal_texts():
    for texts in (["one two"], ["one two"] * 3):
        vectors, known = text_vectors(pa.array(texts))
        assert known.all()
        assert np.allclose(np.abs(vectors[:, 0]), 1, atol=1e-5)


def test_learned_from_a_sample_and_from_words_alone(monkeypatch):
    monkeypatch.setattr(module, "LEARNED_FROM", 60)
    monkeypatch.setattr(module, "WITH_PIECES", 60)
    texts, topic = written(300)
    vectors, known = text_vectors(pa.array(texts))
    assert known.all()
    assert vectors.shape[1] <= DIMENSIONS
    cosine = vectors @ vectors.T
    np.fill_diagonal(cosine, -1)
    assert np.mean(topic[cosine.argmax(axis=1)] == topic) > 0.95
