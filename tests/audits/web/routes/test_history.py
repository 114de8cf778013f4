import shutil
from dataclasses import replace

import pytest

from audits.review.activity import read
from audits.review.desk.records import Answer
from audits.review.records import NewVerdict
from audits.web.app import create_app
from audits.web.looked import ACTION
from audits.web.people import Person
from audits.web.routes import history
from audits.web.settings import RoomSettings
from audits.workspace import Workspace
from tests.audits.web.conftest import CHEAP, Guarded
from tests.audits.web.routes.browser import form_to


def decide(browser, *pressed):
    """Decide the next items so; gives their questions."""
    done = []
    for name, value in pressed:
        task = browser.item()
        assert browser.press(task, name, value).status_code == 303
        done.append(task.attributes["data-question"])
    return done


def say(browser, question_hash, reviewer, decision, *labels, comment=""):
    """Somebody else's verdict."""
    store = browser.room.store
    question = store.questions([question_hash])[question_hash]
    client_id = f"{reviewer}-{len(store.verdicts('zoo'))}"
    store.add_verdicts([NewVerdict(client_id, question, reviewer, decision, labels, comment)])


def entries(page):
    return [li.text for li in page.all("ol", class_="plain-list entries-done")[0].all("li")]


def test_nobody_has_a_history_at_first(on_review):
    page = on_review().page("/d/zoo/history")
    assert "You have decided nothing yet." in page.one("main").text
    assert page.all("ol", class_="plain-list entries-done") == []


def test_the_newest_comes_first_and_others_are_not_there(on_review):
    browser = on_review()
    done = decide(browser, ("decision", "keep"), ("pick", "a"), ("decision", "unsure"))
    say(browser, done[0], "bob", "unusable")
    page = browser.page("/d/zoo/history")
    items = [v.question.item_id for v in browser.verdicts()[:3]]
    words = [e.split(" 20")[0] for e in entries(page)]
    assert [w.split(" given ")[0] for w in words] == items[::-1]
    assert [w.split(" ", 3)[3] for w in words][:2] == ["Unsure", "Changed to ant"]
    assert words[2] == f"{items[0]} given cow Kept cow"
    links = [a.attributes["href"] for a in page.one("ol", class_="plain-list entries-done").all("a")]
    assert links == [f"/d/zoo/q/{h}" for h in reversed(done)]


def test_pages_follow_each_other_and_a_decision_can_be_chosen(on_review, monkeypatch):
    monkeypatch.setattr(history, "ENTRIES", 3)
    browser = on_review()
    decide(browser, *[("decision", "keep" if i % 2 else "unsure") for i in range(8)])
    for query, expected in {"": 8, "?decision=keep": 4, "?decision=unsure": 4}.items():
        seen, path = [], f"/d/zoo/history{query}"
        while path:
            page = browser.page(path)
            assert len(entries(page)) <= 3
            seen += entries(page)
            following = page.all("a", rel="next")
            path = following[0].attributes["href"] if following else None
        assert len(seen) == len(set(seen)) == expected, query
    assert "Nothing here." in browser.page("/d/zoo/history?decision=none").one("main").text


def test_a_long_search_goes_on_where_it_stopped(on_review, monkeypatch):
    monkeypatch.setattr(history, "ENTRIES", 2)
    monkeypatch.setattr(history, "_SOUGHT", 4)
    browser = on_review()
    decide(browser, ("pick", "a"), *[("decision", "keep")] * 6)
    page = browser.page("/d/zoo/history?decision=relabel")
    assert "Nothing among these." in page.one("main").text
    page = browser.page(page.one("a", rel="next").attributes["href"])
    assert [e.split(" given ")[1].split(" 20")[0] for e in entries(page)] == ["cow Changed to ant"]


@pytest.mark.parametrize("query", ["decision=maybe", "before=0", "before=x"])
def test_a_history_that_cannot_be(on_review, query):
    assert on_review().get(f"/d/zoo/history?{query}").status_code == 422


