"""Signals of every audit: which there are, which are absent and why, and what a change has computed again."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pyarrow as pa
import pytest

from audits import contracts
from audits.audit_config import AuditsConfig
from audits.errors import AuditError, InputError
from audits.review.store import ReviewStore
from audits.signals.registry import (
    OVER_ANNOTATIONS,
    OVER_FEATURES,
    OVER_MODELS,
    OVER_TRAINING,
    PER_MODEL,
    run_audits,
    run_signals,
)
from audits.stages.graph import Standing
from audits.stages.signalling import detector_inputs, signals
from audits.stored import ingested_lineage, load_items, load_models, load_signals
from tests.audits.stages import rich as removing
from tests.audits.stages.conftest import computed
from tests.audits.stages.rich import EVERY_AUDIT, FEATURES, N, RichWorkspace

SORTED = [("signal", "ascending"), ("model", "ascending"), ("item_id", "ascending")]
DENSE = ("linear", "other")


@pytest.fixture(scope="module")
def _first(tmp_path_factory):
    rich = RichWorkspace(tmp_path_factory.mktemp("rich") / "first")
    rich.write()
    with ReviewStore(rich.workspace.store_url) as store:
        rich.run(store)
    return rich.workspace.root


@pytest.fixture
def rich(_first, tmp_path) -> RichWorkspace:
    """A dataset with everything, after its first night."""
    root = tmp_path / "rich"
    shutil.copytree(_first, root)
    copied = RichWorkspace(root)
    copied.nights = 1
    return copied


@pytest.fixture
def store(rich):
    with ReviewStore(rich.workspace.store_url) as opened:
        yield opened


@pytest.fixture
def full_store(full):
    with ReviewStore(full.workspace.store_url) as opened:
        yield opened


def summary(work) -> list[dict]:
    table = work.tables.read("signals", work.tables.current_ref("signals").version)
    assert table.schema == contracts.SIGNAL_SUMMARY
    return table.to_pylist()


def parts(*names) -> set[str]:
    return {f"signals: {name}" for name in names}


def test_with_everything_there_every_audit_has_its_signals(rich, store):
    rows = summary(rich)
    assert {r["signal"] for r in rows} == set(AuditsConfig.model_fields)
    assert [r for r in rows if r["absent"] is not None] == []
    assert all(0 <= r["mean_score"] <= 1 and 0 <= r["flagged"] <= N for r in rows)
    found = load_signals(rich.tables, rich.tables.current_ref("signals").lineage())
    assert found.num_rows == N * len(rows)
    assert set(found["signal"].to_pylist()) == set(AuditsConfig.model_fields)
    facts = rich.to_signals(store, force=True)["signals"].facts
    assert (facts["rows"], facts["absent"]) == (N * len(rows), [])
    assert facts["duplicates"] >= facts["conflicting duplicates"] >= 1
    assert json.loads(json.dumps(facts, allow_nan=False)) == facts


def test_neighbours_and_duplicates_are_in_the_lineage_of_the_signals(rich):
    lineage = rich.tables.current_ref("findings").lineage()
    assert {t for t in lineage if t.startswith("neighbours.")} == {f"neighbours.{f}" for f in FEATURES}
    pairs = rich.tables.read("duplicates", lineage["duplicates"])
    assert pairs.schema == contracts.DUPLICATES
    (planted,) = [
        r
        for r in pairs.to_pylist()
        if {r["item_id"], r["other_id"]} == {"i1", "i7"} and r["features"] == "vectors"
    ]
    assert planted["conflict"]
    assert planted["exact"]
    assert (planted["split"], planted["other_split"]) == ("train", "train")
    photos = [r for r in pairs.to_pylist() if r["features"] == "photos" and r["exact"]]
    assert [(r["item_id"], r["other_id"], r["split"], r["other_split"]) for r in photos] == [
        ("i5", "i11", "train", "test")
    ]


NO_DENSE = dict.fromkeys((*PER_MODEL, "ensemble_confident_learning"), "no model has dense outputs")
REMOVED = {
    "without_models": dict.fromkeys((*PER_MODEL, *OVER_MODELS), "there are no models"),
    "without_dense_models": {k: v for k, v in NO_DENSE.items() if k != "margin"},
    "without_annotations": dict.fromkeys(OVER_ANNOTATIONS, "there are no annotations"),
    "without_features": dict.fromkeys(OVER_FEATURES, "there are no features"),
    "without_training": dict.fromkeys(OVER_TRAINING, "there are no training dynamics"),
    "without_suggestions": {"suggestion": "the items have no column of suggestions"},
}


@pytest.mark.parametrize("what", REMOVED)
def test_an_audit_without_its_input_is_absent_and_says_why(rich, store, what):
    getattr(removing, what)(rich)
    facts = rich.to_signals(store)["signals"].facts
    absent = REMOVED[what]
    assert {r["signal"]: r["why"] for r in facts["absent"]} == absent
    told = {r["signal"]: r for r in summary(rich) if r["absent"] is not None}
    assert {s: r["absent"] for s, r in told.items()} == absent
    assert {(r["model"], r["flagged"], r["mean_score"]) for r in told.values()} == {(None,) * 3}
    there = load_signals(rich.tables, rich.tables.current_ref("signals").lineage())["signal"].to_pylist()
    assert set(there) == set(AuditsConfig.model_fields) - set(absent)
    assert ("duplicates" in rich.tables.current_ref("signals").lineage()) == (what != "without_features")
    assert computed(rich.to_signals(store)) == []


def another_annotation(rich):
    rich.annotations[0] = ("i0", "ann", "h")


def another_vector(rich):
    rich.vectors[3] = [0.3, 0.1, 0.2]


def another_photo(rich):
    rich.photos[4] = 99


def another_width(rich):
    rich.further["width"] = pa.array(np.arange(N) ** 2)


def another_epoch(rich):
    rich.training = np.concatenate([rich.training, rich.training[-1:]])


def another_guess(rich):
    rich.further["guess"] = pa.array([None] * 4 + ["h"] + [None] * 7, pa.string())


def another_split(rich):
    rich.further["part"] = pa.array(["train"] * N)


def more_neighbours(rich):
    rich.more["audits"]["outliers"] = {"neighbours": 11}


def a_parameter(rich):
    rich.more["audits"]["el2n"] = {"epochs": 2}


def signals_of(*features, pairs=True):
    """What is computed of the signals when some features change."""
    shared = parts(*(f"neighbours by {f}" for f in features), *(["duplicates"] if pairs else []))
    return shared | parts(*OVER_FEATURES) | {"signals"}


CHANGES = [
    (another_annotation, {"signals", *parts(*OVER_ANNOTATIONS)}),
    (another_vector, signals_of("vectors")),
    (another_photo, signals_of("photos")),
    (another_width, signals_of("columns")),
    (another_epoch, {"signals", *parts(*OVER_TRAINING)}),
    (another_guess, {"signals", *parts("suggestion")}),
    (another_split, {"signals", *parts("duplicates", "duplicate_conflicts")}),
    (more_neighbours, signals_of(*FEATURES)),
    (a_parameter, {"signals", *parts("el2n")}),
]


@pytest.mark.parametrize(("change", "expected"), CHANGES, ids=[c[0].__name__ for c in CHANGES])
def test_a_change_computes_the_signals_that_look_at_it(rich, store, change, expected):
    change(rich)
    made = set(rich.to_signals(store)["signals"].computed)
    # neighbours that come to the same as before change nothing behind them
    assert made <= expected
    assert {"signals"} < made
    assert rich.to_signals(store)["signals"].computed == ()


def test_what_changes_come_to_one_by_one_computing_everything_comes_to(rich, store):
    for change, _ in CHANGES:
        change(rich)
        rich.to_signals(store)
    kept = rich.versions()
    rich.to_signals(store, force=True)
    assert rich.versions() == kept
    rich.run(store)
    assert isinstance(rich.plan(store), Standing)


def test_a_change_of_features_reads_those_alone(rich, store):
    rich.to_signals(store)  # the copies are other files, which are looked into once
    another_vector(rich)
    assert rich.to_signals(store)["features_candidate"].computed == ("features: vectors",)
    another_width(rich)
    columns = {f"features: columns of {f}" for f in ("columns", "words", "photos")}
    found = rich.to_signals(store)["features_candidate"].computed
    assert set(found) == {"features: columns"} | columns, "of the others it is looked whether they changed"
    another_photo(rich)
    assert rich.to_signals(store)["features_candidate"].computed == ("features: photos",)
    another_epoch(rich)
    assert rich.to_signals(store)["features_candidate"].computed == ("training",)


def test_kept_signals_are_those_of_the_registry(full, full_store):
    full.sure_of_other, full.items[4]["label"] = 0.4, "h"
    full.more["audits"] = {k: v for k, v in EVERY_AUDIT.items() if k in (*PER_MODEL, *OVER_MODELS)}
    full.write()
    full.run(full_store)
    lineage = full.tables.current_ref("signals").lineage()
    items = load_items(full.tables, lineage)
    outputs = {name: m.outputs for name, m in load_models(full.tables, lineage).items()}
    at_once = run_signals(items.items, outputs, full.workspace.dataset("pets").config.audits)
    kept = load_signals(full.tables, lineage)
    assert kept.sort_by(SORTED).equals(at_once.sort_by(SORTED))


def test_kept_signals_of_everything_are_those_of_the_registry(rich):
    lineage = rich.tables.current_ref("signals").lineage()
    ingested = ingested_lineage(rich.tables.current())
    inputs = detector_inputs(rich.tables, ingested, list(FEATURES))
    at_once = run_audits(inputs, rich.workspace.dataset("pets").config.audits)
    assert load_signals(rich.tables, lineage).sort_by(SORTED).equals(at_once.sort_by(SORTED))


def test_the_summary_counts_what_each_flags(full, full_store):
    outcome = full.run(full_store, force=True)["signals"]
    rows = {(r["signal"], r["model"]): r for r in outcome.facts["flagged"]}
    assert set(rows) == {
        ("confident_learning", "linear"),
        ("confident_learning", "other"),
        ("model_agreement", None),
    }
    assert outcome.facts["rows"] == 3 * 12
    table = load_signals(full.tables, full.tables.current_ref("signals").lineage()).to_pylist()
    for key, row in rows.items():
        own = [r for r in table if (r["signal"], r["model"]) == key]
        assert row["flagged"] == sum(r["flagged"] for r in own)
        assert row["mean_score"] == pytest.approx(sum(r["score"] for r in own) / 12)


def test_a_detector_that_refuses_keeps_what_the_others_came_to(full, full_store):
    full.more["audits"] = {
        "confident_learning": {"filter_by": "both"},
        "model_agreement": {},
        "pervasive_label_errors": {"models": ["prompted"]},
    }
    full.write()
    before = full.versions()
    with pytest.raises(InputError, match="'pervasive_label_errors' needs dense outputs"):
        full.run(full_store)
    assert full.versions()["signals"] == before["signals"]
    full.more["audits"]["confident_learning"] = {"num_to_remove_per_class": [1, 1]}
    del full.more["audits"]["pervasive_label_errors"]
    full.write()
    with pytest.raises(InputError, match="num_to_remove_per_class"):
        full.run(full_store)
    assert full.versions()["findings"] == before["findings"]


def test_before_there_is_anything_to_look_at(small):
    small.write()
    with pytest.raises(AuditError, match="no version of table 'items' is named"):
        signals(small.work())
