from __future__ import annotations

import json
from datetime import UTC, datetime

import pyarrow as pa
import pytest

from audits.classes import ClassList
from audits.errors import InputError
from audits.review.questions import questions_of
from audits.review.records import NewTask
from audits.review.verdict_import import import_verdicts

ITEM_COLUMNS = ["item_id", "label", "given_label", "content_hash"]


def test_a_label_copied_with_its_guard_is_the_label(store, tmp_path):
    items = pa.table([["i"], [0], ["cat"], ["x"]], names=ITEM_COLUMNS)
    classes = ClassList(("cat", "=|dog", "'owl"), ("cat", "=|dog", "'owl"))
    (question,) = questions_of(items, "pets", classes)
    store.queue([NewTask(question, "control", 0.5)])
    path = tmp_path / "back.jsonl"
    for label, meant in (("'=|dog", "=|dog"), ("'owl", "'owl")):
        row = {"item_id": "i", "question": question.hash, "decision": "relabel", "labels": label}
        path.write_text(json.dumps(row))
        import_verdicts(store, "pets", classes, path, label, items)
        assert store.verdicts("pets")[-1].labels == (meant,)


def test_a_to_b_to_a_is_three_verdicts(file, take_back, queued):
    a, b = file({"decision": "keep"}, name="a.csv"), file({"decision": "none"}, name="b.csv")
    for path, stored in ((a, 1), (a, 0), (b, 1), (b, 0), (a, 1), (a, 0)):
        result = take_back(path)
        assert (result.stored, result.already) == (stored, 1 - stored)
    assert [v.decision for v in queued.verdicts("pets")] == ["keep", "none", "keep"]


def test_another_reviewer_saying_the_same_is_another_verdict(file, take_back, queued):
    path = file({"decision": "keep"})
    assert [take_back(path, who).stored for who in ("ann", "bob", "ann")] == [1, 1, 0]


def test_after_a_withdrawal_the_row_counts_again(file, take_back, queued):
    path = file({"decision": "keep"})
    take_back(path)
    queued.withdraw(queued.verdicts("pets")[0].id, "ann", "", "w")
    assert take_back(path).stored == 1
    assert take_back(path).stored == 0
    assert [v.withdrawn for v in queued.verdicts("pets")] == [True, False]


def test_client_id_and_time(file, take_back, queued):
    row = {"decision": "keep", "client_id": "web-1", "decided_at": "2024-05-06T07:08:09+02:00"}
    assert take_back(file(row)).stored == 1
    assert take_back(file(row)).already == 1
    (v,) = queued.verdicts("pets")
    assert (v.client_id, v.decided_at) == ("web-1", datetime(2024, 5, 6, 5, 8, 9, tzinfo=UTC))
    with pytest.raises(InputError, match="line 2: client_id 'web-1' is stored with another verdict"):
        take_back(file({**row, "decision": "none"}))
    with pytest.raises(InputError, match="line 3: the client_id of line 2 again"):
        take_back(file({**row, "client_id": "new"}, {**row, "client_id": "new"}))


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"decision": "kep"}, "unknown decision 'kep'; the nearest is 'keep'"),
        ({"decision": "", "labels": "dog"}, "no decision; expected one of keep"),
        ({"decision": "relabel", "labels": "wolf"}, "unknown label 'wolf'; the nearest is "),
        ({"decision": "relabel", "labels": "horze"}, "the nearest is 'horse'"),
        (
            {"decision": "relabel", "labels": "crane"},
            "'crane' stands for 2 classes; give one of the ids k1, k2",
        ),
        ({"decision": "relabel", "labels": ""}, "exactly one label, got 0"),
        ({"decision": "relabel", "labels": "d|h"}, "exactly one label, got 2"),
        ({"decision": "relabel", "labels": "cat"}, "is the given label"),
        ({"decision": "multiple", "labels": "d"}, "at least two labels, got 1"),
        ({"decision": "multiple", "labels": "d|dog"}, "repeats a label"),
        ({"decision": "multiple", "labels": "d|"}, "an empty label"),
        ({"decision": "keep", "labels": "c"}, "takes no labels"),
        ({"decision": "keep", "seconds": "1,5"}, "'seconds' must be a number of at least 0, got '1,5'"),
        ({"decision": "keep", "seconds": "-1"}, "at least 0, got -1"),
        ({"decision": "keep", "seconds": "nan"}, "got nan"),
        ({"decision": "keep", "seconds": "1e999"}, "got inf"),
        ({"decision": "keep", "decided_at": "2024-01-01"}, "no time zone"),
        ({"decision": "keep", "decided_at": "yesterday"}, "must be ISO 8601"),
        ({"decision": "keep", "question": "beef"}, "question 'beef' is not known to the review store"),
        ({"decision": "keep", "item_id": "i9"}, "is about item 'i0', not 'i9'"),
    ],
)
def test_bad_rows_are_named_with_their_line_and_nothing_is_stored(file, take_back, queued, answer, message):
    fine = {"decision": "keep"}
    with pytest.raises(InputError) as caught:
        take_back(file(answer, fine))
    assert "1 bad row; nothing was stored\n  - line 2: " in str(caught.value)
    assert message in str(caught.value)
    assert queued.verdicts("pets") == []


