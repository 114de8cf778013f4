from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pyarrow as pa
import pytest

from audits.classes import ClassList
from audits.contracts import FINDINGS, ITEMS, SIGNALS
from audits.review.consensus import Rule
from audits.review.desk.desk import Desk
from audits.review.desk.records import Answer, Filters
from audits.review.open_queue import open_tasks
from audits.review.questions import questions_of
from audits.review.records import NewTask, Priority, Question
from audits.review.store import ReviewStore
from audits.review_config import ReviewConfig
from audits.stored import StoredItems

CLASSES = ClassList(("c", "d", "h"), ("cat", "dog", "horse"))


@dataclass
class Clock:
    at: datetime = field(default_factory=lambda: datetime(2026, 3, 2, 9, 0, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.at

    def on(self, **more: float) -> None:
        self.at += timedelta(**more)


@dataclass
class Room:
    """One dataset with n items, all of which are queued as flagged, and desks on it."""

    store: ReviewStore
    items: StoredItems
    review: ReviewConfig
    findings: pa.Table
    signals: pa.Table
    questions: list[Question]
    clock: Clock = field(default_factory=Clock)
    version: str = "v1"
    numbers: Any = field(default_factory=count)

    def desk(self, store: ReviewStore | None = None, **more: Any) -> Desk:
        values = {
            "findings": self.findings,
            "signals": lambda: self.signals,
            "version": self.version,
            "now": self.clock,
        }
        review = more.pop("review", self.review)
        items = more.pop("items", self.items)
        return Desk(store or self.store, "pets", items, review, **{**values, **more})

    def hash(self, k: int) -> str:
        return self.questions[k].hash

    def number(self, question_hash: str) -> int:
        return [q.hash for q in self.questions].index(question_hash)

    def answer(self, k: int | str, decision: str = "keep", *labels: str, **more: Any) -> Answer:
        hash_ = k if isinstance(k, str) else self.hash(k)
        client_id = more.pop("client_id", f"a{next(self.numbers)}")
        return Answer(client_id, hash_, decision, labels, **more)  # type: ignore[arg-type]

    def say(self, who: str, k: int | str, decision: str = "keep", *labels: str, **more: Any):
        desk = more.pop("desk", None) or self.desk()
        role = more.pop("role", None)
        given = self.answer(k, decision, *labels, **more)
        return desk.decide(who, [given], address=None, shown="open", role=role)[0]

    def open(self) -> list[int]:
        """The open tasks as the reference orders them."""
        rule = Rule.from_config(self.review)
        tasks = open_tasks(self.store, "pets", self.items.items, self.items.classes, rule)
        return [self.number(t.question.hash) for t in tasks]

    def given(self, who: str, n: int = 10_000, desk: Desk | None = None) -> list[int]:
        found = (desk or self.desk()).take_many(who, Filters(), n)
        return [self.number(a.task.question.hash) for a in found]


def stored_items(n: int, labels: Sequence[int] | None = None, content: str = "x") -> StoredItems:
    labels = labels or [k % 3 for k in range(n)]
    table = pa.table(
        [
            [f"i{k}" for k in range(n)],
            labels,
            [CLASSES.names[x] for x in labels],
            [f"{content}{k}" for k in range(n)],
        ],
        schema=ITEMS,
    )
    return StoredItems(table, pa.table({"text": [f"text {k}" for k in range(n)]}), ("text",), CLASSES, "id")


def findings_of(items: StoredItems) -> pa.Table:
    n = len(items.labels)
    rows = [
        {
            "item_id": f"i{k}",
            "rank": k + 1,
            "score": (k + 1) / (n + 1),
            "flagged": True,
            "given_label": int(items.labels[k]),
            "suggested_label": (int(items.labels[k]) + 1) % 3,
            "reasons": [],
            "probability": None,
            "held_out": None,
        }
        for k in range(n)
    ]
    return pa.Table.from_pylist(rows, schema=FINDINGS)


def make_room(
    store: ReviewStore,
    n: int = 6,
    *,
    strata: dict[int, str] | None = None,
    signals: Sequence[tuple[int, str, str | None]] = (),
    probability: dict[int, float] | None = None,
    priorities: bool = True,
    **review: Any,
) -> Room:
    items = stored_items(n)
    questions = questions_of(items.items, "pets", CLASSES)
    kinds = {k: "flagged" for k in range(n)} | (strata or {})
    tasks = [
        NewTask(
            q,
            kinds[k],  # type: ignore[arg-type]
            1.0 if kinds[k] == "flagged" else 0.5,
            k + 1 if kinds[k] == "flagged" else None,
            CLASSES.ids[(k + 1) % 3],
            (f"reason {k}",),
            "d" if kinds[k] == "gold" else None,
        )
        for k, q in enumerate(questions)
    ]
    likely = probability or {}
    order = [
        Priority(
            q.hash,
            k + 1 if kinds[k] == "flagged" else None,
            likely.get(k),
            CLASSES.ids[(k + 1) % 3],
            (f"reason {k}",),
        )
        for k, q in enumerate(questions)
    ]
    store.renew_queue("pets", tasks, order if priorities else [])
    empty = {f.name: None for f in SIGNALS}
    table = pa.Table.from_pylist(
        [
            {**empty, "item_id": f"i{k}", "signal": signal, "model": model, "flagged": True, "score": 0.1}
            for k, signal, model in signals
        ],
        schema=SIGNALS,
    )
    return Room(store, items, ReviewConfig(**review), findings_of(items), table, questions)


@pytest.fixture
def room_of(url: str) -> Iterator[Callable[..., Room]]:
    """Make a room; item k has rank k + 1. Its store is closed at the end."""
    opened: list[ReviewStore] = []

    def make(n: int = 6, **more: Any) -> Room:
        store = ReviewStore(url)
        opened.append(store)
        return make_room(store, n, **more)

    yield make
    for store in opened:
        store.close()


class Rooms:
    """Makes rooms in stores of the caller's own; numbers by which these can be named."""

    make = staticmethod(make_room)
    _numbers = count()

    def next(self) -> int:
        return next(self._numbers)


@pytest.fixture(scope="session")
def new_room() -> Rooms:
    return Rooms()


@pytest.fixture
def make_items() -> Callable[..., StoredItems]:
    return stored_items
