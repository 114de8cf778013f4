from __future__ import annotations

import random

import pytest

from audits.review.consensus import Rule, counting, decide
from audits.review.policies import POLICIES
from audits.review.records import DECISIONS, ROLES, Question, StoredVerdict
from audits.review.statistics.outcomes import Found, Outcomes, outcomes
from tests.audits.review.statistics.made import ONE, START, hash_of, says


def drawn(rng: random.Random):
    labels = {"relabel": 1, "multiple": 2}
    votes = []
    for id_ in range(rng.randint(1, 6)):
        decision = rng.choice(DECISIONS)
        chosen = rng.sample(["d", "e", "f"], labels.get(decision, 0))
        who, role = rng.choice([None, "ann", "bob", "cem"]), rng.choice(ROLES)
        votes.append(says(id_ * 3, "a", decision, *chosen, reviewer=who, role=role))
    return votes


def as_stored(v):
    question = Question("pets", v.item_id, "", v.given_label, "")
    return StoredVerdict(
        *(v.id, str(v.id), question, v.reviewer, v.decision, v.labels, "", None),
        *(v.stored_at, v.stored_at, ""),
        role=v.role,
    )


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize(("agree", "of"), [(1, 1), (2, 2), (2, 3)])
def test_it_comes_to_what_consensus_decides(policy, agree, of):
    rng = random.Random(f"{policy}{agree}{of}")  # noqa: S311
    rule = Rule(agree, of, policy)
    known = Outcomes(rule)
    for _ in range(400):
        votes = drawn(rng)
        stored = [as_stored(v) for v in votes]
        found = known.of(votes)
        if not counting(stored):
            assert found is None
            continue
        wanted = decide(stored, rule)
        assert found == Found(wanted.outcome, wanted.labels, counting(stored)[-1].id)


def test_a_pattern_that_is_known_is_told_with_its_own_labels():
    known = Outcomes(ONE)
    assert known.of([says(1, "a", "relabel", "d")]).labels == ("d",)
    assert known.of([says(9, "b", "relabel", "e", reviewer="bob")]) == Found("relabelled", ("e",), 9)
    # the new label is the given one: another pattern
    assert known.of([says(1, "a", "relabel", "c")]).labels == ("c",)


def test_withdrawn_verdicts_do_not_count_and_others_keep_their_questions_apart():
    verdicts = [
        says(1, "a", "keep"),
        says(2, "b", "relabel", "d"),
        says(3, "a", "none", reviewer="bob", withdrawn_at=START),
        says(4, "gone", "keep", withdrawn_at=START),
        says(5, "again", "keep", role="repeat"),
    ]
    assert outcomes(verdicts, ONE) == {
        hash_of("a"): Found("kept", ("c",), 1),
        hash_of("b"): Found("relabelled", ("d",), 2),
    }


@pytest.mark.parametrize(
    ("outcome", "wrong"),
    [("kept", False), ("relabelled", True), ("none", True), ("unusable", None), ("no_agreement", None)],
)
def test_only_decisions_about_the_label_find_it_right_or_wrong(outcome, wrong):
    assert Found(outcome, (), 1).wrong is wrong
