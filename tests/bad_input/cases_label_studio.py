"""Bad input in what Label Studio exports, and in the history of verdicts."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from audits.review.history import history
from audits.review.store import ReviewStore
from tests.bad_input.answers import Spoil, asked, bytes_of, verdict_case, void
from tests.bad_input.case import ANY, Case
from tests.conftest import MadeUp

_FILE = "{root}/project.json"
_BAD = _FILE + ": 1 bad task; nothing was stored\n  - task 1: "


def _annotation(choice: str, **more: Any) -> dict[str, Any]:
    result = {"type": "choices", "from_name": "label", "to_name": "given", "value": {"choices": [choice]}}
    return {"id": 5, "completed_by": 1, "result": [result], "updated_at": "2026-03-01T08:00:00Z"} | more


def _project(*annotations: dict[str, Any], spoil: Callable[[dict[str, Any]], object] = bool) -> Spoil:
    """An export of one task, the first of the queue, with these annotations."""

    def write(zoo: MadeUp) -> None:
        q = asked(zoo)[0]
        data = {"item_id": q.item_id, "question": q.hash, "given_label": q.given_label}
        task: dict[str, Any] = {"id": 1, "data": data, "annotations": list(annotations)}
        spoil(task)
        (zoo.root / "project.json").write_text(json.dumps([task]), encoding="utf-8")

    return write


def _history(change: dict[str, Any]) -> Spoil:
    """The history of the workspace's verdicts, with something changed in its first row."""

    def write(zoo: MadeUp) -> None:
        with ReviewStore(zoo.workspace.store_url) as store:
            rows = history(store, "zoo")
        rows[0] |= change
        text = "".join(json.dumps(r) + "\n" for r in rows)
        void((zoo.root / "history.jsonl").write_text(text, encoding="utf-8"))

    return write


def _case(name: str, what: str, spoil: Spoil, message: str, code: str = "verdicts") -> Case:
    return verdict_case(f"label-studio-{name}", what, spoil, code, message, file="project.json")


CASES: tuple[Case, ...] = (
    _case(
        "no-list",
        "JSON that is no list of tasks",
        bytes_of(b"{}", "project.json"),
        _FILE + ": expected a list of tasks as Label Studio exports it, got an object",
        "file",
    ),
    _case(
        "broken",
        "JSON that breaks off",
        bytes_of(b"[{", "project.json"),
        _FILE + ": not valid JSON (" + ANY + ")",
        "file",
    ),
    _case(
        "min",
        "the export named JSON-MIN",
        _project(spoil=lambda t: t.update(annotation_id=t.pop("annotations"))),
        _BAD + "this is JSON-MIN; export as JSON, which has the annotations",
    ),
    _case(
        "stranger",
        "a task that labelaudit did not write",
        _project(_annotation("bee"), spoil=lambda t: t.update(data={"text": "x"})),
        _BAD + "no 'item_id', 'question', 'given_label' in its data: not a task that 'verdicts export' wrote",
    ),
    _case(
        "choice",
        "a choice that is no class",
        _project(_annotation("cwo")),
        _BAD + "annotation 5: unknown choice 'cwo'; the nearest is 'cow'",
    ),
    _case(
        "given",
        "a given label that somebody changed",
        _project(_annotation("cow"), spoil=lambda t: t["data"].update(given_label="ant")),
        _BAD + "annotation 5: 'given_label' is not that of its question, 'bee'",
    ),
    _case(
        "several-faults",
        "several faults of one annotation",
        _project(_annotation("cow", lead_time=-1, completed_by=None)),
        _FILE + ": 1 bad task; nothing was stored\n"
        "  - task 1: annotation 5: no reviewer; fill in the column or name one for the whole file\n"
        "  - task 1: annotation 5: 'seconds' must be a finite number of at least 0, got -1.0",
    ),
    verdict_case(
        "history-changed",
        "a row of a history whose question does not fit its parts",
        _history({"question": "0" * 32}),
        "verdicts",
        "{root}/history.jsonl: 1 bad row; nothing was stored\n  - line 1: question '"
        + "0" * 32
        + "' is not the one "
        "that its parts make (dataset 'zoo', item_id, question_content, given_label, question_classes)",
        file="history.jsonl",
    ),
    verdict_case(
        "history-other",
        "a client id that is stored with another verdict",
        _history({"decision": "unusable", "labels": []}),
        "verdicts",
        "{root}/history.jsonl: 1 bad row; nothing was stored\n  - line 1: client_id "
        + ANY
        + " is stored with another "
        "verdict",
        file="history.jsonl",
    ),
)
