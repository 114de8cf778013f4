"""Judgements are kept like any result, and say the same when they are found again."""

from __future__ import annotations

import pytest

from audits.errors import AuditError
from audits.stages import judgements
from audits.stages.features import read_features
from audits.stages.ingest import read_annotations, read_items, read_outputs
from audits.stages.judgements import (
    annotations_usable,
    annotations_valid,
    items_usable,
    items_valid,
    outputs_usable,
    outputs_valid,
    usable,
    valid,
)


def read(full):
    full.write()
    with full.work() as work:
        read_items(work)
        read_outputs(work)
        if full.more.get("annotations"):
            read_annotations(work)


def words(found):
    return "\n".join(str(j) for j in found if not j.passed)


def test_sound_candidates_pass_everything(full):
    with full.work() as work:
        assert [j.passed for j in valid(work)] == [True] * 6
        assert [j.passed for j in usable(work)] == [True] * 3
        assert len({j.table for j in outputs_valid(work)}) == len(full.models)


def break_ids(full):
    full.items[4]["item_id"] = "i3"
    full.models = []


def break_labels(full):
    full.items[4]["label"] = "wolf"


def break_outputs(full):
    full.sure_of_other = 1.5


def break_annotations(full):
    del full.items[0]  # which an annotation is of
    del full.review["gold"]
    del full.further["picture"]
    full.more["items"] = {"path": "items.parquet"}
    full.models = []


@pytest.mark.parametrize(
    ("change", "judge", "says"),
    [
        (break_ids, items_valid, "i3"),
        (break_labels, items_valid, "wolf"),
        (break_outputs, outputs_valid, "model 'other'"),
        (break_annotations, annotations_valid, "i0"),
    ],
)
def test_what_is_not_valid_is_named_also_when_it_is_not_judged_again(full, monkeypatch, change, judge, says):
    change(full)
    read(full)
    first = judge(full.work())
    assert says in words(first)
    for name in ("judge_items", "judge_outputs", "judge_annotations"):
        monkeypatch.setattr(judgements, name, lambda *_: pytest.fail("judged again"))
    again = judge(full.work())
    assert again == first
    assert words(again) == words(first)


def test_what_is_hardly_usable_warns(full):
    full.classes.append({"id": "x", "name": "horse"})
    full.sure_of_other = 0.01
    full.models[0]["out_of_sample"] = False
    full.more["annotations"] = {"path": "annotations.csv"}
    full.models = [m for m in full.models if m["outputs"]["kind"] != "dense"]
    full.models[0]["out_of_sample"] = False
    full.write()
    full.path("annotations.csv").write_text("item_id,annotator_id,label\ni0,ann,c\ni0,ann,d\n")
    with full.work() as work:
        read_items(work)
        read_outputs(work)
        read_annotations(work)
        assert "the class has no item" in words(items_usable(work))
        assert "in sample" in words(outputs_usable(work))
        assert "ann" in words(annotations_usable(work))
        assert not any(j.passed for j in usable(work))


def test_each_model_is_judged_by_itself(full):
    full.models[3]["family"] = "trees"
    read(full)
    with full.work() as work:
        outputs_valid(work)
        assert work.outcome({}).computed == ("outputs_valid: other",)
    full.more["tolerance"] = {"sum": 0.05}
    full.write()
    with full.work() as work:
        valid(work)
        assert set(work.outcome({}).computed) == {f"outputs_valid: {m['name']}" for m in full.models}


def test_without_models_and_annotations_there_is_less_to_judge(full):
    full.models = []
    del full.more["annotations"]
    read(full)
    with full.work() as work:
        assert len(valid(work)) == len(usable(work)) == 1
        assert outputs_valid(work) == outputs_usable(work) == []


def test_without_candidates_there_is_nothing_to_judge(small):
    small.write()
    for judge in (items_valid, items_usable, outputs_valid, outputs_usable):
        with pytest.raises(AuditError, match="no candidate for"):
            judge(small.work())


def test_checks_are_those_of_what_the_dataset_has(full):
    def there():
        return {stage for stage, _ in judgements.checks_of(full.workspace.dataset("pets"))}

    assert there() == {"items_candidate", "model_outputs_candidate", "annotations_candidate"}
    full.more["features"] = [{"name": "words", "kind": "text", "columns": ["text"]}]
    full.write()
    assert "features_candidate" in there()
    del full.more["features"]
    full.more["training_dynamics"] = {"path": "t.npy", "kind": "logits"}
    full.write()
    assert "features_candidate" in there()
    assert set(judgements.OPTIONAL) <= {stage for stage, _ in judgements.CHECKS}


def test_an_item_without_a_text_is_a_warning_and_no_more(full):
    full.items[3]["text"] = " "
    full.more["features"] = [{"name": "words", "kind": "text", "columns": ["text"]}]
    read(full)
    with full.work() as work:
        read_features(work)
        assert all(j.passed for j in valid(work))
        assert (
            "features 'words': column 'compared': 1 of 12 rows: the item has nothing to be compared by"
            in words(usable(work))
        )
