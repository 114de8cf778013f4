"""What belongs to a workspace: files that YAML files name, links, and names that are no text."""

from __future__ import annotations

import os

import pytest

from audits.backup.contents import Contents, named_versions
from audits.errors import AuditError
from audits.workspace import Workspace

from .conftest import YAML


def data(workspace: Workspace) -> tuple[list[str], Contents]:
    contents = Contents(workspace)
    return [f.name for f in contents.data()], contents


def test_files_that_yamls_name_elsewhere_in_the_workspace_belong_to_it(workspace):
    (workspace.root / "more").mkdir()
    for name in ("m.npy", "p.npy", "notes.txt"):
        (workspace.root / "more" / name).write_text(name)
    models = (
        "models:\n- {name: m, out_of_sample: true, outputs: "
        "{kind: top_k, path: ../more/m.npy, probs: ../more/p.npy, rows: items_order}}\n"
    )
    (workspace.datasets_dir / "zoo.yaml").write_text(YAML + models)
    found, contents = data(workspace)
    assert {"more/m.npy", "more/p.npy", "example-dataset.yaml", "datasets/zoo/items.csv"} <= set(found)
    assert "more/notes.txt" not in found
    assert len(set(found)) == len(found)
    assert contents.outside == contents.warnings == []


def test_files_outside_are_told_not_taken(workspace, tmp_path):
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "items.csv").write_text("x")
    (workspace.datasets_dir / "far.yaml").write_text(
        "items: {path: ../../far/items.csv, files: [image]}\nclasses_file: /nowhere/classes.txt\n"
        f"annotations: {{path: {tmp_path}/far/a.csv}}\nreview: {{gold: {{path: ../../far/g.csv}}}}\n"
    )
    found, contents = data(workspace)
    assert "datasets/far.yaml" in found
    assert sorted(contents.outside) == sorted(
        ["/nowhere/classes.txt", *(str(tmp_path / "far" / n) for n in ("items.csv", "a.csv", "g.csv"))]
    )
    assert len(contents.warnings) == 1
    assert (
        "items of dataset 'far' name are in the backup only where they lie in 'datasets'"
        in contents.warnings[0]
    )


def test_a_yaml_that_is_broken_is_taken_and_told(workspace):
    (workspace.datasets_dir / "odd.yaml").write_text("items: [")
    found, contents = data(workspace)
    assert "datasets/odd.yaml" in found
    assert "which files dataset 'odd' is read from is not known" in contents.warnings[0]


def test_links(workspace, tmp_path):
    folder = workspace.datasets_dir / "zoo"
    (tmp_path / "secret").write_text("x")
    (folder / "inside.csv").symlink_to("items.csv")
    (folder / "outside.csv").symlink_to(tmp_path / "secret")
    (folder / "broken.csv").symlink_to("none")
    (folder / "loop").symlink_to("loop")
    (folder / "folder").symlink_to("..")
    found = {f.name: f.path for f in Contents(workspace).data()}
    assert found["datasets/zoo/inside.csv"].read_text().startswith("item_id")
    assert not [n for n in found if any(w in n for w in ("outside", "broken", "loop", "folder"))]
    _, contents = data(workspace)
    assert contents.outside == [f"{folder / 'outside.csv'} -> {tmp_path / 'secret'}"]
    assert sorted(w.partition(" is left out")[0].rpartition("/")[2] for w in contents.warnings) == [
        "broken.csv",
        "folder",
        "loop",
    ]


@pytest.mark.parametrize("folder", ["datasets", "state"])
def test_a_workspace_whose_own_folders_are_links(workspace, tmp_path, folder):
    before = [f.name for f in Contents(workspace).data()], [f.name for f in Contents(workspace).state()]
    (workspace.root / folder).rename(tmp_path / "moved")
    (workspace.root / folder).symlink_to(tmp_path / "moved")
    contents = Contents(Workspace(workspace.root))
    assert ([f.name for f in contents.data()], [f.name for f in contents.state()]) == before
    assert contents.datasets_with_tables() == ["zoo"]
    assert contents.outside == contents.warnings == []


def test_a_name_that_is_no_text_is_told(workspace):
    path = os.fsencode(workspace.datasets_dir) + b"/b\xff.csv"
    with open(path, "wb"):
        pass
    (workspace.datasets_dir / "new\nline.csv").write_text("x")
    found, contents = data(workspace)
    assert "datasets/new\nline.csv" in found
    assert len(contents.warnings) == 1
    assert "its name is no valid text" in contents.warnings[0]


def test_versions_and_what_is_beside_them(workspace):
    contents, tables = Contents(workspace), workspace.tables("zoo")
    versions = contents.versions("zoo")
    assert {t for t, _ in versions} == {"items", "signals"}
    for ref in (*tables.current().values(), *tables.candidates().values()):
        assert (ref.table, ref.version) in versions
        assert len(contents.version_files("zoo", ref.table, ref.version)) == 1
    assert contents.version_files("zoo", "items", "none") == []
    beside = {f.name for f in contents.beside_versions("zoo")}
    assert beside == {
        f"state/tables/zoo/{n}"
        for n in ("candidate.json", "current.json", "history.jsonl", "results/findings/_/abc.json")
    }


def test_named_versions(tmp_path):
    data = b'{"b": {"version": "2", "inputs": {"a": "1"}}, "c": {"version": "3", "inputs": {}}}'
    assert named_versions(tmp_path, data) == {("a", "1"), ("b", "2"), ("c", "3")}
    for bad in (b"", b"[]", b'{"a": 1}', b'{"a": {"version": "1"}}', b"\xff"):
        with pytest.raises(AuditError, match="is damaged"):
            named_versions(tmp_path, bad)


def test_a_folder_that_cannot_be_read_is_told(workspace, monkeypatch):
    def refuse(_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(workspace.root), "iterdir", refuse)
    with pytest.raises(AuditError, match=r"datasets cannot be read: .*Permission denied"):
        list(Contents(workspace).data())
