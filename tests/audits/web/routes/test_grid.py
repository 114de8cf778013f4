"""The bulk grid: one decision for what is selected, once however often it is sent, and back as a lot."""

from __future__ import annotations

import uuid

import pytest

from audits.room_config import RoomConfig
from audits.web.app import create_app
from audits.web.people import Person
from audits.web.routes.grid import SOURCE, selection_keys
from audits.web.settings import RoomSettings
from tests.audits.web.visitor import Visitor
from tests.browser.rooms import Made, copied

ANN = Person("ann", "admin")

#: Labels of classes b, c, a, b, c, a in turn should be a, b, c, a, b, c.
ZOO = Made(n=18, wrong=6)
BLIND = Made(n=18, wrong=6, review={"room": {"blind": True}})
MISTAKES = Made(n=18, wrong=6, review={"room": {"mistakes": {}}})
HOSTILE = "<b onclick=x()>'\"\u202e\u2620 " + "w" * 3000
NAMED = Made(
    n=18, wrong=6, classes=(("a", HOSTILE), ("b", "bee"), ("c", "cow")), text=lambda i: f"{HOSTILE} {i}"
)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Workspaces by dataset, each run once."""
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
    """A room over a fresh copy of a dataset's workspace, and ann's browser."""
    apps = []

    def open_(dataset=ZOO):
        workspace = copied(written(dataset), tmp_path / f"copy{len(apps)}")
        app = create_app(workspace, RoomSettings(local_reviewer="ann"))
        apps.append(app)
        return Visitor(app), app.state.room

    yield open_
    for app in apps:
        app.state.room.close()


def lot() -> str:
    return uuid.uuid4().hex


def shown(page) -> list[str]:
    return [i.attributes["value"] for i in page.all("input", name="selected")]


def verdicts(room):
    return room.store.verdicts("zoo")


B_TO_A = "/d/zoo/grid?given=b&suggested=a"
PAIR = {"given": "b", "suggested": "a"}


def test_pairs_are_listed_with_what_is_open(opened):
    ann, room = opened()
    page = ann.page("/d/zoo/grid")
    links = {
        a.attributes["href"]: a.text for a in page.one("main").all("a") if "given=" in a.attributes["href"]
    }
    expected = {
        f"/d/zoo/grid?given={p.given}&suggested={p.suggested}": p.open for p in room.desk("zoo", ANN).pairs()
    }
    assert links.keys() == expected.keys()
    assert B_TO_A in links
    for href, n in expected.items():
        assert f" {n} open" in f" {links[href]}"


def test_the_items_of_a_pair_are_shown_and_held(opened):
    ann, room = opened()
    hashes = shown(ann.page(B_TO_A))
    held = room.desk("zoo", ANN).assignments_of("ann")
    assert hashes == [a.task.question.hash for a in held]
    assert {(a.task.question.given_label, a.task.suggested_label) for a in held} == {("b", "a")}
    assert {"item-000", "item-003"} <= {a.task.question.item_id for a in held}
    assert shown(ann.page(B_TO_A)) == hashes, "the same again"
    assert not verdicts(room)


@pytest.mark.parametrize(
    ("pressed", "decision", "labels"),
    [
        ("suggestion", "relabel", ("a",)),
        ("keep", "keep", ()),
        ("none", "none", ()),
        ("unsure", "unsure", ()),
        ("unusable", "unusable", ()),
    ],
)
def test_one_decision_for_what_is_selected(opened, pressed, decision, labels):
    ann, room = opened()
    hashes = shown(ann.page(B_TO_A))
    sent = ann.submit(
        "/d/zoo/grid", **PAIR, lot=lot(), selected=hashes[:2], decision=pressed, comment=" so \r\n it is "
    )
    assert sent.status_code == 303
    found = verdicts(room)
    assert [v.question.hash for v in found] == hashes[:2]
    assert {(v.reviewer, v.decision, v.labels, v.comment) for v in found} == {
        ("ann", decision, labels, "so \n it is")
    }
    assert {(v.source, v.role, v.shown, v.suggested, v.seconds) for v in found} == {
        (SOURCE, "reviewer", "open", "a", None)
    }
    left = shown(ann.page(sent.headers["location"]))
    assert left == hashes[2:]


def test_a_lot_that_is_sent_twice_is_stored_once(opened):
    ann, room = opened()
    hashes = shown(ann.page(B_TO_A))
    same = {**PAIR, "lot": lot(), "selected": hashes[:2], "decision": "keep"}
    assert [ann.submit("/d/zoo/grid", **same).status_code for _ in range(2)] == [303, 303]
    assert len(verdicts(room)) == 2
    other = ann.submit("/d/zoo/grid", **{**same, "decision": "none"})
    assert other.status_code == 422, "the lot stands for another decision"
    assert {v.decision for v in verdicts(room)} == {"keep"}


def test_the_lot_is_undone_as_one(opened):
    ann, room = opened()
    hashes = shown(ann.page(B_TO_A))
    first, second = lot(), lot()
    ann.submit("/d/zoo/grid", **PAIR, lot=first, selected=hashes[:1], decision="keep")
    sent = ann.submit("/d/zoo/grid", **PAIR, lot=second, selected=hashes[1:], decision="suggestion")
    page = ann.page(sent.headers["location"])
    form = page.one("form", action="/d/zoo/grid/undo")
    assert f"{len(hashes) - 1} item" in form.text
    fields = {i.attributes["name"]: i.attributes.get("value", "") for i in form.all("input")}
    assert fields["lot"] == second
    for _ in range(2):
        back = ann.post(form.attributes["action"], data=fields)
        assert back.status_code == 303
    assert [v.withdrawn for v in verdicts(room)] == [False] + [True] * (len(hashes) - 1)
    again = ann.page(back.headers["location"])
    assert sorted(shown(again)) == sorted(hashes[1:])
    assert not again.all("form", action="/d/zoo/grid/undo")


def test_nobody_undoes_the_lot_of_another(opened):
    ann, room = opened()
    hashes = shown(ann.page(B_TO_A))
    mine = lot()
    ann.submit("/d/zoo/grid", **PAIR, lot=mine, selected=hashes, decision="keep")
    bob = Visitor(create_app(room.workspace, RoomSettings(local_reviewer="bob")))
    assert bob.submit("/d/zoo/grid/undo", **PAIR, lot=mine).status_code == 303
    bob.app.state.room.close()
    assert not any(v.withdrawn for v in verdicts(room))


def test_nothing_selected_is_said(opened):
    ann, room = opened()
    sent = ann.submit("/d/zoo/grid", **PAIR, lot=lot(), decision="keep")
    page = ann.page(sent.headers["location"])
    assert page.one("p", class_="notice bad").text == "Nothing was selected, so nothing was decided."
    assert not verdicts(room)


def test_what_is_left_is_given_back(opened):
    ann, room = opened()
    page = ann.page(B_TO_A)
    form = page.one("form", action="/d/zoo/grid/leave")
    fields = [i.attributes["value"] for i in form.all("input", name="shown")]
    assert fields == shown(page)
    assert room.desk("zoo", ANN).assignments_of("ann")
    assert ann.submit("/d/zoo/grid/leave", shown=fields).headers["location"] == "/d/zoo/grid"
    assert not room.desk("zoo", ANN).assignments_of("ann")


@pytest.mark.parametrize(
    "change",
    [
        {"decision": "multiple"},
        {"decision": ""},
        {"lot": "short"},
        {"lot": "x" * 32},
        {"lot": ""},
        {"given": "no such class"},
        {"suggested": "no such class"},
        {"suggested": "", "decision": "suggestion"},
        {"selected": ["no such question"]},
        {"comment": "\0"},
        {"suggested": "b", "decision": "suggestion"},
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_stored(opened, change):
    ann, room = opened()
    hashes = shown(ann.page(B_TO_A))
    form = {**PAIR, "lot": lot(), "selected": hashes, "decision": "keep", **change}
    assert ann.submit("/d/zoo/grid", **form).status_code == 422
    assert not verdicts(room)


def test_one_that_does_not_fit_keeps_the_others_out_too(opened):
    ann, room = opened()
    hashes = shown(ann.page(B_TO_A))
    sent = ann.submit("/d/zoo/grid", **PAIR, lot=lot(), selected=[*hashes, "0" * 32], decision="keep")
    assert sent.status_code in (404, 422)
    assert not verdicts(room)


def test_blind_shows_and_takes_no_suggestion(opened):
    ann, room = opened(BLIND)
    listed = ann.page("/d/zoo/grid")
    links = [a.attributes["href"] for a in listed.one("main").all("a")]
    assert links == [f"/d/zoo/grid?given={c}" for c in "abc"]
    assert not any(ch.isdigit() for ch in listed.one("main").text), "how many are doubted would tell"
    page = ann.page("/d/zoo/grid?given=b")
    hashes = shown(page)
    assert len(hashes) > 2, "also items that nothing speaks against"
    buttons = {b.attributes.get("value") for b in page.all("button", name="decision")}
    assert buttons == {"", "keep", "none", "unsure", "unusable"}, (
        "and the one that Enter presses, which is refused"
    )
    body = ann.get("/d/zoo/grid?given=b").text
    for reason in {r for t in room.store.tasks("zoo") for r in t.reasons}:
        assert reason not in body
    assert "flagged" not in body
    assert "ant" not in page.one("main").text, "the class that is suggested"
    assert ann.get(B_TO_A).status_code == 422
    form = {"given": "b", "lot": lot(), "selected": hashes[:1]}
    assert ann.submit("/d/zoo/grid", **form, suggested="a", decision="suggestion").status_code == 422
    assert ann.submit("/d/zoo/grid", **form, decision="suggestion").status_code == 422
    assert not verdicts(room)
    assert ann.submit("/d/zoo/grid", **form, decision="keep").status_code == 303
    (stored,) = verdicts(room)
    assert (stored.shown, stored.decision) == ("blind", "keep")


def test_kind_of_mistake_goes_with_decisions_that_find_one(opened):
    ann, room = opened(MISTAKES)
    hashes = shown(ann.page(B_TO_A))
    named = {"category": "fine-grained", "severity": "major"}
    ann.submit("/d/zoo/grid", **PAIR, **named, lot=lot(), selected=hashes[:1], decision="suggestion")
    ann.submit("/d/zoo/grid", **PAIR, **named, lot=lot(), selected=hashes[1:2], decision="keep")
    assert [(v.decision, v.category, v.severity) for v in verdicts(room)] == [
        ("relabel", "fine-grained", "major"),
        ("keep", None, None),
    ]
    bad = ann.submit("/d/zoo/grid", **PAIR, severity="awful", lot=lot(), selected=hashes[:1], decision="none")
    assert bad.status_code == 422


def test_hostile_names_and_texts_are_text(opened):
    ann, _ = opened(NAMED)
    for path in ("/d/zoo/grid", B_TO_A):
        page = ann.page(path)
        assert not page.one("main").all("b", onclick="x()")
        assert " ".join(HOSTILE.split()) in page.one("main").text


def test_keys_of_the_selection_step_aside_for_decisions():
    assert selection_keys(RoomConfig()) == {"all": "a", "invert": "i"}
    config = RoomConfig(keys={"keep": "a", "another": "k", "none": "i", "zoom": "n"})
    assert selection_keys(config) == {"all": "*", "invert": "~"}
