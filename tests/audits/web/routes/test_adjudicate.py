"""Adjudication: what meets no rule is shown with all verdicts, and one more decides it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from audits.review.consensus import Rule, decide
from audits.review.desk.records import Answer
from audits.review.records import NewVerdict
from audits.web.app import create_app
from audits.web.people import Person
from audits.web.settings import RoomSettings
from tests.audits.web.visitor import Visitor
from tests.browser.rooms import Made, copied

TWO = {"agree": 2, "verdicts_per_item": 2}
ZOO = Made(n=9, wrong=4, review=TWO)
BLIND = Made(n=9, wrong=4, review={**TWO, "room": {"blind": True}})
CEM, BOB = Person("cem", "adjudicator"), Person("bob", "reviewer")
RULE = Rule(2, 2)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    made = {}

    def of(dataset):
        if id(dataset) not in made:
            root = tmp_path_factory.mktemp("made")
            dataset.write(root)
            made[id(dataset)] = root
        return made[id(dataset)]

    return of


@pytest.fixture
def opened(written, tmp_path):
    """A room in which ann and bob disagree on the first `n` items, and cem's browser."""
    apps = []

    def open_(n=3, dataset=ZOO):
        workspace = copied(written(dataset), tmp_path / f"copy{len(apps)}")
        app = create_app(workspace, RoomSettings(local_reviewer="cem"))
        apps.append(app)
        store = app.state.room.store
        asked = {t.question.item_id: t.question for t in store.tasks("zoo")}
        new = []
        for i in range(n):
            q = asked[f"item-{i:03}"]
            other = "a" if q.given_label != "a" else "c"
            new.append(NewVerdict(f"a{i}", q, "ann", "relabel", (other,), comment=f"ann on {i}", seconds=2.5))
            new.append(NewVerdict(f"b{i}", q, "bob", "keep", comment=f"<i>bob</i> on {i}", shown="blind"))
        store.add_verdicts(new)
        return Visitor(app), app.state.room

    yield open_
    for app in apps:
        app.state.room.close()


def disputed(room) -> list[str]:
    return [d.question.hash for d in room.desk("zoo", CEM).disputed()]


def task(page) -> str:
    return page.one("section", id="task").attributes["data-question"]


def decision(cem, page, **pressed):
    """Press a button of the decision form; what it holds is sent as a browser does."""
    form = page.one("form", data_decide="")
    fields = {i.attributes["name"]: i.attributes.get("value", "") for i in form.all("input", type="hidden")}
    return cem.post(form.attributes["action"], data={**fields, **pressed})


def test_a_disputed_item_is_shown_with_all_verdicts(opened):
    cem, room = opened()
    hashes = disputed(room)
    assert len(hashes) == 3
    page = cem.page("/d/zoo/adjudicate")
    assert task(page) == hashes[0]
    assert "1 of 3 disputed" in page.one("p", class_="pace small quiet").text
    (one, two) = page.all("div", class_="beside-verdict")
    number = room.store.questions([hashes[0]])[hashes[0]].item_id[-1]
    assert f"ann on {number}" in one.text
    assert "2.5 s" in one.text
    assert one.text.startswith("ann Changed to")
    assert two.text.startswith("bob Kept")
    assert f"<i>bob</i> on {number}" in two.text, "as text"
    assert "blind" in two.text


def test_going_through_them(opened):
    cem, room = opened()
    hashes = disputed(room)
    page = cem.page("/d/zoo/adjudicate")
    seen = [task(page)]
    while following := [a for a in page.all("a") if a.text.startswith("Next")]:
        page = cem.page(following[0].attributes["href"])
        seen.append(task(page))
    assert seen == hashes
    back = next(a for a in page.all("a") if a.text.startswith("Previous"))
    assert task(cem.page(back.attributes["href"])) == hashes[1]