def test_one_item_with_all_that_was_said(on_review):
    browser = on_review()
    (hash_,) = decide(browser, ("pick", "b"))
    say(browser, hash_, "bob", "multiple", "a", "b", comment="<i>both</i>")
    page = browser.page(f"/d/zoo/q/{hash_}")
    task = page.one("section", id="task")
    assert task.one("h1").text == "You decided"
    assert task.one("p", class_="verdict").text == "Changed to bee"
    theirs, mine = task.one("ol", class_="plain-list said").all("li")
    assert theirs.text.startswith("Several are right: ant , bee <i>both</i> bob ·")
    assert mine.text.startswith("Changed to bee you ·")


def test_an_item_that_one_has_not_decided_leads_to_its_decision(on_review):
    browser = on_review()
    hash_ = browser.item().attributes["data-question"]
    page = browser.page(f"/d/zoo/q/{hash_}")
    assert page.one("h1").text == "You have not decided this"
    assert page.all("form", class_="decide") == []
    link = f"/d/zoo/review?question={hash_}"
    assert [a.text for a in page.all("a", href=link)] == ["Decide it"]
    assert browser.item(f"?question={hash_}").attributes["data-question"] == hash_
    assert browser.get(f"/d/zoo/q/{'0' * 32}").status_code == 404
    assert browser.get(f"/d/other/q/{hash_}").status_code == 404


def test_withdrawing_takes_back_all_of_ones_own_on_it(on_review):
    browser = on_review()
    (hash_,) = decide(browser, ("decision", "keep"))
    browser.press(browser.page(f"/d/zoo/q/{hash_}"), "decision", "unsure")
    say(browser, hash_, "bob", "keep")
    answer = browser.submit(form_to(browser.page(f"/d/zoo/q/{hash_}"), "/undo"))
    assert answer.headers["location"] == f"/d/zoo/review?question={hash_}"
    assert {v.reviewer: v.withdrawn for v in browser.verdicts()} == {"ann": True, "bob": False}
    assert [v.withdrawn for v in browser.verdicts()] == [True, True, False]
    page = browser.page(f"/d/zoo/q/{hash_}")
    assert page.one("h1").text == "You have not decided this"
    assert len(page.all("li", class_="withdrawn")) == 2


def test_replacing_adds_a_row_in_the_same_role_and_stays_on_the_page(on_review):
    browser = on_review(verdicts_per_item=1, room={"second_look": 1.0, "repeat": 0.0})
    bob = browser.desk("bob")
    hash_ = bob.take("bob").task.question.hash
    bob.decide("bob", [Answer("b1", hash_, "keep")], address=None, shown="open")
    task = browser.item(f"?question={hash_}")
    browser.press(task, "decision", "keep")
    page = browser.page(f"/d/zoo/q/{hash_}")
    answer = browser.press(page, "pick", "a")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/d/zoo/q/{hash_}")
    mine = [v for v in browser.verdicts() if v.reviewer == "ann"]
    assert [(v.decision, v.role, v.withdrawn) for v in mine] == [
        ("keep", "second", False),
        ("relabel", "second", False),
    ]
    assert browser.page(f"/d/zoo/q/{hash_}").one("p", class_="verdict").text == "Changed to ant"


def test_what_was_sent_back_says_so(on_review):
    browser = on_review()
    (hash_,) = decide(browser, ("decision", "keep"))
    (verdict,) = browser.verdicts()
    browser.desk("bob").send_back(verdict.id, by="bob", note="why & how?", client_id="s", address=None)
    assert "why & how?" in browser.page(f"/d/zoo/q/{hash_}").one("div", class_="notice").text
    browser.press(browser.page(f"/d/zoo/q/{hash_}"), "decision", "unsure")
    assert browser.page(f"/d/zoo/q/{hash_}").all("div", class_="notice") == []


def test_back_goes_from_item_to_item(on_review):
    browser = on_review()
    assert browser.get("/d/zoo/back").headers["location"] == "/d/zoo/history"
    done = decide(browser, *[("decision", "keep")] * 3)
    path, seen = browser.get("/d/zoo/back").headers["location"], []
    while path:
        seen.append(path)
        back = [a for a in browser.page(path).all("a") if a.attributes.get("data-key") == "b"]
        path = back[0].attributes["href"] if back else None
    assert seen == [f"/d/zoo/q/{h}" for h in reversed(done)]


