from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

import audits.review.desk.task_states as task_states
from audits.review.consensus import Rule
from audits.review.open_queue import open_tasks
from audits.review.records import NewTask, NewVerdict, Priority, Question, Reopening
from audits.review.schema import queue_mark, tally, task_state
from audits.review.store import ReviewStore
from audits.room_config import RoomConfig

N = 8
STRATA = {3: "control", 6: "exploration", 7: "gold"}


def kept(room, desk):
    """The table as it is, by question, without places."""
    with desk.states.reading() as connection:
        rows = connection.execute(select(task_state).where(task_state.c.dataset == "pets"))
        return {r.question_hash: {k: v for k, v in r._mapping.items() if k != "position"} for r in rows}


def anew(desk):
    """What the table would be if it were made anew."""
    with desk.store.reading() as connection:
        rows = desk.states._rows(connection)
        tallied = {r["reviewer"]: r["verdicts"] for r in desk.states._tallies(connection)}
    return {r["question_hash"]: {k: v for k, v in r.items() if k != "position"} for r in rows}, tallied


def tallies(desk):
    with desk.states.reading() as connection:
        rows = connection.execute(select(tally.c.reviewer, tally.c.verdicts))
        return {name: n for name, n in rows if n}


def in_order(desk):
    with desk.states.reading() as connection:
        t = task_state.c
        query = select(t.question_hash).where(t.dataset == "pets", t.state == "open")
        return list(connection.execute(query.order_by(t.position, t.question_hash)).scalars())


def mark(room):
    with room.store.reading() as connection:
        return connection.execute(select(queue_mark).where(queue_mark.c.dataset == "pets")).one()


WHO = st.sampled_from(["ann", "bob", None])
STEP = st.one_of(
    st.tuples(
        st.just("say"),
        st.sampled_from(["ann", "bob"]),
        st.integers(0, N - 1),
        st.sampled_from([("keep",), ("relabel", "d"), ("relabel", "h"), ("unsure",), ("none",)]),
        st.sampled_from([None, None, None, "adjudicator", "second", "repeat"]),
    ),
    st.tuples(st.just("import"), WHO, st.integers(0, N - 1)),
    st.tuples(st.just("undo"), st.sampled_from(["ann", "bob"])),
    st.tuples(st.just("withdraw"), st.integers(0, 5)),
    st.tuples(st.just("reopen"), st.integers(0, N - 1)),
    st.tuples(st.just("run"), st.permutations(range(N))),
)
RULES = st.sampled_from(
    [
        {},
        {"verdicts_per_item": 2, "agree": 2},
        {"verdicts_per_item": 2, "policy": "drop-contested"},
        {"verdicts_per_item": 3, "agree": 2, "policy": "majority"},
    ]
)


@pytest.fixture(scope="module")
def sqlite_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("states")


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, max_size=14), rule=RULES)
def test_the_table_is_what_the_history_comes_to(sqlite_folder, new_room, steps, rule):
    names = iter(range(1000))
    with ReviewStore(f"sqlite:///{sqlite_folder / f'{new_room.next()}.sqlite'}") as store:
        room = new_room.make(store, N, strata=STRATA, room=RoomConfig(second_look=0.6, repeat=0.4), **rule)
        desk = room.desk()
        for step in steps:
            apply(room, desk, step, names)
            rows, tallied = anew(desk)
            assert kept(room, desk) == rows
            assert tallies(desk) == tallied
            waiting = open_tasks(
                store, "pets", room.items.items, room.items.classes, Rule.from_config(room.review)
            )
            expected = [t.question.hash for t in waiting]
            order = in_order(desk)
            assert sorted(order) == sorted(expected)
            spread = {room.hash(k) for k in STRATA}
            assert [h for h in order if h not in spread] == [h for h in expected if h not in spread]
            progress = desk.progress("ann")
            states = [r["state"] for r in rows.values()]
            assert progress.open == len(expected) == states.count("open")
            assert (progress.disputed, progress.decided) == (
                states.count("disputed"),
                states.count("decided"),
            )
            assert progress.mine == tallied.get("ann", 0)
        store.renew_queue("pets", [], list(store.priorities("pets").values()))
        waiting = open_tasks(
            store, "pets", room.items.items, room.items.classes, Rule.from_config(room.review)
        )
        assert in_order(desk) == [t.question.hash for t in waiting]


