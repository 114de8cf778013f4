from __future__ import annotations

import numpy as np
import pytest

from audits.review.consensus import Rule
from audits.review.open_queue import open_tasks
from audits.review.questions import questions_of
from audits.review.queue_counts import queue_counts
from audits.review.records import NewTask, NewVerdict, Priority, Reopening
from audits.review.statistics.gathered import gather
from audits.stored import StoredItems
from tests.audits.review.statistics.made import asks, says, stand

RULE = Rule(2, 2)


@pytest.fixture
def mixed(store, build_items, classes):
    """200 tasks of all strata, some with a place of their own; verdicts that agree, differ, or are still too few."""
    rng = np.random.default_rng(3)
    items = build_items(200)
    questions = questions_of(items, "pets", classes)
    tasks = []
    for k, q in enumerate(questions):
        stratum = ("flagged", "flagged", "flagged", "control", "exploration", "gold")[rng.integers(6)]
        ranked = stratum == "flagged" or (stratum == "gold" and rng.random() < 0.5)
        tasks.append(
            NewTask(
                *(q, stratum, 0.5 if stratum in ("control", "exploration") else 1.0),
                rank=k + 1 if ranked else None,
                gold_label=q.given_label if stratum == "gold" else None,
            )
        )
    store.queue(tasks)
    places = rng.permutation(200)
    known = [
        Priority(q.hash, int(places[k]) + 1 if t.stratum == "flagged" else None, float(rng.random()))
        for k, (q, t) in enumerate(zip(questions, tasks, strict=True))
        if k % 3
    ]
    store.renew_queue("pets", [], known)
    verdicts = []
    for k in range(0, 120, 2):
        verdicts.append(NewVerdict(f"a{k}", questions[k], "ann", "keep"))
        if k % 3:
            other = ("keep", "none")[k % 4 // 2]
            verdicts.append(NewVerdict(f"b{k}", questions[k], "bob", other))
    store.add_verdicts(verdicts)
    last = {v.question.hash: v.id for v in store.verdicts("pets")}
    again = [Reopening(questions[k].hash, last[questions[k].hash], 0.99, "odd") for k in (4, 8, 10)]
    store.renew_queue("pets", [], known, [], again)
    return store, StoredItems(items, items.select([]), (), classes, "id"), questions


def test_what_waits_stands_in_the_order_of_the_queue(mixed, classes):
    store, items, questions = mixed
    found = gather(store, "pets", {q.hash for q in questions}, RULE)
    wanted = [t.question.hash for t in open_tasks(store, "pets", items.items, classes, RULE)]
    assert len(wanted) > 100
    assert [q.hash for q in found.waiting] == wanted
    reopened = {t.question.hash for t in open_tasks(store, "pets", items.items, classes, RULE) if t.reopened}
    assert {q.hash for q in found.waiting if found.reopened(q)} == reopened
    assert len(reopened) == 3


def test_the_queue_is_counted_as_status_counts_it(mixed, classes):
    store, items, questions = mixed
    counts = gather(store, "pets", {q.hash for q in questions}, RULE).counts
    wanted = queue_counts(store, "pets", items, RULE)
    assert (counts.open, counts.disputed + counts.decided) == (wanted["open"], wanted["complete"])
    assert counts.total == 200 == counts.open + counts.disputed + counts.decided
    assert counts.disputed > 0
    assert counts.outdated == 0


def test_questions_that_no_item_poses_any_more_are_outdated(mixed):
    store, _, questions = mixed
    found = gather(store, "pets", {q.hash for q in questions[:50]}, RULE)
    assert (found.counts.total, found.counts.outdated) == (50, 150)
    assert all(q.item_id in {x.item_id for x in questions[:50]} for q, _ in found.decided)


def test_decided_items_stand_in_the_order_of_deciding_without_gold_and_unusable_ones():
    questions = [
        asks("a"),
        asks("b"),
        asks("gold", stratum="gold", gold_label="d"),
        asks("broken"),
        asks("open"),
        asks("untasked", stratum=None, task_id=None),
    ]
    verdicts = [
        says(1, "b", "keep"),
        says(2, "gold", "keep"),
        says(3, "broken", "unusable"),
        says(4, "untasked", "none"),
        says(5, "a", "relabel", "d"),
    ]
    found = stand(questions, verdicts)
    assert [(q.item_id, f.wrong) for q, f in found.decided] == [("b", False), ("untasked", True), ("a", True)]
    assert [q.item_id for q in found.waiting] == ["open"]
    assert (found.counts.total, found.counts.open, found.counts.decided) == (5, 1, 4)


def test_an_empty_review():
    found = stand([])
    assert (found.waiting, found.decided, found.counts.total) == ((), (), 0)
