from __future__ import annotations

import pytest

from audits.queue_config import ReopenConfig
from audits.review.consensus import Rule
from audits.review.records import DecidedOn, Question, Reopening
from audits.review.reopening import asked_again, decisions, evidence_of_decisions, reopenings
from audits.review.verdicts_of import by_question

ONE = Rule(1, 1)
STRONG = ReopenConfig()
Q = Question("pets", "i0", "x0", "c", "abc")


@pytest.fixture
def decided(vote):
    def build(*said, rule=ONE):
        return decisions(by_question([vote(i, *s, question=Q) for i, s in enumerate(said, start=1)]), rule)

    return build


def test_only_what_is_right_or_wrong_is_decided(decided):
    for said, wrong in (
        (("keep",), False),
        (("relabel", "d"), True),
        (("multiple", "c", "d"), True),
        (("none",), True),
    ):
        found = decided(said)[Q.hash]
        assert (found.verdict_id, found.consensus.outcome == "kept") == (1, not wrong)
    for said in (("unsure",), ("unusable",)):
        assert decided(said) == {}
    assert decided(("keep",), rule=Rule(2, 2)) == {}
    assert decided(("keep",), ("none",), rule=Rule(2, 2)) == {}
    assert decided(("keep",), ("keep",), rule=Rule(2, 2))[Q.hash].verdict_id == 2


def test_withdrawn_verdicts_decide_nothing(vote):
    gone = vote(1, "keep", question=Q, withdrawn=True)
    assert decisions({Q.hash: [gone]}, ONE) == {}
    assert decisions({Q.hash: [gone, vote(2, "none", question=Q)]}, ONE)[Q.hash].verdict_id == 2


@pytest.mark.parametrize(
    ("said", "then", "now", "asked"),
    [
        (("keep",), 0.3, 0.95, True),
        (("keep",), 0.5, 0.9, True),  # on the edge of both numbers
        (("keep",), 0.3, 0.89, False),  # not strong enough
        (("keep",), 0.6, 0.95, False),  # people knew of it when they kept the label
        (("keep",), 0.3, 0.01, False),  # agrees with them
        (("relabel", "d"), 0.9, 0.05, True),
        (("relabel", "d"), 0.9, 0.06, False),
        (("relabel", "d"), 0.4, 0.02, False),
        (("none",), 0.8, 0.02, True),
        (("multiple", "c", "d"), 0.8, 0.02, True),
        (("relabel", "d"), 0.3, 0.99, False),
    ],
)
def test_the_rule(decided, classes, said, then, now, asked):
    found = reopenings(decided(said), {1: DecidedOn(Q.hash, 1, then)}, {Q.hash: now}, classes, STRONG)
    assert [(r.question_hash, r.verdict_id, r.probability) for r in found] == [(Q.hash, 1, now)][: int(asked)]
    never = ReopenConfig(when="never")
    assert reopenings(decided(said), {1: DecidedOn(Q.hash, 1, then)}, {Q.hash: now}, classes, never) == []


def test_the_numbers_are_the_configuration_s(decided, classes):
    kept, on = decided(("keep",)), {1: DecidedOn(Q.hash, 1, 0.5)}
    loose = ReopenConfig(kept_at=0.6, moved=0.1)
    assert len(reopenings(kept, on, {Q.hash: 0.61}, classes, loose)) == 1
    assert reopenings(kept, on, {Q.hash: 0.61}, classes, STRONG) == []


def test_without_evidence_then_or_now_nothing_is_questioned(decided, classes):
    kept = decided(("keep",))
    assert reopenings(kept, {}, {Q.hash: 0.99}, classes, STRONG) == []
    assert reopenings(kept, {1: DecidedOn(Q.hash, 1, 0.1)}, {}, classes, STRONG) == []


@pytest.mark.parametrize(
    ("said", "then", "now", "words"),
    [
        (
            ("keep",),
            0.3,
            0.95,
            "asked again: 1 of 1 verdicts kept 'cat' (last on 2024-01-01); since then the estimated probability that "
            "the given label is wrong has risen from 0.30 to 0.95",
        ),
        (("relabel", "k1"), 0.9, 0.02, "1 of 1 verdicts said 'crane (k1)' (last on 2024-01-01); since"),
        (("none",), 0.9, 0.02, "said that no label fits"),
        (("multiple", "c", "d"), 0.9, 0.02, "called several labels right (last"),
    ],
)
def test_the_old_verdict_is_told(decided, classes, said, then, now, words):
    (found,) = reopenings(decided(said), {1: DecidedOn(Q.hash, 1, then)}, {Q.hash: now}, classes, STRONG)
    assert words in found.reason
    if now < then:
        assert "has fallen from 0.90 to 0.02" in found.reason


def test_several_right_labels_are_named_under_a_policy_that_knows_them(decided, classes):
    found = decided(("multiple", "c", "d"), rule=Rule(1, 1, "set-valued"))
    (again,) = reopenings(found, {1: DecidedOn(Q.hash, 1, 0.9)}, {Q.hash: 0.0}, classes, STRONG)
    assert "(cat, dog)" in again.reason


def test_the_evidence_of_a_decision_is_what_the_queue_had(decided):
    kept = decided(("keep",))
    assert evidence_of_decisions(kept, {}, {Q.hash: 0.3}, {Q.hash: 0.95}) == [DecidedOn(Q.hash, 1, 0.3)]
    # of a decision that came before any queue had evidence, this run's
    assert evidence_of_decisions(kept, {}, {}, {Q.hash: 0.95}) == [DecidedOn(Q.hash, 1, 0.95)]
    assert evidence_of_decisions(kept, {}, {}, {}) == []
    # once kept, it stays
    assert evidence_of_decisions(kept, {1: DecidedOn(Q.hash, 1, 0.2)}, {Q.hash: 0.3}, {}) == []


def test_a_newer_verdict_that_counts_closes_it_again(vote):
    again = Reopening(Q.hash, 2, 0.95, "why")
    old = [vote(1, "keep", question=Q, reviewer="ann"), vote(2, "keep", question=Q, reviewer="bob")]
    assert asked_again(old, again)
    assert not asked_again(old, None)
    assert not asked_again([*old, vote(3, "keep", question=Q, reviewer="ann")], again)
    assert asked_again([*old, vote(3, "keep", question=Q, withdrawn=True)], again)
    assert not asked_again([], again)
