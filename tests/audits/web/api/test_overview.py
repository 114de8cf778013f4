from __future__ import annotations

import pytest


def test_me_and_the_datasets(api):
    made = api(accounts=True)
    assert made.program("cem").get("/api/v1/me").json() == {
        "name": "cem",
        "role": "adjudicator",
        "datasets": ["dark", "zoo"],
    }
    made.guarded.add("dan", datasets=["zoo"])
    dan = made.program("dan")
    assert dan.get("/api/v1/me").json()["datasets"] == ["zoo"]
    found = dan.get("/api/v1/datasets").json()["datasets"]
    assert found == [{"name": "zoo", "description": "", "items": 30, "blind": False, "fault": None}]


def test_a_dataset_that_cannot_be_opened_says_why_and_the_others_are_there(api):
    made = api()
    (made.app.state.room.workspace.root / "datasets" / "zoo.yaml").write_text("items: 3\n")
    found = {d["name"]: d for d in made.local().get("/api/v1/datasets").json()["datasets"]}
    assert "zoo.yaml" in found["zoo"]["fault"]
    assert (found["zoo"]["items"], found["zoo"]["blind"]) == (None, None)
    assert (found["dark"]["fault"], found["dark"]["blind"]) == (None, True)


def test_progress_counts_verdicts(api):
    made = api(accounts=True)
    bob = made.program("bob")
    before = bob.get("/api/v1/datasets/zoo/progress").json()
    assert (before["mine"], before["decided"], before["per_hour"]) == (0, 0, None)
    assert before["open"] == before["total"] > 3
    asked = bob.post("/api/v1/datasets/zoo/next", json={}).json()["assignment"]["question"]
    answer = {"client_id": "1", "question": asked, "decision": "keep"}
    assert bob.post("/api/v1/datasets/zoo/verdicts", json={"answers": [answer]}).status_code == 200
    after = bob.get("/api/v1/datasets/zoo/progress").json()
    assert (after["mine"], after["mine_today"], after["decided"]) == (1, 1, 1)
    assert after["open"] == before["open"] - 1
    assert made.program("cem").get("/api/v1/datasets/zoo/progress").json()["mine"] == 0


@pytest.mark.parametrize("path", ["queue", "progress", "verdicts"])
def test_a_dataset_that_was_not_granted_is_not_there(api, path):
    made = api(accounts=True)
    made.guarded.add("dan", datasets=["zoo"])
    answer = made.program("dan").get(f"/api/v1/datasets/dark/{path}")
    unknown = made.program("dan").get(f"/api/v1/datasets/none/{path}")
    assert (answer.status_code, unknown.status_code) == (404, 404)
    assert answer.json()["detail"].replace("dark", "none") == unknown.json()["detail"]
