"""The server goes away in the middle: what was decided is kept, said, and sent once when it is back."""

from collections import Counter

import pytest
from playwright.sync_api import expect

from tests.browser.reviewing import press, question, sent, told, waiting, waits

#: What the browser notes of a server that is away.
AWAY = ("ERR_CONNECTION_REFUSED", "ERR_CONNECTION_RESET", "ERR_EMPTY_RESPONSE", "503", "ERR_FAILED")


def prefetched(page):
    """Press nothing before the next item is ready."""
    page.wait_for_load_state("networkidle")


def test_decisions_wait_in_the_browser_and_are_sent_once(serve, visiting):
    with serve() as room, visiting(room) as visitor:
        visitor.forgiven = AWAY
        page = visitor.open("/d/zoo/review")
        prefetched(page)
        first = question(page)
        room.stop()
        second = press(page, "k")
        expect(page.locator("#unsent")).to_contain_text("1 decision has not reached the server.")
        page.keyboard.press("n")
        expect(page.get_by_role("heading", name="Waiting for the server")).to_be_visible()
        expect(page.locator("#unsent")).to_contain_text("2 decisions have not reached the server.")
        expect(page.locator("#unsent")).to_contain_text("They stay in this browser")
        assert waiting(page) == 2
        assert room.verdicts() == []
        room.start()
        sent(page)
        page.wait_for_function("() => document.querySelector('#task').dataset.question")
        expect(page.locator("#unsent")).to_be_hidden()
        assert [(v.question.hash, v.decision) for v in room.verdicts()] == [(first, "keep"), (second, "none")]
        assert question(page) not in (first, second)
        press(page, "u")
        sent(page)
        assert len(room.verdicts()) == 3


def test_they_are_sent_after_the_page_was_closed_and_opened_anew(serve, visiting):
    with serve() as room, visiting(room) as visitor:
        visitor.forgiven = AWAY
        page = visitor.open("/d/zoo/review")
        prefetched(page)
        first = question(page)
        room.stop()
        press(page, "x")
        expect(page.locator("#unsent")).to_contain_text("1 decision has")
        page.close()
        room.start()
        again = visitor.open("/d/zoo/review")
        sent(again)
        again.wait_for_function("f => document.querySelector('#task').dataset.question !== f", arg=first)
        assert [(v.question.hash, v.decision) for v in room.verdicts()] == [(first, "unusable")]


def test_an_answer_that_was_lost_on_the_way_is_stored_once(serve, visiting):
    with serve() as room, visiting(room) as visitor:
        visitor.forgiven = AWAY
        page = visitor.open("/d/zoo/review")
        prefetched(page)
        tries = Counter()

        def lose_the_first_answer(route):
            tries["sent"] += 1
            if tries["sent"] > 1:
                route.fallback()
                return
            route.fetch()  # it reaches the server, and its answer is lost
            route.abort()

        page.route("**/decide", lose_the_first_answer)
        press(page, "u")
        sent(page)
        assert tries["sent"] == 2
        assert [v.decision for v in room.verdicts()] == ["unsure"]


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_store_that_takes_nothing_now_is_told_and_tried_again(serve, visiting, status):
    with serve() as room, visiting(room) as visitor:
        visitor.forgiven = (str(status),)
        page = visitor.open("/d/zoo/review")
        prefetched(page)
        refusing = {"error": "store", "detail": "the disk is full"}
        page.route("**/decide", lambda route: route.fulfill(status=status, json=refusing))
        press(page, "k")
        expect(page.locator("#unsent")).to_contain_text("the disk is full")
        assert waiting(page) == 1
        page.unroute("**/decide")
        page.get_by_role("button", name="Send now").click()
        sent(page)
        assert [v.decision for v in room.verdicts()] == ["keep"]


def test_who_was_signed_out_is_told_and_keeps_it(serve, visiting):
    with serve() as room, visiting(room) as visitor:
        visitor.forgiven = ("401",)
        page = visitor.open("/d/zoo/review")
        prefetched(page)
        first = question(page)
        page.route("**/decide", lambda route: route.fulfill(status=303, headers={"location": "/login"}))
        press(page, "k")
        expect(page.locator("#unsent")).to_contain_text("You are signed out.")
        expect(page.get_by_role("link", name="Sign in again")).to_be_visible()
        assert waiting(page) == 1
        page.unroute("**/decide")
        page.reload()
        sent(page)
        assert [(v.question.hash, v.decision) for v in room.verdicts()] == [(first, "keep")]


