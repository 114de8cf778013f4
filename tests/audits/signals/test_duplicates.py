"""Pairs of duplicates by all features: planted ones are found, none twice, and large groups stay small."""

from __future__ import annotations

import io

import imagehash
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from audits import contracts
from audits.errors import InputError
from audits.feature_config import DuplicateConflictsConfig
from audits.signals.duplicates import find_duplicates
from audits.signals.inputs import Features
from tests.audits.signals.feature_inputs import images, made, pairs_of, texts, vectors

CONFIG = DuplicateConflictsConfig()


def planted_in_splits(n: int, copied: int) -> tuple[np.ndarray, pa.Array, set[tuple[str, str]]]:
    """Labels, splits and pairs of n items and copies of the first ones, all with another label.

    Half of the copies are in the split of their original.
    """
    labels = np.arange(n) % 4
    split = np.where(np.arange(n) % 3 > 0, "train", "test")
    there = np.where(
        np.arange(copied) % 2 > 0, split[:copied], np.where(split[:copied] == "test", "train", "test")
    )
    return (
        np.concatenate([labels, (labels[:copied] + 1) % 4]),
        pa.array([*split, *there]),
        {(f"i{k}", f"i{n + k}") for k in range(copied)},
    )


def found_in(table: pa.Table, wanted: set[tuple[str, str]], splits: pa.Array) -> None:
    assert table.schema == contracts.DUPLICATES
    conflicts = table.filter(table["conflict"])
    assert wanted <= pairs_of(conflicts)
    split_of = {f"i{k}": s for k, s in enumerate(splits.to_pylist())}
    assert [split_of[i] for i in table["item_id"].to_pylist()] == table["split"].to_pylist()
    assert [split_of[i] for i in table["other_id"].to_pylist()] == table["other_split"].to_pylist()
    across = pc.sum(pc.not_equal(conflicts["split"], conflicts["other_split"])).as_py()
    assert 0 < across < conflicts.num_rows


@pytest.mark.parametrize("kind", ["embeddings", "numeric"])
@pytest.mark.parametrize("jitter", [0, 0.001, 0.02])
def test_planted_in_features(kind, jitter):
    values = load_digits().data
    n, copied = len(values), 200
    labels, splits, wanted = planted_in_splits(n, copied)
    moved = values[:copied] + jitter * np.random.default_rng(0).normal(size=(copied, 64)) * values.std(axis=0)
    table = find_duplicates(
        made(labels, vectors(np.concatenate([values, moved]), kind), splits=splits), CONFIG
    )
    found_in(table, wanted, splits)
    assert pairs_of(table) == wanted
    assert table["exact"].to_pylist() == [jitter == 0] * copied
    assert (table["distance"].to_numpy() == 0).all() == (jitter == 0)


CHANGES = {
    "case": str.upper,
    "spaces": lambda text: "  " + text.replace(" ", " \n"),
    "punctuation": lambda text: text.replace(" ", ", ") + "?!",
    "one word": lambda text: " ".join(["Another", *text.split()[1:]]),
    "one word less": lambda text: " ".join(text.split()[:-1]),
}


@pytest.fixture(scope="module")
def questions(public_data) -> list[str]:
    """Real questions with their options, of ten words or more."""
    path = public_data / "mmlu-redux-half" / "items.parquet"
    if not path.exists():
        pytest.skip(f"there is no {path}")
    rows = pq.read_table(path, columns=["question", "choices"]).to_pylist()
    whole = [" ".join([r["question"], *r["choices"]]) for r in rows]
    return [text for text in whole if len(text.split()) >= 10]


@pytest.mark.parametrize("change", list(CHANGES))
def test_planted_in_text(change, questions):
    questions = questions[::3]
    n, copied = len(questions), 200
    labels, splits, wanted = planted_in_splits(n, copied)
    changed = [CHANGES[change](text) for text in questions[:copied]]
    table = find_duplicates(made(labels, texts([*questions, *changed]), splits=splits), CONFIG)
    found_in(table, wanted, splits)
    if "word" not in change:
        exact = pairs_of(table.filter(table["exact"]))
        assert len(wanted & exact) >= (150 if change == "punctuation" else 200)  # 1, 2 is not 1 2


def test_real_questions_have_few_near_ones(questions):
    table = find_duplicates(made(np.zeros(len(questions)), texts(questions)), CONFIG)
    assert 30 < table.num_rows < len(questions) / 30
    exact = pairs_of(table.filter(table["exact"]))
    assert 25 < len(exact) < 40  # the set has questions twice


def painted(n: int, seed: int = 0) -> list[Image.Image]:
    """Pictures with the spectrum of photographs."""
    rng = np.random.default_rng(seed)
    across = np.fft.fftfreq(48)
    frequency = np.hypot(across[:, None], across)
    frequency[0, 0] = 1
    waves = np.fft.fft2(rng.normal(size=(n, 48, 48))) / frequency**1.2
    plain = np.fft.ifft2(waves).real
    low, high = plain.min(axis=(1, 2), keepdims=True), plain.max(axis=(1, 2), keepdims=True)
    return [Image.fromarray((255 * p).astype(np.uint8)) for p in (plain - low) / (high - low)]


def hashed(pictures: list[Image.Image]) -> Features:
    bits = [imagehash.phash(picture).hash for picture in pictures]
    return images(np.array(bits), [picture.tobytes().hex() for picture in pictures])


def recoded(picture: Image.Image) -> Image.Image:
    held = io.BytesIO()
    picture.save(held, "JPEG", quality=75)
    return Image.open(held)


