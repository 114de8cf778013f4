from __future__ import annotations

import numpy as np
import pytest

from audits.web.content import nearby
from audits.web.content.nearby import FLAGGED, NEAREST, nearest_of
from tests.audits.web.content.drawn import picture


def embedded(shown, labels, vectors, **features):
    np.save(shown.folder / "v.npy", np.asarray(vectors, dtype=np.float32))
    shown.items(labels, text=[f"text {i}" for i in range(len(labels))])
    shown.yaml["features"] = [
        {"name": "v", "kind": "embeddings", "path": "v.npy", "rows": "items_order", **features}
    ]
    return shown.open()


def test_those_of_a_class_come_by_their_distance_and_never_the_item_itself(shown):
    vectors = [[0.0, 0], [3, 0], [1, 0], [2, 0], [0.5, 0], [9, 0]]
    loaded = embedded(shown, ["ant", "ant", "ant", "bee", "bee", "ant"], vectors, metric="euclidean")
    ants = nearest_of(loaded, 0, 0)
    assert [t.item_id for t in ants] == ["i2", "i1", "i5"]
    assert [t.distance for t in ants] == [1, 3, 9]
    assert [t.item_id for t in nearest_of(loaded, 0, 1)] == ["i4", "i3"]
    assert nearest_of(loaded, 0, 2) == ()


def test_under_cosine_the_direction_counts_and_a_vector_of_zeros_has_none(shown):
    vectors = [[1, 0], [100, 1], [0, 1], [0, 0], [-1, 0]]
    loaded = embedded(shown, ["ant"] * 4 + ["bee"], vectors)
    found = nearest_of(loaded, 0, 0)
    assert [t.item_id for t in found] == ["i1", "i2"]
    assert found[1].distance == pytest.approx(1)
    assert nearest_of(loaded, 0, 1)[0].distance == pytest.approx(2)
    assert nearest_of(loaded, 3, 0) == ()


def test_they_are_the_nearest_of_all_as_worked_out_the_long_way(shown):
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(90, 5)).astype(np.float32)
    labels = rng.integers(0, 3, 90)
    loaded = embedded(shown, [["ant", "bee", "cow"][k] for k in labels], vectors, metric="euclidean")
    for row in (0, 17, 89):
        for k in range(3):
            of_class = [i for i in np.flatnonzero(labels == k).tolist() if i != row]
            by_hand = sorted(of_class, key=lambda i: float(np.linalg.norm(vectors[i] - vectors[row])))
            doubted = [i for i in by_hand if loaded.flagged[i]][FLAGGED:]
            wanted = [f"i{i}" for i in by_hand if i not in doubted][:NEAREST]
            assert [t.item_id for t in nearest_of(loaded, row, k)] == wanted


def test_of_a_large_class_the_neighbours_in_the_graph_are_found_all_the_same(shown, monkeypatch):
    rng = np.random.default_rng(2)
    vectors = rng.normal(size=(60, 2))
    loaded = embedded(shown, ["ant", "bee"] * 30, vectors, metric="euclidean")
    monkeypatch.setattr(nearby, "READ_AT_MOST", 4)  # two items of a class
    graph = loaded.neighbours["v"]
    for row in range(0, 60, 7):
        wanted = [
            i for i in graph.rows[row].tolist() if loaded.items.labels[i] == 0 and not loaded.flagged[i]
        ]
        found = [t.item_id for t in nearest_of(loaded, row, 0) if not t.flagged]
        assert found[: len(wanted)] == [f"i{i}" for i in wanted][:NEAREST][: len(found)]
        assert len(found) >= min(len(wanted), NEAREST - FLAGGED)


def test_few_of_them_are_flagged_themselves_and_these_are_marked(shown):
    # around item 0 lie wrong labels alone: bees that are labelled ant
    near = np.linspace(0, 1, 10)[:, None] * [1.0, 1.0]
    far = np.array([50.0, 50.0]) + np.linspace(0, 1, 30)[:, None] * [1.0, 1.0]
    labels = ["ant"] * 10 + ["ant"] * 30 + ["bee"] * 30
    bees = near.mean(axis=0) + np.random.default_rng(0).normal(size=(30, 2))
    shown.yaml["audits"] = {"confident_learning": {}, "duplicate_conflicts": {}}
    np.save(shown.folder / "v.npy", np.vstack([near, far, bees]).astype(np.float32))
    shown.items(labels, text=[f"t{i}" for i in range(70)])
    truth = np.array([1] * 10 + [0] * 30 + [1] * 30)
    shown.dense("m", np.eye(3)[truth] * 0.94 + 0.02)
    shown.yaml["features"] = [
        {"name": "v", "kind": "embeddings", "path": "v.npy", "rows": "items_order", "metric": "euclidean"}
    ]
    loaded = shown.open()
    assert loaded.flagged[:10].sum() > FLAGGED
    found = nearest_of(loaded, 0, 0)
    assert [t.flagged for t in found] == [True] * FLAGGED + [False] * (NEAREST - FLAGGED)


def test_pictures_are_near_by_the_bits_of_their_hashes_and_none_is_nobodys_neighbour(shown):
    shown.yaml["items"] |= {"content": ["image"], "files": ["image"]}
    shown.yaml["features"] = [{"name": "look", "kind": "images", "column": "image"}]
    one = picture(size=(64, 64))
    names = [
        shown.image("a.png", one),
        shown.image("b.png", picture(size=(64, 65))),
        shown.image("c.png", one),
        None,
    ]
    shown.items(["ant", "bee", "bee", "bee"], image=names)
    loaded = shown.open()
    found = nearest_of(loaded, 0, 1)
    assert [t.item_id for t in found] == ["i2", "i1"]
    assert found[0].distance == 0
    assert found[1].distance == int(
        np.unpackbits(loaded.features["look"].hashes[0] ^ loaded.features["look"].hashes[1]).sum()
    )
    assert nearest_of(loaded, 3, 1) == ()


def test_texts_are_near_in_the_graph(shown):
    texts = [
        "the cat sat on the mat",
        "the cat sat on a mat",
        "stocks fell sharply today",
        "stocks rose sharply today",
    ]
    shown.yaml["features"] = [{"name": "t", "kind": "text", "columns": ["text"]}]
    shown.items(["ant", "bee", "bee", "ant"], text=texts)
    loaded = shown.open()
    assert nearest_of(loaded, 0, 1)[0].item_id == "i1"
    assert nearest_of(loaded, 2, 0)[0].item_id == "i3"


def test_without_features_there_are_none(shown):
    shown.items(["ant", "bee"])
    assert nearest_of(shown.open(), 0, 0) == ()
