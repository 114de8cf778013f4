"""What runs make of the queue, night after night, by the findings that are given."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from audits.errors import InputError
from audits.review.consensus import Rule
from audits.review.open_queue import open_tasks
from audits.review.questions import questions_of
from audits.review.records import NewVerdict
from audits.review.renewal import Known, renewal
from audits.review_config import ReviewConfig
from audits.signals.inputs import Neighbours

N = 12


def findings_of(p, flagged, suggested=1, evidence=True):
    """Findings of items i0, i1, ... by their probability; ranks are by it."""
    p = np.asarray(p, dtype=float)
    order = np.argsort(-p, kind="stable")
    held_out = p[order] if evidence else np.full(len(p), np.nan)
    return pa.table(
        {
            "item_id": [f"i{k}" for k in order],
            "rank": pa.array(np.arange(1, len(p) + 1), pa.int32()),
            "score": 1 - p[order],
            "flagged": [int(k) in flagged for k in order],
            "given_label": pa.array([int(k) % 3 for k in order], pa.int32()),
            "suggested_label": pa.array([(int(k) + suggested) % 3 for k in order], pa.int32()),
            "reasons": [[f"because i{k}"] for k in order],
            "probability": held_out,
            "held_out": pa.array(held_out, from_pandas=True),
        }
    )


@pytest.fixture
def night(store, build_items, classes):
    """Run a night with these findings: renews the queue; gives what was made and what waits now."""
    items = build_items(N)

    def run(findings, gold=None, known=None, items=items, **policy):
        config = ReviewConfig(**policy)
        made = renewal(store, "pets", items, findings, classes, config, gold or {}, known or Known())
        new, reopened = store.renew_queue("pets", made.tasks, made.priorities, made.decisions, made.reopened)
        rule = Rule.from_config(config)
        return made, new, reopened, open_tasks(store, "pets", items, classes, rule)

    return run


@pytest.fixture
def say(store):
    def answer(task, reviewer, decision, *labels):
        k = len(store.verdicts("pets"))
        store.add_verdicts([NewVerdict(f"v{k}", task.question, reviewer, decision, labels)])

    return answer


def ids(tasks):
    return [t.question.item_id for t in tasks]


FALLING = np.linspace(0.95, 0.05, N)
ALL = set(range(N))


def test_the_order_follows_the_newest_run_and_nothing_is_queued_twice(night, store):
    _, new, _, queue = night(findings_of(FALLING, {0, 1, 2, 3}))
    assert (new, ids(queue)) == (4, ["i0", "i1", "i2", "i3"])
    tasks = store.tasks("pets")
    # the next night sees it the other way round, and flags another item
    made, new, _, queue = night(findings_of(FALLING[::-1], {0, 1, 2, 3, 4}))
    assert (new, ids(queue)) == (1, ["i4", "i3", "i2", "i1", "i0"])
    assert store.tasks("pets")[:4] == tasks
    assert [t.probability for t in queue] == pytest.approx([FALLING[::-1][k] for k in (4, 3, 2, 1, 0)])
    again, new, _, same = night(findings_of(FALLING[::-1], {0, 1, 2, 3, 4}))
    assert (new, again, same) == (0, made, queue)


def test_a_task_that_is_flagged_no_more_keeps_a_place(night):
    night(findings_of(FALLING, {0, 1, 2}))
    _, _, _, queue = night(findings_of(FALLING, {1}))
    assert ids(queue) == ["i0", "i1", "i2"]


def test_without_evidence_the_score_orders_and_no_probability_is_kept(night, store):
    _, _, _, queue = night(findings_of(FALLING[::-1], {3, 4, 5}, evidence=False))
    assert ids(queue) == ["i5", "i4", "i3"]
    assert {p.probability for p in store.priorities("pets").values()} == {None}
    # an item of which no signal says anything comes last
    silent = findings_of(FALLING, {3, 4, 5}, evidence=False)
    score = pa.array([None, *silent["score"].to_pylist()[1:]], pa.float64())
    assert len(night(silent.set_column(2, "score", score))[3]) == 3


@pytest.mark.parametrize("order", ["probability", "class-balance", "diversity", "rank-impact"])
def test_the_budget_takes_the_first_of_the_policy_s_order(night, order):
    rng = np.random.default_rng(2)
    known = Known(
        {m: rng.integers(0, 3, N).astype(np.int32) for m in "abc"},
        {
            "x": Neighbours(
                "x", ((np.arange(N)[:, None] + [1, -1]) % N).astype(np.int32), np.zeros((N, 2)), "cosine"
            )
        },
    )
    whole = night(findings_of(FALLING, ALL), known=known, order=order)[3]
    assert len(whole) == N
    # a fresh store would be better; the tasks are the same, so look at what is routed
    made = night(findings_of(FALLING, ALL), known=known, order=order, budget=4)[0]
    assert [t.question.item_id for t in made.tasks] == ids(whole)[:4]


def test_policies_differ_in_the_store(night):
    rng = np.random.default_rng(2)
    known = Known({m: rng.integers(0, 3, N).astype(np.int32) for m in "abc"})
    # the classes take turns by row: make one of them likelier than the others
    p = np.where(np.arange(N) % 3 == 0, 0.9, 0.5) - np.arange(N) / 100
    orders = {
        tuple(ids(night(findings_of(p, ALL), known=known, order=order)[3]))
        for order in ("probability", "class-balance", "diversity", "rank-impact")
    }
    assert len(orders) >= 3


def test_control_exploration_and_gold_are_told_but_have_no_place(night, store):
    made, _, _, _ = night(
        findings_of(FALLING, {0, 1, 2}),
        gold={"i9": "c", "i1": "d"},
        control_rate=0.5,
        budget=8,
        exploration=0.5,
        seed=1,
    )
    strata = {t.question.item_id: t.stratum for t in made.tasks}
    assert {"gold", "flagged", "control", "exploration"} == set(strata.values())
    positions = {
        t.question.item_id: store.priorities("pets")[t.question.hash].position for t in store.tasks("pets")
    }
    placed = {i for i, p in positions.items() if p is not None}
    # a gold item that is flagged looks like any other
    assert placed == {i for i, s in strata.items() if s == "flagged"} | {"i1"}
    assert sorted(p for p in positions.values() if p is not None) == list(range(1, len(placed) + 1))


def test_decided_items_leave_and_come_after_the_others(night, say, store):
    _, _, _, queue = night(findings_of(FALLING, {0, 1, 2, 3}))
    say(queue[0], "ann", "keep")
    _, _, _, queue = night(findings_of(FALLING, {0, 1, 2, 3}))
    assert ids(queue) == ["i1", "i2", "i3"]
    positions = {
        t.question.item_id: store.priorities("pets")[t.question.hash].position for t in store.tasks("pets")
    }
    assert positions == {"i1": 1, "i2": 2, "i3": 3, "i0": 4}


def test_an_item_that_was_decided_before_it_was_routed_has_its_place_behind(
    night, store, build_items, classes
):
    questions = questions_of(build_items(N), "pets", classes)
    store.add_verdicts([NewVerdict("imported", questions[0], None, "keep")])
    _, new, _, queue = night(findings_of(FALLING, {0, 1, 2}))
    assert (new, ids(queue)) == (3, ["i1", "i2"])
    assert store.priorities("pets")[questions[0].hash].position == 3


def test_a_kept_label_comes_back_when_the_evidence_turns_and_never_twice(night, say, store):
    low, high = FALLING.copy(), FALLING.copy()
    low[2], high[2] = 0.3, 0.97
    flagged = {0, 1, 2, 3}
    queue = night(findings_of(low, flagged))[3]
    say(next(t for t in queue if t.question.item_id == "i2"), "ann", "keep")
    # the first run after the verdict keeps what it was decided on
    _, _, reopened, queue = night(findings_of(low, flagged))
    assert (reopened, "i2" in ids(queue)) == (0, False)
    assert [d.probability for d in store.decided_on("pets").values()] == [pytest.approx(0.3)]
    _, _, reopened, queue = night(findings_of(high, flagged))
    assert (reopened, ids(queue)[0]) == (1, "i2")
    assert "kept 'horse'" in queue[0].reasons[0]
    assert "risen from 0.30 to 0.97" in queue[0].reasons[0]
    assert queue[0].reasons[1] == "because i2"
    # the same night again, and further nights: once
    for p in (high, low, high):
        assert night(findings_of(p, flagged))[2] == 0
    assert len(store.reopenings("pets")) == 1
    # answered on the new evidence, it is not asked a third time
    say(next(t for t in night(findings_of(high, flagged))[3] if t.question.item_id == "i2"), "bob", "keep")
    for p in (high, high, low, high):
        _, _, reopened, queue = night(findings_of(p, flagged))
        assert (reopened, "i2" in ids(queue)) == (0, False)
    assert [round(d.probability, 2) for d in store.decided_on("pets").values()] == [0.3, 0.97]


def test_a_relabelled_item_comes_back_when_the_evidence_falls(night, say, store):
    sure, gone = FALLING.copy(), FALLING.copy()
    gone[0] = 0.01
    queue = night(findings_of(sure, {0, 1}))[3]
    say(queue[0], "ann", "relabel", "d")
    assert night(findings_of(sure, {0, 1}))[2] == 0
    assert night(findings_of(gone, {0, 1}), reopen={"when": "never"})[2] == 0
    _, _, reopened, queue = night(findings_of(gone, {0, 1}))
    assert (reopened, ids(queue)) == (1, ["i1", "i0"])
    assert "said 'dog'" in queue[1].reasons[0]


def test_evidence_that_people_saw_when_they_decided_brings_nothing_back(night, say, store):
    high = FALLING.copy()
    queue = night(findings_of(high, {0, 1}))[3]
    say(queue[0], "ann", "keep")  # against 0.95
    for _ in range(3):
        assert night(findings_of(high, {0, 1}))[2] == 0


def test_the_evidence_is_what_the_queue_had_also_when_it_turned_before_the_next_run(night, say, store):
    low, high = FALLING.copy(), FALLING.copy()
    low[1], high[1] = 0.2, 0.99
    queue = night(findings_of(low, {0, 1}))[3]
    say(next(t for t in queue if t.question.item_id == "i1"), "ann", "keep")
    assert night(findings_of(high, {0, 1}))[2] == 1


def test_a_changed_question_is_asked_anew_whatever_the_evidence(night, say, build_items, store):
    queue = night(findings_of(FALLING, {0, 1}))[3]
    say(queue[0], "ann", "keep")
    changed = build_items(N, content="other")
    _, new, reopened, queue = night(findings_of(FALLING, {0, 1}), items=changed)
    assert (new, reopened, ids(queue)) == (2, 0, ["i0", "i1"])
    assert len(store.tasks("pets")) == 4


def test_findings_that_do_not_fit_change_nothing(night, store):
    night(findings_of(FALLING, {0, 1}))
    before = store.priorities("pets")
    strange = findings_of(np.r_[FALLING, 0.5], {0, 1})
    with pytest.raises(InputError, match="1 findings are of no item"):
        night(strange)
    assert store.priorities("pets") == before
