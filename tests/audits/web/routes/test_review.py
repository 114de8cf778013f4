from collections import Counter
from dataclasses import replace

import pytest

from audits.review.desk.records import Filters
from tests.audits.web.routes.browser import form_to, hidden
from tests.audits.web.visitor import tree

MISTAKES = {"mistakes": {"categories": ["fine-grained", "other"], "severities": ["major", "minor"]}}


def test_the_page_of_one_item(on_review):
    browser = on_review()
    task = browser.item()
    assert task.one("h1").text == "Is the label right?"
    assert task.one("div", class_="label-is is-given").text == "Given label cow"
    assert task.one("div", class_="label-is is-suggested").text == "Suggested bee"
    keys = {b.text: b.attributes.get("data-key") for b in task.all("button")}
    assert keys["Keep cow k"] == "k"
    assert keys["Change to bee s"] == "s 1"
    assert keys["None of these n"] == "n"
    shown = {
        b.attributes["data-key"]
        for b in task.all("button")
        + task.all("input")
        + task.all("summary")
        + task.all("textarea")
        + task.all("a")
        if "data-key" in b.attributes
    }
    assert {"k", "s 1", "2", "a", "m", "n", "u", "x", "c", "z", "b", "j"} == shown


def test_every_control_has_a_name(on_review):
    task = on_review(room=MISTAKES).page("/d/zoo/review")
    labelled = {n.attributes["for"] for n in task.all("label") if "for" in n.attributes}
    within = {id(i) for label in task.all("label") for i in label.all("input")}
    for control in (*task.all("input"), *task.all("select"), *task.all("textarea")):
        if control.attributes.get("type") == "hidden":
            continue
        named = control.attributes.get("id") in labelled or "aria-label" in control.attributes
        assert named or id(control) in within, control
    ids = [
        n.attributes["id"]
        for tag in ("section", "input", "textarea", "div", "p", "datalist", "h1")
        for n in task.all(tag)
        if "id" in n.attributes
    ]
    assert [i for i, times in Counter(ids).items() if times > 1] == []


def test_no_style_and_no_script_within_the_page(on_review):
    page = on_review().get("/d/zoo/review").text
    root = tree(page)
    assert root.all("style") == []
    assert [s for s in root.all("script") if s.text or "src" not in s.attributes] == []

    def every(node):
        for child in node.children:
            if not isinstance(child, str):
                yield child
                yield from every(child)

    for node in every(root):
        assert not [a for a in node.attributes if a == "style" or a.startswith("on")], node


@pytest.mark.parametrize(
    ("name", "value", "more", "decision", "labels"),
    [
        ("decision", "keep", {}, "keep", ()),
        ("pick", "b", {}, "relabel", ("b",)),
        ("pick", "a", {}, "relabel", ("a",)),
        ("decision", "relabel", {"another": "Ant"}, "relabel", ("a",)),
        ("decision", "multiple", {"labels": ["c", "a"]}, "multiple", ("a", "c")),
        ("decision", "multiple", {"labels": "c", "others": ["bee", "", ""]}, "multiple", ("b", "c")),
        ("decision", "none", {}, "none", ()),
        ("decision", "unsure", {}, "unsure", ()),
        ("decision", "unusable", {}, "unusable", ()),
        ("decision", "", {"another": "ant"}, "relabel", ("a",)),
    ],
)
def test_each_decision_without_script(on_review, name, value, more, decision, labels):
    browser = on_review()
    task = browser.item()
    answer = browser.press(task, name, value, comment="because", **more)
    assert (answer.status_code, answer.headers["location"]) == (303, "/d/zoo/review")
    (stored,) = browser.verdicts()
    assert (stored.question.hash, stored.reviewer) == (task.attributes["data-question"], "ann")
    assert (stored.decision, tuple(sorted(stored.labels)), stored.comment) == (decision, labels, "because")
    assert (stored.shown, stored.suggested, stored.source, stored.role) == ("open", "b", "web", "reviewer")
    assert stored.seconds is not None
    assert browser.item().attributes["data-question"] != task.attributes["data-question"]


