"""Texts, ids and names that are full of signs: no script runs, nothing scrolls sideways, all is seen as text."""

import pytest

from tests.browser.reviewing import no_sideways_scroll, press, question, sent
from tests.browser.rooms import Made

LONG = "x" * 10_000
NASTY = (
    "<script>window.ran = 1</script>",
    "<img src=x onerror='window.ran = 2'>",
    '"><svg/onload=window.ran=3>',
    "'; window.ran = 4; //",
    "{{ 7 * 7 }}{% raw %}",
    "</textarea></select></option><b>",
    "javascript:window.ran=5",
    "&lt;b&gt; &amp;amp; &#60;",
    "مرحبا \u202eدنيا\u202c <b>",
    "עברית (אבג) 123",
    "👩‍👩‍👧‍👦🏳️‍🌈 e\u0301\u0301\u0301\u0301",
    "tab\tand\nline\r\nend",
    "a" + "\u0300" * 200,
    LONG,
)


def text(i):
    return f"{NASTY[i % len(NASTY)]} {i}\n{NASTY[(i + 3) % len(NASTY)]}"


def id_(i):
    sign = NASTY[i % len(NASTY)][:120].replace("\n", " ").replace("\r", " ")
    return f"{i:02}-{sign}"


#: Class ids are at most 1,000 characters long; names may be of any length.
CLASSES = tuple((f"{i}{n[:900]}", f"{n} {i}") for i, n in enumerate(NASTY))
HOSTILE = Made(n=28, wrong=6, classes=CLASSES, text=text, id=id_, models=("<i>m</i>", "m\"'&"))


@pytest.fixture
def room(serve):
    with serve(HOSTILE) as served:
        yield served


@pytest.mark.parametrize("width", [1280, 390])
def test_all_is_text_and_nothing_runs(room, visiting, width):
    with visiting(room, width=width, height=844) as visitor:
        page = visitor.open("/d/zoo/review")
        seen = {}
        for i in range(28):
            hash_ = question(page)
            no_sideways_scroll(page)
            assert page.evaluate("window.ran") is None
            asked = next(t for t in room.tasks() if t.question.hash == hash_).question
            row = int(asked.item_id[:2])
            squeezed = " ".join(text(row).split())
            shown = " ".join((page.locator(".item").text_content() or "").split())
            assert squeezed[:3_000] in shown
            name = dict(CLASSES)[asked.given_label]
            label = page.locator(".is-given .label-name")
            assert (label.text_content() or "").strip() == name.strip().replace("\r\n", "\n")
            seen[hash_] = label.is_visible()
            press(page, ("k", "1", "u", "2")[i % 4])
        sent(page)
        assert len(seen) == 28
        assert all(seen.values())
        assert len(room.verdicts()) == 28
        likely = [v for v in room.verdicts() if v.decision == "relabel"]
        assert len(likely) == 14
        assert all(v.labels[0] in dict(CLASSES) for v in likely)
        page.goto(visitor.base + "/d/zoo/history")
        no_sideways_scroll(page)
        page.goto(visitor.base + f"/d/zoo/q/{hash_}")
        no_sideways_scroll(page)
        assert page.evaluate("window.ran") is None


def test_every_class_can_be_found_by_typing_and_is_stored_by_its_id(room, visiting):
    with visiting(room) as visitor:
        page = visitor.open("/d/zoo/review")
        for wanted, name in CLASSES[:4]:
            page.keyboard.press("a")
            field = page.get_by_role("combobox", name="Another class")
            field.fill(name)
            option = page.get_by_role("option").first
            assert " ".join((option.locator("span").first.text_content() or "").split()) == " ".join(
                name.split()
            )
            given = next(t for t in room.tasks() if t.question.hash == question(page)).question.given_label
            press(page, "Enter")
            sent(page)
            last = room.verdicts()[-1]
            assert last.labels == (() if wanted == given else (wanted,))


def test_a_comment_of_any_signs_is_kept_as_it_was_typed(room, visiting):
    with visiting(room) as visitor:
        page = visitor.open("/d/zoo/review")
        comment = "\n".join(n for n in NASTY if n != LONG).replace("\r\n", "\n")
        page.get_by_label("Comment").fill(comment)
        page.locator("#task").focus()
        hash_ = question(page)
        press(page, "u")
        sent(page)
        (stored,) = room.verdicts()
        assert stored.comment == comment
        page.goto(visitor.base + f"/d/zoo/q/{hash_}")
        assert page.evaluate("window.ran") is None
        assert (page.locator(".words").text_content() or "").strip() == comment.strip()
