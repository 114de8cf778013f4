"""Pictures are enlarged in place, and the next item's are there before it is shown."""

from playwright.sync_api import expect

from tests.browser.reviewing import press, question, sent
from tests.browser.rooms import Made

PICTURES = Made(pictures=True)


def test_a_picture_is_enlarged_by_key_and_by_click_and_keys_then_decide_nothing(serve, visiting):
    with serve(PICTURES) as room, visiting(room) as visitor:
        page = visitor.open("/d/zoo/review")
        small = page.locator(".item img")
        wide = small.bounding_box()["width"]
        dialog = page.get_by_role("dialog", name="The picture, enlarged")
        for opened in (lambda: page.keyboard.press("i"), small.click):
            opened()
            expect(dialog).to_be_visible()
            large = dialog.get_by_role("img")
            assert large.get_attribute("alt") == small.get_attribute("alt")
            assert large.bounding_box()["width"] > wide * 2
            page.keyboard.press("k")  # closes it, and decides nothing
            expect(dialog).to_be_hidden()
        page.keyboard.press("i")
        page.keyboard.press("Escape")
        expect(dialog).to_be_hidden()
        assert room.verdicts() == []
        press(page, "k")
        sent(page)
        assert len(room.verdicts()) == 1


def test_the_next_picture_is_loaded_before_its_item_is_shown(serve, visiting):
    with serve(PICTURES) as room, visiting(room) as visitor:
        page = visitor.context.new_page()
        loaded = []
        page.on("requestfinished", lambda r: loaded.append(r.url) if "/image/" in r.url else None)
        page.goto(visitor.base + "/d/zoo/review")
        page.wait_for_load_state("networkidle")
        before = list(loaded)
        press(page, "k")
        shown = page.locator(".item img").get_attribute("src")
        assert visitor.base + shown in before
        assert question(page) in shown


def test_without_script_the_picture_is_a_link_away(serve, visiting):
    with serve(PICTURES) as room, visiting(room, java_script_enabled=False) as visitor:
        # of the page that the browser makes itself around a picture, whose style the picture's policy refuses
        visitor.forgiven = ("Applying inline style",)
        page = visitor.open("/d/zoo/review")
        page.get_by_role("link", name="enlarge").click()
        page.wait_for_url("**/image/**")
