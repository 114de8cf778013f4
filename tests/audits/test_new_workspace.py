import re

import pytest

from audits.config import DatasetConfig
from audits.errors import AuditError, ConfigError
from audits.new_workspace import EXAMPLE, init_workspace
from audits.workspace import Workspace
from audits.yaml_files import load_dataset, parse_config


def test_a_folder_becomes_a_workspace_once_and_what_is_there_is_left_alone(tmp_path):
    root = tmp_path / "a" / "my wörk"
    made = init_workspace(root)
    assert made == [root, root / "datasets", root / "state", root / "example-dataset.yaml"]
    assert Workspace(root).dataset_names() == []
    (root / "example-dataset.yaml").write_text("mine")
    (root / "datasets" / "x.yaml").write_text("mine too")
    assert init_workspace(root) == []
    assert (root / "example-dataset.yaml").read_text() == "mine"
    assert (root / "datasets" / "x.yaml").read_text() == "mine too"


@pytest.mark.parametrize("name", ["datasets", "state"])
def test_a_file_in_the_way_is_named(tmp_path, name):
    (tmp_path / name).write_text("")
    with pytest.raises(ConfigError, match=f"{name} is a file; a workspace needs a folder there"):
        init_workspace(tmp_path)


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(AuditError, match=r"new cannot be written: .*Not a directory"):
        init_workspace(tmp_path / "file" / "new")


def test_the_example_is_a_sound_dataset_and_its_comments_are_the_defaults(tmp_path):
    path = tmp_path / "example.yaml"
    path.write_text(EXAMPLE)
    shown = load_dataset(path)
    uncommented = EXAMPLE.replace("#   ", "  ")
    without_default = ("annotations", "features", "training_dynamics", "reference_labels", "class_distance")
    for key in without_default:
        uncommented = uncommented.replace(f"# {key}: ", f"{key}: ")
    for key in ("labels_as", "files", "raised_flags", "scored", "column", "frac_noise", "min_examples_per_class",
                "adjust_pred_probs", "min_model_share", "flags", "policy", "metrics", "uncertainty",
                "tolerance", "task", "classes_confirmed"):  # fmt: skip
        uncommented = uncommented.replace(f"# {key}: ", f"{key}: ")
    config = parse_config(path, uncommented.replace("column: pred_probs", "# column: pred_probs"))
    further = {key: getattr(config, key) for key in without_default}
    assert all(further.values())
    assert config == shown.config.model_copy(update=further)


def test_the_example_names_every_key_of_the_file():
    assert [
        k for k in DatasetConfig.model_fields if not re.search(rf"^(# )?{k}:", EXAMPLE, re.MULTILINE)
    ] == []
