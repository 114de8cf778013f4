"""Files of verdicts for the cases, and what is said of one bad row."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

from audits.review.records import Question
from audits.review.store import ReviewStore
from tests.bad_input.case import Case
from tests.conftest import MadeUp

Spoil = Callable[[MadeUp], None]

BACK = "{root}/back.csv"
BAD = "{root}/back.csv: 1 bad row; nothing was stored\n  - line 2: "

_HEADER = (
    "item_id",
    "question",
    "decision",
    "labels",
    "reviewer",
    "comment",
    "seconds",
    "client_id",
    "decided_at",
)


def asked(zoo: MadeUp) -> list[Question]:
    """The questions of the queue, by item id: zoo-000 (bee), zoo-037 (cow), zoo-074 (ant), zoo-111 (bee)."""
    with ReviewStore(zoo.workspace.store_url) as store:
        return sorted((t.question for t in store.tasks("zoo")), key=lambda q: q.item_id)


def rows(zoo: MadeUp, *answers: dict[str, Any]) -> list[dict[str, Any]]:
    """An answer an item, `keep` by bob where it does not say otherwise."""
    return [
        {"item_id": q.item_id, "question": q.hash, "decision": "keep", "reviewer": "bob"} | answer
        for q, answer in zip(asked(zoo), answers, strict=False)
    ]


def csv_of(*answers: dict[str, Any]) -> Spoil:
    """A file `back.csv` of `rows`."""

    def spoil(zoo: MadeUp) -> None:
        text = io.StringIO()
        out = csv.DictWriter(text, _HEADER, restval="", lineterminator="\n")
        out.writeheader()
        out.writerows(rows(zoo, *answers))
        (zoo.root / "back.csv").write_text(text.getvalue(), encoding="utf-8", newline="")

    return spoil


def bytes_of(data: bytes, name: str = "back.csv") -> Spoil:
    """A file of these bytes."""
    return lambda zoo: void((zoo.root / name).write_bytes(data))


def void(_: object) -> None:
    """Make of an expression something that is done."""


def jsonl_of(write: Callable[[MadeUp], list[str]]) -> Spoil:
    """A file `back.jsonl` of these lines."""
    return lambda zoo: void(
        (zoo.root / "back.jsonl").write_text("\n".join(write(zoo)) + "\n", encoding="utf-8")
    )


def verdict_case(
    name: str,
    what: str,
    spoil: Spoil,
    code: str,
    message: str,
    *,
    file: str = "back.csv",
) -> Case:
    """The import of `back.csv`, or of another file."""
    command = ("verdicts", "import", "zoo", "{root}/" + file)
    return Case(f"verdicts-{name}", "verdict files", what, spoil, code, message, command)
