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


def with_tiles(page: Page) -> None:
    page.locator("[data-tiles] input").first.check()


def disputed(page: Page) -> None:
    page.wait_for_selector(".beside-verdict")
    all_open(page)


#: Pages by what they are called: the path, where {q} is a question that was decided and {d} one that is disputed, and
#: what is done on it first. Those of people who log in are in `test_accounts.py`.
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
    "pairs": ("/d/zoo/grid", as_it_is),
    "a pair": ("/d/zoo/grid?given=c3&suggested=c2", with_tiles),
    "dispute": ("/d/zoo/adjudicate?q={d}", disputed),
    "dashboard": ("/d/zoo/dashboard", all_open),
    "reviewers": ("/d/zoo/reviewers", all_open),
    "scores": ("/d/zoo/compare", all_open),
    "new scores": ("/d/zoo/rescore", as_it_is),
    "account": ("/account", as_it_is),
    "users": ("/users", as_it_is),
}


@pytest.fixture(scope="module")
def room(workspaces, tmp_path_factory) -> Iterator[Running]:
    from tests.browser.rooms import copied, running

    workspace = copied(workspaces(ALL), tmp_path_factory.mktemp("accessible") / "work space")
    with running(workspace) as served:
        yield served


@pytest.fixture(scope="module")
def asked(room) -> dict[str, str]:
    """A question with verdicts of several people, one withdrawn; and one that two people differ about."""
    with ReviewStore(room.workspace.store_url) as store:
        q, d = (t.question for t in store.tasks("zoo")[:2])
        store.add_verdicts(
            [
                NewVerdict("v1", q, "local", "relabel", ("c3",), "a comment"),
                NewVerdict("v2", q, "bob", "unsure"),
                NewVerdict("v3", q, "cem", "keep", role="adjudicator"),
                NewVerdict("v4", d, "ann", "keep", seconds=0.4),
                NewVerdict("v5", d, "bob", "none", (), "a comment"),
            ]
        )
        store.withdraw(2, "bob", "a slip", "w1")
        return {"q": q.hash, "d": d.hash}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_no_page_has_a_serious_fault(room, asked, visiting, width, dark):
    faults = []
    with visiting(room, width=width, height=844, dark=dark) as visitor:
        visitor.forgiven = ("404", "422")  # pages that say that something is not there
        page = visitor.context.new_page()
        for name, (path, first) in PAGES.items():
            page.goto(visitor.base + path.format(**asked))
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