def test_the_adjudicators_verdict_decides_and_the_next_is_shown(opened):
    cem, room = opened()
    hashes = disputed(room)
    sent = decision(cem, cem.page("/d/zoo/adjudicate"), decision="keep", comment="the second is right")
    assert sent.status_code == 303
    verdicts = room.store.verdicts("zoo", [hashes[0]])
    assert [(v.reviewer, v.role, v.decision) for v in verdicts[2:]] == [("cem", "adjudicator", "keep")]
    assert (verdicts[2].comment, verdicts[2].shown) == ("the second is right", "open")
    found = decide(verdicts, RULE)
    assert (found.outcome, found.label) == ("kept", verdicts[0].question.given_label)
    assert disputed(room) == hashes[1:]
    assert task(cem.page(sent.headers["location"])) == hashes[1]


def test_it_may_be_any_decision(opened):
    cem, room = opened(1)
    (hash_,) = disputed(room)
    sent = decision(cem, cem.page("/d/zoo/adjudicate"), decision="relabel", another="cow")
    assert sent.status_code == 303
    last = room.store.verdicts("zoo", [hash_])[-1]
    assert (last.decision, last.labels, last.role) == ("relabel", ("c",), "adjudicator")
    assert cem.page("/d/zoo/adjudicate").one("h1").text == "Nothing is disputed"


def test_sent_twice_is_stored_once(opened):
    cem, room = opened(1)
    page = cem.page("/d/zoo/adjudicate")
    assert [decision(cem, page, decision="keep").status_code for _ in range(2)] == [303, 303]
    assert len(room.store.verdicts("zoo")) == 3


def test_undo_brings_it_back_and_nothing_else(opened):
    cem, room = opened(2)
    hashes = disputed(room)
    decision(cem, cem.page("/d/zoo/adjudicate"), decision="keep")
    page = cem.page("/d/zoo/adjudicate")
    form = page.one("form", action="/d/zoo/adjudicate/undo")
    fields = {i.attributes["name"]: i.attributes.get("value", "") for i in form.all("input")}
    for _ in range(2):
        back = cem.post("/d/zoo/adjudicate/undo", data=fields)
        assert back.status_code == 303
    assert disputed(room) == hashes
    assert [v.withdrawn for v in room.store.verdicts("zoo")] == [False] * 4 + [True]
    assert task(cem.page(f"/d/zoo/adjudicate?q={hashes[0]}")) == hashes[0]


def test_undo_leaves_verdicts_as_a_reviewer_alone(opened):
    cem, room = opened(1)
    q = next(t.question for t in room.store.tasks("zoo") if t.question.item_id == "item-008")
    room.store.add_verdicts([NewVerdict("c1", q, "cem", "keep")])
    assert cem.submit("/d/zoo/adjudicate/undo", undo_id="u1").status_code == 303
    assert not any(v.withdrawn for v in room.store.verdicts("zoo"))


def send_back(cem, page, reviewer, note):
    """Send back the verdict of a reviewer that is shown."""
    shown = next(d for d in page.all("div", class_="beside-verdict") if d.text.startswith(reviewer))
    form = shown.one("form")
    fields = {i.attributes["name"]: i.attributes.get("value", "") for i in form.all("input")}
    return cem.post(form.attributes["action"], data={**fields, "note": note})


@pytest.mark.parametrize("number", ["", "x", "-1", "1.0", "٣", "9" * 19, "9" * 5000])
def test_a_verdict_that_can_have_no_such_number_is_refused(opened, number):
    cem, _ = opened(1)
    answer = cem.submit("/d/zoo/send-back", verdict=number, note="x", client_id="s1")
    assert answer.status_code == 422
    assert "Expected the number of a verdict" in answer.text
    assert len(answer.text) < 5000


