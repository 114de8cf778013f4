"""What detectors look at beside items and outputs: written as a version, opened again the same."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from audits import contracts
from audits.errors import AuditError, DamagedError
from audits.ingest.features import IngestedFeatures
from audits.ingest.training import IngestedTraining
from audits.signals.inputs import Features, Neighbours, TrainingDynamics
from audits.stored import features_table, ingested_lineage, neighbours_table
from audits.stored_inputs import (
    load_annotations,
    load_feature_rows,
    load_features,
    load_neighbours,
    load_training,
    save_features,
    save_neighbours,
    save_training,
)
from audits.table_store import TableRef

ROWS = contracts.OUTPUT_ROWS.empty_table()
IDS = pa.array(["a", "b", "c"])
ITEMS = {"items": "1"}

KINDS = {
    "vectors/of a model": Features(
        "vectors/of a model",
        "embeddings",
        vectors=np.asfortranarray(np.arange(6, dtype=np.float32).reshape(3, 2)),
        metric="euclidean",
    ),
    "numbers": Features("numbers", "numeric", vectors=np.array([[1e9 + 0.25], [2], [3]])),
    "words": Features("words", "text", texts=pa.array(["x", None, "ü"])),
    "photos": Features(
        "photos",
        "images",
        hashes=np.arange(24, dtype=np.uint8).reshape(3, 8),
        digests=pa.array(["1", "2", None]),
    ),
}


def saved(project, features) -> TableRef:
    return save_features(project.tables, IngestedFeatures(features, ROWS), ITEMS)


@pytest.mark.parametrize("name", KINDS)
def test_features_come_back_as_they_were(project, name):
    ref = saved(project, KINDS[name])
    assert (ref.table, ref.inputs) == (features_table(name), ITEMS)
    (found,) = load_features(project.tables, ref.lineage()).values()
    expected = KINDS[name]
    assert (found.name, found.kind, found.metric) == (expected.name, expected.kind, expected.metric)
    for field in ("vectors", "hashes"):
        if getattr(expected, field) is None:
            assert getattr(found, field) is None
            continue
        array = getattr(found, field)
        assert isinstance(array, np.memmap)
        assert array.flags.c_contiguous
        assert array.dtype == getattr(expected, field).dtype
        np.testing.assert_array_equal(array, getattr(expected, field))
    for field in ("texts", "digests"):
        found_texts, texts = getattr(found, field), getattr(expected, field)
        assert found_texts == texts if texts is None else found_texts.equals(texts)
    assert load_feature_rows(project.tables, ref.lineage(), ref.table).equals(ROWS)


def test_all_features_of_a_lineage_by_name(project):
    lineage = {"items": "1", "outputs.m": "2"}
    for features in KINDS.values():
        lineage |= saved(project, features).lineage()
    found = load_features(project.tables, lineage)
    assert set(found) == set(KINDS)
    assert load_features(project.tables, {"items": "1"}) == {}


def test_neighbours_come_back_as_they_were(project):
    graph = Neighbours(
        "photos", np.array([[1, 2], [0, 2], [0, -1]], np.int32), np.ones((3, 2), np.float32), "hamming"
    )
    ref = save_neighbours(project.tables, graph)
    assert ref.table == neighbours_table("photos")
    found = load_neighbours(project.tables, ref.lineage(), "photos")
    assert (found.features, found.metric) == ("photos", "hamming")
    np.testing.assert_array_equal(found.rows, graph.rows)
    np.testing.assert_array_equal(found.distances, graph.distances)
    with pytest.raises(AuditError, match=r"no version of table 'neighbours\.words' is named"):
        load_neighbours(project.tables, ref.lineage(), "words")


@pytest.mark.parametrize(
    ("dtype", "kept"), [("float16", "float32"), ("float32", "float32"), (">f8", "float64"), ("float64",) * 2]
)
def test_training_dynamics_come_back_at_float32_or_better(project, dtype, kept):
    values = np.random.default_rng(0).normal(size=(4, 3, 2)).astype(dtype)
    ref = save_training(project.tables, IngestedTraining(TrainingDynamics(values, "logits"), ROWS), ITEMS)
    found = load_training(project.tables, ref.lineage())
    assert found is not None
    assert (found.kind, found.values.dtype) == ("logits", np.dtype(kept))
    np.testing.assert_array_equal(found.values, values.astype(kept))
    assert load_training(project.tables, ITEMS) is None


def test_probabilities_that_leave_their_range_by_a_rounding_are_clipped(project):
    values = np.array([[[1.00005, -0.00005]], [[0.4, 0.6]]])
    ref = save_training(project.tables, IngestedTraining(TrainingDynamics(values, "probs"), ROWS), ITEMS)
    found = load_training(project.tables, ref.lineage())
    assert found is not None
    assert found.values.tolist() == [[[1.0, 0.0]], [[0.4, 0.6]]]


def test_annotations_become_arrays_in_items_order(project):
    table = pa.table(
        {
            "item_id": ["c", "a", "c", "a"],
            "annotator_id": ["zoe", "zoe", "Ann", "ann"],
            "label": pa.array([2, 0, 1, 0], pa.int32()),
            "given_label": ["x"] * 4,
            "known": [True] * 4,
        },
        schema=contracts.ANNOTATIONS,
    )
    ref = project.tables.write("annotations", table, ITEMS)
    found = load_annotations(project.tables, ref.lineage(), IDS)
    assert found is not None
    assert found.names == ("Ann", "ann", "zoe")
    assert found.rows.tolist() == [2, 0, 2, 0]
    assert found.annotators.tolist() == [2, 2, 0, 1]
    assert found.labels.tolist() == [2, 0, 1, 0]
    assert {found.rows.dtype, found.annotators.dtype, found.labels.dtype} == {np.dtype(np.int32)}
    assert load_annotations(project.tables, ITEMS, IDS) is None
    nobody = project.tables.write("annotations", table.slice(0, 0), ITEMS)
    empty = load_annotations(project.tables, nobody.lineage(), IDS)
    assert empty is not None
    assert (len(empty.rows), empty.names) == (0, ())


def test_what_is_damaged_is_said_with_the_mend(project):
    ref = saved(project, KINDS["numbers"])
    (project.tables.folder(ref.table, ref.version) / "features.json").write_text("{")
    with pytest.raises(DamagedError, match="'labelaudit run pets --force' makes it anew"):
        load_features(project.tables, ref.lineage())


def test_ingested_tables_are_told_from_what_was_made_of_them():
    names = ("items", "annotations", "training", "outputs.m", "features.f")
    made = ("signals", "signals.outliers", "neighbours.f", "duplicates", "findings", "featuresque")
    refs = {t: TableRef(t, "1") for t in (*names, *made)}
    assert set(ingested_lineage(refs)) == set(names)
