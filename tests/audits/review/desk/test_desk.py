from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import func, select

from audits.errors import UsageError, VerdictsError
from audits.review.activity import read
from audits.review.desk.records import Answer, Filters
from audits.review.schema import lease
from audits.review.store import ReviewStore
from audits.room_config import RoomConfig


def number(room, assignment):
    return None if assignment is None else room.number(assignment.task.question.hash)


def test_the_first_of_the_queue_is_leased_to_one_person_alone(room_of):
    room = room_of(3)
    desk = room.desk()
    taken = [desk.take(who) for who in ("ann", "bob", "cem", "dan")]
    assert [number(room, a) for a in taken] == [0, 1, 2, None]
    ann = taken[0]
    assert (ann.role, ann.sent_back, ann.task.suggested_label) == ("reviewer", None, "d")
    assert ann.task.reasons == ("reason 0",)
    assert (ann.expires_at - ann.taken_at).total_seconds() == 15 * 60
    assert len({a.token for a in taken[:3]}) == 3


def test_what_a_person_holds_is_given_again_and_renewed(room_of):
    room = room_of(3)
    first = room.desk().take("ann")
    room.clock.on(minutes=14)
    again = room.desk().take("ann")
    assert (again.task, again.token, again.taken_at) == (first.task, first.token, first.taken_at)
    assert again.expires_at == first.expires_at.replace(minute=29)
    assert room.given("bob", 1) == [1]


def test_a_lease_that_ended_is_nobodys(room_of):
    room = room_of(2)
    held = room.desk().take("ann")
    room.clock.on(minutes=14, seconds=59)
    assert room.given("bob") == [1]
    room.clock.on(seconds=1)
    assert room.given("cem", 1) == [0]
    assert room.given("ann") == []
    # the verdict on the lease that ended is kept all the same
    assert room.say("ann", 0).reviewer == "ann"
    assert held.token not in {a.token for a in room.desk().assignments_of("ann")}


def test_the_one_after_the_next_is_leased_too(room_of):
    room = room_of(4)
    desk = room.desk()
    assert number(room, desk.take("ann", ahead=1)) == 1
    assert number(room, desk.take("ann")) == 0
    assert number(room, desk.take("bob")) == 2
    room.say("ann", 0)
    assert number(room, desk.take("ann")) == 1
    assert number(room, desk.take("ann", ahead=1)) == 3
    assert desk.take("ann", ahead=2) is None


def test_a_grid_takes_many_at_once_and_gives_them_again(room_of):
    room = room_of(9)
    chosen = Filters(given="c", suggested="d")
    first = room.desk().take_many("ann", chosen, 2)
    assert [number(room, a) for a in first] == [0, 3]
    assert [number(room, a) for a in room.desk().take_many("ann", chosen, 100)] == [0, 3, 6]
    assert room.given("bob", 3) == [1, 2, 4]
    assert [number(room, a) for a in room.desk().assignments_of("ann")] == [0, 3, 6]


def test_a_lease_given_back_is_there_for_others(room_of):
    room = room_of(1)
    room.desk().take("ann")
    assert room.desk().take("bob") is None
    room.desk().release("ann", room.hash(0))
    assert number(room, room.desk().take("bob")) == 0


def test_a_certain_question(room_of):
    room = room_of(4)
    desk = room.desk()
    assert number(room, desk.take("ann", question=room.hash(2))) == 2
    assert desk.take("bob", question=room.hash(2)) is None
    assert number(room, desk.take("ann", question=room.hash(2))) == 2
    room.say("ann", 2)
    assert desk.take("bob", question=room.hash(2)) is None, "it is decided"
    assert desk.take("bob", question="0" * 32) is None
    desk.skip("bob", room.hash(3), address=None)
    assert number(room, desk.take("bob", question=room.hash(3))) == 3
    # whatever the filters
    assert number(room, desk.take("cem", Filters(given="h"), question=room.hash(1))) == 1


def test_several_verdicts_an_item_come_from_different_people(room_of):
    room = room_of(2, verdicts_per_item=2, agree=2)
    assert room.given("ann", 1) == [0]
    assert room.given("bob", 1) == [0]
    # two hold it, and it wants two
    assert room.given("cem", 1) == [1]
    room.say("ann", 0)
    assert room.given("ann", 1) == [1]
    room.clock.on(minutes=16)
    assert room.given("cem", 1) == [0], "bob's lease ended, and so did cem's own"


def test_answered_tasks_do_not_come_again(room_of):
    room = room_of(3, verdicts_per_item=2, agree=2)
    for k in range(3):
        assert number(room, room.desk().take("ann")) == k
        room.say("ann", k)
    assert room.desk().take("ann") is None
    assert room.given("bob") == [0, 1, 2]


