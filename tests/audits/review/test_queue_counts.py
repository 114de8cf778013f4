from __future__ import annotations

import pyarrow as pa
import pytest

from audits.review.consensus import Rule
from audits.review.questions import questions_of
from audits.review.queue_counts import queue_counts
from audits.review.records import NewTask, NewVerdict
from audits.stored import StoredItems

ONE, TWO = Rule(1, 1), Rule(2, 2)


def stored_items(items: pa.Table, classes) -> StoredItems:
    return StoredItems(items, pa.table({}), (), classes, "id")


@pytest.fixture
def count(queued, items, classes):
    """The counts of a queue of two flagged items, i1 and i0, a gold one, i2, and a control one, i3."""

    def counted(rule: Rule = ONE, of: pa.Table = items):
        return queue_counts(queued, "pets", stored_items(of, classes), rule)

    return counted


def say(store, question, client_id, reviewer="ann", decision="keep", *labels):
    store.add_verdicts([NewVerdict(client_id, question, reviewer, decision, labels)])


def test_every_task_is_open_before_the_first_verdict(count):
    assert count() == {"open": 4, "complete": 0, "outdated": 0, "gold": []}


def test_an_item_is_complete_when_the_rule_has_its_verdicts(count, queued, questions):
    say(queued, questions[0], "v1")
    assert {k: count(ONE)[k] for k in ("open", "complete")} == {"open": 3, "complete": 1}
    assert {k: count(TWO)[k] for k in ("open", "complete")} == {"open": 4, "complete": 0}
    say(queued, questions[0], "v2", "bob")
    assert count(TWO)["complete"] == 1
    queued.withdraw(queued.verdicts("pets")[0].id, "ann", "", "w")
    assert count(TWO)["complete"] == 0


def test_a_question_that_no_item_poses_any_more_is_outdated(count, build_items):
    changed = build_items(4, [0, 1, 2, 1])
    assert count(of=changed) == {"open": 3, "complete": 0, "outdated": 1, "gold": []}
    assert count(of=build_items(4, content="y"))["outdated"] == 4


def test_what_reviewers_came_to_on_gold_items(count, queued, questions):
    say(queued, questions[2], "v1", "ann", "relabel", "d")
    say(queued, questions[2], "v2", "bob", "keep")
    found = {g["reviewer"]: (g["answered"], g["right"]) for g in count()["gold"]}
    assert found == {"ann": (1, 1), "bob": (1, 0)}


def test_open_complete_and_outdated_are_all_tasks_of_the_dataset_and_no_others(
    count, queued, questions, classes, build_items
):
    other = questions_of(build_items(2), "zoo", classes)
    queued.queue([NewTask(q, "flagged", 1.0) for q in other])
    say(queued, questions[1], "v1")
    for of in (build_items(4), build_items(4, [0, 0, 0, 0]), build_items(2)):
        found = count(of=of)
        assert found["open"] + found["complete"] + found["outdated"] == len(queued.tasks("pets")) == 4
