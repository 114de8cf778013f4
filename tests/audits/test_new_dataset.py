import os

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audits.errors import ConfigError, InputError, PathError, UsageError
from audits.ingest.items import ingest_items
from audits.ingest.model_outputs import ingest_outputs
from audits.new_dataset import NewModel, _quoted, add_dataset, derive_into
from audits.yaml_files import load_dataset, read_config, read_yaml

CSV = "item_id,label,text\n1,cat,x\n2,dog,y\n"


def new(path, name="m", *, out_of_sample=True, items_order=False):
    return NewModel(name, path, out_of_sample, items_order)


@pytest.mark.parametrize("confirmed", [True, False])
def test_a_derived_list_asks_to_be_confirmed_unless_it_is(project, confirmed):
    items = project.put("raw/items.csv", CSV)
    path = add_dataset(project.workspace, "pets", items, confirmed=confirmed)
    assert 'path: "raw/items.csv"' in path.read_text()
    if not confirmed:
        with pytest.raises(ConfigError, match="is not confirmed yet"):
            load_dataset(path)
        path.write_text(path.read_text().replace("classes_confirmed: false", "classes_confirmed: true"))
    dataset = load_dataset(path)
    assert dataset.classes.ids == ("cat", "dog")
    assert ingest_items(dataset).items["label"].to_pylist() == [0, 1]


def test_labels_that_yaml_would_read_as_something_else_come_back_as_they_are(project):
    labels = [
        "no",
        "1e3",
        "010",
        "~",
        "a: b",
        "'\"\\",
        "\u2028x\x85",
        "\x7f",
        "🙂",
        "- x",
        "#",
        "null",
        "\ufeff",
    ]
    table = pa.table({"item_id": [str(i) for i in range(len(labels))], "label": labels})
    path = add_dataset(project.workspace, "pets", project.put("i.parquet", table), confirmed=True)
    dataset = load_dataset(path)
    assert sorted(dataset.classes.ids) == sorted(labels)
    assert ingest_items(dataset).items["label"].null_count == 0


@given(text=st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_survives_quoting(text, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "quoted.yaml"
    path.write_bytes(f"a: {_quoted(text)}\n".encode())
    assert read_yaml(path) == {"a": text}


def test_a_class_file_and_other_columns(project):
    items = project.put("items.csv", "key,kind\n1,0\n2,1\n")
    classes = project.put("classes.txt", "cat\ndog\nhorse\n")
    path = add_dataset(
        project.workspace, "pets", items, id_column="key", label_column="kind", class_file=classes
    )
    dataset = load_dataset(path)
    assert dataset.classes.ids == ("cat", "dog", "horse")
    assert (dataset.config.items.id, dataset.config.items.label) == ("key", "kind")
    assert dataset.config.classes_file == "classes.txt"


MODELS = {
    "columns.parquet": pa.table({"item_id": ["1", "2"], "cat": [1.0, 0.0], "dog": [0.0, 1.0]}),
    "list.parquet": pa.table({"item_id": ["1", "2"], "scores": [[1.0, 0.0], [0.0, 1.0]]}),
    "top.parquet": pa.table(
        {"item_id": ["1", "2"], "top_k_labels": [["cat"], ["dog"]], "top_k_probs": [[1.0], [1.0]]}
    ),
    "words.CSV": "item_id,predicted_label\n1,cat\n2,dog\n",
    "dense.npy": np.eye(2),
    "labels.npy": np.array([0, 1]),
    "words.npy": np.array(["cat", "dog"]),
}
KINDS = ["dense", "dense", "top_k", "labels", "dense", "labels", "labels"]


def test_every_kind_of_output_file_is_told_apart_and_can_be_ingested(project):
    items = project.put("items.csv", CSV)
    models = [new(project.put(n, c), f'{n} "x"', items_order=n.endswith(".npy")) for n, c in MODELS.items()]
    dataset = load_dataset(add_dataset(project.workspace, "pets", items, models=models, confirmed=True))
    assert [m.outputs.kind for m in dataset.config.models] == KINDS
    assert dataset.config.models[1].outputs.column == "scores"
    for model in dataset.config.models:
        assert ingest_outputs(dataset, model, pa.array(["1", "2"])).outputs.predicted().tolist() == [0, 1]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("x.npy", np.zeros((2, 2), int), r"cannot tell what shape \(2, 2\) of int64 is"),
        ("x.npy", np.zeros(2), r"cannot tell what shape \(2,\) of float64 is"),
        ("x.npy", np.zeros((2, 2, 2)), "cannot tell what shape"),
        ("x.npy", np.zeros(2, bool), "expected outputs as floats or integers or text, got shape"),
        ("x.npy", b"PK\x03\x04", "cannot be read as a .npy array"),
        ("x.npy", b"", "the file is empty"),
        ("x.txt", b"", "unknown kind of file; expected .npy or one of .parquet"),
        ("x.csv", b"", "the file is empty"),
    ],
)
def test_an_output_file_that_cannot_be_told_leaves_no_dataset_behind(project, name, content, says):
    items, outputs = project.put("items.csv", CSV), project.put(name, content)
    with pytest.raises(InputError, match=says):
        add_dataset(project.workspace, "pets", items, models=[new(outputs)], confirmed=True)
    assert project.workspace.dataset_names() == []


