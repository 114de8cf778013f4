from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from sqlalchemy import create_engine, text

from audits.classes import ClassList
from audits.contracts import ITEMS
from audits.review.consensus import Rule
from audits.review.exchange import export_queue
from audits.review.questions import questions_of
from audits.review.records import NewTask, Question, StoredVerdict
from audits.review.store import ReviewStore
from audits.review.verdict_import import import_verdicts

ONE = Rule(1, 1)
CLASSES = ClassList(("c", "d", "h", "k1", "k2"), ("cat", "dog", "horse", "crane", "crane"))


def make_items(n: int = 4, labels: list[int] | None = None, content: str = "x") -> pa.Table:
    labels = labels or [i % 3 for i in range(n)]
    return pa.table(
        [
            [f"i{k}" for k in range(n)],
            labels,
            [CLASSES.names[label] for label in labels],
            [f"{content}{k}" for k in range(n)],
        ],
        schema=ITEMS,
    )


def stored(
    id_: int,
    decision: str,
    *labels: str,
    reviewer: str | None = None,
    withdrawn: bool = False,
    question: Question | None = None,
) -> StoredVerdict:
    at = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=id_)
    return StoredVerdict(
        id_,
        f"v{id_}",
        question or Question("pets", "i0", "x0", "c", CLASSES.fingerprint),
        reviewer,
        decision,  # type: ignore[arg-type]
        labels,
        "",
        None,
        at,
        at,
        "test",
        withdrawn,
    )


@pytest.fixture(scope="session")
def classes() -> ClassList:
    return CLASSES


@pytest.fixture
def items() -> pa.Table:
    return make_items()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'review.sqlite'}"


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    """URL of an empty store, of each kind in turn: what asks for it holds on both."""
    return request.getfixturevalue(f"{request.param}_url")


@pytest.fixture(scope="session")
def raw() -> Callable[..., list[Any]]:
    """Run a statement past the store, as somebody with a database tool would; returns the rows."""

    def run(url: str, statement: str, **values: object) -> list[Any]:
        engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
        try:
            with engine.begin() as connection:
                if url.startswith("sqlite"):
                    connection.exec_driver_sql("PRAGMA foreign_keys = ON")
                done = connection.execute(text(statement), values)
                return [tuple(r) for r in done] if done.returns_rows else []
        finally:
            engine.dispose()

    return run


@pytest.fixture
def store(url: str) -> Iterator[ReviewStore]:
    with ReviewStore(url) as store:
        yield store


@pytest.fixture(scope="session")
def vote() -> Callable[..., StoredVerdict]:
    return stored


@pytest.fixture(scope="session")
def build_items() -> Callable[..., pa.Table]:
    return make_items


@pytest.fixture
def questions(items, classes):
    return questions_of(items, "pets", classes)


@pytest.fixture
def queued(store, questions):
    """A store with all four items in the queue, the last two of them unranked."""
    store.queue(
        [
            NewTask(questions[1], "flagged", 1.0, 2, "h", ("models differ",)),
            NewTask(questions[0], "flagged", 1.0, 1, "k1", ("12 of 13 models say crane", "low margin")),
            NewTask(questions[2], "gold", 1.0, None, "d", (), "d"),
            NewTask(questions[3], "control", 0.1, None, None, ()),
        ]
    )
    return store


@pytest.fixture
def export(queued, items, classes, tmp_path):
    def run(name: str = "queue.csv", content: pa.Table | None = None, rule: Rule = ONE, **more: bool) -> Path:
        path = tmp_path / name
        export_queue(queued, "pets", items, content, classes, rule, path, **more)
        return path

    return run


@pytest.fixture
def take_back(queued, items, classes):
    def run(path: Path, reviewer: str | None = "ann", items: pa.Table = items):
        return import_verdicts(queued, "pets", classes, path, reviewer, items)

    return run


@pytest.fixture
def file(tmp_path, questions):
    """A CSV file with one row per answer to the items in their order, or with given columns."""

    def write(*answers: dict[str, Any], name: str = "back.csv") -> Path:
        columns = list(dict.fromkeys(["item_id", "question", *(k for a in answers for k in a)]))
        buffer = io.StringIO()
        out = csv.DictWriter(buffer, columns, restval="")
        out.writeheader()
        for question, answer in zip(questions, answers, strict=False):
            out.writerow({"item_id": question.item_id, "question": question.hash, **answer})
        path = tmp_path / name
        path.write_bytes(buffer.getvalue().encode())
        return path

    return write


@pytest.fixture(scope="session")
def said() -> Callable[[ReviewStore], list[tuple[Any, ...]]]:
    """What a store's verdicts say, in the order of storing."""

    def tell(store: ReviewStore) -> list[tuple[Any, ...]]:
        return [(v.question.item_id, v.reviewer, v.decision, v.labels) for v in store.verdicts("pets")]

    return tell