def test_sent_back_comes_first_to_its_reviewer_until_answered(opened):
    cem, room = opened()
    page = cem.page("/d/zoo/adjudicate")
    hash_ = task(page)
    note = "Look at\r\nthe <b>left</b> edge."
    for _ in range(2):
        sent = send_back(cem, page, "bob", note)
        assert (sent.status_code, sent.headers["location"]) == (303, "/d/zoo/adjudicate?sent=true")
    told = cem.page(sent.headers["location"])
    waiting = told.one("section", class_="waiting").all("li")
    assert len(waiting) == 1
    assert waiting[0].text.startswith("bob")
    assert "Look at the <b>left</b> edge." in waiting[0].text
    desk = room.desk("zoo", BOB)
    taken = desk.take("bob")
    assert (taken.task.question.hash, taken.sent_back.sent_by) == (hash_, "cem")
    assert taken.sent_back.note == "Look at\nthe <b>left</b> edge."
    ann = room.store.verdicts("zoo", [hash_])[0]
    desk.decide("bob", [Answer("b9", hash_, "relabel", ann.labels)], address=None, shown="open")
    assert not cem.page("/d/zoo/adjudicate").all("section", class_="waiting")
    assert hash_ not in disputed(room), "they agree now"
    assert (
        cem.page(f"/d/zoo/adjudicate?q={hash_}")
        .one("p", class_="notice")
        .text.startswith("That item is no longer")
    )


def test_nobody_sends_back_to_themselves_or_to_nobody(opened):
    cem, room = opened(0)
    q = room.store.tasks("zoo")[0].question
    room.store.add_verdicts([NewVerdict("x", q, None, "keep"), NewVerdict("y", q, "cem", "none")])
    page = cem.page("/d/zoo/adjudicate")
    assert task(page) == q.hash
    assert len(page.all("div", class_="beside-verdict")) == 2
    assert not page.all("form", action="/d/zoo/send-back")


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"verdict": "x", "client_id": "s1", "note": "again"}, 422),
        ({"verdict": "999", "client_id": "s1", "note": "again"}, 404),
        ({"verdict": "1", "client_id": "", "note": "again"}, 422),
        ({"verdict": "1", "client_id": "s1", "note": "\0"}, 422),
    ],
)
def test_what_cannot_be_sent_back(opened, fields, status):
    cem, _ = opened(1)
    assert cem.submit("/d/zoo/send-back", **fields).status_code == status


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"decision": "maybe"}, 422),
        ({"decision": "multiple"}, 422),
        ({"question": "0" * 32, "decision": "keep"}, 404),
    ],
)
def test_a_decision_that_does_not_fit_is_refused(opened, fields, status):
    cem, room = opened(1)
    assert decision(cem, cem.page("/d/zoo/adjudicate"), **fields).status_code == status
    assert len(room.store.verdicts("zoo")) == 2


def test_withdrawn_verdicts_are_there_and_apart(opened):
    cem, room = opened(1)
    (one, _) = room.store.verdicts("zoo")
    room.store.withdraw(one.id, "ann", "a slip", "w1")
    room.store.add_verdicts([replace(_new(one), client_id="a9", decision="none", labels=())])
    page = cem.page("/d/zoo/adjudicate")
    apart = page.one("details", class_="taken-back")
    assert apart.one("summary").text == "1 withdrawn"
    assert "withdrawn" in apart.one("div", class_="beside-verdict withdrawn").text
    assert not apart.all("form")
    assert len(page.all("div", class_="beside-verdict")) == 2


def _new(v):
    return NewVerdict(v.client_id, v.question, v.reviewer, v.decision, v.labels)


def test_of_a_blind_dataset_the_evidence_stays_away(opened):
    cem, room = opened(1, BLIND)
    page = cem.page("/d/zoo/adjudicate")
    assert not page.all("section", class_="evidence")
    assert not page.all("section", class_="context")
    assert not page.all("div", class_="label-is is-suggested")
    decision(cem, page, decision="keep")
    assert room.store.verdicts("zoo")[-1].shown == "blind"
