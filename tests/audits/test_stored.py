import json

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audits import contracts
from audits.classes import ClassList
from audits.errors import AuditError
from audits.ingest.items import ingest_items
from audits.ingest.model_outputs import ingest_outputs
from audits.stored import (
    ingested_lineage,
    is_outputs_table,
    items_summary,
    load_items,
    load_model,
    load_models,
    load_output_rows,
    load_signals,
    outputs_table,
    save_items,
    save_model,
    signal_table_name,
)
from audits.table_store import TableRef

NAMES = [
    "plain",
    "a/b",
    "../../x",
    ".",
    "..",
    "x y",
    "ü",
    "🙂" * 100,
    "q" * 100,
    "%2F",
    "a\nb",
    "C:\\x",
    "con|*?",
]


def items(project, csv="item_id,label,item,text\n007,cat,1,x\n8,horse,2,y\n"):
    project.put("items.csv", csv)
    dataset = project.dataset()
    return save_items(project.tables, ingest_items(dataset), dataset.classes)


def model(project, name="m", inputs=None, **outputs):
    project.put("p.npy", np.array([[0.7, 0.2, 0.1], [0.2, 0.2, 0.6]]))
    dataset = project.model(name, kind="dense", path="p.npy", rows="items_order")
    config = dataset.config.models[0]
    return save_model(
        project.tables, ingest_outputs(dataset, config, pa.array(["007", "8"])), config, inputs or {}
    )


def test_items_come_back_as_they_were_with_the_class_list_of_then(project):
    ref = items(project)
    stored = load_items(project.tables, ref.lineage())
    assert stored.ids.to_pylist() == ["007", "8"]
    assert stored.labels.tolist() == [0, 2]
    assert stored.labels.dtype == np.int32
    assert stored.rows == {"007": 0, "8": 1}
    assert stored.classes == project.classes
    assert stored.further_by_id.to_pylist()[1] == {"item_id": "8", "item": "2", "text": "y"}
    assert [stored.label_text(i) for i in range(3)] == ["cat", "dog", "horse"]


@pytest.mark.parametrize(("csv", "written"), [("c,h", ["c", "d", "h"]), ("0,2", ["0", "1", "2"])])
def test_labels_are_written_as_the_file_writes_them(project, csv, written):
    one, two = csv.split(",")
    ref = items(project, f"item_id,label\na,{one}\nb,{two}\n")
    stored = load_items(project.tables, ref.lineage())
    assert [stored.label_text(i) for i in range(3)] == written


def test_a_further_column_named_item_id_gives_way_to_the_ids(project):
    project.put("items.csv", "id,label,item_id\na,cat,zzz\nb,dog,zzz\n")
    dataset = project.dataset(items={"path": "items.csv", "id": "id"})
    ref = save_items(project.tables, ingest_items(dataset), dataset.classes)
    assert load_items(project.tables, ref.lineage()).further_by_id.to_pydict() == {"item_id": ["a", "b"]}


def test_a_version_of_the_items_changes_with_labels_content_and_classes_alone(project):
    first = items(project)
    assert items(project).version == first.version
    assert items(project, "item_id,label,item,text\n007,cat,1,x\n8,dog,2,y\n").version != first.version
    assert items(project, "item_id,label,item,text\n007,cat,1,x\n8,horse,2,z\n").version != first.version
    other = ClassList(project.classes.ids, ("cat", "dog", "foal"))
    project.put("items.csv", "item_id,label,item,text\n007,c,1,x\n8,h,2,y\n")
    ingested = ingest_items(project.dataset())
    assert save_items(project.tables, ingested, other) != save_items(
        project.tables, ingested, project.classes
    )


@pytest.mark.parametrize("name", NAMES)
def test_models_of_any_name_are_stored_and_found_again(project, name):
    ref = model(project, name, {"items": "1"})
    assert is_outputs_table(ref.table)
    assert project.tables.folder(ref.table, ref.version).parent.parent == project.tables.root
    stored = load_model(project.tables, ref.lineage(), ref.table)
    assert stored.outputs.model == name
    assert (stored.out_of_sample, stored.raised_flags, stored.scored, stored.family) == (
        True,
        False,
        True,
        None,
    )
    assert stored.outputs.pred_probs.tolist() == [[0.7, 0.2, 0.1], [0.2, 0.2, 0.6]]
    assert load_output_rows(project.tables, ref.lineage(), ref.table)["item_id"].to_pylist() == ["007", "8"]
    assert ref.inputs == {"items": "1"}


