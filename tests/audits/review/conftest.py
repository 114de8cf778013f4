from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from audits.classes import ClassList
from audits.contracts import ITEMS
from audits.review.records import Question, StoredVerdict
from audits.review.store import ReviewStore

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
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'review.sqlite'}"


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