def apply(room, desk, step, names):
    what, *given_ = step
    store = room.store
    if what == "say":
        who, k, said, role = given_
        if said[1:] == (room.questions[k].given_label,):
            said = ("keep",)
        room.say(who, k, *said, role=role, desk=desk)
    elif what == "import":
        who, k = given_
        store.add_verdicts([NewVerdict(f"i{next(names)}", room.questions[k], who, "keep")])
    elif what == "undo":
        if any(v.reviewer == given_[0] and not v.withdrawn for v in store.verdicts("pets")):
            desk.undo(given_[0], address=None, client_id=f"u{next(names)}")
    elif what == "withdraw":
        there = [v for v in store.verdicts("pets") if not v.withdrawn]
        if there:
            chosen = there[given_[0] % len(there)]
            store.withdraw(chosen.id, chosen.reviewer, "", f"w{next(names)}")
    elif what == "reopen":
        on_it = store.verdicts("pets", [room.hash(given_[0])])
        if on_it:
            again = [Reopening(room.hash(given_[0]), on_it[-1].id, 0.9, "why")]
            store.renew_queue("pets", [], list(store.priorities("pets").values()), [], again)
    else:
        order = [k for k in given_[0] if k not in STRATA]
        places = [Priority(room.hash(k), at, 0.5, "d") for at, k in enumerate(order, start=1)]
        store.renew_queue("pets", [], places + [Priority(room.hash(k)) for k in STRATA])


def test_it_is_made_anew_only_where_what_it_is_made_of_changed(room_of):
    room = room_of(4)
    room.desk().take("ann")
    first = mark(room)
    room.say("ann", 0)
    room.store.add_verdicts([NewVerdict("x", room.questions[1], "bob", "keep")])
    other = Question("zoo", "i0", "x", "c", "k")  # of another dataset in the same store
    room.store.queue([NewTask(other, "flagged", 1.0, 1)])
    room.store.add_verdicts([NewVerdict("zoo-1", other, "ann", "keep")])
    assert room.open() == [2, 3]
    assert room.given("bob") == [2, 3]
    later = mark(room)
    assert later.token == first.token, "what was added was caught up with"
    assert (later.open, later.decided, later.last_verdict) == (2, 2, 3)
    # another rule, other findings, a run, new tasks
    tokens = {first.token}
    stricter = room.review.model_copy(update={"verdicts_per_item": 2, "agree": 2})
    for change in (
        lambda: room.desk(review=stricter).progress("ann"),
        lambda: room.desk(version="v2").progress("ann"),
        lambda: (room.store.renew_queue("pets", [], []), room.desk(version="v2").progress("ann")),
    ):
        change()
        tokens.add(mark(room).token)
    assert len(tokens) == 4
    assert room.desk(review=stricter).progress("ann").open == 4
    # a setting of the room that changes nothing of it leaves it as it is
    before = mark(room).token
    room.desk(review=stricter.model_copy(update={"room": RoomConfig(blind=True)})).progress("ann")
    assert mark(room).token == before


def test_new_tasks_are_seen(room_of):
    room = room_of(4, priorities=False)
    with room.store.writing() as connection:
        assert connection.execute(select(task_state)).first() is None
    assert room.given("ann", 1) == [0]
    before = mark(room).token
    moved = room.desk(items=room.items)
    assert moved.progress("ann").total == 4
    room.store.queue([NewTask(replace(room.questions[0], item_id="other"), "flagged", 1.0, 9)])
    assert moved.progress("ann").total == 4, "no item poses that question"
    assert mark(room).token != before


def test_many_verdicts_from_elsewhere(room_of, monkeypatch):
    room = room_of(12)
    room.desk().take("ann")
    monkeypatch.setattr(task_states, "_MANY", 5)
    room.store.add_verdicts(NewVerdict(f"x{k}", room.questions[k], "bob", "keep") for k in range(9))
    assert room.given("ann") == [9, 10, 11]
    assert room.desk().progress("bob").mine == 9
    lot = [room.answer(k) for k in range(9, 12)] + [room.answer(k) for k in range(9)]
    room.desk().decide("cem", lot, address=None, shown=None)
    assert room.desk().progress("cem").open == 0


def test_a_run_that_ends_while_the_table_is_made_is_not_missed(room_of, monkeypatch):
    room = room_of(4)
    desk = room.desk()
    real, calls = desk.states.signals, []

    def signals():
        if not calls:
            calls.append(1)
            order = [Priority(room.hash(k), at) for at, k in enumerate((3, 2, 1, 0), start=1)]
            room.store.renew_queue("pets", [], order)
            room.store.add_verdicts([NewVerdict("x", room.questions[2], "bob", "keep")])
        return real()

    object.__setattr__(desk.states, "signals", signals)
    assert room.given("ann", desk=desk) == [3, 1, 0] == room.open()


def test_threads_that_find_it_out_of_date_make_it_once(room_of):
    room = room_of(30)
    made = []
    start = threading.Barrier(6)

    def take(who):
        desk = room.desk(signals=lambda: made.append(1) or room.signals)
        start.wait()
        return desk.take(who)

    threads = [threading.Thread(target=take, args=(f"person {k}",)) for k in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(made) == 1
    assert sum(len(room.desk().assignments_of(f"person {k}")) for k in range(6)) == 6