def test_what_the_server_will_never_take_is_told_with_its_reason(serve, visiting):
    with serve() as room, visiting(room) as visitor:
        visitor.forgiven = ("422",)
        page = visitor.open("/d/zoo/review")
        prefetched(page)
        reason = {"error": "verdicts", "detail": "the question is <b>another</b> one by now"}
        page.route("**/decide", lambda route: route.fulfill(status=422, json=reason))
        first = question(page)
        press(page, "k")
        banner = page.locator("#unsent")
        expect(banner).to_contain_text("the question is <b>another</b> one by now")
        assert banner.locator("b").count() == 0
        assert banner.get_by_role("link").get_attribute("href") == f"/d/zoo/q/{first}"
        page.reload()
        expect(banner).to_contain_text("A decision was not taken")
        banner.get_by_role("button", name="Drop it").click()
        expect(banner).to_be_hidden()
        waits(page, 0)
        assert room.verdicts() == []


def test_leaving_with_unsent_decisions_warns(serve, visiting):
    with serve() as room, visiting(room) as visitor:
        visitor.forgiven = AWAY
        page = visitor.open("/d/zoo/review")
        prefetched(page)
        page.goto(visitor.base + "/d/zoo/history")
        page.goto(visitor.base + "/d/zoo/review")
        assert visitor.dialogs == []
        prefetched(page)
        room.stop()
        press(page, "k")
        expect(page.locator("#unsent")).to_contain_text("1 decision has")
        with page.expect_event("dialog"):
            page.close(run_before_unload=True)
        assert len(visitor.dialogs) == 1


def test_a_replacement_on_the_page_of_one_item_waits_too(serve, visiting):
    with serve() as room, visiting(room) as visitor:
        visitor.forgiven = AWAY
        page = visitor.open("/d/zoo/review")
        first = question(page)
        press(page, "k")
        sent(page)
        page.goto(f"{visitor.base}/d/zoo/q/{first}")
        page.get_by_text("Replace it by another decision").click()
        prefetched(page)
        room.stop()
        page.keyboard.press("n")
        expect(page.locator("#unsent")).to_contain_text("1 decision has not reached the server.")
        assert len(room.verdicts()) == 1
        room.start()
        expect(page.locator(".verdict")).to_have_text("None of the classes", timeout=20_000)
        said = [(v.question.hash, v.decision) for v in room.verdicts()]
        assert said == [(first, "keep"), (first, "none")]


def test_undo_waits_until_all_was_sent(serve, visiting):
    with serve() as room, visiting(room) as visitor:
        visitor.forgiven = AWAY
        page = visitor.open("/d/zoo/review")
        prefetched(page)
        first = question(page)
        room.stop()
        second = press(page, "k")
        page.keyboard.press("z")
        told(page, "undo it once it has")
        assert question(page) == second
        room.start()
        sent(page)
        assert press(page, "z") == first
        assert [v.withdrawn for v in room.verdicts()] == [True]


def test_what_another_person_left_unsent_is_not_sent_as_ones_own(serve, visiting):
    with serve() as room, visiting(room) as visitor:
        visitor.forgiven = (*AWAY, "403")
        page = visitor.open("/d/zoo/review")
        prefetched(page)
        room.stop()
        press(page, "k")
        expect(page.locator("#unsent")).to_contain_text("1 decision has")
        room.named("bob")
        room.start()
        other = visitor.open("/d/zoo/review")
        prefetched(other)
        expect(other.locator("#unsent")).to_be_hidden()
        press(other, "u")
        told(other, "Unsure.")
        expect(page.locator("#unsent")).to_contain_text("This was decided as 'local', and you are 'bob'.")
        waits(other, 1)
        assert [(v.reviewer, v.decision) for v in room.verdicts()] == [("bob", "unsure")]
        room.stop()
        room.named("local")
        room.start()
        page.reload()
        sent(page)
        assert [(v.reviewer, v.decision) for v in room.verdicts()] == [("bob", "unsure"), ("local", "keep")]