def test_a_form_that_is_sent_twice_is_one_verdict(on_review):
    browser = on_review()
    task = browser.item()
    answers = [browser.press(task, "decision", "keep", comment="x") for _ in range(3)]
    assert [a.status_code for a in answers] == [303] * 3
    assert len(browser.verdicts()) == 1


def test_a_form_that_is_sent_again_with_another_answer_is_refused_and_nothing_changes(on_review):
    browser = on_review()
    task = browser.item()
    browser.press(task, "decision", "keep")
    before = browser.verdicts()
    answer = browser.press(task, "decision", "unsure")
    assert answer.status_code == 422
    assert "client id" in tree(answer.text).one("main").text
    assert browser.verdicts() == before


def test_a_script_is_told_how_far_it_has_come(on_review):
    browser = on_review()
    form = browser.item().one("form", class_="decide")
    answer = browser.post(
        "/d/zoo/decide",
        data={**hidden(form), "decision": "keep", "seconds": "1.5"},
        headers={"accept": "application/json"},
    )
    assert answer.status_code == 200
    told = answer.json()
    (stored,) = browser.verdicts()
    assert told["verdicts"] == [stored.id]
    assert (told["pace"]["today"], told["pace"]["open"], told["pace"]["total"]) == ("1", "11", "12")
    assert stored.seconds == 1.5


def test_what_is_refused_is_told_to_a_script_in_words(on_review):
    browser = on_review()
    form = browser.item().one("form", class_="decide")
    json = {"accept": "application/json"}
    sent = {**hidden(form), "decision": "relabel", "another": "bird"}
    answer = browser.post("/d/zoo/decide", data=sent, headers=json)
    assert (answer.status_code, answer.json()["detail"]) == (
        422,
        "There is no class 'bird' among the 3 of this dataset.",
    )
    answer = browser.post("/d/zoo/decide", data={**sent, "question": "0" * 32}, headers=json)
    assert answer.status_code == 404
    assert browser.verdicts() == []


def test_a_queue_is_cleared_and_the_last_page_says_so(on_review):
    browser = on_review()
    seen = []
    while (task := browser.item()).attributes["class"] == "task":
        seen.append(task.attributes["data-question"])
        browser.press(task, "decision", "keep")
    assert len(set(seen)) == len(seen) == 12
    assert task.one("h1").text == "The queue is clear"
    counts = {d.one("dt").text: d.one("dd").text for d in task.one("dl").all("div")}
    assert counts == {
        "by you today": "12",
        "by you in all": "12",
        "decided": "12",
        "disputed": "0",
        "open": "0",
        "in all": "12",
    }
    links = {a.attributes["href"] for a in task.all("a")}
    assert {"/d/zoo/history", "/d/zoo/grid", "/d/zoo/dashboard", "/d/zoo/compare"} <= links
    assert browser.get("/d/zoo/review?ahead=1").status_code == 204
    browser.submit(task.one("form"))
    assert browser.item().attributes["data-question"] == seen[-1]


def test_undo_takes_the_last_back_and_shows_it_again(on_review):
    browser = on_review()
    first = browser.item()
    browser.press(first, "decision", "keep")
    second = browser.item()
    undo = form_to(second, "/undo")
    answer = browser.submit(undo)
    hash_ = first.attributes["data-question"]
    assert (answer.status_code, answer.headers["location"]) == (303, f"/d/zoo/review?question={hash_}")
    assert browser.item(f"?question={hash_}").attributes["data-question"] == hash_
    assert [v.withdrawn for v in browser.verdicts()] == [True]
    assert browser.submit(undo).status_code == 303  # sent twice
    assert [v.withdrawn for v in browser.verdicts()] == [True]
    assert browser.item().attributes["data-question"] == hash_


def test_with_nothing_to_undo_it_says_so(on_review):
    browser = on_review()
    undo = form_to(browser.item(), "/undo")
    answer = browser.submit(undo)
    assert answer.status_code == 404
    assert "ann has no verdict on dataset 'zoo' to take back" in answer.text.replace("&#39;", "'")


