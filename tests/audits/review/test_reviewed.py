from __future__ import annotations

import numpy as np
import pytest

from audits.review.consensus import Rule
from audits.review.questions import questions_of
from audits.review.records import NewTask, NewVerdict
from audits.review.reviewed import reviewed_items

ONE = Rule(1, 1)


@pytest.fixture
def asked(store, build_items, classes):
    """Eight items: routed in every stratum, the last not at all."""
    items = build_items(8)
    questions = questions_of(items, "pets", classes)
    store.queue(
        [
            NewTask(questions[0], "flagged", 1.0, 1),
            NewTask(questions[1], "control", 0.125),
            NewTask(questions[2], "exploration", 0.25, 7),
            NewTask(questions[3], "exploration", 0.375),
            NewTask(questions[4], "gold", 1.0, None, None, (), "d"),
            NewTask(questions[5], "flagged", 1.0, 2),
            NewTask(questions[6], "exploration", 0.5, 9),
        ]
    )

    def say(*said):
        store.add_verdicts(
            NewVerdict(f"v{k}", questions[row], f"r{k}", decision, tuple(labels))
            for k, (row, decision, *labels) in enumerate(said)
        )

    def found(rule=ONE, **options):
        return reviewed_items(store, "pets", items, classes, rule, **options)

    return say, found, questions


def test_what_counts_as_wrong_and_how_items_were_drawn(asked):
    say, found, _ = asked
    say((7, "none"), (0, "relabel", "d"), (1, "keep"), (2, "multiple", "c", "d"), (3, "keep"), (4, "keep"))
    r = found()
    assert r.rows.tolist() == [0, 1, 2, 3, 7]
    assert r.wrong.tolist() == [True, False, True, False, True]
    assert r.stratum == ("flagged", "control", "exploration", "exploration", "none")
    assert r.label.tolist() == [1, 1, -1, 0, -1]
    # drawn at random by now: all below the highest rate, of flagged and of other items
    assert r.inclusion_probability[:4].tolist() == [1.0, 0.375, 0.5, 0.375]
    assert np.isnan(r.inclusion_probability[4])
    assert len(r) == 5
    assert found(gold=True).rows.tolist() == [0, 1, 2, 3, 4, 7]


def test_undecided_and_withdrawn_are_left_out(asked, store):
    say, found, questions = asked
    say((0, "unsure"), (1, "unusable"), (2, "keep"), (2, "none"), (3, "keep"), (5, "keep"), (5, "keep"))
    assert found(Rule(2, 2)).rows.tolist() == [5]
    assert found().rows.tolist() == [2, 3, 5]
    store.withdraw(5, "r4", "", "w")
    assert found().rows.tolist() == [2, 5]
    assert found(Rule(2, 2)).rows.tolist() == [5]
    store.add_verdicts([NewVerdict("more", questions[1], "z", "keep")])
    assert found().rows.tolist() == [1, 2, 5]


def test_nothing_reviewed(asked):
    _, found, _ = asked
    r = found()
    assert (len(r), r.stratum) == (0, ())
    assert (r.rows.dtype.kind, r.wrong.dtype.kind, r.label.dtype) == ("i", "b", np.int32)


def test_verdicts_on_an_earlier_question_do_not_count(asked, store, build_items, classes):
    say, _, _ = asked
    say((0, "keep"))
    changed = build_items(8, content="other")
    assert len(reviewed_items(store, "pets", changed, classes, ONE)) == 0
