"""A queue is cleared by the keyboard alone, and what is stored is what was pressed."""

from playwright.sync_api import expect

from tests.browser.reviewing import given, press, question, sent, told
from tests.browser.rooms import Made

ASKING = Made(
    n=8, review={"room": {"mistakes": {"categories": ["fine", "odd"], "severities": ["major", "minor"]}}}
)


def test_a_queue_of_twenty_is_cleared_by_keys_and_the_store_holds_what_was_pressed(serve, visiting):
    with serve() as room, visiting(room) as visitor:
        page = visitor.open("/d/zoo/review")
        pressed = {}
        names = {"ant": "a", "bee": "b", "cow": "c"}
        for i in range(20):
            hash_ = question(page)
            mine = names[given(page)]
            others = [id_ for id_ in "abc" if id_ != mine]
            digits = {page.locator(f"[data-key~='{d}']").get_attribute("value"): d for d in "12"}
            match i % 8:
                case 0:
                    keys, said = ["k"], ("keep", ())
                case 1:
                    keys, said = [digits[others[0]]], ("relabel", (others[0],))
                case 2:
                    keys, said = ["n"], ("none", ())
                case 3:
                    keys, said = ["u"], ("unsure", ())
                case 4:
                    keys, said = ["x"], ("unusable", ())
                case 5:
                    name = next(n for n, id_ in names.items() if id_ == others[1])
                    keys, said = ["a", *name, "Enter"], ("relabel", (others[1],))
                case 6:
                    keys, said = ["m", "0", digits[others[1]], "Enter"], ("multiple", (mine, others[1]))
                case 7:
                    keys, said = ["c", *"no k", "Escape", "k"], ("keep", ())
            pressed[hash_] = (*said, "no k" if i % 8 == 7 else "")
            press(page, *keys)
        expect(page.get_by_role("heading", name="The queue is clear")).to_be_visible()
        sent(page)
        stored = {v.question.hash: (v.decision, tuple(sorted(v.labels)), v.comment) for v in room.verdicts()}
        assert len(room.verdicts()) == 20
        assert stored == {h: (d, tuple(sorted(ids)), c) for h, (d, ids, c) in pressed.items()}
        assert all(v.seconds is not None and v.reviewer == "local" for v in room.verdicts())
        assert page.locator("[data-pace=today]").inner_text() == "20"


def test_the_suggestion_has_a_key_and_the_next_item_is_there_before_it_is_asked_for(serve, visiting):
    with serve() as room, visiting(room) as visitor:
        page = visitor.open("/d/zoo/review")
        with page.expect_response(lambda r: "ahead=1" in r.url):
            pass
        asked = []
        page.on("request", lambda r: asked.append(r.url) if "/review" in r.url else None)
        suggested = page.locator(".choice-suggested").get_attribute("value")
        first = question(page)
        following = press(page, "s")
        sent(page)
        assert [u for u in asked if "ahead=1" not in u] == []
        (stored,) = room.verdicts()
        assert (stored.question.hash, stored.labels, stored.suggested) == (first, (suggested,), suggested)
        assert following != first


def test_classes_are_found_by_typing_and_chosen_with_the_arrows(serve, visiting):
    classes = tuple((f"n{i:04}", f"kind {i} of thing") for i in range(1200))
    made = Made(n=4, wrong=0, classes=classes, models=())
    with serve(made) as room, visiting(room) as visitor:
        page = visitor.open("/d/zoo/review")
        page.keyboard.press("a")
        page.keyboard.type("kind 77")
        field = page.get_by_role("combobox", name="Another class")
        options = page.get_by_role("listbox").first.get_by_role("option")
        names = [" ".join(t.split()) for t in options.all_inner_texts()]
        assert names == [f"kind {i} of thing n{i:04}" for i in (77, *range(770, 780), 177)]
        expect(page.get_by_role("listbox").first).to_contain_text("9 more; type on")
        for _ in range(3):
            page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowUp")
        assert field.get_attribute("aria-activedescendant") == options.nth(2).get_attribute("id")
        assert options.nth(2).get_attribute("aria-selected") == "true"
        press(page, "Enter")
        sent(page)
        assert [v.labels for v in room.verdicts()] == [("n0771",)]
        page.keyboard.press("a")
        page.keyboard.type("nothing like it")
        page.keyboard.press("Enter")
        told(page, "No class is called nothing like it.")
        assert len(room.verdicts()) == 1


