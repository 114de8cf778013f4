from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from audits.review.records import NewVerdict, Question
from audits.review.store import ReviewStore

ROOT = Path(__file__).parents[3]


def ask(item: str = "i0") -> Question:
    return Question("pets", item, "x", "c", "abc")


def keep(client_id: str, item: str = "i0") -> NewVerdict:
    return NewVerdict(client_id, ask(item), "ann", "keep")


WRITER = """
import sys
from audits.review.records import NewVerdict, Question
from audits.review.store import ReviewStore
store = ReviewStore(sys.argv[1])
name, n = sys.argv[2], int(sys.argv[3])
print("open", flush=True)
for k in range(n):
    question = Question("pets", f"{name}-{k}", "x", "c", "abc")
    store.add_verdicts([NewVerdict(f"{name}-{k}", question, name, "keep")])
    print(k, flush=True)
store.close()
"""


def writer(url: str, name: str, n: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, url, name, str(n)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )


def test_killed_process_loses_nothing_it_was_told_is_stored(url):
    process = writer(url, "victim", 1_000_000)
    assert process.stdout is not None
    acknowledged = -1
    for line in process.stdout:
        if line.strip().isdigit():
            acknowledged = int(line)
        if acknowledged >= 25:
            os.kill(process.pid, signal.SIGKILL)
            break
    rest = process.stdout.read().split("\n")[:-1]
    process.stdout.close()
    process.wait()
    acknowledged = max([acknowledged, *(int(line) for line in rest)])
    with ReviewStore(url) as store:
        kept = [v.client_id for v in store.verdicts("pets")]
        assert kept[: acknowledged + 1] == [f"victim-{k}" for k in range(acknowledged + 1)]
        assert len(kept) <= acknowledged + 2  # one more may be stored whose word did not get out
        assert store.add_verdicts([NewVerdict("after", ask(), "ann", "keep")]) == (1, 0)


def test_processes_that_create_and_write_one_store_at_once(url):
    # eight at once, each with verdicts of its own and, from two processes each, the same ones
    names = ["a", "b", "c", "d", "e", "f", "same", "same"]
    processes = [writer(url, name, 20) for name in names]
    for process in processes:
        process.communicate(timeout=120)
        assert process.returncode == 0
    with ReviewStore(url) as store:
        kept = [v.client_id for v in store.verdicts("pets")]
        assert sorted(kept) == sorted(f"{name}-{k}" for name in set(names) for k in range(20))
        ids = [v.id for v in store.verdicts("pets")]
        assert len(set(ids)) == len(ids)


def test_threads_that_send_the_same_verdicts_store_them_once(store):
    results: list[tuple[int, int]] = []
    start = threading.Barrier(8)

    def send() -> None:
        start.wait()
        results.extend(store.add_verdicts([keep(f"v{k}", f"i{k}")]) for k in range(25))

    threads = [threading.Thread(target=send) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(results) == 200
    assert sum(stored for stored, _ in results) == 25
    assert len(store.verdicts("pets")) == 25


def test_opening_a_new_store_in_many_threads(url):
    opened: list[ReviewStore] = []
    start = threading.Barrier(6)

    def open_it() -> None:
        start.wait()
        opened.append(ReviewStore(url))

    threads = [threading.Thread(target=open_it) for _ in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(opened) == 6
    for s in opened:
        assert s.verdicts("pets") == []
        s.close()
