import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from audits.config import DatasetConfig, class_list, json_schema, resolve_from
from audits.errors import AuditError, ConfigError
from audits.ingest.tables import read_table
from audits.input_config import ClassConfig, OutputsConfig

ITEMS = {"path": "items.csv"}
TEXT = {"name": "words", "kind": "text", "columns": ["text"]}
NPY = {"path": "p.npy", "rows": "items_order"}


def model(name="m", **outputs):
    return {"name": name, "out_of_sample": True, "outputs": {"kind": "dense", "path": "p.parquet", **outputs}}


def described(schema):
    yield from schema.get("properties", {}).items()
    for part in schema.get("$defs", {}).values():
        yield from described(part)


def test_every_key_is_described():
    fields = list(described(json_schema()))
    assert len(fields) > 50
    assert [name for name, field in fields if not field.get("description")] == []


@pytest.mark.parametrize(
    ("outputs", "says"),
    [
        ({"kind": "dense", "path": "p.npy"}, "has no ids: say 'rows: items_order'"),
        ({"kind": "top_k", **NPY}, "top_k as .npy needs 'probs'"),
        ({"kind": "dense", **NPY, "probs": "q.npy"}, "'probs' goes with 'kind: top_k'"),
        ({"kind": "top_k", "path": "p.csv", "probs": "q.npy"}, "'probs' goes with 'kind: top_k'"),
        ({"kind": "top_k", "path": "p.csv", "rows": "items_order", "probs": "q"}, "belongs to a .npy pair"),
        ({"kind": "dense", "path": "p.csv", "columns": ["a"]}, "'columns' goes with"),
        ({"kind": "labels", **NPY, "columns": ["a"]}, "'columns' goes with"),
        ({"kind": "other", "path": "p.csv"}, "'dense', 'top_k' or 'labels'"),
    ],
)
def test_outputs_that_do_not_fit_together_are_refused(outputs, says):
    with pytest.raises(ValidationError, match=says):
        OutputsConfig.model_validate(outputs)


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"models": [model("a"), model("b"), model("a")]}, "the name 'a' is given more than once"),
        ({"models": [model("")]}, "at least 1 character"),
        ({"models": [model("x" * 101)]}, "at most 100 characters"),
        ({"audits": {"confident_learning": {"models": ["x"]}}}, "audits.confident_learning.models: no model"),
        ({"audits": {"model_agreement": {"models": ["x"]}}}, "audits.model_agreement.models: no model"),
        ({"audits": {"pervasive_label_errors": {"models": ["x"]}}}, "no model is named 'x'"),
        ({"audits": {"entropy": {"models": ["x"]}}}, r"audits\.entropy\.models: no model is named 'x'"),
        ({"audits": {"annotator_consensus": {"models": ["x"]}}}, "consensus.models: no model is named 'x'"),
        (
            {"audits": {"outliers": {"features": ["x"]}}},
            r"audits\.outliers\.features: no features are named 'x'",
        ),
        ({"features": [TEXT, TEXT]}, "features: the name 'words' is given more than once"),
        ({"training_dynamics": {"path": "t.npy"}}, "kind"),
        ({"features": None}, "valid tuple"),
        ({"classes": ["a", "b"], "classes_file": "c.txt"}, "not both"),
        ({"name": "a-b"}, "letters, digits and underscores only"),
        ({"metrics": []}, "at least 1 item"),
        ({"metrics": ["accuracy", "log_loss", "accuracy"]}, "metrics: accuracy is given more than once"),
        ({"review": {"agree": 3, "verdicts_per_item": 2}}, "'agree' is 3, but an item gets only 2"),
        ({"tolerance": {"sum": float("nan")}}, "less than or equal to 0.1"),
        ({"review": {"control_rate": float("nan")}}, "less than or equal to 1"),
        ({"review": {"budget": -1}}, "greater than or equal to 0"),
        ({"task": "multilabel"}, "multiclass"),
    ],
)
def test_a_dataset_that_does_not_fit_together_is_refused(config, says):
    with pytest.raises(ValidationError, match=says):
        DatasetConfig.model_validate({"items": ITEMS, **config})


def test_a_class_is_its_id_where_it_has_no_name():
    entries = tuple(ClassConfig.model_validate(e) for e in (7, "x", {"id": 0, "name": 1}, {"id": "y"}))
    assert class_list(entries).ids == ("7", "x", "0", "y")
    assert class_list(entries).names == ("7", "x", "1", "y")


def test_paths_are_relative_to_the_yaml_file_absolute_or_from_home(project, monkeypatch):
    monkeypatch.setenv("HOME", str(project.workspace.root))
    dataset = project.dataset()
    assert dataset.resolve("a b/ü.csv") == project.folder / "a b" / "ü.csv"
    assert dataset.resolve("../x.csv") == project.workspace.root / "x.csv"
    assert dataset.resolve("/somewhere/x.csv") == Path("/somewhere/x.csv")
    assert dataset.resolve("~/x.csv") == project.workspace.root / "x.csv"
    assert dataset.resolve("a~b.csv") == project.folder / "a~b.csv"
    assert dataset.resolve("~nobody-of-that-name/x.csv") == project.folder / "~nobody-of-that-name" / "x.csv"


def test_a_link_keeps_its_own_name_since_the_ending_tells_the_format(project):
    blob = project.put("blobs/0a1b2c", "item_id,label\n")
    os.symlink(blob, project.folder / "items.csv")
    assert project.dataset().resolve("items.csv").suffix == ".csv"


def test_what_cannot_be_a_path_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="is no usable path"):
        resolve_from(tmp_path, "a\0b/x.csv")
    os.symlink("loop", tmp_path / "loop")
    # Python 3.13 follows a loop of links as far as it goes; then the file is simply not there
    with pytest.raises(AuditError, match=r"is no usable path|there is no such file"):
        read_table(resolve_from(tmp_path, "loop/x.csv"), [])