def test_the_kind_of_mistake_is_asked_for_by_numbers(serve, visiting):
    with serve(ASKING) as room, visiting(room) as visitor:
        page = visitor.open("/d/zoo/review")
        expect(page.locator("[data-mistake]")).to_be_hidden()
        press(page, "1", "2", "1", "Enter")  # odd, major
        press(page, "1", "Enter")  # not named
        press(page, "k")  # not asked
        page.keyboard.press("1")
        expect(page.locator("[data-mistake]")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator("[data-mistake]")).to_be_hidden()
        press(page, "k")
        sent(page)
        kinds = [(v.decision, v.category, v.severity) for v in room.verdicts()]
        assert kinds == [
            ("relabel", "odd", "major"),
            ("relabel", None, None),
            ("keep", None, None),
            ("keep", None, None),
        ]


def test_a_held_key_and_a_double_click_decide_one_item(serve, visiting):
    with serve() as room, visiting(room) as visitor:
        page = visitor.open("/d/zoo/review")
        first = question(page)
        page.locator(".choice-given").dblclick()
        page.wait_for_function(
            "before => document.querySelector('#task').dataset.question !== before", arg=first
        )
        sent(page)
        second = question(page)
        page.keyboard.down("u")
        for _ in range(5):
            page.keyboard.down("u")  # what a key sends that is held
        page.keyboard.up("u")
        page.wait_for_function(
            "before => document.querySelector('#task').dataset.question !== before", arg=second
        )
        sent(page)
        assert [(v.question.hash, v.decision) for v in room.verdicts()] == [
            (first, "keep"),
            (second, "unsure"),
        ]


def test_keys_with_others_held_and_keys_turned_off_decide_nothing(serve, visiting):
    with serve() as room, visiting(room) as visitor:
        page = visitor.open("/d/zoo/review")
        for keys in ("Control+u", "Alt+u", "Meta+u"):
            page.keyboard.press(keys)
        page.locator("summary", has_text="Filters").click()
        page.get_by_label("Single keys decide on this page").uncheck()
        page.keyboard.press("u")
        page.reload()
        page.keyboard.press("u")
        assert room.verdicts() == []
        page.locator("summary", has_text="Filters").click()
        page.get_by_label("Single keys decide on this page").check()
        press(page, "u")
        sent(page)
        assert [v.decision for v in room.verdicts()] == ["unsure"]


def test_on_another_keyboard_layout_the_printed_key_serves(serve, visiting):
    with serve() as room, visiting(room) as visitor:
        page = visitor.open("/d/zoo/review")
        first = question(page)
        page.evaluate(
            "document.dispatchEvent(new KeyboardEvent('keydown', {key: 'л', code: 'KeyK', bubbles: true}))"
        )
        page.wait_for_function(
            "before => document.querySelector('#task').dataset.question !== before", arg=first
        )
        sent(page)
        assert [v.decision for v in room.verdicts()] == ["keep"]


def test_every_control_is_reached_by_tab_and_shows_its_focus(serve, visiting):
    with serve() as room, visiting(room) as visitor:
        page = visitor.open("/d/zoo/review")
        wanted = page.evaluate(
            """() => [...document.querySelectorAll("a[href], button, input, select, textarea, summary")]
            .filter(e => e.checkVisibility() && e.tabIndex >= 0 && e.type !== "hidden").length"""
        )
        reached = set()
        for _ in range(wanted + 5):
            page.keyboard.press("Tab")
            seen = page.evaluate(
                """() => {
                const e = document.activeElement;
                if (e === document.body) return null;
                const style = getComputedStyle(e);
                const all = [...document.querySelectorAll("*")];
                return [all.indexOf(e), style.outlineStyle, parseFloat(style.outlineWidth)];
                }"""
            )
            if seen is not None:
                reached.add(seen[0])
                assert seen[1] != "none", seen
                assert seen[2] >= 2, seen
        assert len(reached) >= wanted