def test_all_that_is_wrong_is_said_at_once(file, take_back):
    with pytest.raises(InputError) as caught:
        take_back(file({"decision": "nope", "seconds": "x"}, {"decision": "keep"}, {"decision": "nah"}), None)
    lines = str(caught.value).split("\n")
    assert "3 bad rows" in lines[0]
    assert [line[:10] for line in lines[1:]] == ["  - line 2"] * 3 + ["  - line 3"] + ["  - line 4"] * 2
    assert sum("no reviewer" in line for line in lines) == 3


def test_the_message_is_capped(tmp_path, take_back, questions):
    row = f"i0,{questions[0].hash},no\n"
    path = tmp_path / "many.csv"
    path.write_text("item_id,question,decision\n" + row * 80)
    with pytest.raises(InputError) as caught:
        take_back(path)
    lines = str(caught.value).split("\n")
    assert "80 bad rows" in lines[0]
    assert len(lines) == 52
    assert lines[-1] == "  - ... and 30 more problems"


def test_one_reviewer_twice_on_one_question(tmp_path, take_back, questions):
    row = f"i0,{questions[0].hash},keep,"
    path = tmp_path / "twice.csv"
    path.write_text(f"item_id,question,decision,reviewer\n{row}\n{row}bob\n{row}ann\n")
    with pytest.raises(InputError, match="line 4: 'ann' answers this question on line 2 already"):
        take_back(path)


def test_a_question_of_another_dataset(store, items, classes, tmp_path):
    (other, *_) = questions_of(items, "zoo", classes)
    store.queue([NewTask(other, "flagged", 1.0)])
    path = tmp_path / "zoo.csv"
    path.write_text(f"item_id,question,decision\ni0,{other.hash},keep\n")
    with pytest.raises(InputError, match="belongs to dataset 'zoo', not 'pets'"):
        import_verdicts(store, "pets", classes, path, "ann", items)


def test_a_question_that_is_no_longer_current(file, take_back, build_items):
    path = file({"decision": "keep"}, {"decision": ""})
    changed = build_items(4, labels=[1, 0, 2, 0])
    with pytest.raises(InputError, match=r"line 2: .*no longer current: .*item 'i0'.*export again"):
        take_back(path, "ann", changed)
    with pytest.raises(InputError, match="1 bad row;"):  # the stale but unanswered row is none
        take_back(path, "ann", changed)


def test_blanks_around_a_question_do_no_harm(file, take_back, questions):
    assert take_back(file({"decision": " keep ", "question": f" {questions[0].hash} "})).stored == 1
