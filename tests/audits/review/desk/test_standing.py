from __future__ import annotations

import pytest

from audits.review.desk.records import PairCount
from audits.review.records import NewVerdict


def test_speed_is_that_of_the_last_hour_of_work(room_of):
    room = room_of(30)
    desk = room.desk()
    assert (desk.progress("ann").per_hour, desk.progress("ann").hours_left) == (None, None)
    room.say("ann", 0)
    assert desk.progress("ann").per_hour is None, "one verdict has no speed"
    room.clock.on(hours=20)  # the next day, at five in the morning
    for k in range(1, 5):
        room.say("ann", k)
        room.clock.on(minutes=2)
    room.clock.on(hours=2)
    # four verdicts, two minutes apart: three steps in six minutes
    found = desk.progress("ann")
    assert found.per_hour == pytest.approx(30)
    assert found.hours_left == pytest.approx(25 / 30)
    assert (found.mine, found.mine_today, found.open, found.total) == (5, 4, 25, 30)
    assert desk.progress("bob").mine == 0


def test_verdicts_given_at_once_have_no_speed(room_of):
    room = room_of(5)
    room.desk().decide("ann", [room.answer(k) for k in range(5)], address=None, shown=None)
    found = room.desk().progress("ann")
    assert (found.mine, found.per_hour, found.hours_left) == (5, None, None)


def test_withdrawn_verdicts_and_those_of_other_datasets_do_not_count(room_of):
    from dataclasses import replace

    room = room_of(4)
    for k in range(3):
        room.say("ann", k)
    room.store.add_verdicts([NewVerdict("z", replace(room.questions[0], dataset="zoo"), "ann", "keep")])
    room.desk().undo("ann", address=None, client_id="u")
    found = room.desk().progress("ann")
    assert (found.mine, found.mine_today, found.open, found.decided) == (2, 2, 2, 2)


def test_pairs_are_of_open_tasks_the_most_first(room_of):
    room = room_of(7)
    assert room.desk().pairs() == [
        PairCount("c", "d", 3),
        PairCount("d", "h", 2),
        PairCount("h", "c", 2),
    ]
    room.say("ann", 0)
    room.say("ann", 3)
    assert room.desk().pairs(2) == [PairCount("d", "h", 2), PairCount("h", "c", 2)]


def test_disputed_are_in_the_order_of_the_queue(room_of):
    room = room_of(5, verdicts_per_item=2, agree=2)
    for k in (3, 1):
        room.say("ann", k)
        room.say("bob", k, "none")
    assert [room.number(d.question.hash) for d in room.desk().disputed()] == [1, 3]
    assert [room.number(d.question.hash) for d in room.desk().disputed(1)] == [1]
    room.say("bob", 3)
    assert [room.number(d.question.hash) for d in room.desk().disputed()] == [1]


def test_what_was_suggested_to_a_verdict_from_elsewhere_is_what_the_task_said(room_of):
    room = room_of(2)
    room.store.add_verdicts([NewVerdict("x", room.questions[1], "ann", "keep", suggested=None)])
    (done,) = room.desk().history("ann")
    assert (done.verdict.suggested, done.suggested) == (None, "h")