@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=100), unique=True, max_size=9
    )
)
def test_names_of_tables_are_short_safe_and_as_distinct_as_the_models(names):
    tables = [outputs_table(n) for n in names]
    assert len(set(tables)) == len(names)
    assert all(len(t.encode()) <= 130 and "/" not in t and t.isascii() and t.isprintable() for t in tables)


def test_long_names_that_begin_alike_stay_apart():
    assert outputs_table("ü" * 99 + "a") != outputs_table("ü" * 99 + "b")


def test_models_of_a_lineage_by_name_and_only_ingested_tables_are_a_lineage(project):
    refs = {r.table: r for r in (items(project), model(project, "b"), model(project, "a/1"))}
    refs |= {"annotations": TableRef("annotations", "1"), "findings": TableRef("findings", "2")}
    lineage = ingested_lineage(refs)
    assert set(lineage) == set(refs) - {"findings"}
    assert list(load_models(project.tables, lineage)) == ["a/1", "b"]
    assert load_models(project.tables, {}) == {}


def test_a_table_that_no_lineage_names(project):
    with pytest.raises(
        AuditError, match=r"dataset 'pets': no version of table 'items' is named \(of \['x'\]\)"
    ):
        load_items(project.tables, {"x": "1"})
    with pytest.raises(AuditError, match=r"no version of table 'outputs.m'"):
        load_model(project.tables, {}, "outputs.m")


@pytest.mark.parametrize(
    ("file", "content"),
    [("items.json", b"{"), ("items.json", b"[]"), ("items.json", b'{"ids": ["a"], "names": ["a"]}'),
     ("items.json", b"{}"), ("table.parquet", b""), ("further.parquet", b"PAR1"), ("further.parquet", None)],
)  # fmt: skip
def test_damaged_items_are_said_by_folder(project, file, content):
    ref = items(project)
    damage(project.tables.folder("items", ref.version) / file, content)
    with pytest.raises(AuditError, match=f"{ref.version} is damaged: "):
        load_items(project.tables, ref.lineage())


@pytest.mark.parametrize(
    ("file", "content"),
    [("model.json", b"{"), ("model.json", b'{"x": 1}'), ("model.json", b"[" * 99_999), ("outputs.json", None),
     ("outputs.json", b"{}"), ("pred_probs.npy", b""), ("pred_probs.npy", b"\x93NUMPY\x01\x00"),
     ("rows.parquet", b"x")],
)  # fmt: skip
def test_damaged_outputs_are_said_by_folder(project, file, content):
    ref = model(project)
    damage(project.tables.folder(ref.table, ref.version) / file, content)
    load = load_output_rows if file == "rows.parquet" else load_model
    with pytest.raises(AuditError, match=f"{ref.version} is damaged: "):
        load(project.tables, ref.lineage(), ref.table)


def damage(path, content):
    assert path.is_file()
    path.unlink()
    if content is not None:
        path.write_bytes(content)


def test_what_is_kept_of_a_model_is_plain_json(project):
    ref = model(project)
    folder = project.tables.folder(ref.table, ref.version)
    assert json.loads((folder / "outputs.json").read_text()) == {
        "model": "m",
        "kind": "dense",
        "n_classes": 3,
    }


def test_a_reviewer_sees_the_content_and_nothing_else(project):
    project.put("items.csv", "item_id,label,text,truth\na,cat,t,cat\nb,dog,u,cat\n")
    dataset = project.dataset(items={"path": "items.csv", "content": ["text"]})
    tables = project.tables
    stored = load_items(tables, save_items(tables, ingest_items(dataset), dataset.classes).lineage())
    assert stored.content_by_id.column_names == ["item_id", "text"]
    assert stored.further_by_id.column_names == ["item_id", "text", "truth"]


def test_what_is_known_of_the_items_without_opening_their_rows(project):
    ref = items(project)
    for file in ("table.parquet", "further.parquet"):
        (project.tables.folder("items", ref.version) / file).unlink()
    found = items_summary(project.tables, ref.lineage())
    assert (found.rows, found.ids, found.names) == (2, ("c", "d", "h"), ("cat", "dog", "horse"))
    with pytest.raises(AuditError, match="no version of table 'items' is named"):
        items_summary(project.tables, {})
    (project.tables.folder("items", ref.version) / "items.json").write_text("{}")
    with pytest.raises(AuditError, match=f"{ref.version} is damaged"):
        items_summary(project.tables, ref.lineage())


