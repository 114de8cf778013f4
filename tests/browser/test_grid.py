"""The bulk grid in a browser: selecting with keys and mouse, one decision for the lot, undo, without script too."""

import time

import pytest
from playwright.sync_api import Page, expect

from audits.review.store import ReviewStore
from audits.web.people import Person
from tests.browser.reviewing import no_sideways_scroll
from tests.browser.rooms import Made

#: Forty items whose label b should be a, in several rows of the grid.
ZOO = Made(n=120, wrong=120, classes=(("a", "ant"), ("b", "bee"), ("c", "cow")))
BLIND = Made(n=12, wrong=3, review={"room": {"blind": True}})
PAIR = "/d/zoo/grid?given=b&suggested=a"


@pytest.fixture(scope="module")
def zoo():
    return ZOO


def boxes(page: Page):
    return page.locator("[data-tiles] input[type=checkbox]")


def selected(page: Page) -> list[int]:
    """Places of the tiles that are selected."""
    found = page.evaluate(
        "[...document.querySelectorAll('[data-tiles] input')].flatMap((b, i) => b.checked ? [i] : [])"
    )
    return list(found)


def columns(page: Page) -> int:
    """Tiles in the first row, by where they are."""
    tops = page.evaluate(
        "[...document.querySelectorAll('[data-tiles] li')].map(t => Math.round(t.getBoundingClientRect().top))"
    )
    return tops.count(tops[0])


def told(page: Page, words: str) -> None:
    expect(page.locator(".grid-count")).to_contain_text(words)


def test_with_the_keyboard_alone(serve, visiting, zoo):
    with serve(zoo) as room, visiting(room) as visitor:
        page = visitor.open("/d/zoo/grid")
        page.get_by_role("link", name="bee suggested ant 40 open").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/grid?given=b&suggested=a")
        expect(boxes(page)).to_have_count(40)
        told(page, "0 of 40 selected")
        expect(page.get_by_role("button", name="Keep")).to_be_disabled()
        for key in ("Space", "ArrowRight", "ArrowRight", "Space", "Shift+ArrowRight", "Shift+ArrowRight"):
            page.keyboard.press(key)
        assert selected(page) == [0, 2, 3, 4]
        told(page, "4 of 40 selected")
        page.keyboard.press("i")
        told(page, "36 of 40 selected")
        page.keyboard.press("a")
        told(page, "40 of 40 selected")
        page.keyboard.press("a")
        told(page, "0 of 40 selected")
        page.keyboard.press("Home")
        page.keyboard.press("Shift+End")
        told(page, "40 of 40 selected")
        page.keyboard.press("i")
        page.keyboard.press("Home")
        page.keyboard.press("Space")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Space")
        assert selected(page) == [0, columns(page)]
        page.keyboard.press("s")
        told(page, "0 of 38 selected")
        expect(page.locator(".grid-done")).to_contain_text("2 items decided.")
        assert [(v.decision, v.labels, v.reviewer) for v in room.verdicts()] == [
            ("relabel", ("a",), "local")
        ] * 2
        page.keyboard.press("z")
        expect(boxes(page)).to_have_count(40)
        assert [v.withdrawn for v in room.verdicts()] == [True, True]


def test_with_the_mouse_and_a_comment(serve, visiting, zoo):
    with serve(zoo) as room, visiting(room) as visitor:
        page = visitor.open(PAIR)
        tiles = page.locator(".tile-label")
        tiles.nth(1).click()
        tiles.nth(5).click(modifiers=["Shift"])
        assert selected(page) == [1, 2, 3, 4, 5]
        tiles.nth(3).click()
        assert selected(page) == [1, 2, 4, 5]
        assert page.evaluate("getSelection().toString()") == "", "no text is marked by it"
        page.keyboard.press("c")
        page.keyboard.type("ask i and a")
        assert selected(page) == [1, 2, 4, 5], "what is typed selects nothing"
        page.get_by_role("button", name="Keep").click()
        expect(page.locator(".grid-done")).to_contain_text("4 items decided.")
        assert [(v.decision, v.comment) for v in room.verdicts()] == [("keep", "ask i and a")] * 4


