"""Features and training dynamics as candidates: what is kept, what is watched, what is told."""

from __future__ import annotations

import numpy as np
import pytest

from audits.errors import AuditError, InputError
from audits.review.store import ReviewStore
from audits.stages import features
from audits.stages.features import read_features
from audits.stages.ingest import publish, read_items
from audits.stages.judgements import features_usable, features_valid
from audits.stored_inputs import load_features, load_training
from tests.audits.stages.conftest import long_ago
from tests.audits.stages.rich import EPOCHS, FEATURES, N, RichWorkspace


@pytest.fixture
def rich(tmp_path) -> RichWorkspace:
    """A dataset with features and training dynamics alone, whose files nobody has written to for a while."""
    made = RichWorkspace(tmp_path / "rich")
    made.models = []
    del made.more["annotations"]
    made.write()
    made.age()
    return made


@pytest.fixture
def store(rich):
    with ReviewStore(rich.workspace.store_url) as opened:
        yield opened


def read(rich, **options):
    rich.nights += 1
    with rich.work(**options) as work:
        read_items(work)
    with rich.work(**options) as work:
        return read_features(work)


def test_all_become_candidates_and_no_more(rich):
    outcome = read(rich)
    told = {r["features"]: (r["kind"], r["items"], r["dimensions"]) for r in outcome.facts["features"]}
    assert told == {
        "vectors": ("embeddings", N, 3),
        "columns": ("numeric", N, 2),
        "words": ("text", N, None),
        "photos": ("images", N, None),
    }
    assert outcome.facts["epochs"] == EPOCHS
    items = rich.tables.candidate_ref("items").version
    refs = rich.tables.candidates()
    assert {t for t in refs if t != "items"} == {"training", *(f"features.{f}" for f in FEATURES)}
    assert all(r.inputs == {"items": items} for t, r in refs.items() if t != "items")
    assert rich.tables.current() == {}
    lineage = {t: r.version for t, r in refs.items()}
    found = load_features(rich.tables, lineage)
    np.testing.assert_array_equal(found["vectors"].vectors, rich.vectors)
    assert found["words"].texts.to_pylist() == [i["text"] for i in rich.items]
    np.testing.assert_allclose(load_training(rich.tables, lineage).values, rich.training)


def test_they_pass_their_checks(rich):
    read(rich)
    with rich.work() as work:
        judged = features_valid(work)
        assert [j.table for j in judged] == [*(f"features {f!r}" for f in FEATURES), "training dynamics"]
        assert all(j.passed for j in [*judged, *features_usable(work)])
        assert len(features_usable(work)) == len(FEATURES)


def test_nothing_is_read_twice(rich):
    first = read(rich)
    assert set(first.computed) == {
        "training",
        *(f"features: {f}" for f in FEATURES),
        *(f"features: columns of {f}" for f in FEATURES if f != "vectors"),
    }
    second = read(rich)
    assert second.computed == ()
    assert (second.facts, second.version) == (first.facts, first.version)
    for work_options in ({"force": True}, {"verify": True}):
        again = read(rich, **work_options)
        assert "features: photos" in again.computed
        assert again.version == first.version


def test_an_image_that_changes_in_its_place_is_looked_into(rich):
    read(rich)
    path = rich.path("photos") / "3.png"
    path.write_bytes((rich.path("photos") / "4.png").read_bytes())
    long_ago(path)
    before = rich.tables.candidate_ref("features.photos").version
    assert read(rich).computed == ("features: photos",)
    assert rich.tables.candidate_ref("features.photos").version != before


def test_a_label_that_changes_reads_no_features(rich):
    read(rich)
    rich.items[4]["label"] = "h"
    rich.write()
    rich.age()
    done = read(rich).computed
    assert {c for c in done if "columns of" not in c} <= {"features: photos"}, (
        "rewritten files are looked into"
    )


def test_what_is_not_valid_is_not_published(rich):
    rich.vectors[3, 1] = np.nan
    rich.training[2, 5] = 0.9
    rich.write()
    read(rich)
    with rich.work() as work, pytest.raises(InputError) as caught:
        publish(work)
    said = str(caught.value)
    assert (
        "features 'vectors': column 'finite': 1 of 12 rows: a value is missing or not finite (item_id i3)"
        in said
    )
    assert "training dynamics: column 'sum': 1 of 12 rows: the probabilities do not sum to 1" in said
    assert rich.tables.current() == {}


def test_problems_of_all_are_told_at_once_and_the_good_ones_kept(rich):
    rich.features["words"] = {"kind": "text", "columns": ["question"]}
    rich.write()
    rich.path("vectors.npy").unlink()
    rich.path("training.npy").write_bytes(b"no array")
    with pytest.raises(InputError) as caught:
        read(rich)
    first, second, third = str(caught.value).split("\n")
    assert first.startswith("features 'vectors': ")
    assert second.startswith("features 'words': ")
    assert third.startswith("training dynamics: ")
    assert {"features.columns", "features.photos"} <= set(rich.tables.candidates())


def test_a_file_that_changes_while_it_is_read_keeps_nothing(rich, monkeypatch):
    real = features.ingest_features

    def slow(dataset, entry, *of_items):
        found = real(dataset, entry, *of_items)
        if entry.path:
            with rich.path(entry.path).open("ab") as f:
                f.write(b"more")
        return found

    monkeypatch.setattr(features, "ingest_features", slow)
    with pytest.raises(InputError, match=r"vectors\.npy: changed while it was read"):
        read(rich)
    assert "features.vectors" not in rich.tables.candidates()


def test_features_before_items_and_where_there_are_none(rich):
    with pytest.raises(AuditError, match="no candidate for 'items'; run the stages before first"):
        read_features(rich.work())
    rich.features = {}
    del rich.more["training_dynamics"]
    rich.write()
    with pytest.raises(
        InputError, match="'pets' no longer has features or training dynamics; reload the def"
    ):
        read_features(rich.work())


def test_features_that_left_the_yaml_leave_the_tables(rich, store):
    rich.run(store)
    assert {"features.photos", "training"} <= set(rich.versions())
    del rich.features["photos"]
    del rich.more["training_dynamics"]
    rich.write()
    rich.run(store)
    assert not {"features.photos", "training"} & set(rich.versions())
    assert "features.vectors" in rich.versions()