@pytest.mark.parametrize(
    "change",
    [lambda p: p.copy(), recoded, lambda p: p.resize((43, 43)), lambda p: recoded(p.resize((53, 53)))],
    ids=["copied", "JPEG", "smaller", "larger and JPEG"],
)
def test_planted_in_images(change):
    n, copied = 150, 60
    labels, splits, wanted = planted_in_splits(n, copied)
    pictures = painted(n)
    table = find_duplicates(
        made(labels, hashed([*pictures, *map(change, pictures[:copied])]), splits=splits), CONFIG
    )
    found_in(table, wanted, splits)
    assert pairs_of(table) == wanted


def test_the_same_pair_is_a_row_by_each_features():
    values = np.random.default_rng(0).normal(size=(30, 6))
    values[20] = values[3]
    written = [f"{'abcdefghij'[k % 10]} {k} word{k}" for k in range(30)]
    written[20] = written[3].upper()
    inputs = made(np.arange(30) % 2, vectors(values), texts(written))
    table = find_duplicates(inputs, CONFIG)
    assert table["features"].to_pylist() == ["v", "t"]
    assert pairs_of(table) == {("i3", "i20")}
    assert table["conflict"].to_pylist() == [True, True]
    assert table["split"].null_count == 2
    assert find_duplicates(inputs, DuplicateConflictsConfig(features=("t",)))["features"].to_pylist() == ["t"]


@pytest.mark.parametrize("copies", [8, 9, 3000])
def test_a_group_of_copies_has_every_two_labels_and_few_rows(copies):
    labels = np.zeros(copies, dtype=int)
    labels[[2, 5, 7]] = 1, 2, 1
    others = [f"{'abcdefghij'[k % 10]}{k} other{k}" for k in range(copies)]
    both = np.concatenate([labels, np.zeros(copies, dtype=int)])
    table = find_duplicates(made(both, texts(["the same"] * copies + others)), CONFIG)
    assert table["exact"].to_numpy().all()
    if copies == 8:
        assert table.num_rows == 28
    assert table.num_rows <= 2 * copies + 3 or copies == 8
    met = {
        frozenset(p) for p in zip(table["label"].to_pylist(), table["other_label"].to_pylist(), strict=True)
    }
    assert {frozenset({0, 1}), frozenset({0, 2}), frozenset({1, 2})} <= met
    conflicts = table.filter(table["conflict"])
    assert {x for pair in pairs_of(conflicts) for x in pair} == {f"i{k}" for k in range(copies)}
    assert all(int(a[1:]) < int(b[1:]) for a, b in pairs_of(table))
    assert len(pairs_of(table)) == table.num_rows


@pytest.mark.parametrize("kind", ["embeddings", "numeric", "text"])
def test_what_most_items_share_makes_no_pair_and_hides_none(kind):
    rng = np.random.default_rng(0)
    n = 200
    if kind == "text":
        words = np.array([f"word{k}" for k in range(500)])
        written = [" ".join(rng.choice(words, 12, replace=False)) for _ in range(n)]
        features = texts([*["not given"] * 300, *written, *(f"{x} more" for x in written[:10])])
    else:
        values = rng.normal(size=(n, 6))
        near = values[:10] + 1e-4 * rng.normal(size=(10, 6))
        features = vectors(np.concatenate([np.tile(values.mean(axis=0) + 9, (300, 1)), values, near]), kind)
    table = find_duplicates(made(np.arange(n + 310) % 3, features), CONFIG)
    assert pairs_of(table) == {(f"i{300 + k}", f"i{300 + n + k}") for k in range(10)}


def test_two_large_groups_that_are_near_stay_small():
    one = "the quick brown fox jumps over the lazy dog today"
    other = "the quick brown fox jumps over the lazy cat today"
    labels = [0] * 40 + [1] * 40
    table = find_duplicates(made(labels, texts([one] * 40 + [other] * 40)), CONFIG)
    near = table.filter(pc.invert(table["exact"]))
    assert {x for pair in pairs_of(near) for x in pair} == {f"i{k}" for k in range(80)}
    assert near["conflict"].to_numpy().all()
    assert table.num_rows < 80 * 3


@pytest.mark.parametrize(
    "features",
    [
        vectors(np.empty((0, 2))),
        vectors([[1, 2]]),
        vectors(np.zeros((5, 3))),
        texts([]),
        texts([None]),
        texts([None, ""]),
        images(np.empty((0, 64)), []),
        images([0] * 128, [None, None]),
    ],
)
def test_nothing_to_compare(features):
    n = len(next(x for x in (features.vectors, features.texts, features.hashes) if x is not None))
    table = find_duplicates(made(np.zeros(n), features), CONFIG)
    assert table.schema == contracts.DUPLICATES
    assert table.num_rows == 0


def test_it_needs_features():
    with pytest.raises(InputError, match="needs features; the dataset has none"):
        find_duplicates(made([0, 1]), CONFIG)


def test_the_order_of_the_items_makes_no_difference():
    rng = np.random.default_rng(7)
    values = rng.normal(size=(200, 5))
    values[100:140] = values[:40] * (1 + 1e-4 * rng.normal(size=(40, 5)))
    values[140:150] = values[0]
    labels = rng.integers(3, size=200)
    order = rng.permutation(200)

    def pairs(rows):
        table = find_duplicates(made(labels[rows], vectors(values[rows])), CONFIG)
        return {frozenset(int(rows[int(x[1:])]) for x in pair) for pair in pairs_of(table)}

    straight, shuffled = pairs(np.arange(200)), pairs(order)
    apart = {
        p for p in straight ^ shuffled if not p & {0, *range(140, 150)}
    }  # a large group has other leaders
    assert apart == set()
    assert len(straight) > 40