def test_enter_on_a_tick_decides_nothing(serve, visiting, zoo):
    with serve(zoo) as room, visiting(room) as visitor:
        page = visitor.open(PAIR)
        page.keyboard.press("Space")
        page.keyboard.press("Enter")
        page.keyboard.press("ArrowRight")
        expect(boxes(page).nth(1)).to_be_focused()
        assert not room.verdicts()


def test_a_double_click_is_one_lot(serve, visiting, zoo):
    with serve(zoo) as room, visiting(room) as visitor:
        page = visitor.open(PAIR)
        page.keyboard.press("Space")
        page.get_by_role("button", name="Keep").dblclick()
        expect(page.locator(".grid-done")).to_contain_text("1 item decided.")
        assert len(room.verdicts()) == 1


def held(room) -> int:
    """How many items the person holds."""
    from audits.web.room import Room

    opened = Room(room.workspace, room.settings)
    try:
        return len(opened.desk("zoo", Person("local", "admin")).assignments_of("local"))
    finally:
        opened.close()


def test_leaving_gives_back_what_is_not_decided(serve, visiting, zoo):
    with serve(zoo) as room, visiting(room) as visitor:
        page = visitor.open(PAIR)
        assert held(room) == 40
        page.get_by_role("link", name="History").click()
        page.wait_for_url("**/history")
        for _ in range(500):  # a beacon is sent after the page is gone
            if held(room) == 0:
                return
            time.sleep(0.01)
        raise AssertionError("they are still held")


def test_without_script(serve, visiting, zoo):
    with serve(zoo) as room, visiting(room, java_script_enabled=False) as visitor:
        page = visitor.open(PAIR)
        for i in (0, 7):
            boxes(page).nth(i).check()
        page.get_by_role("button", name="Change to").click()
        expect(boxes(page)).to_have_count(38)
        assert len(room.verdicts()) == 2
        page.get_by_role("button", name="Undo them all").click()
        expect(boxes(page)).to_have_count(40)
        page.get_by_role("button", name="Keep").click()
        expect(page.locator(".notice.bad")).to_contain_text("Nothing was selected")
        page.get_by_role("button", name="All pairs").click()
        page.wait_for_url("**/grid")
        assert held(room) == 0
        assert all(v.withdrawn for v in room.verdicts())


@pytest.mark.parametrize("path", ["/d/zoo/grid", PAIR])
def test_at_phone_width(serve, visiting, zoo, path):
    with serve(zoo) as room, visiting(room, width=360, height=740) as visitor:
        page = visitor.open(path)
        no_sideways_scroll(page)
        if path == PAIR:
            boxes(page).nth(0).check()
            button = page.get_by_role("button", name="Change to")
            assert button.evaluate("b => b.getBoundingClientRect().bottom <= innerHeight"), "under the thumb"
            button.click()
            expect(page.locator(".grid-done")).to_contain_text("1 item decided.")
            no_sideways_scroll(page)


def test_blind_sends_nothing_that_tells(serve, visiting):
    with serve(BLIND) as room, visiting(room) as visitor:
        sent = []

        def record(route):
            answer = route.fetch()
            sent.append(answer.text())
            route.fulfill(response=answer)

        visitor.context.route("**/d/**", record)
        page = visitor.open("/d/zoo/grid")
        page.get_by_role("link", name="bee").click()
        page.wait_for_url("**/grid?given=b")
        told(page, "0 of")
        page.keyboard.press("a")
        assert len(sent) == 2
        with ReviewStore(room.workspace.store_url) as store:
            reasons = {r for t in store.tasks("zoo") for r in t.reasons}
        assert reasons
        for body in sent:
            assert "suggest" not in body.replace('name="suggested" value=""', "")
            assert not any(reason in body for reason in reasons)
        visitor.context.unroute("**/d/**")
        page.keyboard.press("s")
        page.keyboard.press("k")
        expect(page.locator(".grid-done")).to_contain_text("decided.")
        assert {(v.decision, v.shown) for v in room.verdicts()} == {("keep", "blind")}
