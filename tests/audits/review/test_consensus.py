from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audits.contracts import CONSENSUS, ITEMS
from audits.errors import InputError, UsageError
from audits.review.consensus import Rule, consensus_table, counting, decide
from audits.review.policies import OUTCOMES, POLICIES
from audits.review.questions import questions_of
from audits.review.records import DECISIONS, NewTask, NewVerdict
from audits.review_config import ReviewConfig

ALIKE = {
    "K": ("keep",),
    "D": ("relabel", "d"),
    "H": ("relabel", "h"),
    "M": ("multiple", "c", "d"),
    "N": ("none",),
    "U": ("unusable",),
    "?": ("unsure",),
}


@pytest.fixture(scope="session")
def votes(vote):
    """Verdicts from a word: a letter each, by unknown people."""
    return lambda word: [vote(i, *ALIKE[letter]) for i, letter in enumerate(word, start=1)]


@pytest.mark.parametrize(
    ("word", "agree", "of", "outcome", "label", "agreeing"),
    [
        # decided before everybody was asked, since more than half agree already
        ("KKK", 3, 5, "kept", "c", 3),
        ("DDD", 3, 5, "relabelled", "d", 3),
        ("KK", 3, 5, "pending", "c", 0),
        ("KDHMN", 3, 5, "no_agreement", None, 0),
        ("MMMKK", 3, 5, "multiple", None, 3),
        ("NNNDD", 3, 5, "none", None, 3),
        ("UUU?K", 3, 5, "unusable", None, 3),
        # two people say it is no cat, but not what it is
        ("DDHHK", 3, 5, "no_agreement", None, 0),
        # `unsure` makes the item complete and agrees with nobody
        ("?????", 3, 5, "no_agreement", None, 0),
        ("KK???", 3, 5, "no_agreement", None, 0),
        ("????", 3, 5, "pending", "c", 0),
        # half is not enough before the end: two others may still come to another outcome
        ("DD", 2, 4, "pending", "c", 0),
        ("DDKK", 2, 4, "kept", "c", 2),
        ("DDK?", 2, 4, "relabelled", "d", 2),
        ("DDHH", 2, 4, "no_agreement", None, 0),
        ("DDDHHKMM", 2, 4, "relabelled", "d", 3),
        ("D", 1, 5, "pending", "c", 0),
        ("NUMDK", 1, 5, "kept", "c", 1),
        ("NUM??", 1, 5, "multiple", None, 1),
        # more votes than asked for, as some MNIST items have: the order of the tests decides
        ("DDDDDDKKK", 3, 5, "kept", "c", 3),
        ("NNNNNNNDDD", 3, 5, "relabelled", "d", 3),
        ("HHHDDDDKK", 3, 5, "relabelled", "d", 4),
        ("HHHDDDMMM", 3, 5, "no_agreement", None, 0),
        ("MMMNNNUUU", 3, 5, "multiple", None, 3),
        ("KKKKD", 5, 5, "no_agreement", None, 0),
        ("K", 1, 1, "kept", "c", 1),
    ],
)
def test_cases_worked_by_hand(votes, word, agree, of, outcome, label, agreeing):
    decided = decide(votes(word), Rule(agree, of))
    assert (decided.outcome, decided.label, decided.agreeing) == (outcome, label, agreeing)
    assert decided.labels == (() if label is None else (label,))
    assert decided.votes == len(word)
    assert decided.last_at == datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=len(word))


@given(data=st.data())
def test_order_of_the_rows_leaves_the_consensus_alone(votes, data):
    cast = votes(data.draw(st.text("KDHMNU?", min_size=1, max_size=9)))
    agree = data.draw(st.integers(1, 5))
    rule = Rule(agree, data.draw(st.integers(agree, 6)))
    assert decide(data.draw(st.permutations(cast)), rule) == decide(cast, rule)


@given(
    word=st.text("KDHMNU?", max_size=4),
    rest=st.text("KDHMNU?", min_size=5, max_size=5),
    agree=st.integers(1, 5),
)
def test_what_is_decided_early_stays_decided(votes, word, rest, agree):
    rule = Rule(agree, 5)
    early = decide(votes(word), rule) if word else None
    final = decide(votes((word + rest)[:5]), rule)
    if early is not None and early.outcome != "pending":
        assert (final.outcome, final.label) == (early.outcome, early.label)
    assert final.outcome != "pending"


@given(word=st.text("KDHMNU?", min_size=1, max_size=9), agree=st.integers(1, 5))
def test_swapping_two_labels_swaps_the_result(votes, word, agree):
    other = {"D": "H", "H": "D"}
    one = decide(votes(word), Rule(agree, 5))
    two = decide(votes("".join(other.get(c, c) for c in word)), Rule(agree, 5))
    assert one.outcome == two.outcome in OUTCOMES
    assert {"d": "h", "h": "d"}.get(one.label, one.label) == two.label


