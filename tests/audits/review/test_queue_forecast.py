from __future__ import annotations

import numpy as np
import pytest

from audits.review.consensus import Rule
from audits.review.questions import questions_of
from audits.review.queue_forecast import queue_forecast
from audits.review.records import NewTask, NewVerdict, Priority
from audits.stored import StoredItems

ONE = Rule(1, 1)


@pytest.fixture
def big(store, build_items, classes):
    """300 tasks with probabilities, the first of them gold; verdicts on every third item of the first 240."""
    items = build_items(300)
    questions = questions_of(items, "pets", classes)
    p = np.linspace(0.99, 0.01, 300)
    store.queue(
        [NewTask(questions[0], "gold", 1.0, None, None, (), "c")]
        + [NewTask(q, "flagged", 1.0, k) for k, q in enumerate(questions) if k]
    )
    store.renew_queue("pets", [], [Priority(q.hash, k + 1, float(p[k])) for k, q in enumerate(questions)])
    wrong = np.random.default_rng(0).random(300) < p
    store.add_verdicts(
        NewVerdict(f"v{k}", questions[k], "ann", "none" if wrong[k] else "keep") for k in range(0, 240, 3)
    )
    stored = StoredItems(items, items.select([]), (), classes, "id")
    return store, stored, wrong


def test_the_next_items_of_the_queue_by_what_was_decided(big):
    store, stored, wrong = big
    found = queue_forecast(store, "pets", stored, ONE)
    waiting = [k for k in range(300) if k and (k % 3 or k >= 240)]
    assert (found.forecast.upcoming, found.forecast.after) == (100, 79)
    assert found.forecast.low <= wrong[waiting[:100]].sum() <= found.forecast.high
    # in the order of the decisions, without the gold item
    assert found.curve.found.tolist() == [0, *np.cumsum(wrong[3:240:3])]
    assert found.curve.reviewed[-1] == 79 + len(waiting)
    assert found.break_even.on_right == 1
    assert found.break_even.reason is not None


def test_the_number_of_items_is_the_caller_s(big):
    store, stored, _ = big
    assert queue_forecast(store, "pets", stored, ONE, upcoming=7).forecast.upcoming == 7
    assert queue_forecast(store, "pets", stored, ONE, upcoming=10_000).forecast.upcoming == 219 + 1


def test_without_evidence_nothing_is_forecast(big):
    store, stored, _ = big
    store.renew_queue("pets", [], [])
    found = queue_forecast(store, "pets", stored, ONE).forecast
    assert found.expected is None
    assert found.reason == "the newest run gives no probability: it has learnt from no verdicts yet"


def test_an_empty_queue(store, items, classes):
    stored = StoredItems(items, items.select([]), (), classes, "id")
    found = queue_forecast(store, "pets", stored, ONE)
    assert (found.forecast.reason, found.forecast.after) == ("the queue is empty", 0)
    assert found.curve.found.tolist() == [0]
