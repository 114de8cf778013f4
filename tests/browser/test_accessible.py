"""No page has a serious fault of accessibility, at both widths, light and dark.

Who adds a page adds it to `PAGES`, with what brings it into the state that is looked at.
"""

from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from audits.review.records import NewVerdict
from audits.review.store import ReviewStore
from tests.browser.reviewing import no_sideways_scroll
from tests.browser.rooms import Made, Running

ALL = Made(
    classes=tuple((f"c{i}", f"class number {i}") for i in range(12)),
    n=24,
    wrong=6,
    text="Some text of item {}, which is longer than a line on a phone.".format,
    review={"room": {"mistakes": {}}, "verdicts_per_item": 2, "agree": 2},
)
SERIOUS = ("serious", "critical")


def as_it_is(page: Page) -> None:
    """Nothing is done before it is looked at."""


def all_open(page: Page) -> None:
    """Everything that is folded away is opened."""
    page.evaluate("() => document.querySelectorAll('details').forEach(d => d.open = true)")


def asked_for_the_mistake(page: Page) -> None:
    page.keyboard.press("1")
    page.wait_for_selector("[data-mistake]:not([hidden])")


def typed(page: Page) -> None:
    page.keyboard.press("a")
    page.keyboard.type("number")
    page.wait_for_selector("[role=option]")


#: Pages by what they are called: the path, where {q} is a question that was decided, and what is done on it first.
PAGES: dict[str, tuple[str, Callable[[Page], None]]] = {
    "home": ("/", as_it_is),
    "review": ("/d/zoo/review", as_it_is),
    "review, all open": ("/d/zoo/review?given=c1", all_open),
    "review, typed": ("/d/zoo/review", typed),
    "review, mistake": ("/d/zoo/review", asked_for_the_mistake),
    "cleared": ("/d/zoo/review?given=c1&suggested=c1", as_it_is),
    "one item": ("/d/zoo/q/{q}", all_open),
    "history": ("/d/zoo/history", as_it_is),
    "not there": ("/d/zoo/q/0", as_it_is),
}


@pytest.fixture(scope="module")
def room(workspaces, tmp_path_factory) -> Iterator[Running]:
    from tests.browser.rooms import copied, running

    workspace = copied(workspaces(ALL), tmp_path_factory.mktemp("accessible") / "work space")
    with running(workspace) as served:
        yield served


@pytest.fixture(scope="module")
def decided(room) -> str:
    """A question with verdicts of several people, one withdrawn."""
    with ReviewStore(room.workspace.store_url) as store:
        asked = store.tasks("zoo")[0].question
        store.add_verdicts(
            [
                NewVerdict("v1", asked, "local", "relabel", ("c3",), "a comment"),
                NewVerdict("v2", asked, "bob", "unsure"),
                NewVerdict("v3", asked, "cem", "keep", role="adjudicator"),
            ]
        )
        store.withdraw(2, "bob", "a slip", "w1")
        return asked.hash


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_no_page_has_a_serious_fault(room, decided, visiting, width, dark):
    faults = []
    with visiting(room, width=width, height=844, dark=dark) as visitor:
        visitor.forgiven = ("404", "422")  # pages that say that something is not there
        page = visitor.context.new_page()
        for name, (path, first) in PAGES.items():
            page.goto(visitor.base + path.format(q=decided))
            first(page)
            no_sideways_scroll(page)
            found = Axe().run(page).response["violations"]
            faults += [
                f"{name}: {v['id']} ({v['impact']}): {n['html'][:120]} {n['any'][:1]}"
                for v in found
                if v["impact"] in SERIOUS
                for n in v["nodes"][:3]
            ]
    assert not faults, "\n".join(faults)


def test_a_fault_would_be_found(room, visiting):
    with visiting(room) as visitor:
        page = visitor.open("/d/zoo/review")
        page.evaluate("() => document.querySelectorAll('#stage label').forEach(l => l.remove())")
        found = Axe().run(page).response["violations"]
        assert "label" in {v["id"] for v in found if v["impact"] in SERIOUS}
