from __future__ import annotations

from datetime import datetime

import pyarrow as pa
import pytest
from PIL import Image

from audits.web.app import create_app
from audits.web.people import Person
from tests.audits.web.visitor import Visitor


def everything(visitor, dataset, **query):
    """The whole queue, page after page."""
    found, cursor = [], None
    while True:
        params = {**query, **({} if cursor is None else {"cursor": cursor})}
        answer = visitor.get(f"/api/v1/datasets/{dataset}/queue", params=params)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += page["tasks"]
        if (cursor := page["next"]) is None:
            return found


def take(visitor, dataset="zoo", **body):
    answer = visitor.post(f"/api/v1/datasets/{dataset}/next", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def decide(visitor, question, dataset="zoo", decision="keep", **more):
    answer = {"client_id": f"{decision}-{question}", "question": question, "decision": decision, **more}
    sent = visitor.post(f"/api/v1/datasets/{dataset}/verdicts", json={"answers": [answer]})
    assert sent.status_code == 200, sent.text
    return sent.json()["verdicts"][0]


@pytest.mark.parametrize("limit", [1, 3, 500])
def test_pages_of_any_size_give_every_open_task_once_in_the_order_of_taking(api, limit):
    visitor = api().local()
    found = everything(visitor, "zoo", limit=limit)
    hashes = [t["question"] for t in found]
    assert len(hashes) == len(set(hashes)) == visitor.get("/api/v1/datasets/zoo/progress").json()["open"]
    assert take(visitor)["assignment"]["question"] == hashes[0]


def test_a_page_begins_after_the_last_one_whatever_was_decided_meanwhile(api):
    visitor = api().local()
    whole = [t["question"] for t in everything(visitor, "zoo")]
    first = visitor.get("/api/v1/datasets/zoo/queue", params={"limit": 3}).json()
    for question in whole[1:4]:
        decide(visitor, question)
    rest = visitor.get("/api/v1/datasets/zoo/queue", params={"cursor": first["next"], "limit": 500}).json()
    assert [t["question"] for t in rest["tasks"]] == whole[4:]


def test_filters_are_those_of_taking(api):
    visitor = api().local()
    flagged = [t for t in everything(visitor, "zoo") if t["suggested_label"] is not None]
    pair = flagged[0]["given_label"], flagged[0]["suggested_label"]
    wanted = {"given": pair[0], "suggested": pair[1]}
    found = everything(visitor, "zoo", **wanted, limit=1)
    assert {(t["given_label"], t["suggested_label"]) for t in found} == {pair}
    assert found == [
        t for t in everything(visitor, "zoo") if (t["given_label"], t["suggested_label"]) == pair
    ]
    assert take(visitor, filters=wanted)["assignment"]["question"] == found[0]["question"]
    by_audit = {t["question"] for t in everything(visitor, "zoo", audit="confident_learning")}
    assert by_audit
    assert by_audit < {t["question"] for t in everything(visitor, "zoo")}
    assert everything(visitor, "zoo", audit="no such") == []
    assert {t["question"] for t in everything(visitor, "zoo", model="m0")} <= {t["question"] for t in flagged}
    likely = everything(visitor, "zoo", low=0.5)
    unlikely = everything(visitor, "zoo", high=0.4999)
    assert not {t["question"] for t in likely} & {t["question"] for t in unlikely}
    assert likely
    assert unlikely


def test_the_next_task_has_all_that_a_person_needs(api):
    made = api()
    visitor = made.local()
    flagged = next(t for t in everything(visitor, "zoo") if t["suggested_label"] is not None)
    wanted = {"given": flagged["given_label"], "suggested": flagged["suggested_label"]}
    found = take(visitor, filters=wanted, classes=True)
    task = found["assignment"]
    assert task["question"] == flagged["question"]
    assert task["content"] == {"text": f"text of {task['item_id']}"}
    assert task["given"]["id"] == flagged["given_label"]
    assert task["evidence"]["suggested"]["id"] == flagged["suggested_label"]
    assert task["evidence"]["reasons"] == flagged["reasons"]
    assert [m["model"] for m in task["evidence"]["models"]] == ["m0", "m1"]
    assert task["likely"][0]["id"] == flagged["suggested_label"]
    assert [c["id"] for c in found["classes"]] == ["ant", "bee", "cow"]
    assert task["sent_back"] is None
    assert datetime.fromisoformat(task["taken_at"]) < datetime.fromisoformat(task["expires_at"])
    again = take(visitor, filters=wanted)
    assert (again["assignment"]["token"], again["classes"]) == (task["token"], None)


def test_two_people_are_given_two_tasks_and_at_the_end_nothing(api):
    made = api(accounts=True)
    bob, cem = made.program("bob"), made.program("cem")
    one, other = take(bob)["assignment"], take(cem)["assignment"]
    assert one["question"] != other["question"]
    assert one["token"] != other["token"]
    while (task := take(bob)["assignment"]) is not None:
        decide(bob, task["question"])
    assert [t["question"] for t in everything(bob, "zoo")] == [other["question"]], "cem holds the last one"


def test_what_was_sent_back_says_why(api):
    made = api(accounts=True)
    bob = made.program("bob")
    stored = decide(bob, take(bob)["assignment"]["question"])
    desk = made.app.state.room.desk("zoo", Person("cem", "adjudicator"))
    desk.send_back(stored["id"], by="cem", note="look at the legs", client_id="s", address=None)
    task = take(bob)["assignment"]
    assert task["question"] == stored["question"]
    assert (task["sent_back"]["by"], task["sent_back"]["note"]) == ("cem", "look at the legs")


def test_nothing_of_a_blind_dataset_leaks_before_the_decision(api):
    made = api(accounts=True)
    bob = made.program("bob")
    reasons = [r for t in made.store.priorities("dark").values() for r in t.reasons]
    assert reasons, "there is something to leak"
    listed = bob.get("/api/v1/datasets/dark/queue", params={"limit": 500})
    tasks = listed.json()["tasks"]
    assert [t["question"] for t in tasks] == sorted(t["question"] for t in tasks), (
        "an order that tells nothing"
    )
    assert {(t["suggested_label"], t["probability"], t["reopened"]) for t in tasks} == {(None, None, None)}
    assert not any(t["reasons"] for t in tasks)
    answer = bob.post("/api/v1/datasets/dark/next", json={"classes": True})
    task = answer.json()["assignment"]
    assert task["evidence"] is None
    assert [c["id"] for c in task["likely"]] == [c for c in ("ant", "bee", "cow") if c != task["given"]["id"]]
    texts = listed.text + answer.text
    assert not any(r in texts for r in reasons)
    assert "stratum" not in texts
    assert "gold" not in texts
    # others' verdicts, and as whom one is asked, stay back too
    assert not {"role", "verdicts"} & set(task)
    for key, value in (("suggested", "ant"), ("audit", "x"), ("model", "m0"), ("low", 0.5), ("high", 0.5)):
        refused = bob.get("/api/v1/datasets/dark/queue", params={key: value})
        taken = bob.post("/api/v1/datasets/dark/next", json={"filters": {key: value}})
        assert (refused.status_code, taken.status_code) == (422, 422)
        assert "blind" in refused.json()["detail"]
    assert everything(bob, "dark", given="ant")


def test_files_are_paths_of_this_server_and_their_names_stay_back(made_up):
    made_up.add("pets", n=12)
    folder = made_up.root / "datasets" / "pets"
    table = made_up.items("pets")
    names = [f"pets/secret-{label}-{i}.png" for i, label in enumerate(table["label"].to_pylist())]
    for i, name in enumerate(names):
        Image.new("RGB", (8, 8), (i * 20, 0, 0)).save(folder.parent / name)
    made_up.write_items(table.append_column("picture", pa.array(names)), "pets")
    yaml = made_up.yaml("pets").read_text()
    columns = "{path: pets/items.parquet, content: [picture, text], files: [picture]}"
    made_up.yaml("pets").write_text(
        yaml.replace("{path: pets/items.parquet}", columns) + "review: {control_rate: 1.0}\n"
    )
    made_up.ok("run", "pets")
    app = create_app(made_up.workspace)
    visitor = Visitor(app)
    visitor.headers["x-csrf-token"] = visitor.token()
    answer = visitor.post("/api/v1/datasets/pets/next", json={})
    task = answer.json()["assignment"]
    assert task["content"] == {"text": f"text of {task['item_id']}"}
    assert list(task["files"]) == ["picture"]
    assert "secret" not in answer.text
    picture = visitor.get(task["files"]["picture"])
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/png")
    app.state.room.close()


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"cursor": "abc"}, "cursor"),
        ({"cursor": "WzEuMCwgIiciXQ=="}, "cursor"),
        ({"cursor": "WyJhIl0="}, "cursor"),
        ({"limit": 0}, "limit"),
        ({"sugested": "ant"}, "sugested"),
        ({"limit": 501}, "limit"),
        ({"low": 2}, "low"),
        ({"low": "nan"}, "low"),
        ({"given": "wolf"}, "no class 'wolf'"),
        ({"audit": "a\0b"}, "NUL"),
        ({"low": 0.6, "high": 0.5}, "above the greatest"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(api, query, words):
    answer = api().local().get("/api/v1/datasets/zoo/queue", params=query)
    assert answer.status_code == 422
    assert words in answer.json()["detail"]