@pytest.mark.parametrize(
    ("names", "says"), [(["a", "a"], "more than once"), ([""], "at least 1"), (["x" * 101], "at most 100")]
)
def test_models_that_cannot_be_configured_leave_no_dataset_behind(project, names, says):
    items, outputs = project.put("items.csv", CSV), project.put("w.csv", MODELS["words.CSV"])
    with pytest.raises(ConfigError, match=says):
        add_dataset(project.workspace, "pets", items, models=[new(outputs, n) for n in names], confirmed=True)
    assert project.workspace.dataset_names() == []
    # ids without the word that rows are in items order
    array = project.put("d.npy", np.eye(2))
    with pytest.raises(UsageError, match=r"has no ids; .* add --items-order"):
        add_dataset(project.workspace, "pets", items, models=[new(array)], confirmed=True)


@pytest.mark.parametrize("name", ["", "a b", "a-b", "../x", "ü", "a.b", "a\n"])
def test_names_that_are_no_file_names_everywhere(project, name):
    with pytest.raises(UsageError, match="letters, digits and underscores only"):
        add_dataset(project.workspace, name, project.put("items.csv", CSV))


def test_a_dataset_that_exists_is_not_overwritten(project):
    items = project.put("items.csv", CSV)
    path = project.put("pets.yaml", "mine")
    with pytest.raises(UsageError, match="exists already; edit it, or choose another name"):
        add_dataset(project.workspace, "pets", items)
    assert path.read_text() == "mine"


@pytest.mark.parametrize(
    ("csv", "says"),
    [("id,label\n1,a\n", r"1 columns are missing \(item_id\)"), ("item_id,label\n1,a\n", "holds 1 labels")],
)
def test_items_that_do_not_fit(project, csv, says):
    with pytest.raises(InputError, match=says):
        add_dataset(project.workspace, "pets", project.put("items.csv", csv))
    assert project.workspace.dataset_names() == []


def test_far_paths_are_absolute_near_ones_relative_and_links_keep_their_names(project, tmp_path, monkeypatch):
    blob = tmp_path / "blob"
    blob.write_text(CSV)
    os.symlink(blob, project.folder / "linked.csv")
    near = add_dataset(project.workspace, "near", project.folder / "linked.csv")
    assert read_config(near).items.path == "linked.csv"
    monkeypatch.chdir(project.workspace.root)
    (project.workspace.root / "here.csv").write_text(CSV)
    assert (
        read_config(add_dataset(project.workspace, "here", type(blob)("here.csv"))).items.path
        == "../here.csv"
    )
    far = tmp_path.parent / f"{tmp_path.name}-far.csv"
    far.write_text(CSV)
    assert read_config(add_dataset(project.workspace, "far", far)).items.path == str(far)


def test_a_list_is_derived_into_a_file_that_has_none(project):
    project.put("items.csv", CSV)
    path = project.put("pets.yaml", "# mine\nitems: {path: items.csv}")
    assert derive_into(project.workspace, "pets") == path
    assert path.read_text().startswith("# mine\nitems: {path: items.csv}\n\n# This list was derived")
    assert [c.id for c in read_config(path).classes] == ["cat", "dog"]
    assert not read_config(path).classes_confirmed
    with pytest.raises(UsageError, match="has a class list already"):
        derive_into(project.workspace, "pets")


@pytest.mark.parametrize("text", ["{items: {path: items.csv}}", "items: {path: items.csv}\nclasses_confirmed: false\n",
                                  "items: {path: items.csv}\n...\n"])  # fmt: skip
def test_a_file_whose_end_takes_no_list_stays_as_it_is_and_the_list_is_shown(project, text):
    project.put("items.csv", CSV)
    path = project.put("pets.yaml", text)
    with pytest.raises(
        UsageError, match=r"cannot be put at the end of (.|\n)*put it in:(.|\n)*- \"cat\"\n  - \"dog\""
    ):
        derive_into(project.workspace, "pets")
    assert path.read_text() == text


def test_deriving_for_a_dataset_or_a_file_that_is_not_there(project):
    with pytest.raises(UsageError, match="no dataset is named 'pets'"):
        derive_into(project.workspace, "pets")
    project.put("pets.yaml", "items: {path: none.csv}")
    with pytest.raises(InputError, match="there is no such file"):
        derive_into(project.workspace, "pets")


def test_files_outside_the_allowed_folders_are_refused_before_anything_is_written(project, tmp_path):
    outside = tmp_path / "outside.csv"
    outside.write_text(CSV)
    (project.workspace.root / "labelaudit.yaml").write_text("roots: []\n")
    inside = project.put("items.csv", CSV)
    for items, models in ((outside, []), (inside, [new(outside)])):
        with pytest.raises(PathError, match="in none of the allowed folders"):
            add_dataset(project.workspace, "pets", items, models=models, confirmed=True)
    assert project.workspace.dataset_names() == []
