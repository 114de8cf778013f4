"""Undo, back, withdraw and replace in a browser."""

from playwright.sync_api import expect

from tests.browser.reviewing import press, question, sent, told


def test_undo_shows_the_item_again_and_goes_on_with_the_one_that_was_left(serve, visiting):
    with serve() as room, visiting(room) as visitor:
        page = visitor.open("/d/zoo/review")
        first = question(page)
        second = press(page, "k")
        page.keyboard.press("c")
        page.keyboard.type("half a thought")
        page.keyboard.press("Escape")
        assert press(page, "z") == first
        told(page, "Undone. Decide it again.")
        assert press(page, "u") == second
        expect(page.get_by_label("Comment")).to_have_value("half a thought")
        press(page, "n")
        sent(page)
        said = [(v.question.hash, v.decision, v.withdrawn, v.comment) for v in room.verdicts()]
        assert said == [
            (first, "keep", True, ""),
            (first, "unsure", False, ""),
            (second, "none", False, "half a thought"),
        ]


def test_undo_goes_back_further_each_time_and_stops_at_the_start(serve, visiting):
    with serve() as room, visiting(room) as visitor:
        visitor.forgiven = ("404",)  # the browser notes the answer that there is nothing more
        page = visitor.open("/d/zoo/review")
        shown = [question(page)]
        for _ in range(3):
            shown.append(press(page, "k"))
        for expected in (shown[2], shown[1], shown[0]):
            assert press(page, "z") == expected
        page.keyboard.press("z")
        told(page, "Nothing was undone.")
        assert question(page) == shown[0]
        assert [v.withdrawn for v in room.verdicts()] == [True] * 3


def test_undo_after_the_last_item_brings_it_back(serve, visiting):
    with serve() as room, visiting(room) as visitor:
        page = visitor.open("/d/zoo/review?given=a")
        seen = []
        while (shown := question(page)) is not None:
            seen.append(shown)
            press(page, "k")
        expect(page.get_by_role("heading", name="Nothing left for you under these filters")).to_be_visible()
        sent(page)
        assert press(page, "z") == seen[-1]
        assert [v.withdrawn for v in room.verdicts()] == [False] * (len(seen) - 1) + [True]


def test_back_leads_to_what_was_decided_where_it_is_replaced_and_withdrawn(serve, visiting):
    with serve() as room, visiting(room) as visitor:
        page = visitor.open("/d/zoo/review")
        first = question(page)
        press(page, "k")
        sent(page)
        page.keyboard.press("b")
        page.wait_for_url(f"**/q/{first}")
        expect(page.locator(".verdict")).to_have_text("Kept cow")
        page.keyboard.press("u")  # no key decides while the form is folded away
        page.get_by_text("Replace it by another decision").click()
        with page.expect_navigation():
            page.keyboard.press("n")
        expect(page.locator(".verdict")).to_have_text("None of the classes")
        assert [(v.decision, v.withdrawn) for v in room.verdicts()] == [("keep", False), ("none", False)]
        page.wait_for_load_state("networkidle")
        page.get_by_role("button", name="Withdraw it").click()
        page.wait_for_url(f"**/review?question={first}")
        assert question(page) == first
        assert [v.withdrawn for v in room.verdicts()] == [True, True]


def test_all_of_it_works_without_script(serve, visiting):
    with serve() as room, visiting(room, java_script_enabled=False) as visitor:
        page = visitor.open("/d/zoo/review?given=cow")
        first = question(page)
        page.get_by_label("Another class").fill("ant")
        page.get_by_label("Another class").press("Enter")
        page.wait_for_url("**/review?given=c")
        second = question(page)
        page.get_by_role("button", name="Skip").click()
        page.get_by_role("button", name="Unsure").click()
        page.get_by_text("Several classes are right").click()
        page.get_by_label("And others").fill("bee")
        page.get_by_label("And a second other").fill("c")
        page.get_by_label("Comment").fill("both")
        page.get_by_role("button", name="These are all right").click()
        page.get_by_role("button", name="Undo my last").click()
        page.wait_for_url("**/review?question=*")
        said = [(v.decision, sorted(v.labels), v.comment, v.withdrawn) for v in room.verdicts()]
        assert said == [
            ("relabel", ["a"], "", False),
            ("unsure", [], "", False),
            ("multiple", ["b", "c"], "both", True),
        ]
        assert room.verdicts()[0].question.hash == first
        assert second not in {v.question.hash for v in room.verdicts()}
        page.get_by_role("link", name="Back").click()
        expect(page.locator(".verdict")).to_have_text("Unsure")
