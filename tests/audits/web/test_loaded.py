from __future__ import annotations

import numpy as np
import pytest

from audits.errors import UsageError
from audits.review.questions import questions_of
from audits.web.loaded import load, version_of
from tests.audits.web.content.shown import Shown


@pytest.fixture
def shown(tmp_path) -> Shown:
    return Shown(tmp_path / "w")


def test_rows_are_found_by_question_by_finding_and_by_class(shown):
    shown.items(["cow", "ant", "cow", "ant", "cow"], ["z", "b", "y", "a", "x"])
    loaded = shown.open()
    asked = questions_of(loaded.items.items, "shown", loaded.classes)
    assert {h: loaded.items.ids[r].as_py() for h, r in loaded.question_rows.items()} == {
        q.hash: q.item_id for q in asked
    }
    for id_, row in loaded.finding_rows.items():
        assert loaded.findings["item_id"][row].as_py() == id_
    assert [rows.tolist() for rows in loaded.class_rows] == [[1, 3], [], [0, 2, 4]]


def test_flags_stand_at_the_items_rows_and_not_at_their_ranks(shown):
    truth = np.arange(30) % 3
    labels = [["ant", "bee", "cow"][k] for k in truth]
    labels[20] = "ant"
    shown.items(labels)
    shown.dense("m", np.eye(3)[truth] * 0.94 + 0.02)
    assert np.flatnonzero(shown.open().flagged).tolist() == [20]


def test_of_the_pairs_of_duplicates_those_with_two_labels_are_kept_under_both_ids(shown):
    text = "the quick brown fox jumps over the lazy dog"
    shown.yaml["features"] = [{"name": "t", "kind": "text", "columns": ["text"]}]
    shown.items(["ant", "bee", "ant", "cow"], text=[text, text, text, "of quite other words"])
    loaded = shown.open()
    pairs = {tuple(sorted((p["item_id"], p["other_id"]))) for p in loaded.duplicates.to_pylist()}
    assert pairs == {("i0", "i1"), ("i1", "i2")}
    assert {k: len(v) for k, v in loaded.duplicate_rows.items()} == {"i0": 1, "i1": 2, "i2": 1}


def test_what_is_not_there_is_empty(shown):
    shown.items(["ant", "bee"])
    loaded = shown.open()
    assert loaded.features == loaded.neighbours == loaded.guidelines == loaded.duplicate_rows == {}
    assert loaded.file_columns == ()
    assert not loaded.flagged.any()


def test_columns_of_words_of_answers_and_of_files_are_told_apart(shown):
    shown.yaml["items"] |= {"content": ["word", "prose", "choices", "pair", "file"], "files": ["file"]}
    shown.items(
        ["ant", "bee"],
        word=["x", "y" * 40],
        prose=["x", "y" * 41],
        choices=[["a", "b", "c"]] * 2,
        pair=[["a", "b"]] * 2,
        file=[shown.image("f", b"x"), None],
        hidden=["h", "h"],
    )
    loaded = shown.open()
    assert loaded.short_columns == {"word"}
    assert loaded.answer_columns == {"choices"}
    assert loaded.file_columns == ("file",)


def test_once_warm_a_page_reads_no_table(shown, monkeypatch):
    shown.items(["ant", "bee"], text=["x", "y"])
    loaded = shown.open()
    loaded.warm()
    monkeypatch.setattr("audits.web.loaded.questions_of", lambda *_: pytest.fail("worked out again"))
    assert loaded.question_rows[loaded.questions[1].hash] == 1


def test_another_run_or_another_yaml_is_another_version(shown):
    shown.items(["ant", "bee"])
    shown.open()
    before = version_of(shown.workspace, "shown")
    shown.yaml["description"] = "said later"
    shown.open()
    assert version_of(shown.workspace, "shown") != before
    assert load(shown.workspace, "shown").dataset.config.description == "said later"


def test_a_dataset_that_was_never_run_is_refused(shown):
    (shown.folder / "new.yaml").write_text("items: {path: items.csv}\nclasses: [a, b]\n")
    with pytest.raises(UsageError, match="labelaudit run new"):
        load(shown.workspace, "new")