def test_what_was_put_aside_comes_after_all_others_in_the_order_of_putting_aside(room_of):
    room = room_of(4)
    desk = room.desk()
    for k in (1, 0):
        desk.skip("ann", room.hash(k), address=None)
    assert room.given("ann") == [2, 3, 1, 0]
    desk.release("ann", room.hash(1))
    desk.skip("ann", room.hash(1), address=None)
    for k in (0, 2, 3):
        desk.release("ann", room.hash(k))
    assert room.given("ann") == [2, 3, 0, 1]
    for k in range(4):
        desk.release("ann", room.hash(k))
    assert room.given("bob") == [0, 1, 2, 3], "others are not concerned"
    with pytest.raises(UsageError, match="never asked the question"):
        desk.skip("ann", "nothing", address=None)


def test_deciding_twice_is_one_verdict(room_of):
    room = room_of(2)
    desk = room.desk()
    desk.take("ann")
    one = room.answer(0, "relabel", "h", comment="x", seconds=2.0)
    first = desk.decide("ann", [one], address="10.0.0.7", shown="open")
    again = desk.decide("ann", [one], address="10.0.0.7", shown="open")
    assert first == again
    assert len(room.store.verdicts("pets")) == 1
    (v,) = first
    assert (v.decision, v.labels, v.comment, v.seconds) == ("relabel", ("h",), "x", 2.0)
    assert (v.role, v.shown, v.suggested, v.source) == ("reviewer", "open", "d", "web")
    acts = [(a.who, a.action, a.question_hash, a.verdict_id, a.address) for a in read(room.store)]
    assert acts == [("ann", "decide", room.hash(0), v.id, "10.0.0.7")]
    with pytest.raises(VerdictsError, match="stored with another"):
        desk.decide("ann", [replace(one, decision="keep", labels=())], address=None, shown="open")
    with pytest.raises(VerdictsError, match="stored with another"):
        desk.decide("bob", [one], address=None, shown="open")
    assert room.open() == [1]


def test_all_answers_are_stored_or_none(room_of):
    room = room_of(4)
    good = [room.answer(0), room.answer(1, "relabel", "h")]
    bad = [*good, room.answer(2, "relabel", "h"), room.answer("0" * 32)]
    with pytest.raises(VerdictsError) as caught:
        room.desk().decide("ann", bad, address=None, shown=None)
    assert "item 'i2': 'relabel' to 'h', which is the given label" in str(caught.value)
    assert "never asked it" in str(caught.value)
    assert (room.store.verdicts("pets"), read(room.store)) == ([], [])
    done = room.desk().decide("ann", good[::-1], address=None, shown=None)
    assert [v.question.item_id for v in done] == ["i1", "i0"]
    assert room.open() == [2, 3]
    # a lot of which a part was stored before, whose word was lost
    more = [good[0], room.answer(3), good[1]]
    assert [v.question.item_id for v in room.desk().decide("ann", more, address=None, shown=None)] == [
        "i0",
        "i3",
        "i1",
    ]
    assert len(room.store.verdicts("pets")) == 3
    assert room.desk().decide("ann", [], address=None, shown=None) == []


def test_a_verdict_without_a_lease_or_on_anothers_is_kept(room_of):
    room = room_of(2)
    room.desk().take("ann")
    assert room.say("bob", 0).reviewer == "bob"
    assert room.desk().take("ann").task.question.item_id == "i1", "decided by bob, it is given no more"


def test_a_question_that_changed_is_refused_in_words(room_of, make_items):
    room = room_of(3)
    desk = room.desk(items=make_items(3, content="new"), version="v2")
    with pytest.raises(VerdictsError, match=r"item 'i0': the question is another one by now"):
        desk.decide("ann", [room.answer(0)], address=None, shown=None)
    assert desk.take("ann") is None, "no item poses any of the questions"
    assert desk.progress("ann").total == 0


@pytest.mark.parametrize("name", ["", "  ", "x" * 201, "a\0b", "\ud800"])
def test_names_that_are_refused(room_of, name):
    room = room_of(1)
    desk = room.desk()
    for call in (
        lambda: desk.take(name),
        lambda: room.say(name, 0),
        lambda: desk.undo(name, address=None, client_id="u"),
        lambda: desk.skip(name, room.hash(0), address=None),
    ):
        with pytest.raises(VerdictsError, match="the reviewer"):
            call()


