from __future__ import annotations

import csv
import io
import json

import pytest

from audits.review.consensus import Rule
from audits.review.history import COLUMNS
from audits.review.label_studio_export import export_label_studio
from audits.web.people import Person

TYPES = {"csv": "text/csv", "jsonl": "application/x-ndjson", "json": "application/json"}


def decide(visitor, n, dataset="zoo", **more):
    """Answer the first tasks of the queue."""
    for _ in range(n):
        asked = visitor.post(f"/api/v1/datasets/{dataset}/next", json={}).json()["assignment"]["question"]
        answer = {"client_id": f"id-{asked}", "question": asked, "decision": "keep", **more}
        sent = visitor.post(f"/api/v1/datasets/{dataset}/verdicts", json={"answers": [answer]})
        assert sent.status_code == 200, sent.text


def rows(answer, format_):
    if format_ == "csv":
        return list(csv.DictReader(io.StringIO(answer.text, newline="")))
    return json.loads(answer.text) if format_ == "json" else [json.loads(x) for x in answer.text.splitlines()]


def send(visitor, data, kind, dataset="zoo", **query):
    headers = {"content-type": kind}
    return visitor.post(f"/api/v1/datasets/{dataset}/import", params=query, content=data, headers=headers)


@pytest.mark.parametrize("format_", list(TYPES))
def test_all_verdicts_come_out_for_adjudicators_and_ones_own_for_reviewers(api, format_):
    made = api(accounts=True)
    bob, cem = made.program("bob"), made.program("cem")
    decide(bob, 2, comment="=HYPERLINK(1)")
    decide(cem, 1)
    bob.post("/api/v1/datasets/zoo/undo", json={"client_id": "u"})
    path = "/api/v1/datasets/zoo/verdicts"
    answer = cem.get(path, params={"format": format_})
    assert answer.headers["content-type"].split(";")[0] == TYPES[format_]
    assert "attachment" in answer.headers["content-disposition"]
    found = rows(answer, format_)
    assert [r["reviewer"] for r in found] == ["bob", "bob", "cem"]
    assert tuple(found[0]) == COLUMNS
    assert [str(r["withdrawn"]).lower() for r in found] == ["false", "true", "false"]
    assert found[0]["comment"] == ("'=HYPERLINK(1)" if format_ == "csv" else "=HYPERLINK(1)")
    own = rows(bob.get(path, params={"format": format_}), format_)
    assert [r["reviewer"] for r in own] == ["bob", "bob"]
    assert {r["role"] for r in own} == {"" if format_ == "csv" else None}


def test_an_empty_history_is_a_file_of_its_kind(api):
    visitor = api().local()
    texts = {f: visitor.get("/api/v1/datasets/zoo/verdicts", params={"format": f}).text for f in TYPES}
    assert texts == {"csv": ",".join(COLUMNS) + "\r\n", "jsonl": "", "json": "[]"}
    for wrong in ({"format": "xml"}, {"fromat": "csv"}):
        assert visitor.get("/api/v1/datasets/zoo/verdicts", params=wrong).status_code == 422


def test_a_reviewers_own_history_of_a_blind_dataset_does_not_tell_what_was_suggested(api):
    made = api(accounts=True)
    bob = made.program("bob")
    while bob.get("/api/v1/datasets/dark/progress").json()["open"]:
        decide(bob, 1, "dark")
    assert any(v.suggested for v in made.store.verdicts("dark"))
    own = rows(bob.get("/api/v1/datasets/dark/verdicts"), "jsonl")
    assert {r["suggested"] for r in own} == {None}
    assert any(
        r["suggested"] for r in rows(made.program("cem").get("/api/v1/datasets/dark/verdicts"), "jsonl")
    )


@pytest.mark.parametrize("format_", ["csv", "jsonl"])
def test_a_history_goes_out_of_one_store_and_into_another(api, format_):
    made, other = api(accounts=True), api(accounts=True)
    decide(made.program("bob"), 3)
    made.program("bob").post("/api/v1/datasets/zoo/undo", json={"client_id": "u"})
    data = made.program("cem").get("/api/v1/datasets/zoo/verdicts", params={"format": format_}).content
    there = other.program("cem")
    open_before = there.get("/api/v1/datasets/zoo/progress").json()["open"]
    done = send(there, data, TYPES[format_])
    assert done.json() == {"stored": 3, "already": 0, "unanswered": 0, "withdrawn": 1}
    assert send(there, data, TYPES[format_]).json() == {
        "stored": 0,
        "already": 3,
        "unanswered": 0,
        "withdrawn": 0,
    }
    assert there.get("/api/v1/datasets/zoo/progress").json()["open"] == open_before - 2
    told = [a for a in other.guarded.activity() if a.action == "import"]
    assert [(a.who, a.dataset, a.detail["stored"]) for a in told] == [("cem", "zoo", 3)]


def test_what_label_studio_exports_comes_in(api, tmp_path):
    made = api()
    visitor = made.local()
    loaded = made.app.state.room.loaded("zoo", Person("local", "admin"))
    path = tmp_path / "tasks.json"
    export_label_studio(
        made.store, "zoo", loaded.items.items, loaded.items.content_by_id, loaded.classes, Rule(1, 1), path
    )
    tasks = json.loads(path.read_text())
    value = {"choices": ["(unsure)"]}
    result = [{"type": "choices", "from_name": "label", "to_name": "given", "value": value}]
    mine = {"id": 7, "completed_by": 3, "result": result, "updated_at": "2026-03-01T08:00:00Z"}
    exported = [{**t, "annotations": [mine] if i == 0 else []} for i, t in enumerate(tasks)]
    data = json.dumps(exported).encode()
    assert send(visitor, data, "application/json").json()["stored"] == 1
    assert send(visitor, data, "application/json; charset=utf-8").json()["already"] == 1
    (stored,) = made.store.verdicts("zoo")
    assert (stored.reviewer, stored.decision) == ("3", "unsure")


def test_only_adjudicators_take_files_in(api):
    made = api(accounts=True)
    refused = send(made.program("bob"), b"item_id,question,decision\n", "text/csv")
    assert refused.status_code == 403
    assert "adjudicator" in refused.json()["detail"]
    assert send(made.program("cem"), b"item_id,question,decision\n", "text/csv").status_code == 200


@pytest.mark.parametrize(
    ("data", "kind", "status", "words"),
    [
        (b"", "text/csv", 422, "the file: the file is empty; expected a header row"),
        (b"a,b\n", "text/csv", 422, "the file: line 1: no column 'item_id'"),
        (
            b"item_id,question,decision\ni,beef,keep\n",
            "text/csv",
            422,
            "line 2: question 'beef' is not known",
        ),
        (b"\xff", "application/x-ndjson", 422, "not UTF-8"),
        (b"{}", "application/x-ndjson", 422, "line 1: no 'item_id'"),
        (b"{}", "application/json", 422, "expected a list of tasks as Label Studio exports it"),
        (b"x", "text/plain", 415, "expected a body of the type text/csv or"),
        (b"x" * 20_000_001, "text/csv", 413, "20,000,000"),
    ],
)
def test_files_that_are_refused(api, data, kind, status, words):
    made = api()
    answer = send(made.local(), data, kind, reviewer="ann")
    assert answer.status_code == status, answer.text
    assert words in answer.json()["detail"]
    assert "/tmp" not in answer.json()["detail"]  # noqa: S108  where the file lay is nobody's business
    assert made.store.verdicts("zoo") == []
    assert [a for a in made.guarded.activity() if a.action == "import"] == []
