from __future__ import annotations

from collections import Counter

import pytest

from audits.review.consensus import Rule, decide
from audits.review.desk.candidates import BETWEEN
from audits.review.desk.records import Filters
from audits.review.desk.task_rows import look_of
from audits.review.records import NewVerdict, Reopening
from audits.room_config import RoomConfig


def taken(room, who, filters=Filters(), n=1000, **desk):  # noqa: B008
    found = room.desk(**desk).take_many(who, filters, n)
    return [room.number(a.task.question.hash) for a in found]


@pytest.fixture
def flagged(room_of):
    """Items 0 to 5, classes c d h c d h; what flags them, and what is known of how likely each is wrong."""
    signals = [
        (0, "low margin", "m1"),
        (0, "annotators", None),
        (1, "low margin", "m2"),
        (2, "low", "m"),
        (3, "low margin", "m%|1"),
    ]
    return room_of(6, signals=signals, probability={0: 0.9, 1: 0.5, 4: 0.1})


@pytest.mark.parametrize(
    ("filters", "items"),
    [
        (Filters(), [0, 1, 2, 3, 4, 5]),
        (Filters(given="c"), [0, 3]),
        (Filters(given="C"), []),
        (Filters(suggested="c"), [2, 5]),
        (Filters(given="c", suggested="h"), []),
        (Filters(audit="low margin"), [0, 1, 3]),
        (Filters(audit="low"), [2]),
        (Filters(audit="annotators"), [0]),
        (Filters(audit="|"), []),
        (Filters(model="m1"), [0]),
        (Filters(model="m"), [2]),
        (Filters(model="M1"), []),
        (Filters(model="m%|1"), [3]),
        (Filters(model="%"), []),
        (Filters(low=0.5), [0, 1, 2]),  # 2 by its score: 1 - 3/7
        (Filters(high=0.1), [4]),
        (Filters(low=0.1, high=0.5), [1, 3, 4, 5]),
        (Filters(given="d", audit="low margin", model="m2", low=0.2), [1]),
    ],
)
def test_filters(flagged, filters, items):
    assert taken(flagged, "ann", filters) == items
    assert taken(flagged, "bob", filters) == [], "ann holds them"


def test_a_lease_counts_where_the_filters_take_its_task_in(flagged):
    assert taken(flagged, "ann", n=1) == [0]
    assert taken(flagged, "ann", Filters(given="d")) == [1, 4]
    assert taken(flagged, "ann", n=1) == [0]


def test_at_random_each_person_has_an_order_of_their_own(room_of):
    room = room_of(40, room=RoomConfig(sequence="random"))
    orders = {}
    for who in ("ann", "bob", "cem"):
        orders[who] = taken(room, who)
        for k in range(40):
            room.desk().release(who, room.hash(k))
        assert sorted(orders[who]) == list(range(40))
    assert len({tuple(o) for o in orders.values()}) == 3
    assert all(o != sorted(o) for o in orders.values())
    # one after the other is the same order as all at once
    for k in orders["bob"]:
        got = room.desk().take("bob")
        assert room.number(got.task.question.hash) == k
        room.say("bob", k)
    assert room.desk().take("bob") is None


def test_at_random_filters_and_many_leaves_find_everything(room_of):
    room = room_of(300, room=RoomConfig(sequence="random"), probability={299: 1.0})
    assert taken(room, "ann", Filters(low=1.0)) == [299]
    assert sorted(taken(room, "bob", Filters(given="c"))) == list(range(0, 300, 3))
    rest = taken(room, "cem")
    assert sorted(rest) == [k for k in range(299) if k % 3]
    early = Counter(k < 150 for k in rest[:100])
    assert 25 < early[True] < 75, "the order has nothing to do with the rank"


def seconds(room, look):
    """Items that were drawn for a kind of second look."""
    return {k for k, q in enumerate(room.questions) if look_of(q.hash, room.review.room) == look}


def test_second_looks_are_a_share_drawn_by_the_question(room_of):
    room = room_of(600, room=RoomConfig(second_look=0.3, repeat=0.25))
    second, repeat = seconds(room, "second"), seconds(room, "repeat")
    # 600 * 0.3 = 180 in all, a quarter of them repeats; bounds are 4 standard deviations
    assert 180 - 45 < len(second | repeat) < 180 + 45
    assert 45 - 24 < len(repeat) < 45 + 24
    assert not second & repeat
    none = room.review.room.model_copy(update={"second_look": 0.0})
    assert {look_of(q.hash, none) for q in room.questions} == {None}