def test_texts_that_no_database_takes_are_refused_in_words(room_of):
    room = room_of(1)
    desk = room.desk()
    for bad in ("\0", "\udfff"):
        for call in (
            lambda bad=bad: desk.take("ann", Filters(given=bad)),
            lambda bad=bad: desk.take("ann", Filters(audit=bad)),
            lambda bad=bad: desk.take("ann", question=bad),
            lambda bad=bad: desk.release("ann", bad),
            lambda bad=bad: desk.skip("ann", bad, address=None),
            lambda bad=bad: desk.history("ann", question=bad),
            lambda bad=bad: desk.undo("ann", address=None, client_id=bad),
            lambda bad=bad: room.say("ann", bad),
            lambda bad=bad: room.say("ann", 0, client_id=bad),
            lambda bad=bad: room.say("ann", 0, comment=bad),
            lambda bad=bad: desk.send_back(1, by="dora", note=bad, client_id="s", address=None),
        ):
            with pytest.raises(VerdictsError, match=r"NUL|surrogate"):
                call()
    assert room.store.verdicts("pets") == []


def test_numbers_that_no_database_takes(room_of):
    room = room_of(2)
    desk = room.desk()
    with pytest.raises(UsageError, match="1 of 1 verdicts are not ann's"):
        desk.undo("ann", address=None, client_id="u", verdicts=[10**30])
    with pytest.raises(UsageError, match="has no verdict"):
        desk.send_back(-(10**30), by="dora", note="", client_id="s", address=None)
    room.say("ann", 0)
    assert len(desk.history("ann", before=10**30, limit=10**30)) == 1
    assert desk.history("ann", before=-(10**30), limit=-5) == []
    assert len(desk.take_many("ann", Filters(low=float("-inf"), high=10.0**300), 10**30)) == 1
    assert desk.take_many("ann", Filters(), -1) == []
    assert desk.take_many("bob", Filters(low=float("nan")), 1) == []


def test_a_long_name_in_any_script(room_of):
    room = room_of(2)
    name = "\N{PILE OF POO}<b>'\"|" * 28
    assert room.given(name) == [0, 1]
    room.say(name, 0)
    assert room.desk().progress(name).mine == 1


def test_undo_takes_back_the_last_and_gives_it_again(room_of):
    room = room_of(4)
    desk = room.desk()
    for k in (0, 1):
        desk.take("ann")
        room.say("ann", k)
    room.say("bob", 3)
    desk.take("ann")  # holds the third
    (back,) = desk.undo("ann", address="::1", client_id="u1")
    assert (back.question.item_id, back.withdrawn) == ("i1", True)
    assert desk.undo("ann", address="::1", client_id="u1") == [back]
    assert room.open() == [1, 2]
    assert [number(room, a) for a in desk.assignments_of("ann")] == [1, 2]
    assert number(room, desk.take("ann")) == 1
    assert desk.take("bob") is None
    assert [a.action for a in read(room.store, who="ann")] == ["undo", "decide", "decide"]
    (back,) = desk.undo("ann", address=None, client_id="u2")
    assert back.question.item_id == "i0"
    with pytest.raises(UsageError, match="no verdict on dataset 'pets' to take back"):
        desk.undo("ann", address=None, client_id="u3")
    # both rows stay, and the new verdict counts
    room.say("ann", 0, "none")
    assert [(v.decision, v.withdrawn) for v in room.store.item_history("pets", "i0")] == [
        ("keep", True),
        ("none", False),
    ]


def test_undo_of_a_lot(room_of):
    room = room_of(5)
    desk = room.desk()
    lot = desk.decide("ann", [room.answer(k) for k in range(3)], address=None, shown="open")
    other = room.say("bob", 3)
    ids = [v.id for v in lot]
    with pytest.raises(UsageError, match=rf"1 of 4 verdicts are not ann's on dataset 'pets' \({other.id}\)"):
        desk.undo("ann", address=None, client_id="u", verdicts=[*ids, other.id])
    assert not any(v.withdrawn for v in room.store.verdicts("pets"))
    assert [v.withdrawn for v in desk.undo("ann", address=None, client_id="u", verdicts=ids)] == [True] * 3
    assert len(desk.undo("ann", address=None, client_id="u", verdicts=ids)) == 3
    assert room.given("ann", 3) == [0, 1, 2]
    with pytest.raises(UsageError, match="withdrawn already"):
        desk.undo("ann", address=None, client_id="another", verdicts=ids)
    with pytest.raises(VerdictsError, match="client id is empty"):
        desk.undo("ann", address=None, client_id="", verdicts=[other.id - 1])


