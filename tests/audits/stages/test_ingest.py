"""Reading into candidates, and publishing them."""

from __future__ import annotations

import pytest

from audits.errors import AuditError, InputError
from audits.stages import ingest
from audits.stages.ingest import publish, read_annotations, read_items, read_outputs
from audits.stored import load_items, load_models
from audits.table_store import TableRef


def test_items_become_a_candidate_and_no_more(full, store):
    before = full.versions()
    full.items[4]["text"] = "new"
    full.write()
    with full.work() as work:
        outcome = read_items(work)
    assert outcome.computed == ("items",)
    assert {k: v for k, v in outcome.facts.items() if k != "preview"} == {
        "items": 12,
        "classes": 3,
        "labels_as": "id",
    }
    assert outcome.facts["preview"][0]["item_id"] == "i0"
    candidate = full.tables.candidate_ref("items")
    assert outcome.version == candidate.version != before["items"]
    assert load_items(full.tables, candidate.lineage()).further["text"][4].as_py() == "new"
    assert full.versions() == before


def test_outputs_name_the_items_that_they_were_read_against(full):
    full.items.reverse()
    full.write()
    with full.work() as work:
        read_items(work)
        outcome = read_outputs(work)
    items = full.tables.candidate_ref("items")
    assert [r["model"] for r in outcome.facts["outputs"]] == ["linear", "tree", "prompted", "other"]
    assert {r["model"]: (r["kind"], r["unanswered"]) for r in outcome.facts["outputs"]} == {
        "linear": ("dense", 0),
        "tree": ("top_k", 0),
        "prompted": ("labels", 1),
        "other": ("dense", 0),
    }
    for table, ref in full.tables.candidates().items():
        if table.startswith("outputs."):
            assert ref.inputs == {"items": items.version}
    lineage = {r.table: r.version for r in full.tables.candidates().values()}
    predicted = load_models(full.tables, lineage)["linear"].outputs.predicted()
    assert predicted.tolist() == [i % 3 for i in reversed(range(12))], "rows are those of the items, by id"


def test_outputs_before_items(small):
    small.write()
    with pytest.raises(AuditError, match="no candidate for 'items'; run the stages before first"):
        read_outputs(small.work())


def test_a_model_whose_file_is_missing_is_said_and_keeps_no_other_from_being_read(full):
    full.path("linear.parquet").unlink()
    full.path("other.parquet").unlink()
    full.models[1]["family"] = "trees"
    work = full.work()
    read_items(work)
    with pytest.raises(InputError) as caught:
        read_outputs(work)
    first, second = str(caught.value).split("\n")
    assert "linear.parquet" in first
    assert "other.parquet" in second


@pytest.mark.parametrize(
    ("name", "reader", "says"),
    [
        ("items.parquet", "ingest_items", "items.parquet"),
        ("annotations.csv", "ingest_annotations", "annotations.csv"),
    ],
)
def test_a_file_that_changes_while_it_is_read_keeps_nothing(full, monkeypatch, name, reader, says):
    real = getattr(ingest, reader)

    def slow(*arguments):
        read = real(*arguments)
        with full.path(name).open("ab") as f:
            f.write(b"\ni2,bob,h\n" if name.endswith("csv") else b"more")
        return read

    monkeypatch.setattr(ingest, reader, slow)
    before = full.tables.candidates()
    stage = read_items if reader == "ingest_items" else read_annotations
    full.nights += 1
    with pytest.raises(InputError, match=f"^{says}: changed while it was read"):
        stage(full.work(force=True))
    assert full.tables.candidates() == before


def test_annotations_that_left_the_file_are_said(full):
    del full.more["annotations"]
    full.write()
    with pytest.raises(InputError, match="dataset 'pets' no longer has annotations; reload the definitions"):
        read_annotations(full.work())


def test_publishing_takes_all_candidates_and_drops_what_left(full, store):
    full.items[4]["label"] = "h"
    del full.models[0]
    del full.more["annotations"]
    full.write()
    full.nights += 1
    with full.work() as work:
        read_items(work)
        read_outputs(work)
        outcome = publish(work)
    assert {t for t in full.versions() if t.startswith("outputs.")} == {
        "outputs.tree",
        "outputs.prompted",
        "outputs.other",
    }
    assert "annotations" not in full.versions()
    assert {r["table"]: r["version"] for r in outcome.facts["tables"]}["items"] == full.versions()["items"]
    assert full.versions()["items"] == full.tables.candidate_ref("items").version


def test_nothing_is_published_that_is_not_valid_or_not_read_together(full):
    before = full.versions()
    full.items[4]["item_id"] = "i3"
    full.write()
    with full.work() as work:
        read_items(work)
        with pytest.raises(InputError, match="item_id"):
            publish(work)
    full.items[4]["item_id"] = "i4"
    full.items[4]["label"] = "h"
    full.write()
    with full.work() as work:
        read_items(work)
        with pytest.raises(AuditError, match="was read against other items; run it again"):
            publish(work)
    assert full.versions() == before


def test_candidates_without_their_tables_are_said(full):
    full.tables.set_candidate(TableRef("items", "0" * 32))
    with pytest.raises(AuditError, match="is missing from"):
        publish(full.work())
