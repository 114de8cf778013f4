"""What the next item and a decision cost by the length of the queue, without HTTP.

Run as `python benchmarks/review_queue.py [--url URL] [N ...]`; without a URL in SQLite files of its own. It prints the
50th and 95th percentiles, in milliseconds, of taking, prefetching, deciding and telling the progress, in the order of
priority and at random, and how long it takes to make anew what the next item is chosen from.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from audits.classes import ClassList
from audits.contracts import FINDINGS, ITEMS, SIGNALS
from audits.review.desk.desk import Desk
from audits.review.desk.records import Answer, Filters
from audits.review.questions import questions_of
from audits.review.records import NewTask, Priority
from audits.review.store import ReviewStore
from audits.review_config import ReviewConfig
from audits.room_config import RoomConfig
from audits.stored import StoredItems

CLASSES = ClassList(tuple(f"c{k}" for k in range(100)), tuple(f"class {k}" for k in range(100)))
MODELS = ("m1", "m2", "m3")


@dataclass(frozen=True)
class Queue:
    """A dataset of which every item is queued."""

    name: str
    items: StoredItems
    findings: pa.Table
    signals: pa.Table

    def desk(self, store: ReviewStore, review: ReviewConfig | None = None) -> Desk:
        """A desk on it."""
        return Desk(
            store,
            self.name,
            self.items,
            review or ReviewConfig(),
            findings=self.findings,
            signals=lambda: self.signals,
            version="made up",
        )


def make_queue(url: str, n: int, name: str = "queue") -> Queue:
    """Fill a review store with a dataset of n items, all of them queued; one in ten is a control item.

    Parameters
    ----------
    url : str
        Of a store that does not know the dataset.
    n : int
    name : str
        Of the dataset.
    """
    rng = np.random.default_rng(n)
    given = rng.integers(0, len(CLASSES), n)
    suggested = (given + rng.integers(1, len(CLASSES), n)) % len(CLASSES)
    likely = np.sort(rng.beta(0.5, 1.0, n))[::-1]
    ids = [f"item-{k}" for k in range(n)]
    items = StoredItems(
        pa.table(
            [ids, given.astype(np.int32), [CLASSES.names[g] for g in given], [f"hash {k}" for k in range(n)]],
            schema=ITEMS,
        ),
        pa.table({"text": [f"the text of item {k}" for k in range(n)]}),
        ("text",),
        CLASSES,
        "id",
    )
    findings = pa.table(
        {
            "item_id": ids,
            "rank": np.arange(1, n + 1, dtype=np.int32),
            "score": 1 - likely,
            "flagged": np.ones(n, dtype=bool),
            "given_label": given.astype(np.int32),
            "suggested_label": suggested.astype(np.int32),
            "reasons": pa.array([["two of three models say otherwise"]] * n, type=pa.list_(pa.string())),
            "probability": likely,
            "held_out": likely,
        },
        schema=FINDINGS,
    )
    empty = {f.name: pa.nulls(n, f.type) for f in SIGNALS}
    signals = pa.concat_tables(
        pa.table(
            empty
            | {
                "item_id": pa.array(ids),
                "signal": pa.array([audit] * n),
                "model": pa.array([model] * n),
                "score": pa.array(1 - likely),
                "flagged": pa.array(rng.random(n) < 0.6),
            },
            schema=SIGNALS,
        )
        for audit in ("confident_learning", "low_margin")
        for model in MODELS
    )
    questions = questions_of(items.items, name, CLASSES)
    control = np.arange(n) % 10 == 9
    tasks = [
        NewTask(
            q,
            "control" if control[k] else "flagged",
            0.1 if control[k] else 1.0,
            None if control[k] else k + 1,
            CLASSES.ids[suggested[k]],
            ("two of three models say otherwise",),
        )
        for k, q in enumerate(questions)
    ]
    priorities = [
        Priority(
            q.hash,
            None if control[k] else k + 1,
            float(likely[k]),
            CLASSES.ids[suggested[k]],
            ("two of three models say otherwise",),
        )
        for k, q in enumerate(questions)
    ]
    with ReviewStore(url) as store:
        store.renew_queue(name, tasks, priorities)
    return Queue(name, items, findings, signals)


def percentiles(seconds: list[float]) -> str:
    """The 50th and the 95th percentile, in milliseconds."""
    low, high = 1000 * np.percentile(seconds, [50, 95])
    return f"p50 {low:7.2f}   p95 {high:7.2f}"


def measure(url: str, n: int, times: int) -> None:
    """Print what the operations cost on a queue of n tasks in a new store."""
    queue = make_queue(url, n)
    print(f"{n:,} tasks")
    with ReviewStore(url) as store:
        start = time.perf_counter()
        queue.desk(store).take("warm")
        print(f"  made anew           {time.perf_counter() - start:.1f} s")
        for sequence in ("priority", "random"):
            desk = queue.desk(store, ReviewConfig(room=RoomConfig(sequence=sequence)))  # type: ignore[arg-type]
            _measure(desk, sequence, times)
        desk = queue.desk(store, ReviewConfig(room=RoomConfig(second_look=0.1, repeat=0.14)))
        desk.take("warm")
        _measure(desk, "second looks", times)
        desk = queue.desk(store)
        desk.take("warm")
        pair = desk.pairs(1)[0]
        chosen = Filters(given=pair.given, suggested=pair.suggested)
        told: dict[str, Callable[[], object]] = {
            "take, one pair": lambda: desk.take("ann", chosen),
            "take, one model": lambda: desk.take("bob", Filters(model="m2", low=0.2)),
            "take, 100 at once": lambda: desk.take_many("cem", Filters(), 100),
            "pairs": lambda: desk.pairs(),
            "history": lambda: desk.history("ann"),
        }
        for name, call in told.items():
            print(f"  {name:19} {percentiles([_timed(call) for _ in range(20)])}")


def _measure(desk: Desk, called: str, times: int) -> None:
    spent: dict[str, list[float]] = {"take": [], "take ahead": [], "decide": [], "progress": []}
    for k in range(times):
        who = f"reviewer {k % 5}"
        start = time.perf_counter()
        task = desk.take(who)
        spent["take"].append(time.perf_counter() - start)
        if task is None:
            raise SystemExit(f"{called}: the queue has nothing left for {who}")
        spent["take ahead"].append(_timed(lambda who=who: desk.take(who, ahead=1)))
        answer = Answer(f"{called} {k}", task.task.question.hash, "keep")
        spent["decide"].append(
            _timed(lambda a=answer, who=who: desk.decide(who, [a], address="127.0.0.1", shown="open"))
        )
        spent["progress"].append(_timed(lambda who=who: desk.progress(who)))
    print(f"  {called}")
    for name, seconds in spent.items():
        print(f"    {name:17} {percentiles(seconds)}")


def _timed(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def main() -> None:
    """Run the measurements that the command line asks for."""
    reading = argparse.ArgumentParser(description=__doc__)
    reading.add_argument("sizes", nargs="*", type=int, default=[10_000, 100_000])
    reading.add_argument("--url", help="an empty store; one size only")
    reading.add_argument("--times", type=int, default=300)
    given = reading.parse_args()
    if given.url:
        measure(given.url, given.sizes[0], given.times)
        return
    for n in given.sizes:
        with tempfile.TemporaryDirectory() as folder:
            measure(f"sqlite:///{Path(folder, 'review.sqlite')}", n, given.times)


if __name__ == "__main__":
    main()
