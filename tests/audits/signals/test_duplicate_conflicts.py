"""Conflicting duplicates: both sides flagged, before everything else, with a word for people."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from audits.contracts import SIGNALS
from audits.feature_config import DuplicateConflictsConfig
from audits.signals.duplicate_conflicts import conflicts, detect
from audits.signals.duplicates import find_duplicates
from tests.audits.signals.feature_inputs import images, made, texts, vectors

CONFIG = DuplicateConflictsConfig()
FOX = "the quick brown fox jumps over the lazy dog today"


def by_item(table: pa.Table) -> dict[str, dict]:
    assert table.schema == SIGNALS
    return {r["item_id"]: r for r in table.to_pylist()}


def test_one_against_one():
    inputs = made([0, 1, 2], texts(["A text.", "a  text", "other"]), class_names=("cat", "dog", "cow"))
    rows = by_item(detect(inputs, CONFIG))
    assert [rows[f"i{k}"]["flagged"] for k in range(3)] == [True, True, False]
    assert [rows[f"i{k}"]["suggested_label"] for k in range(3)] == [1, 0, None]
    assert [rows[f"i{k}"]["score"] for k in range(3)] == [0.025, 0.025, 1]
    assert [rows[f"i{k}"]["rank"] for k in range(3)] == [1, 2, None]
    assert rows["i0"]["reason"] == "same text as item i1, labelled dog"
    assert rows["i1"]["reason"] == "same text as item i0, labelled cat"
    assert rows["i2"]["reason"] is None


def test_the_split_of_the_other_is_told():
    splits = pa.array(["train", "test"])
    rows = by_item(detect(made([0, 1], texts(["x y"] * 2), splits=splits), CONFIG))
    assert rows["i0"]["reason"] == "same text as item i1 (test), labelled 1"
    assert rows["i1"]["reason"] == "same text as item i0 (train), labelled 0"


@pytest.mark.parametrize("copies", [5, 400])
def test_the_odd_one_out_comes_first_and_majority_is_suggested(copies):
    labels = np.zeros(2 * copies + 1, dtype=int)
    labels[3] = 1
    labels[copies] = 2
    others = ["other", *(f"{'abcdefghij'[k % 10]}{k} else{k}" for k in range(copies))]
    rows = by_item(detect(made(labels, texts(["same"] * copies + others)), CONFIG))
    assert rows["i3"]["rank"] == 1
    assert rows["i3"]["suggested_label"] == 0
    assert rows["i3"]["score"] == pytest.approx(0.05 / copies)
    assert rows["i0"]["suggested_label"] == 1
    assert rows["i0"]["score"] == pytest.approx(0.05 * (copies - 1) / copies)
    assert f"{copies - 1} of {copies - 1} duplicates have another label" in rows["i3"]["reason"]
    assert sum(r["flagged"] for r in rows.values()) == copies


def test_exact_before_near_before_the_rest():
    labels = [0, 1, 2, 3, 0, 0]
    written = [FOX, FOX.upper(), "no word in common", "No word; in common!", "a", FOX.replace("dog", "cat")]
    rows = by_item(detect(made(labels, texts(written)), CONFIG))
    assert all(rows[i]["score"] <= 0.05 for i in ("i0", "i1", "i2", "i3"))
    assert 0.05 < rows["i5"]["score"] <= 0.1
    assert rows["i4"]["score"] == 1
    assert rows["i5"]["suggested_label"] == 1
    assert rows["i5"]["reason"].startswith("nearly the same text as item i1, labelled 1 (cosine 0.")
    assert rows["i5"]["rank"] == 5


def test_words_of_each_kind():
    values = np.random.default_rng(0).normal(size=(60, 6))
    values[1] = values[0] + 1e-4
    values[3] = values[2]
    for kind, what, how in (
        ("embeddings", "embedding", "cosine 1.000"),
        ("numeric", "values", "distance 0.000"),
    ):
        rows = by_item(detect(made(np.arange(60) % 60, vectors(values, kind)), CONFIG))
        assert rows["i0"]["reason"].startswith(f"nearly the same {what} as item i1, labelled 1 ({how}")
        assert rows["i2"]["reason"] == f"same {what} as item i3, labelled 3"
    bits = np.random.default_rng(1).permuted(np.tile([0, 1], (30, 32)), axis=1)
    bits[1] = bits[0]
    bits[1, :3] ^= 1
    rows = by_item(detect(made(np.arange(30), images(bits, [str(i) for i in range(30)])), CONFIG))
    assert rows["i0"]["reason"] == "nearly the same image as item i1, labelled 1 (3 of 64 bits differ)"
    titles, bodies = texts(["x", "x"], name="title"), texts(["p", "q"], name="body")
    assert by_item(detect(made([0, 1], titles, bodies), CONFIG))["i0"]["reason"].startswith(
        "same text (title) as"
    )


def test_several_features_are_a_union_and_the_worst_counts():
    values = np.random.default_rng(2).normal(size=(40, 6))
    values[1] = values[0] + 1e-4
    written = [f"text {k}" for k in range(40)]
    written[0] = written[2] = "the same"
    rows = by_item(detect(made(np.arange(40), vectors(values), texts(written)), CONFIG))
    assert rows["i0"]["reason"] == "same text as item i2, labelled 2"
    assert rows["i0"]["score"] == 0.025
    assert {i for i, r in rows.items() if r["flagged"]} == {"i0", "i1", "i2"}


def test_duplicates_with_one_label_raise_nothing():
    table = detect(made([0, 0, 1], texts(["a b", "A b", "c"])), CONFIG)
    assert not table["flagged"].to_numpy().any()
    assert (table["score"].to_numpy() == 1).all()
    assert table["reason"].null_count == 3


@pytest.mark.parametrize("n", [0, 1])
def test_few_items(n):
    table = detect(made(np.zeros(n), texts(["x"] * n)), CONFIG)
    assert table.schema == SIGNALS
    assert table.num_rows == n


def test_pairs_found_before_are_used():
    inputs = made([0, 1], texts(["x", "x"]))
    nothing = find_duplicates(inputs, CONFIG).slice(0, 0)
    assert not detect(replace(inputs, duplicates=nothing), CONFIG)["flagged"].to_numpy().any()


@pytest.mark.parametrize("seed", range(5))
def test_flags_are_the_items_of_conflicting_pairs(seed):
    rng = np.random.default_rng(seed)
    written = [" ".join(rng.choice(["a", "b", "c", "d"], rng.integers(1, 4))) for _ in range(200)]
    inputs = made(rng.integers(4, size=200), texts(written))
    pairs = find_duplicates(inputs, CONFIG)
    disagreeing = pairs.filter(pairs["conflict"])
    concerned = {*disagreeing["item_id"].to_pylist(), *disagreeing["other_id"].to_pylist()}
    table = conflicts(inputs, pairs)
    flagged = table.filter(table["flagged"])
    assert set(flagged["item_id"].to_pylist()) == concerned
    assert flagged["suggested_label"].null_count == flagged["reason"].null_count == 0
    raised = table["flagged"].to_numpy()
    assert (table["suggested_label"].to_numpy()[raised] != inputs.labels[raised]).all()
    ranked = flagged.sort_by("rank")["score"].to_numpy()
    assert (np.diff(ranked) >= 0).all()
    assert ranked.max(initial=0) <= 0.1
