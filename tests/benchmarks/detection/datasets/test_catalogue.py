"""What is found in folders, and what it holds."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from audits.errors import InputError, UsageError
from benchmarks.detection.datasets import datasets_in, load, planted
from benchmarks.detection.run import QUICK, Settings, named
from tests.benchmarks.detection.made import N, ids


def test_votes_are_joined_by_id(folder, made):
    truth, labels, models = made
    found = load(folder)
    assert found.name == "made-up"
    assert found.rows.tolist() == list(range(100, N))
    assert (found.wrong == (truth != labels)[100:]).all()
    assert found.inputs.suggestions is not None
    assert (found.inputs.suggestions == np.r_[np.full(100, -1), truth[100:]]).all()
    for name, probs in models.items():
        assert (found.inputs.outputs[name].predicted() == probs.argmax(axis=1)).all()
    assert found.beside == "suggestion"
    assert found.models_alone.suggestions is None
    assert found.models_alone.outputs == found.inputs.outputs


def test_items_that_no_label_fits_are_left_out(folder, made):
    truth, labels, _ = made
    found = load("made-up-reassessed", folder.parent)
    assert found.rows.tolist() == list(range(50, N))
    assert (found.wrong == (truth != labels)[50:]).all()
    assert found.recall


def test_held_out_classes_share_none(folder):
    found = load("made-up-held-out-classes", folder.parent)
    label = found.inputs.labels[found.rows]
    assert (label[found.is_pool] % 2 == 0).all()
    assert (label[found.is_scored] % 2 == 1).all()
    assert (found.is_pool ^ found.is_scored).all()


def test_the_catalogue_tells_what_there_is(folder):
    names = list(datasets_in(folder.parent))
    assert names[:3] == ["made-up", "made-up-held-out-classes", "made-up-reassessed"]
    assert "planted-made-up-pair-10" in names
    assert "planted-digits-instance-dependent-20" in names
    with pytest.raises(
        UsageError, match="no dataset is named 'strange'; there are made-up, made-up-held-out-classes"
    ):
        load("strange", folder.parent)
    with pytest.raises(UsageError, match="is not a folder"):
        datasets_in(folder / "nowhere")


def test_revised_labels(folder, made, tmp_path):
    truth, labels, models = made
    root = tmp_path / "again"
    (root / "outputs").mkdir(parents=True)
    pq.write_table(pa.table({"item_id": ids(N), "label": labels}), root / "items.parquet")
    pq.write_table(pa.table({"item_id": ids(N), "revised_label": truth}), root / "revised.parquet")
    predicted = pa.array([None, *models["m0"].argmax(axis=1)[1:].tolist()], pa.int8())
    pq.write_table(
        pa.table({"item_id": ids(N), "predicted_label": predicted}), root / "outputs" / "m.parquet"
    )
    found = load(root)
    assert (found.wrong == (truth != labels)).all()
    assert found.inputs.outputs["m"].predicted()[0] == -1
    assert (load("planted-again-pair-20", root).wrong).sum() == 120


def test_outputs_of_other_items_are_refused(folder, tmp_path):
    root = tmp_path / "short"
    (root / "outputs").mkdir(parents=True)
    for name in ("items.parquet", "votes.parquet"):
        (root / name).write_bytes((folder / name).read_bytes())
    pq.write_table(pq.read_table(folder / "outputs" / "m0.parquet").slice(3), root / "outputs" / "m0.parquet")
    with pytest.raises(InputError, match=r"597 rows for 600 items; 3 items have none"):
        load(root)


def test_the_datasets_have_the_errors_that_are_known(public_data):
    expected = {
        "imagenet-half": (2654, 1418),
        "imagenet-half-reassessed": (23_424, 2304),
        "tacred-dev": (22_631, 1590),
        "mmlu-redux-half": (3000, 61),
        "mmlu-redux-half-any-fault": (3000, 211),
        "cifar10": (275, 54),
        "20news": (93, 82),
    }
    for name, (judged, wrong) in expected.items():
        found = load(name, public_data)
        assert (len(found.rows), found.wrong.sum()) == (judged, wrong), name


def test_every_cell_has_errors_enough_and_quick_names_datasets_that_exist(public_data):
    names = named(Settings((public_data,)))
    cells = [n for n in names if n.startswith("planted-")]
    sources = {n.removeprefix("planted-").split("-symmetric")[0] for n in cells if "-symmetric-" in n}
    assert sources >= {"digits", "cifar10", "20news", "imagenet-half", "tacred-dev"}
    for name in cells:
        if "digits" not in name and "breast" not in name:
            found = load(name, public_data)
            assert found.wrong.sum() >= planted.LEAST, name
            assert len(found.inputs) <= planted.MOST_ITEMS
    assert named(Settings((public_data,), QUICK))