@given(rows=st.lists(st.tuples(st.sampled_from(DECISIONS), st.sampled_from([None, "a", "b"]), st.booleans())))
def test_counting(vote, rows):
    cast = [vote(i, d, reviewer=r, withdrawn=w) for i, (d, r, w) in enumerate(rows)]
    counted = counting(reversed(cast))
    assert [v.id for v in counted] == sorted(v.id for v in counted)
    assert not any(v.withdrawn for v in counted)
    kept = [v for v in cast if not v.withdrawn]
    assert [v for v in counted if v.reviewer is None] == [v for v in kept if v.reviewer is None]
    for person in "ab":
        own = [v for v in kept if v.reviewer == person]
        assert [v for v in counted if v.reviewer == person] == own[-1:]


def test_withdrawing_a_change_of_mind_brings_the_earlier_verdict_back(vote):
    first, second = vote(1, "keep", reviewer="ann"), vote(2, "none", reviewer="ann", withdrawn=True)
    assert counting([second, first]) == [first]


def test_one_person_counts_once_on_each_question(vote, build_items, classes):
    one, two = questions_of(build_items(2), "pets", classes)
    cast = [vote(1, "keep", reviewer="ann", question=one), vote(2, "none", reviewer="ann", question=two)]
    assert counting(cast) == cast


def test_all_withdrawn_is_pending(vote):
    decided = decide([vote(1, "none", withdrawn=True)], Rule(1, 1))
    assert (decided.outcome, decided.label, decided.votes, decided.last_at) == ("pending", "c", 0, None)


def test_decide_takes_one_question(vote, build_items, classes):
    one, two = questions_of(build_items(2), "pets", classes)
    with pytest.raises(UsageError, match="one question, got 2"):
        decide([vote(1, "keep", question=one), vote(2, "keep", question=two)], Rule(1, 1))
    with pytest.raises(UsageError, match="one question, got 0"):
        decide([], Rule(1, 1))


@pytest.mark.parametrize(("agree", "of"), [(0, 1), (2, 1), (-1, -1)])
def test_rule_refuses_what_cannot_be_met(agree, of):
    with pytest.raises(UsageError, match="1 <= agree <= of"):
        Rule(agree, of)


def test_rule_of_a_policy():
    rule = Rule.from_config(ReviewConfig(agree=3, verdicts_per_item=5))
    assert (rule, str(rule), rule.policy) == (Rule(3, 5), "3 of 5", "strict")
    review = ReviewConfig(agree=3, verdicts_per_item=5, policy="majority")
    assert str(Rule.from_config(review)) == "3 of 5, majority"
    assert Rule.from_config(review, 2, "set-valued") == Rule(2, 5, "set-valued")
    assert len({str(Rule(3, 5, p).inputs()) for p in POLICIES}) == len(POLICIES)
    with pytest.raises(UsageError, match="no label policy 'lenient'; there are strict, majority"):
        Rule(1, 1, "lenient")


def test_table(vote, build_items, classes):
    items = build_items(6)
    q = questions_of(items, "pets", classes)
    gone = questions_of(build_items(6, content="old"), "pets", classes)[4]
    cast = [
        vote(1, "relabel", "d", reviewer="zoe", question=q[2]),
        vote(2, "relabel", "d", reviewer="ann", question=q[2]),
        vote(3, "keep", question=q[0]),
        vote(4, "keep", question=q[0]),
        vote(5, "none", question=q[3]),
        vote(6, "none", question=gone),
        vote(7, "none", question=q[5], withdrawn=True),
    ]
    table = consensus_table(
        items, "pets", classes, cast, Rule(2, 3), queued=[q[0].hash, q[1].hash, gone.hash]
    )
    assert table.schema == CONSENSUS
    rows = [tuple(r.values())[:6] for r in table.to_pylist()]
    assert rows == [
        ("i0", "kept", 0, 2, 2, []),
        ("i1", "pending", 1, 0, 0, []),
        ("i2", "relabelled", 1, 2, 2, ["ann", "zoe"]),
        ("i3", "pending", 0, 1, 0, []),
    ]
    assert table["last_at"].to_pylist()[1] is None
    assert table["last_at"].to_pylist()[2] == cast[1].decided_at


def test_left_out_items_have_no_label(vote, build_items, classes):
    items = build_items(1)
    (q,) = questions_of(items, "pets", classes)
    for decision, labels in [("none", ()), ("multiple", ("c", "d")), ("unusable", ()), ("unsure", ())]:
        table = consensus_table(items, "pets", classes, [vote(1, decision, *labels, question=q)], Rule(1, 1))
        assert table["label"].to_pylist() == [None]
        assert table["labels"].to_pylist() == [[]]


