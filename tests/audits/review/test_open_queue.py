from __future__ import annotations

import pytest

from audits.review.consensus import Rule
from audits.review.open_queue import has_place, open_tasks
from audits.review.questions import questions_of
from audits.review.records import NewTask, NewVerdict, Priority, Reopening

ONE = Rule(1, 1)


@pytest.fixture
def shown(queued, items, classes):
    def run(rule=ONE):
        return open_tasks(queued, "pets", items, classes, rule)

    return run


def ids(tasks):
    return [t.question.item_id for t in tasks]


def test_without_a_newer_run_the_routed_rank_orders(shown):
    placed = [t for t in shown() if t.rank is not None]
    assert ids(placed) == ["i0", "i1"]
    assert {t.probability for t in shown()} == {None}


def test_the_newest_run_orders_and_tells(queued, questions, shown):
    queued.renew_queue(
        "pets", [], [Priority(questions[1].hash, 1, 0.9, "d", ("new",)), Priority(questions[0].hash, 2)]
    )
    placed = [t for t in shown() if t.question.item_id in ("i0", "i1")]
    assert ids(placed) == ["i1", "i0"]
    assert (placed[0].probability, placed[0].suggested_label, placed[0].reasons) == (0.9, "d", ("new",))
    # the task itself is as it was routed
    assert next(t for t in queued.tasks("pets") if t.question == questions[1]).reasons == ("models differ",)


def test_a_task_that_the_newest_run_knows_nothing_of_stands_at_its_rank(store, build_items, classes):
    items = build_items(6)
    questions = questions_of(items, "pets", classes)
    store.queue([NewTask(q, "flagged", 1.0, k + 1) for k, q in enumerate(questions)])
    # reversed, without the third
    newest = [Priority(q.hash, 6 - k) for k, q in enumerate(questions) if k != 2]
    store.renew_queue("pets", [], newest)
    assert ids(open_tasks(store, "pets", items, classes, ONE)) == ["i5", "i4", "i2", "i3", "i1", "i0"]


def test_what_has_no_place_is_spread_by_its_hash_under_any_order(store, build_items, classes):
    items = build_items(400)
    questions = questions_of(items, "pets", classes)
    strata = ("control", "exploration", "flagged", "flagged")
    store.queue(
        [
            NewTask(q, strata[k % 4], 0.5 if k % 4 < 2 else 1.0, k if k % 4 else None)
            for k, q in enumerate(questions)
        ]
    )
    before = open_tasks(store, "pets", items, classes, ONE)
    newest = [
        Priority(t.question.hash, t.id if t.stratum == "flagged" else None) for t in store.tasks("pets")
    ]
    store.renew_queue("pets", [], newest)
    after = open_tasks(store, "pets", items, classes, ONE)
    for order in (before, after):
        spread = [i for i, t in enumerate(order) if t.stratum != "flagged"]
        for quarter in range(4):
            assert 25 < sum(quarter * 100 <= i < (quarter + 1) * 100 for i in spread) < 75
        places = [order[i].question.hash for i in spread]
        assert places == sorted(places)


def test_reopened_until_a_newer_verdict_and_again_when_that_is_withdrawn(queued, questions, shown):
    queued.add_verdicts([NewVerdict("1", questions[0], "ann", "keep")])
    assert "i0" not in ids(shown())
    queued.renew_queue("pets", [], [], [], [Reopening(questions[0].hash, 1, 0.97, "asked again")])
    (task,) = [t for t in shown() if t.question == questions[0]]
    assert task.reopened is not None
    assert task.reasons[0] == "asked again"
    queued.add_verdicts([NewVerdict("2", questions[0], "bob", "keep")])
    assert "i0" not in ids(shown())
    queued.withdraw(2, "bob", "", "w")
    assert "i0" in ids(shown())
    # without any verdict it waits as any other
    queued.withdraw(1, "ann", "", "w1")
    (task,) = [t for t in shown() if t.question == questions[0]]
    assert task.reopened is None


def test_who_has_a_place(queued):
    by_stratum = {t.stratum: t for t in queued.tasks("pets")}
    assert {s: (has_place(t, True), has_place(t, False)) for s, t in by_stratum.items()} == {
        "flagged": (True, True),
        "gold": (True, False),
        "control": (False, False),
    }