@pytest.mark.parametrize("id_", ["x", "-1", "1.0", "9" * 30, "²"])
def test_only_numbers_name_verdicts(on_review, id_):
    browser = on_review()
    assert browser.submit(form_to(browser.item(), "/undo"), verdict=id_).status_code == 422


def test_skip_puts_aside_until_the_others_are_done(on_review):
    browser = on_review()
    first = browser.item()
    skip = form_to(first, "/skip")
    assert browser.submit(skip).headers["location"] == "/d/zoo/review"
    rest = []
    for _ in range(11):
        rest.append(browser.item())
        browser.press(rest[-1], "decision", "keep")
    assert first.attributes["data-question"] not in {t.attributes["data-question"] for t in rest}
    assert browser.item().attributes["data-question"] == first.attributes["data-question"]


def test_the_fragment_of_the_next_item_is_the_same_part_of_the_page(on_review):
    browser = on_review()
    first = browser.item()
    fragment = browser.page("/d/zoo/review?ahead=1")
    ahead = fragment.one("section", id="task")
    assert fragment.all("header") == []
    assert ahead.attributes["data-question"] != first.attributes["data-question"]
    assert int(ahead.attributes["data-lease"]) > 14 * 60
    assert browser.item().attributes["data-question"] == first.attributes["data-question"]
    browser.press(first, "decision", "keep")
    whole = browser.item()

    def shape(node):  # ids are new each time, and so is how far it has come
        return [
            (c.tag, sorted(set(c.attributes) - {"value"}), shape(c))
            for c in node.children
            if not isinstance(c, str)
        ]

    assert shape(whole) == shape(ahead)
    assert whole.attributes["data-question"] == ahead.attributes["data-question"]


def test_filters_stay_in_the_address(on_review):
    browser = on_review()
    page = browser.page("/d/zoo/review?given=cow&low=0.5")
    room = page.one("div", id="room")
    assert room.attributes["data-here"] == "?given=c&low=0.5"
    assert page.one("input", id="f-given").attributes["value"] == "c"
    task = page.one("section", id="task")
    assert task.one("div", class_="label-is is-given").text.endswith("cow")
    answer = browser.press(task, "decision", "keep")
    assert answer.headers["location"] == "/d/zoo/review?given=c&low=0.5"
    none = browser.item("?given=a&suggested=a")
    assert none.one("h1").text == "Nothing left for you under these filters"
    assert browser.get("/d/zoo/review?given=dog").status_code == 422


def test_the_way_back_is_never_to_another_place(on_review):
    browser = on_review()
    task = browser.item()
    for here in ("//evil.example/", "?x=1\r\nSet-Cookie: a=b", "https://evil.example", "?question=../../x"):
        answer = browser.press(task, "decision", "keep", here=here)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/d/zoo/review")
        assert (
            "set-cookie" not in {k.lower() for k in answer.headers}
            or "a=b" not in answer.headers["set-cookie"]
        )


def test_an_item_that_somebody_else_holds_is_not_shown(on_review):
    browser = on_review()
    held = browser.desk("bob").take("bob", Filters()).task.question.hash
    assert browser.item().attributes["data-question"] != held
    gone = browser.item(f"?question={held}")
    assert gone.one("h1").text == "This item is not yours to decide now"
    assert f"/d/zoo/q/{held}" in {a.attributes["href"] for a in gone.all("a")}


def test_what_was_sent_back_comes_first_with_its_note(on_review):
    browser = on_review()
    first = browser.item()
    browser.press(first, "decision", "keep")
    browser.press(browser.item(), "decision", "keep")
    verdict = browser.verdicts()[0]
    browser.desk("bob").send_back(
        verdict.id, by="bob", note="<b>look</b> closer", client_id="s1", address=None
    )
    task = browser.item()
    assert task.attributes["data-question"] == first.attributes["data-question"]
    assert "<b>look</b> closer" in task.one("div", class_="notice").text
    browser.press(task, "decision", "unsure")
    assert browser.item().all("div", class_="notice") == []