def test_several_right_labels_are_positions_in_the_class_list(vote, build_items, classes):
    items = build_items(2)
    one, two = questions_of(items, "pets", classes)
    cast = [vote(1, "multiple", "d", "c", question=one), vote(2, "relabel", "h", question=two)]
    table = consensus_table(items, "pets", classes, cast, Rule(1, 1, "set-valued"))
    assert table["outcome"].to_pylist() == ["multiple", "relabelled"]
    assert table["label"].to_pylist() == [None, 2]
    assert table["labels"].to_pylist() == [[0, 1], [2]]


def test_table_of_nothing(build_items, classes):
    assert consensus_table(build_items(3), "pets", classes, [], Rule(1, 1)).num_rows == 0
    assert consensus_table(ITEMS.empty_table(), "pets", classes, [], Rule(1, 1), ["x"]).schema == CONSENSUS


def test_a_label_that_is_no_class_is_refused(vote, build_items, classes):
    items = build_items(1)
    (q,) = questions_of(items, "pets", classes)
    with pytest.raises(InputError, match="i0: 'wolf'"):
        consensus_table(items, "pets", classes, [vote(1, "relabel", "wolf", question=q)], Rule(1, 1))


def test_order_of_items_is_kept(vote, build_items, classes):
    items = build_items(5)
    questions = questions_of(items, "pets", classes)
    cast = [vote(i, "keep", question=q) for i, q in enumerate(questions)]
    back = items.take(pa.array([4, 3, 2, 1, 0]))
    table = consensus_table(back, "pets", classes, cast, Rule(1, 1))
    assert table["item_id"].to_pylist() == ["i4", "i3", "i2", "i1", "i0"]


def test_a_repeat_counts_nowhere(vote):
    first = vote(1, "relabel", "d", reviewer="ann")
    again = replace(vote(2, "keep", reviewer="ann"), role="repeat")
    assert counting([first, again]) == [first]
    assert decide([first, again], Rule(1, 1)).label == "d"
    assert decide([again], Rule(1, 1)).outcome == "pending"


def test_a_second_look_counts_as_any_other(vote):
    said = [vote(1, "keep", reviewer="ann"), replace(vote(2, "none", reviewer="bob"), role="second")]
    assert decide(said, Rule(2, 2)).outcome == "no_agreement"
    assert decide(said, Rule(1, 1, "drop-contested")).outcome == "contested"


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize(
    ("said", "outcome", "labels"),
    [
        (("keep",), "kept", ("c",)),
        (("relabel", "h"), "relabelled", ("h",)),
        (("none",), "none", ()),
        (("unusable",), "unusable", ()),
        (("unsure",), "no_agreement", ()),
    ],
)
def test_the_adjudicator_decides_alone_whatever_the_policy(vote, policy, said, outcome, labels):
    rule = Rule(2, 3, policy)
    people = [vote(k, "relabel", "d", reviewer=f"r{k}") for k in (1, 2, 4)]
    assert decide(people, rule).labels == ("d",)
    last = replace(vote(3, *said, reviewer="dora"), role="adjudicator")
    found = decide([*people, last], rule)
    assert (found.outcome, found.labels, found.votes, found.reviewers) == (outcome, labels, 1, ("dora",))
    assert found.agreeing == (0 if outcome == "no_agreement" else 1)
    assert found.last_at == last.decided_at


def test_the_latest_adjudicator_who_did_not_take_it_back(vote):
    def ruled(id_, who, *said, **more):
        return replace(vote(id_, *said, reviewer=who, **more), role="adjudicator")

    dora, emil = ruled(2, "dora", "none"), ruled(3, "emil", "relabel", "h")
    people = [vote(1, "keep", reviewer="ann"), vote(4, "keep", reviewer="bob")]
    assert decide([*people, dora, emil], Rule(2, 2)).label == "h"
    assert decide([*people, dora, replace(emil, withdrawn=True)], Rule(2, 2)).outcome == "none"
    assert decide([*people, *(replace(v, withdrawn=True) for v in (dora, emil))], Rule(2, 2)).label == "c"
    # what she says later as a reviewer takes nothing back of what she said as adjudicator
    later = vote(5, "keep", reviewer="dora")
    assert decide([*people, dora, later], Rule(2, 2)).outcome == "none"
    assert len(counting([*people, dora, later])) == 4


def test_the_store_counts_as_consensus_does(store, vote):
    cases = [
        ("ann", "reviewer"),
        ("ann", "reviewer"),
        ("ann", "repeat"),
        ("bob", "second"),
        (None, "reviewer"),
        (None, "reviewer"),
        ("bob", "adjudicator"),
        ("dora", "adjudicator"),
    ]
    asked = vote(1, "keep").question
    store.queue([NewTask(asked, "flagged", 1.0, 1)])
    for k, (who, role) in enumerate(cases):
        store.add_verdicts([NewVerdict(f"v{k}", asked, who, "keep", role=role)])
        counted = counting(store.verdicts("pets"))
        assert store.tasks("pets")[0].verdicts == len(counted)
    assert len(counted) == 6
    store.withdraw(store.verdicts("pets")[-1].id, None, "", "w")
    assert store.tasks("pets")[0].verdicts == 5