@pytest.mark.parametrize(
    ("csv", "same_ids", "same_labels"),
    [
        ("item_id,label,item,text\n007,c,1,x\n8,h,2,y\n", True, True),
        ("item_id,label\n007,cat\n8,horse\n", True, True),
        ("item_id,label,item,text\n007,cat,1,x\n8,dog,2,y\n", True, False),
        ("item_id,label,item,text\n007,cat,1,x\n9,horse,2,y\n", False, False),
        ("item_id,label,item,text\n8,horse,2,y\n007,cat,1,x\n", False, False),
        ("item_id,label,item,text\n007,cat,1,x\n", False, False),
        # where one id ends and the next begins matters
        ("item_id,label,item,text\n00,cat,1,x\n78,horse,2,y\n", False, False),
    ],
)
def test_ids_and_labels_have_fingerprints_of_their_own(project, csv, same_ids, same_labels):
    one = items_summary(project.tables, items(project).lineage())
    two = items_summary(project.tables, items(project, csv).lineage())
    assert (two.ids_hash == one.ids_hash) == same_ids
    assert (two.labels_hash == one.labels_hash) == same_labels


def signal(name, model, n=2):
    row = {f.name: None for f in contracts.SIGNALS} | {"signal": name, "model": model}
    return pa.Table.from_pylist([row | {"item_id": f"i{k}"} for k in range(n)], schema=contracts.SIGNALS)


def test_signals_of_a_lineage_are_put_together_in_the_order_of_names(project):
    tables = project.tables
    parts = [("b", "m/2"), ("b", "m/1"), ("a", None)]
    refs = [tables.write(signal_table_name(s, m), signal(s, m), {}) for s, m in parts]
    lineage = {r.table: r.version for r in refs} | {"items": "1", "signals": "2"}
    found = load_signals(tables, lineage)
    assert [(r["signal"], r["model"]) for r in found.to_pylist()[::2]] == [
        ("a", None),
        ("b", "m/1"),
        ("b", "m/2"),
    ]
    assert load_signals(tables, dict(reversed(lineage.items()))).equals(found)
    assert load_signals(tables, {"items": "1"}).equals(contracts.SIGNALS.empty_table())


@given(st.lists(st.tuples(st.sampled_from(["a", "b"]), st.sampled_from([None, *NAMES])), unique=True))
def test_signals_have_tables_of_their_own(parts):
    tables = [signal_table_name(*p) for p in parts]
    assert len(set(tables)) == len(parts)
    assert not any(is_outputs_table(t) or "/" in t for t in tables)


def test_suggestions_and_splits_are_kept_beside_the_items(project):
    project.put("items.csv", "item_id,label,guess,part\na,cat,dog,train\nb,dog,,\n")
    versions = {}
    for named in ({}, {"suggestion": "guess"}, {"split": "part"}, {"suggestion": "guess", "split": "part"}):
        dataset = project.dataset(items={"path": "items.csv", **named})
        ref = save_items(project.tables, ingest_items(dataset), dataset.classes)
        stored = load_items(project.tables, ref.lineage())
        assert (stored.suggestions is None) == ("suggestion" not in named)
        assert (stored.splits is None) == ("split" not in named)
        if "suggestion" in named:
            assert stored.suggestions.tolist() == [1, -1]
            assert stored.suggestions.dtype == np.int32
        if "split" in named:
            assert stored.splits.to_pylist() == ["train", None]
        summary = items_summary(project.tables, ref.lineage())
        assert set(summary.beside) == set(named)
        versions[tuple(named)] = summary
    assert len({(v.ids_hash, v.labels_hash) for v in versions.values()}) == 1, "labels are what they were"
    both = versions["suggestion", "split"].beside
    assert both == {**versions["suggestion",].beside, **versions["split",].beside}


def test_another_suggestion_has_another_fingerprint(project):
    hashes = set()
    for guess in ("dog", "horse", ""):
        project.put("items.csv", f"item_id,label,guess\na,cat,{guess}\nb,dog,cat\n")
        dataset = project.dataset(items={"path": "items.csv", "suggestion": "guess"})
        ref = save_items(project.tables, ingest_items(dataset), dataset.classes)
        hashes.add(items_summary(project.tables, ref.lineage()).beside["suggestion"])
    assert len(hashes) == 3
