from __future__ import annotations

import pyarrow as pa
import pytest

from audits.classes import ClassList
from audits.contracts import ITEMS
from audits.errors import InputError
from audits.review.questions import questions_of


def table(*rows: tuple[str, int | None, str | None]) -> pa.Table:
    ids, labels, contents = zip(*rows, strict=True)
    return pa.table([ids, labels, [None] * len(rows), contents], schema=ITEMS)


def test_one_question_an_item_in_their_order(items, classes):
    questions = questions_of(items, "pets", classes)
    assert [q.item_id for q in questions] == items["item_id"].to_pylist()
    assert [q.given_label for q in questions] == ["c", "d", "h", "c"]
    assert {q.dataset for q in questions} == {"pets"}
    assert len({q.hash for q in questions}) == 4


def test_hash_changes_with_each_part_alone(items, classes):
    (base, *_) = questions_of(items, "pets", classes)
    relabelled = questions_of(table(("i0", 1, "x0")), "pets", classes)[0]
    edited = questions_of(table(("i0", 0, "y")), "pets", classes)[0]
    wider = ClassList((*classes.ids, "new"), (*classes.names, "new"))
    asked_wider = questions_of(table(("i0", 0, "x0")), "pets", wider)[0]
    elsewhere = questions_of(table(("i0", 0, "x0")), "zoo", classes)[0]
    same = questions_of(table(("i0", 0, "x0")), "pets", classes)[0]
    assert same.hash == base.hash
    assert len({q.hash for q in (base, relabelled, edited, asked_wider, elsewhere)}) == 5


def test_order_and_names_of_classes_leave_questions_alone(classes):
    order = [4, 2, 0, 1, 3]
    moved = ClassList(tuple(classes.ids[i] for i in order), tuple(f"new {i}" for i in order))
    before = questions_of(table(("i0", 0, "x")), "pets", classes)
    after = questions_of(table(("i0", moved.positions["c"], "x")), "pets", moved)
    assert [q.hash for q in before] == [q.hash for q in after]


def test_dataset_without_content(classes):
    assert questions_of(table(("i0", 0, None)), "pets", classes)[0].content_hash == ""


@pytest.mark.parametrize("label", [None, -1, 5])
def test_item_without_a_class_is_refused_by_name(classes, label):
    with pytest.raises(InputError, match=r"1 of 2 items .*\(item_id odd\)"):
        questions_of(table(("i0", 0, "x"), ("odd", label, "x")), "pets", classes)


def test_no_items(classes):
    assert questions_of(ITEMS.empty_table(), "pets", classes) == []
