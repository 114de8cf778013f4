"""Two reviewers who disagree and an adjudicator, each logged in at a browser of their own."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from audits.review.accounts import Accounts, Actor
from audits.review.consensus import Rule, decide
from audits.review.records import AccountRole
from audits.review.store import ReviewStore
from audits.review.verdicts_of import by_question
from audits.web.security.passwords import Passwords
from audits.web.settings import RoomSettings
from tests.browser.reviewing import no_sideways_scroll, press, question, sent
from tests.browser.rooms import Made, Running, copied, running

PASSWORD = "correct horse battery"  # noqa: S105
PEOPLE: dict[str, AccountRole] = {"ann": "reviewer", "bob": "reviewer", "cem": "adjudicator"}
ZOO = Made(n=4, wrong=2, review={"agree": 2, "verdicts_per_item": 2})


@pytest.fixture
def room(workspaces: Callable[[Made], Path], tmp_path: Path) -> Iterator[Running]:
    workspace = copied(workspaces(ZOO), tmp_path / "work space")
    hashed = Passwords().hash(PASSWORD)
    with ReviewStore(workspace.store_url) as store:
        for name, role in PEOPLE.items():
            Accounts(store).add(name, role, hashed, by=Actor("cem"))
    with running(workspace, RoomSettings(port=0, accounts=True)) as served:
        yield served


@pytest.fixture
def people(room, visiting) -> Iterator[dict[str, Page]]:
    """Everybody's browser, logged in."""
    with ExitStack() as browsers:
        pages = {}
        for name in PEOPLE:
            page = browsers.enter_context(visiting(room)).open("/login")
            page.get_by_label("Name").fill(name)
            page.get_by_label("Password").fill(PASSWORD)
            page.keyboard.press("Enter")
            page.wait_for_selector("h1:text-is('Datasets')")
            pages[name] = page
        yield pages


def clear(page: Page, room: Running, key: str) -> None:
    """Answer everything with one key."""
    page.goto(f"{room.url}/d/zoo/review")
    page.wait_for_load_state("networkidle")
    for _ in range(ZOO.n):
        press(page, key)
    sent(page)


def at(page: Page, number: int, total: int) -> None:
    """Wait for the page of a disputed item, with its script at work."""
    expect(page.locator(".pace").first).to_contain_text(f"{number} of {total} disputed")
    page.wait_for_load_state("networkidle")


def test_two_reviewers_and_an_adjudicator(room, people):
    ann, bob, cem = people["ann"], people["bob"], people["cem"]
    clear(ann, room, "k")
    clear(bob, room, "n")
    assert len(room.verdicts()) == 2 * ZOO.n

    cem.goto(f"{room.url}/d/zoo/adjudicate")
    at(cem, 1, 4)
    shown = cem.locator(".beside-verdict")
    expect(shown).to_have_count(2)
    expect(shown.nth(0)).to_contain_text("ann Kept", use_inner_text=False)
    expect(shown.nth(1)).to_contain_text("None of the classes")

    # the first is kept, the second is another class, the third goes back to bob, all by keys
    cem.keyboard.press("k")
    at(cem, 1, 3)
    cem.keyboard.press("a")
    other = cem.locator("#another")
    expect(other).to_be_focused()
    cem.keyboard.type("cow" if cem.locator(".is-given").inner_text().split()[-1] != "cow" else "bee")
    cem.keyboard.press("Enter")
    at(cem, 1, 2)
    third = question(cem)
    back = cem.locator(".beside-verdict", has_text="bob")
    back.locator("summary").focus()
    cem.keyboard.press("Enter")
    cem.keyboard.press("Tab")
    cem.keyboard.type("Look at the edge: k.")
    back.get_by_role("button", name="Send back").press("Enter")
    expect(cem.locator(".waiting li")).to_contain_text("Look at the edge: k.")

    # bob is asked again, with the note, and agrees with ann now
    bob.goto(f"{room.url}/d/zoo/review")
    expect(bob.locator("#task .notice")).to_contain_text("Look at the edge: k.")
    bob.wait_for_load_state("networkidle")
    assert question(bob) == third
    bob.keyboard.press("k")
    bob.wait_for_function("b => document.querySelector('#task')?.dataset.question !== b", arg=third)
    sent(bob)

    cem.goto(f"{room.url}/d/zoo/adjudicate")
    at(cem, 1, 1)
    expect(cem.locator(".waiting")).to_have_count(0)
    cem.keyboard.press("k")
    expect(cem.get_by_role("heading", name="Nothing is disputed")).to_be_visible()
    cem.wait_for_load_state("networkidle")
    cem.keyboard.press("z")
    at(cem, 1, 1)

    verdicts = room.verdicts()
    roles = [(v.reviewer, v.role) for v in verdicts if v.role == "adjudicator"]
    assert roles == [("cem", "adjudicator")] * 3
    outcomes = sorted(decide(said, Rule(2, 2)).outcome for said in by_question(verdicts).values())
    assert outcomes == ["kept", "kept", "no_agreement", "relabelled"]


def test_reviewers_may_not(room, people):
    ann = people["ann"]
    answer = ann.request.get(f"{room.url}/d/zoo/adjudicate")
    assert answer.status == 403
    assert ann.request.get(f"{room.url}/d/zoo/compare").status == 403
    token = ann.locator('meta[name="csrf-token"]').get_attribute("content")
    for path in ("adjudicate/decide", "adjudicate/undo", "send-back", "rescore", "freeze"):
        posted = ann.request.post(
            f"{room.url}/d/zoo/{path}", headers={"x-csrf-token": token}, form={"verdict": "1"}
        )
        assert posted.status == 403, path
    assert not room.verdicts()


def test_at_phone_width_without_script(room, visiting, people):
    clear(people["ann"], room, "k")
    clear(people["bob"], room, "n")
    state = people["cem"].context.storage_state()
    with visiting(room, width=360, height=740, java_script_enabled=False, storage_state=state) as visitor:
        page = visitor.open("/d/zoo/adjudicate")
        expect(page.locator(".pace").first).to_contain_text("1 of 4 disputed")
        page.get_by_role("button", name="Unusable").click()
        expect(page.locator(".pace").first).to_contain_text("1 of 3 disputed")
        assert (room.verdicts()[-1].decision, room.verdicts()[-1].role) == ("unusable", "adjudicator")
    with visiting(room, width=360, height=740, storage_state=state) as visitor:
        no_sideways_scroll(visitor.open("/d/zoo/adjudicate"))
