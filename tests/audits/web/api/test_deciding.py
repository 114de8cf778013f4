from __future__ import annotations

import json

import pytest


def questions(visitor, n):
    page = visitor.get("/api/v1/datasets/zoo/queue", params={"limit": n}).json()
    return [t["question"] for t in page["tasks"]]


def post(visitor, path, body):
    return visitor.post(f"/api/v1/datasets/zoo/{path}", json=body)


def test_a_decision_is_stored_once_however_often_it_is_sent(api):
    made = api(accounts=True)
    bob = made.program("bob")
    (asked,) = questions(bob, 1)
    answer = {
        "client_id": "a-1",
        "question": asked,
        "decision": "none",
        "comment": "a wolf\n<b>",
        "seconds": 2.5,
        "category": "out of vocabulary",
        "severity": "major",
    }
    sent = [post(bob, "verdicts", {"answers": [answer]}) for _ in range(3)]
    assert [s.status_code for s in sent] == [200] * 3
    assert sent[0].json() == sent[1].json() == sent[2].json()
    (stored,) = made.store.verdicts("zoo")
    assert (stored.reviewer, stored.decision, stored.comment, stored.seconds) == (
        "bob",
        "none",
        "a wolf\n<b>",
        2.5,
    )
    assert (stored.category, stored.severity) == ("out of vocabulary", "major")
    assert (stored.source, stored.shown, stored.role) == ("api", "open", "reviewer")
    (told,) = sent[0].json()["verdicts"]
    assert (told["id"], told["client_id"], told["question"]) == (stored.id, "a-1", asked)
    # second looks are blind: whose verdict was one is not told
    assert "role" not in told
    told = [a for a in made.guarded.activity() if a.action == "decide"]
    assert [(a.who, a.verdict_id, a.question_hash) for a in told] == [("bob", stored.id, asked)]


def test_what_a_person_was_shown_of_a_blind_dataset_is_kept(api):
    made = api(accounts=True)
    bob = made.program("bob")
    asked = bob.post("/api/v1/datasets/dark/next", json={}).json()["assignment"]["question"]
    answer = {"client_id": "1", "question": asked, "decision": "unsure"}
    assert bob.post("/api/v1/datasets/dark/verdicts", json={"answers": [answer]}).status_code == 200
    assert [v.shown for v in made.store.verdicts("dark")] == ["blind"]


def test_many_at_once_are_all_stored_or_none(api):
    made = api()
    visitor = made.local()
    asked = questions(visitor, 3)
    answers = [{"client_id": f"c{i}", "question": q, "decision": "keep"} for i, q in enumerate(asked)]
    answers[1] |= {"decision": "relabel", "labels": ["wolf"]}
    refused = post(visitor, "verdicts", {"answers": answers})
    assert refused.status_code == 422
    assert "not in the class list (wolf)" in refused.json()["detail"]
    assert made.store.verdicts("zoo") == []
    given = {
        t["question"]: t["given_label"] for t in visitor.get("/api/v1/datasets/zoo/queue").json()["tasks"]
    }
    answers[1]["labels"] = [next(c for c in ("ant", "bee") if c != given[asked[1]])]
    stored = post(visitor, "verdicts", {"answers": answers}).json()["verdicts"]
    assert [v["question"] for v in stored] == asked
    assert [v["decision"] for v in stored] == ["keep", "relabel", "keep"]
    assert not set(asked) & set(questions(visitor, 500))


def test_undo_takes_back_the_last_or_the_named_and_once_only(api):
    made = api(accounts=True)
    bob = made.program("bob")
    asked = questions(bob, 3)
    answers = [{"client_id": f"c{i}", "question": q, "decision": "keep"} for i, q in enumerate(asked)]
    ids = [v["id"] for v in post(bob, "verdicts", {"answers": answers}).json()["verdicts"]]
    for _ in range(2):
        gone = post(bob, "undo", {"client_id": "u1"}).json()["verdicts"]
        assert [(v["id"], v["withdrawn"]) for v in gone] == [(ids[2], True)]
    assert bob.post("/api/v1/datasets/zoo/next", json={}).json()["assignment"]["question"] == asked[2]
    both = post(bob, "undo", {"client_id": "u2", "verdicts": ids[:2]})
    assert [v["id"] for v in both.json()["verdicts"]] == ids[:2]
    assert [v.withdrawn for v in made.store.verdicts("zoo")] == [True] * 3
    assert post(bob, "undo", {"client_id": "u3"}).status_code == 404, "there is nothing left to take back"


def test_nobody_takes_back_what_somebody_else_said(api):
    made = api(accounts=True)
    bob, cem = made.program("bob"), made.program("cem")
    (asked,) = questions(bob, 1)
    answer = {"client_id": "1", "question": asked, "decision": "keep"}
    (stored,) = post(bob, "verdicts", {"answers": [answer]}).json()["verdicts"]
    assert post(cem, "undo", {"client_id": "u", "verdicts": [stored["id"]]}).status_code == 404
    assert [v.withdrawn for v in made.store.verdicts("zoo")] == [False]


