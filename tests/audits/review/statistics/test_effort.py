from __future__ import annotations

import numpy as np
import pytest

from audits.review.questions import questions_of
from audits.review.queue_forecast import queue_forecast
from audits.review.records import NewTask, NewVerdict, Priority
from audits.review.statistics.effort import effort, learnt_from
from audits.review.statistics.gathered import gather
from audits.stored import StoredItems
from tests.audits.review.statistics.made import ONE, asks, says, stand


def reviewed(n=80, done=30, *, known=True):
    """A queue in order of probability; of the first items every second is wrong."""
    p = np.linspace(0.95, 0.05, n)
    questions = [
        asks(
            f"i{k}",
            rank=k + 1,
            task_id=k + 1,
            ranked=True,
            position=k + 1,
            probability=float(p[k]) if known else None,
        )
        for k in range(n)
    ]
    return questions, [says(k + 1, f"i{k}", "none" if k % 2 else "keep") for k in range(done)]


def test_it_is_the_forecast_of_the_queue(store, build_items, classes):
    items = build_items(120)
    questions = questions_of(items, "pets", classes)
    p = np.linspace(0.99, 0.01, 120)
    store.queue(
        [NewTask(questions[0], "gold", 1.0, None, None, (), "c")]
        + [NewTask(q, "flagged", 1.0, k) for k, q in enumerate(questions) if k]
    )
    store.renew_queue("pets", [], [Priority(q.hash, k + 1, float(p[k])) for k, q in enumerate(questions)])
    decisions = ["none" if k % 3 else "keep" for k in range(0, 60, 2)]
    store.add_verdicts(NewVerdict(f"v{k}", questions[2 * k], "ann", d) for k, d in enumerate(decisions))
    stored = StoredItems(items, items.select([]), (), classes, "id")
    wanted = queue_forecast(store, "pets", stored, ONE).curve
    found = effort(gather(store, "pets", {q.hash for q in questions}, ONE))
    assert found.found == tuple(wanted.found.tolist())
    assert found.ahead.items.tolist() == wanted.reviewed.tolist()
    assert found.ahead.expected == pytest.approx(wanted.expected)
    assert found.left == 120 - 30
    assert found.reason is None


def test_errors_are_counted_in_the_order_of_deciding():
    questions, verdicts = reviewed(done=4)
    found = effort(stand(questions, verdicts))
    assert found.found == (0, 0, 1, 1, 2)
    turned = [v._replace(id=10 - v.id) for v in verdicts]
    assert effort(stand(questions, sorted(turned, key=lambda v: v.id))).found == (0, 1, 1, 2, 2)


def test_it_goes_on_from_what_was_found():
    questions, verdicts = reviewed()
    found = effort(stand(questions, verdicts))
    assert found.ahead.items[0] > 30
    assert found.ahead.items[-1] == 80
    assert found.found[-1] == 15
    assert (found.ahead.low >= 15).all()
    assert (found.ahead.expected <= 15 + (found.ahead.items - 30)).all()


def test_items_without_a_probability_are_counted_and_not_forecast():
    questions, verdicts = reviewed()
    questions = [q._replace(probability=None) if k in (3, 70, 71) else q for k, q in enumerate(questions)]
    found = effort(stand(questions, verdicts))
    assert (found.left, found.unknown) == (50, 2)
    assert found.ahead.items[-1] == 78
    assert found.found[-1] == 15  # item 3 among them
    seen, wrong = learnt_from(stand(questions, verdicts))
    assert (len(seen), int(wrong.sum())) == (29, 14)


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (reviewed(done=80), "the queue is empty"),
        (reviewed(done=0), "nothing is decided yet that the newest run gives a probability of"),
        (reviewed(known=False), "nothing is decided yet that the newest run gives a probability of"),
        (([], []), "the queue is empty"),
    ],
)
def test_where_nothing_is_expected_it_says_why(made, reason):
    found = effort(stand(*made))
    assert len(found.ahead) == 0
    assert found.reason == reason


def test_a_run_that_has_learnt_nothing():
    questions, verdicts = reviewed()
    questions = [q._replace(probability=None) if k >= 30 else q for k, q in enumerate(questions)]
    found = effort(stand(questions, verdicts))
    assert found.reason == "the newest run gives no probability: it has learnt from no verdicts yet"
    assert found.unknown == found.left == 50
