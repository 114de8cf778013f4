from __future__ import annotations

import pytest

from audits.review.records import NewVerdict
from audits.web.app import create_app
from audits.web.lead import lead_of
from audits.web.people import Person
from audits.web.settings import RoomSettings
from tests.audits.web.lead_room import write_reviewed
from tests.audits.web.visitor import Visitor
from tests.browser.rooms import Made

MADE = Made(n=60, wrong=9, models=("m0",))


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    app = create_app(write_reviewed(tmp_path_factory.mktemp("people") / "room", MADE), RoomSettings())
    yield Visitor(app)
    app.state.room.close()


@pytest.fixture(scope="module")
def page(browser):
    return browser.page("/d/zoo/reviewers")


@pytest.fixture(scope="module")
def lead(browser):
    return lead_of(browser.app.state.room, "zoo", Person("dee", "adjudicator"))


def signed(value):
    return f"{value:.3f}".replace("-", "−")


def table(page, words):
    (found,) = [t for t in page.all("table") if t.one("caption").text == words]
    return [
        [c.text for c in row.children if not isinstance(c, str) and c.tag in ("td", "th")]
        for row in found.all("tr")
    ]


def test_each_reviewer_has_a_row_with_their_rates(page, lead):
    head, *rows = table(page, "Each reviewer's answers")
    assert head[:4] == ["Reviewer", "Answers", "keep", "relabel"]
    assert [(row[0], row[1]) for row in rows] == [(r.name, str(r.n)) for r in lead.reviewers.reports]
    assert {row[0] for row in rows} == {"ann", "bob", "cem"}
    for row, r in zip(rows, lead.reviewers.reports, strict=True):
        keep = r.rates["keep"]
        assert row[2] == f"{100 * keep.value:.0f} % {100 * keep.low:.0f}–{100 * keep.high:.0f}"
        assert row[-1] == str(r.fast)
        gold = row[head.index("Right on gold")]
        assert gold.startswith(f"{100 * r.gold.value:.0f} % {r.gold.count}/{r.gold.n}")


def test_agreement_over_all_and_by_pairs(page, lead):
    agreed = lead.agreement
    told = page.one("dl", class_="figures").text
    assert f"on the label {signed(agreed.labels.alpha)} " in told
    assert f"whether it is right {signed(agreed.changed.alpha)} " in told
    _, *rows = table(page, "Agreement by pairs of people")
    assert [row[0] for row in rows] == [f"{p.one} , {p.other}" for p in agreed.pairs]
    assert [row[3] for row in rows] == [f"{p.same.count} of {p.same.n}" for p in agreed.pairs]
    assert [row[4] for row in rows] == [
        "–" if p.kappa.value is None else signed(p.kappa.value) for p in agreed.pairs
    ]


def test_second_looks(page, lead):
    rows = {row[0]: row for row in table(page, "What second looks came to")[1:]}
    looks = lead.second_looks
    assert looks.others.n == 20
    assert rows["Certain: the same answer"][3] == f"{looks.others.certain.count} of 20"
    assert rows["Uncertain: somebody is unsure"][3] == f"{looks.others.uncertain.count} of 20"
    own = looks.self_agreement
    assert own.n > 0
    assert rows["People agree with themselves"][3] == f"{own.count} of {own.n}"


def test_fast_answers_lead_to_their_items(browser, page, lead):
    fast = lead.reviewers.fast
    assert fast
    links = [a for a in page.all("a") if "/q/" in a.attributes["href"]]
    assert [a.attributes["href"] for a in links] == [f"/d/zoo/q/{v.question_hash}" for v in fast]
    assert [a.text for a in links] == [v.item_id for v in fast]
    assert browser.get(links[0].attributes["href"]).status_code == 200
    rows = table(page, "Answers that were very fast")[1:]
    assert all(row[3] == "0.40" for row in rows)


def test_nobody_has_answered(tmp_path):
    app = create_app(MADE.write(tmp_path / "new"), RoomSettings())
    try:
        assert "Nobody has answered yet." in Visitor(app).page("/d/zoo/reviewers").text
    finally:
        app.state.room.close()


def test_one_person_alone_has_nobody_to_agree_with(tmp_path):
    app = create_app(MADE.write(tmp_path / "new"), RoomSettings())
    room = app.state.room
    try:
        hash_ = lead_of(room, "zoo", Person("dee", "adjudicator")).gathered.waiting[0].hash
        asked = room.store.questions([hash_])[hash_]
        room.store.add_verdicts([NewVerdict("one", asked, "ann", "keep", seconds=9.0)])
        page = Visitor(app).page("/d/zoo/reviewers")
    finally:
        room.close()
    assert "No question has answers of two people yet." in page.text
    assert "No question was looked at twice yet." in page.text
    assert [h.text for h in page.all("h2")][-1] == "Answers in less than 1 s"
    assert "None." in page.text