def test_kinds_of_mistakes_are_asked_for_where_the_yaml_says(on_review):
    assert on_review().item().all("fieldset") == []
    browser = on_review(room=MISTAKES)
    task = browser.item()
    kinds = [(i.attributes["name"], i.attributes["value"]) for i in task.one("fieldset").all("input")]
    assert kinds == [
        ("category", "fine-grained"),
        ("category", "other"),
        ("severity", "major"),
        ("severity", "minor"),
    ]
    browser.press(task, "pick", "b", category="other", severity="minor")
    browser.press(browser.item(), "decision", "keep", category="other", severity="minor")
    first, second = browser.verdicts()
    assert (first.category, first.severity) == ("other", "minor")
    assert (second.category, second.severity) == (None, None)


def test_keys_are_those_of_the_yaml(on_review):
    task = on_review(room={"keys": {"keep": '"', "undo": "q"}}).item()
    keys = {b.attributes.get("data-key") for b in task.all("button")}
    assert {'"', "q"} <= keys
    assert not {"k", "z"} & keys


def test_pages_are_not_kept_by_the_browser(on_review):
    browser = on_review()
    for path in ("/d/zoo/review", "/d/zoo/review?ahead=1", "/d/zoo/history", "/d/zoo/back"):
        assert browser.get(path).headers["cache-control"] == "no-store", path


def test_a_blind_dataset_shows_and_sends_nothing_that_tells(on_review):
    browser = on_review(room={"blind": True})
    task = browser.item()
    assert task.all("div", class_="label-is is-suggested") == []
    assert [b.text for b in task.all("button", name="pick")] == ["ant 1", "bee 2"]
    assert task.all("section", aria_label="The evidence") == []
    assert task.all("section", aria_label="Items like it") == []
    for query in ("suggested=a", "low=0.5", "audit=x", "model=m0"):
        for more in ("", "&ahead=1", "&fragment=1"):
            assert browser.get(f"/d/zoo/review?{query}{more}").status_code == 422
    browser.press(task, "decision", "keep")
    (stored,) = browser.verdicts()
    assert (stored.shown, stored.suggested) == ("blind", "b")


def test_only_the_question_of_this_dataset_can_be_answered(on_review):
    browser = on_review()
    task = browser.item()
    form = task.one("form", class_="decide")
    strange = {**hidden(form), "question": "f" * 32, "decision": "keep"}
    assert browser.post("/d/zoo/decide", data=strange).status_code == 404
    assert browser.post("/d/zoo/skip", data=strange).status_code == 404
    assert browser.post("/d/other/decide", data=hidden(form)).status_code == 404
    assert browser.verdicts() == []


def test_what_somebody_else_decided_in_this_browser_is_not_stored_as_ones_own(on_review):
    browser = on_review()
    form = browser.item().one("form", class_="decide")
    answer = browser.submit(form, decision="keep", reviewer="bob")
    assert answer.status_code == 403
    assert "This was decided as 'bob', and you are 'ann'." in tree(answer.text).one("main").text
    assert browser.verdicts() == []


def test_files_are_not_taken(on_review):
    browser = on_review()
    form = browser.item().one("form", class_="decide")
    answer = browser.post("/d/zoo/decide", data={**hidden(form), "decision": "keep"}, files={"comment": b"x"})
    assert answer.status_code in (400, 422)
    assert browser.verdicts() == []


def test_many_classes_are_listed_once_a_page_and_not_in_fragments(on_review):
    browser = on_review()
    page = browser.page("/d/zoo/review")
    assert [(o.attributes["value"], o.text) for o in page.one("datalist").all("option")] == [
        ("a", "ant"),
        ("b", "bee"),
        ("c", "cow"),
    ]
    assert browser.page("/d/zoo/review?ahead=1").all("datalist") == []


def test_another_reviewer_is_shown_other_items_and_an_order_of_their_own(on_review):
    browser = on_review(room={"sequence": "random"})
    other = replace(browser.room.settings, local_reviewer="bob")
    mine = browser.item().attributes["data-question"]
    browser.room.settings = other
    assert browser.item().attributes["data-question"] != mine