def test_a_second_look_goes_to_somebody_else_once(room_of):
    room = room_of(6, room=RoomConfig(second_look=1.0, repeat=0.0))
    room.say("ann", 0)
    assert 0 not in taken(room, "ann"), "ann gave the first verdict"
    got = room.desk().take("bob")
    assert (room.number(got.task.question.hash), got.role) == (0, "second")
    assert room.desk().take("cem") is None, "bob holds it, ann holds the others"
    assert room.say("bob", 0, "relabel", "h").role == "second"
    for k in range(1, 6):
        room.desk().release("ann", room.hash(k))
    assert 0 not in taken(room, "cem"), "one second look is enough"
    room.desk().undo("bob", address=None, client_id="u")
    assert [a.role for a in room.desk().assignments_of("bob")] == ["second"]


def test_a_second_look_is_due_when_the_item_has_all_verdicts_it_wants(room_of):
    room = room_of(1, verdicts_per_item=2, agree=2, room=RoomConfig(second_look=1.0, repeat=0.0))
    room.say("ann", 0)
    got = room.desk().take("bob")
    assert got.role == "reviewer"
    room.say("bob", 0)
    assert room.desk().take("bob") is None
    assert room.desk().take("cem").role == "second"


def test_a_repeat_goes_to_the_same_person_after_others_and_counts_nowhere(room_of):
    room = room_of(BETWEEN + 3, room=RoomConfig(second_look=1.0, repeat=1.0))
    room.say("ann", 0, "relabel", "h")
    for k in range(1, BETWEEN + 1):
        assert room.given("ann", 1) == [k]
        room.say("ann", k)
        assert room.desk().take("bob") is not None, "bob has the open ones"
        for a in room.desk().assignments_of("bob"):
            assert a.role == "reviewer"
            room.desk().release("bob", a.task.question.hash)
    got = room.desk().take("ann")
    assert (room.number(got.task.question.hash), got.role) == (0, "repeat")
    # the lease ends, and the answer is a repeat all the same
    room.clock.on(hours=3)
    v = room.say("ann", 0)
    assert v.role == "repeat"
    assert room.desk().progress("ann").mine == BETWEEN + 2
    assert room.store.tasks("pets", [room.hash(0)])[0].verdicts == 1
    on_it = room.store.verdicts("pets", [room.hash(0)])
    assert decide(on_it, Rule(1, 1)).label == "h"
    # the same answer again is still that repeat, though the lease is gone
    again = room.answer(0, client_id=v.client_id)
    assert room.desk().decide("ann", [again], address=None, shown="open") == [v]


def test_repeats_come_early_where_nothing_else_is_left(room_of):
    room = room_of(2, room=RoomConfig(second_look=1.0, repeat=1.0))
    room.say("ann", 0)
    assert room.given("ann", 5) == [1, 0]
    room.say("ann", 1)
    assert [a.role for a in room.desk().take_many("ann", Filters(), 5)] == ["repeat", "repeat"]


def test_an_unknown_persons_verdict_is_looked_at_by_anybody(room_of):
    room = room_of(1, room=RoomConfig(second_look=1.0, repeat=1.0))
    room.store.add_verdicts([NewVerdict("v", room.questions[0], None, "keep")])
    assert room.desk().take("ann").role == "second"


def test_control_gold_and_exploration_stand_among_the_others(room_of):
    strata = {k: ("control", "gold", "exploration")[k % 3] for k in range(0, 30, 5)}
    room = room_of(30, strata=strata)
    assert taken(room, "ann") == room.open()
    where = [room.open().index(k) for k in strata]
    assert max(where) > 6, "they are not all at one end"


def test_a_repeat_is_given_to_nobody_else(room_of):
    room = room_of(1, room=RoomConfig(second_look=1.0, repeat=1.0))
    room.say("ann", 0)
    assert room.desk().take("bob") is None
    assert room.desk().take("bob", question=room.hash(0)) is None
    assert room.desk().take("ann").role == "repeat"


def test_what_was_reopened_goes_to_those_who_answered_it_too_and_one_answer_closes_it(room_of):
    room = room_of(2, verdicts_per_item=2, agree=2)
    room.say("ann", 0)
    last = room.say("bob", 0)
    order = list(room.store.priorities("pets").values())
    room.store.renew_queue("pets", [], order, [], [Reopening(room.hash(0), last.id, 0.9, "it changed")])
    got = room.desk().take("ann")
    assert room.number(got.task.question.hash) == 0
    assert got.task.reasons == ("it changed", "reason 0")
    assert room.given("bob", 1) == [1], "it wants one more verdict, and ann holds it"
    room.say("ann", 0)
    assert room.open() == [1]
    assert room.given("ann") == [1]
