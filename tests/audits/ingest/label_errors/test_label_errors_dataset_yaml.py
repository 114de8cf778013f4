from pathlib import Path

import numpy as np
import pytest
import yaml

from audits.classes import ClassList
from audits.ingest.label_errors import find_set, import_label_errors
from audits.ingest.label_errors.dataset_yaml import classes_json, dataset_yaml
from audits.yaml_files import load_dataset, read_class_file

AWKWARD = (
    "no",
    "123",
    "1e3",
    "~",
    "",
    "a: b # c",
    "'\"\\",
    "é\u2028x",
    "- x",
    "{}",
    "y" * 300,
    " z ",
    "0x1f",
    "\t",
)


@pytest.mark.parametrize("n", [len(AWKWARD), 40])
def test_awkward_class_names_come_back_as_they_were(n, tmp_path):
    names = (AWKWARD + tuple(f"n{i}" for i in range(40)))[:n]
    classes = ClassList(tuple(str(i) for i in range(n)), names)
    folder = tmp_path / "datasets"
    (folder / "cifar10").mkdir(parents=True)
    text = dataset_yaml(find_set("cifar10"), classes, None, [], [], folder=folder, workspace=tmp_path)
    (folder / "cifar10.yaml").write_text(text, encoding="utf-8")
    (folder / "cifar10" / "classes.json").write_text(classes_json(classes), encoding="utf-8")
    loaded = load_dataset(folder / "cifar10.yaml").classes
    assert loaded.ids == classes.ids
    # the configuration may trim or keep blanks, but it is the same for both ways of writing
    assert loaded.names == names
    assert read_class_file(folder / "cifar10" / "classes.json") == classes


def test_paths_are_relative_within_the_workspace_and_absolute_outside(cifar10, models, workspace, store):
    cifar10.probabilities("cifar10_test_set", np.full((8, 10), 0.1))
    inside = workspace.root / "outputs"
    models.rename(inside)
    summary = import_label_errors(cifar10.root, "cifar10", workspace, store, inside)
    config = load_dataset(summary.path).config
    assert config.items.path == "cifar10/items.parquet"
    dense, *top = config.models
    assert Path(dense.outputs.path).is_absolute()
    assert {m.outputs.path.rsplit("/", 1)[0] for m in top} == {"../outputs"}
    for m in config.models:
        assert load_dataset(summary.path).resolve(m.outputs.path).is_file()


def test_who_is_scored_and_who_flags(cifar10, models, workspace, store):
    def audits():
        return load_dataset(workspace.dataset_path("cifar10")).config.audits.model_dump(exclude_none=True)

    def importing(predictions=None):
        summary = import_label_errors(cifar10.root, "cifar10", workspace, store, predictions, overwrite=True)
        return {m.name: m for m in load_dataset(summary.path).config.models}

    assert importing() == {}
    assert audits() == {}
    assert all(m.scored and not m.raised_flags for m in importing(models).values())
    assert list(audits()) == ["model_agreement"]
    assert audits()["model_agreement"]["flags"]
    cifar10.probabilities("cifar10_test_set", np.full((8, 10), 0.1))
    (flagger,) = importing().values()
    assert flagger.scored
    assert flagger.raised_flags
    with_all = importing(models)
    assert [m.scored for m in with_all.values()] == [False, True, True]
    flags = {name: audit["flags"] for name, audit in audits().items()}
    assert flags == {"pervasive_label_errors": True, "confident_learning": False, "model_agreement": False}


def test_the_file_is_commented_and_states_the_study(cifar10, workspace, store):
    summary = import_label_errors(cifar10.root, "cifar10", workspace, store)
    text = summary.path.read_text()
    raw = yaml.safe_load(text)
    assert text.startswith("# CIFAR-10")
    assert raw["items"]["content"] == []
    assert raw["review"] == {"verdicts_per_item": 5, "agree": 3}
    assert "label-errors repository" in raw["description"]


def test_sets_that_departed_from_the_rule_say_so():
    note = find_set("imagenet").note
    classes = ClassList(("0", "1"), ("a", "b"))
    text = dataset_yaml(find_set("imagenet"), classes, None, [], [], folder=Path(), workspace=Path())
    assert f"# {note}" in text