def test_history_is_the_newest_first_and_in_pages(room_of):
    room = room_of(5)
    desk = room.desk()
    for k in range(4):
        room.say("ann" if k % 2 else "bob", k, "relabel", "h" if k != 2 else "c")
    desk.undo("ann", address=None, client_id="u")

    def told(found):
        return [(d.verdict.question.item_id, d.verdict.withdrawn, d.suggested) for d in found]

    assert told(desk.history("ann")) == [("i3", True, "d"), ("i1", False, "h")]
    everyone = desk.history(None, limit=3)
    assert [d.verdict.question.item_id for d in everyone] == ["i3", "i2", "i1"]
    assert told(desk.history(None, limit=3, before=everyone[-1].verdict.id)) == [("i0", False, "d")]
    assert told(desk.history(None, question=room.hash(2))) == [("i2", False, "c")]


def test_the_adjudicator_has_the_last_word(room_of):
    room = room_of(2, verdicts_per_item=2, agree=2)
    desk = room.desk()
    room.say("ann", 0)
    room.say("bob", 0, "relabel", "h")
    (found,) = desk.disputed()
    assert found.question.item_id == "i0"
    assert [v.reviewer for v in found.verdicts] == ["ann", "bob"]
    assert (desk.progress("ann").disputed, desk.progress("ann").open) == (1, 1)
    last = room.say("dora", 0, "relabel", "d", role="adjudicator")
    assert last.role == "adjudicator"
    assert desk.disputed() == []
    assert desk.progress("ann").decided == 1
    desk.undo("dora", address=None, client_id="u")
    assert len(desk.disputed()) == 1
    assert room.store.tasks("pets")[0].verdicts == 2
    assert desk.assignments_of("dora") == [], "nobody is asked to adjudicate by the queue"


def test_what_is_known_to_be_right_is_never_given_out(room_of):
    room = room_of(4, strata={1: "gold", 2: "control"})
    tasks = {room.number(a.task.question.hash): a.task for a in room.desk().take_many("ann", Filters(), 9)}
    assert set(tasks) == {0, 1, 2, 3}
    assert {t.gold_label for t in tasks.values()} == {None}


def test_sent_back_comes_first_and_once(room_of):
    room = room_of(4)
    desk = room.desk()
    mine = room.say("ann", 2, "relabel", "c")
    desk.take("ann")
    sent = desk.send_back(mine.id, by="dora", note="look at the ears", client_id="s1", address=None)
    assert desk.send_back(mine.id, by="dora", note="look at the ears", client_id="s1", address=None) == sent
    got = desk.take("ann")
    assert (number(room, got), got.sent_back) == (2, sent)
    assert number(room, desk.take("ann", ahead=1)) == 0
    assert number(room, desk.take("bob")) == 1
    assert not room.store.verdicts("pets")[0].withdrawn, "it counts until it is answered anew"
    room.say("ann", 2)
    assert number(room, desk.take("ann")) == 0
    assert [a.action for a in read(room.store, dataset="pets")] == ["decide", "send back", "decide"]


def test_sent_back_and_put_aside_comes_last(room_of):
    room = room_of(3)
    desk = room.desk()
    mine = room.say("ann", 0)
    desk.send_back(mine.id, by="dora", note="", client_id="s1", address=None)
    room.clock.on(seconds=1)
    desk.skip("ann", room.hash(0), address=None)
    assert room.given("ann") == [1, 2, 0]
    assert desk.take("ann", question=room.hash(0)).sent_back is not None


def test_two_desks_with_other_stores_see_the_same(room_of, url):
    room = room_of(4)
    with ReviewStore(url) as other:
        there = room.desk(other)
        assert number(room, room.desk().take("ann")) == 0
        assert number(room, there.take("bob")) == 1
        room.say("ann", 0)
        assert there.progress("ann").mine == 1
        assert there.progress("ann").open == 3
        assert number(room, there.take("ann")) == 2


def test_leases_that_ended_long_ago_are_swept_with_the_next_run(room_of):
    room = room_of(3)
    room.desk().take("ann")
    room.store.renew_queue("pets", [], [])
    room.desk().take("bob")

    def leases():
        with room.store.reading() as connection:
            return connection.execute(select(func.count()).select_from(lease)).scalar()

    # the clock of these tests stands in March 2026, two days and more before the real one
    assert leases() == 1


def test_lease_minutes_are_the_yamls(room_of):
    room = room_of(1, room=RoomConfig(lease_minutes=0.5))
    held = room.desk().take("ann")
    assert (held.expires_at - held.taken_at).total_seconds() == 30


def test_answers_say_what_was_shown(room_of):
    room = room_of(1)
    (v,) = room.desk().decide(
        "ann", [Answer("x", room.hash(0), "unsure")], address=None, source="api", shown="blind"
    )
    assert (v.shown, v.source, v.suggested) == ("blind", "api", "d")
