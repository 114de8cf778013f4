"""Many people at once, in threads, in several processes, and a process that is killed in the middle."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from audits.review.activity import read
from audits.review.desk.records import Answer
from audits.review.schema import lease
from audits.review.store import ReviewStore
from audits.room_config import RoomConfig

ROOT = Path(__file__).parents[4]


def clear(desk, who, out, unexpected):
    """Take and answer until nothing is left, as a person does; tells each time what was held by others."""
    try:
        n = 0
        while (task := desk.take(who)) is not None:
            desk.take(who, ahead=1)
            hash_ = task.task.question.hash
            with desk.store.reading() as connection:
                held = select(lease.c.reviewer).where(lease.c.question_hash == hash_)
                others = set(connection.execute(held).scalars()) - {who}
            n += 1
            answer = Answer(f"{who} {n}", hash_, "keep")
            (v,) = desk.decide(who, [answer], address=None, shown="open")
            if n % 3 == 0:  # as after a lost answer
                assert desk.decide(who, [answer], address=None, shown="open") == [v]
            out.append((who, hash_, frozenset(others), v.id))
    except Exception as e:
        unexpected.append(e)


def run(room, url, people, **desk):
    out, unexpected = [], []
    stores = [ReviewStore(url), ReviewStore(url)]
    desks = [room.desk(stores[k % 2], now=lambda: datetime.now(UTC), **desk) for k in range(people)]
    threads = [
        threading.Thread(target=clear, args=(d, f"person {k}", out, unexpected)) for k, d in enumerate(desks)
    ]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for s in stores:
        s.close()
    assert unexpected == []
    return out


def test_many_people_clear_a_queue_and_nobody_gets_what_another_holds(room_of, url):
    room = room_of(60, strata={k: "control" for k in range(0, 60, 9)})
    done = run(room, url, 8)
    assert Counter(hash_ for _, hash_, _, _ in done) == {q.hash: 1 for q in room.questions}
    assert {others for _, _, others, _ in done} == {frozenset()}
    verdicts = room.store.verdicts("pets")
    assert sorted(v.id for v in verdicts) == sorted(v for *_, v in done)
    assert len(verdicts) == 60
    assert Counter(a.action for a in read(room.store, limit=1000)) == {"decide": 60}
    assert room.open() == []


def test_with_overlap_an_item_goes_to_as_many_different_people_as_it_wants(room_of, url):
    room = room_of(20, verdicts_per_item=3, agree=2, policy="drop-contested")
    room.review = room.review.model_copy(update={"room": RoomConfig(sequence="random")})
    done = run(room, url, 5)
    by_item = Counter(hash_ for _, hash_, _, _ in done)
    assert by_item == {q.hash: 3 for q in room.questions}
    assert len({(who, hash_) for who, hash_, _, _ in done}) == 60
    assert max(len(others) for _, _, others, _ in done) <= 2


def test_the_same_answer_from_many_threads_is_one_verdict(room_of, url):
    room = room_of(3)
    answer = room.answer(0, "relabel", "h")
    start, found, errors = threading.Barrier(8), [], []

    def send(desk):
        start.wait()
        try:
            found.extend(desk.decide("ann", [answer], address=None, shown="open"))
        except Exception as e:
            errors.append(e)

    with ReviewStore(url) as other:
        desks = [room.desk(other if k % 2 else room.store) for k in range(8)]
        threads = [threading.Thread(target=send, args=(d,)) for d in desks]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
    assert errors == []
    assert len(found) == 8
    assert len({v.id for v in found}) == 1
    assert len(room.store.verdicts("pets")) == 1
    assert room.desk().progress("ann").mine == 1


WORKER = """
import pickle, sys
from datetime import UTC, datetime
from audits.review.desk.desk import Desk
from audits.review.desk.records import Answer
from audits.review.store import ReviewStore

url, who, parts = sys.argv[1], sys.argv[2], pickle.loads(bytes.fromhex(sys.stdin.readline()))
store = ReviewStore(url)
desk = Desk(store, "pets", parts["items"], parts["review"], findings=parts["findings"],
            signals=lambda: parts["signals"], version="v1", now=lambda: datetime.now(UTC))
n = 0
print("open", flush=True)
while (task := desk.take(who)) is not None:
    n += 1
    hash_ = task.task.question.hash
    desk.decide(who, [Answer(f"{who} {n}", hash_, "keep")], address=None, shown="open")
    print(f"done {hash_}", flush=True)
store.close()
"""


def process(room, url, who):
    started = subprocess.Popen(
        [sys.executable, "-c", WORKER, url, who],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    parts = {"items": room.items, "review": room.review, "findings": room.findings, "signals": room.signals}
    assert started.stdin is not None
    started.stdin.write(pickle.dumps(parts).hex() + "\n")
    started.stdin.close()
    return started


def lines(running):
    assert running.stdout is not None
    with running.stdout as out:
        return [line.split()[1] for line in out if line.startswith("done ")]


def test_a_process_killed_in_the_middle_loses_nothing_and_its_leases_come_back(room_of, url):
    room = room_of(60)
    victim, other = process(room, url, "victim"), process(room, url, "other")
    told = []
    assert victim.stdout is not None
    for line in victim.stdout:
        if line.startswith("done "):
            told.append(line.split()[1])
        if len(told) == 8:
            os.kill(victim.pid, signal.SIGKILL)
            break
    told += lines(victim)
    victim.wait()
    done = lines(other)
    assert other.wait() == 0
    verdicts = room.store.verdicts("pets")
    by_person = Counter(v.reviewer for v in verdicts)
    assert set(told) <= {v.question.hash for v in verdicts if v.reviewer == "victim"}
    assert by_person["victim"] <= len(told) + 1, "one more may be stored whose word did not get out"
    assert by_person["other"] == len(done)
    assert max(Counter(v.question.hash for v in verdicts).values()) == 1
    # what the victim held was not given to anybody else; it is there again when the lease ends
    left = room.open()
    assert len(left) <= 1
    room.clock.at = datetime.now(UTC)
    assert room.given("ann") == []
    room.clock.at += timedelta(minutes=16)
    assert room.given("ann") == left
    for k in left:
        room.say("ann", k)
    assert room.desk().progress("ann").decided == 60