def test_in_a_blind_dataset_others_and_the_evidence_come_after_the_decision(on_review):
    browser = on_review(verdicts_per_item=3, agree=2, room={"blind": True})
    task = browser.item()
    hash_ = task.attributes["data-question"]
    say(browser, hash_, "bob", "relabel", "b", comment="surely")
    before = browser.get(f"/d/zoo/q/{hash_}").text
    for telling in ("bob", "surely", "Suggested", "models say", "Why it is asked"):
        assert telling not in before
    assert "What others say is shown once you have decided." in before
    browser.press(task, "decision", "keep")
    after = browser.page(f"/d/zoo/q/{hash_}")
    assert "bob" in after.text
    assert "surely" in after.text
    assert after.one("div", class_="label-is is-suggested").text == "Suggested bee"
    browser.press(after, "decision", "unsure")
    assert [v.shown for v in browser.verdicts() if v.reviewer == "ann"] == ["blind", "open"]
    browser.submit(form_to(browser.page(f"/d/zoo/q/{hash_}"), "/undo"))
    assert "bob" not in browser.get(f"/d/zoo/q/{hash_}").text
    assert "bob" not in browser.get("/d/zoo/history").text


def test_what_is_decided_after_a_look_at_the_evidence_is_not_taken_for_blind(on_review):
    browser = on_review(verdicts_per_item=3, agree=2, room={"blind": True})
    looked, not_looked = decide(browser, *[("decision", "keep")] * 2)
    for hash_ in (looked, looked):
        browser.page(f"/d/zoo/q/{hash_}")
    for _ in range(2):
        browser.submit(form_to(browser.item(), "/undo"))
    for hash_ in (looked, not_looked):
        browser.press(browser.item(f"?question={hash_}"), "decision", "unsure")
    said = {(v.question.hash, v.decision): v.shown for v in browser.verdicts()}
    assert said == {
        (looked, "keep"): "blind",
        (not_looked, "keep"): "blind",
        (looked, "unsure"): "open",
        (not_looked, "unsure"): "blind",
    }
    assert [a.question_hash for a in read(browser.room.store) if a.action == ACTION] == [looked]


def test_a_second_look_is_not_told_by_the_first_and_not_said_to_be_one(made_rooms, tmp_path):
    review = {"verdicts_per_item": 1, "room": {"second_look": 1.0, "repeat": 0.0}}
    workspace = shutil.copytree(made_rooms(**review), tmp_path / "copy")
    app = create_app(Workspace(workspace), RoomSettings(accounts=True))
    app.state.security = replace(app.state.security, passwords=CHEAP)
    guarded = Guarded(app, app.state.security.accounts)
    for name in ("bob", "dee"):
        guarded.add(name)
    dee, room = guarded.visitor("dee"), app.state.room
    bob = room.desk("zoo", Person("bob", "reviewer"))
    hash_ = bob.take("bob").task.question.hash
    bob.decide("bob", [Answer("b1", hash_, "unsure", comment="bobs-own-words")], address=None, shown="open")
    before = dee.page(f"/d/zoo/q/{hash_}").one("main").text
    assert "bobs-own-words" not in before
    assert "What others say is shown once you have decided." in before
    task = dee.page(f"/d/zoo/review?question={hash_}")
    sent = {"question": hash_, "client_id": "d1", "decision": "keep"}
    assert task.one("section", id="task").attributes["data-question"] == hash_
    assert dee.submit("/d/zoo/decide", **sent).status_code == 303
    assert [v.role for v in room.store.verdicts("zoo") if v.reviewer == "dee"] == ["second"]
    assert "bobs-own-words" in dee.page(f"/d/zoo/q/{hash_}").text
    for page in ("history", f"q/{hash_}"):
        assert "second look" not in dee.page(f"/d/zoo/{page}").text
    room.close()


@pytest.mark.parametrize("hash_", ["%00", "0" * 31 + "%00", "x" * 3000])
def test_what_can_be_no_question_is_none(on_review, hash_):
    assert on_review().get(f"/d/zoo/q/{hash_}").status_code == 404