def test_a_client_id_of_somebody_else_is_refused(api):
    made = api(accounts=True)
    (asked,) = questions(made.program("bob"), 1)
    answer = {"client_id": "1", "question": asked, "decision": "keep"}
    assert post(made.program("bob"), "verdicts", {"answers": [answer]}).status_code == 200
    refused = post(made.program("cem"), "verdicts", {"answers": [answer]})
    assert refused.status_code == 422
    assert "client id" in refused.json()["detail"]
    assert len(made.store.verdicts("zoo")) == 1


def test_a_task_that_was_put_aside_comes_after_the_others(api):
    made = api(accounts=True)
    bob = made.program("bob")
    first = bob.post("/api/v1/datasets/zoo/next", json={}).json()["assignment"]["question"]
    assert post(bob, "skip", {"question": first}).json() == {"question": first}
    assert bob.post("/api/v1/datasets/zoo/next", json={}).json()["assignment"]["question"] != first
    assert post(bob, "skip", {"question": "0" * 32}).status_code == 404


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("verdicts", {"answers": []}, "answers"),
        ("verdicts", {"answers": [{}] * 501}, "answers"),
        ("verdicts", {"answers": [{"client_id": ""}]}, "client_id"),
        ("verdicts", {"answers": [{"client_id": "x" * 501}]}, "client_id"),
        ("verdicts", {"answers": [{"client_id": "a\0"}]}, "NUL"),
        ("verdicts", {"answers": [{"question": "'; drop table verdict"}]}, "question"),
        ("verdicts", {"answers": [{"decision": "kep"}]}, "decision"),
        ("verdicts", {"answers": [{"seconds": -1}]}, "seconds"),
        ("verdicts", {"answers": [{"seconds": 1e999}]}, "seconds"),
        ("verdicts", {"answers": [{"comment": "x" * 10_001}]}, "comment"),
        ("verdicts", {"answers": [{"labels": ["x" * 1001]}]}, "labels"),
        ("verdicts", {"answers": [{"role": "adjudicator"}]}, "role"),
        ("verdicts", {"answers": [{"severity": "majr"}]}, "severity"),
        ("verdicts", {"answers": [{"decision": "multiple", "labels": ["ant"]}]}, "at least two"),
        ("verdicts", {"answers": [{"question": "0" * 32}]}, "never asked"),
        ("verdicts", {"answers": [{}], "role": "adjudicator"}, "role"),
        ("undo", {"client_id": "u", "verdicts": [2**31]}, "verdicts"),
        ("undo", {"client_id": "u", "verdicts": []}, "verdicts"),
        ("undo", {}, "client_id"),
        ("skip", {"question": "x"}, "question"),
    ],
)
def test_what_does_not_fit_is_refused_in_words_and_stores_nothing(api, path, body, words):
    made = api()
    visitor = made.local()
    (asked,) = questions(visitor, 1)
    fine = {"client_id": "1", "question": asked, "decision": "none"}
    if "answers" in body:
        body = {**body, "answers": [{**fine, **a} for a in body["answers"]]}
    # Python writes numbers that are none of JSON's, as careless programs do
    sent = json.dumps(body).encode()
    headers = {"content-type": "application/json"}
    answer = visitor.post(f"/api/v1/datasets/zoo/{path}", content=sent, headers=headers)
    assert answer.status_code == 422, answer.text
    assert set(answer.json()) == {"error", "detail"}
    assert words in answer.json()["detail"]
    assert made.store.verdicts("zoo") == []


def test_half_a_character_is_refused(api):
    visitor = api().local()
    (asked,) = questions(visitor, 1)
    body = json.dumps({"answers": [{"client_id": "\ud800", "question": asked, "decision": "keep"}]}).encode()
    answer = visitor.post(
        "/api/v1/datasets/zoo/verdicts", content=body, headers={"content-type": "application/json"}
    )
    assert answer.status_code == 422
    assert "half a character" in answer.json()["detail"]


def test_a_store_that_does_not_answer_is_told_and_nothing_is_confirmed(api):
    made = api()
    visitor = made.local()
    (asked,) = questions(visitor, 1)
    made.store.close()
    answer = {"client_id": "1", "question": asked, "decision": "keep"}
    refused = post(visitor, "verdicts", {"answers": [answer]})
    assert (refused.status_code, refused.json()["error"]) == (503, "store")


@pytest.mark.parametrize(
    ("sent", "stored"), [(3.5, 3.5), (86_400, 86_400), (86_401, 86_400), (1.7e308, 86_400)]
)
def test_nobody_spends_more_than_a_day_on_an_item(api, sent, stored):
    made = api()
    visitor = made.local()
    (asked,) = questions(visitor, 1)
    answer = {"client_id": "1", "question": asked, "decision": "keep", "seconds": sent}
    for _ in range(2):
        told = post(visitor, "verdicts", {"answers": [answer]})
        assert told.json()["verdicts"][0]["seconds"] == stored
    assert [v.seconds for v in made.store.verdicts("zoo")] == [stored]
