"""Logging in and out in a real browser, what each role is refused, and what a page elsewhere cannot do."""

import http.server
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from audits.review.accounts import Accounts, Actor
from audits.review.records import AccountRole
from audits.review.store import ReviewStore
from audits.web.security.passwords import Passwords
from audits.web.settings import RoomSettings
from tests.browser.rooms import Made, Running, copied, running

PASSWORD = "correct horse battery"  # noqa: S105
PEOPLE: dict[str, AccountRole] = {"bob": "reviewer", "cem": "adjudicator", "ann": "admin"}

#: Pages, with who may not see them.
FORBIDDEN = {
    "/": (),
    "/account": (),
    "/d/zoo/review": (),
    "/d/zoo/history": (),
    "/d/zoo/adjudicate": ("bob",),
    "/d/zoo/dashboard": ("bob",),
    "/d/zoo/reviewers": ("bob",),
    "/d/zoo/compare": ("bob",),
    "/users": ("bob", "cem"),
    "/users/one?name=bob": ("bob", "cem"),
}

#: What Chromium says of an answer that is a refusal.
REFUSED = ("status of 40", "status of 429")


@pytest.fixture(scope="module")
def hashed() -> str:
    return Passwords().hash(PASSWORD)


@pytest.fixture
def room(workspaces: Callable[[Made], Path], tmp_path: Path, hashed: str) -> Iterator[Running]:
    """A room with a reviewer, an adjudicator and an admin, and one who is granted nothing."""
    workspace = copied(workspaces(Made()), tmp_path / "work space")
    by = Actor("ann")
    with ReviewStore(workspace.store_url) as store:
        for name, role in PEOPLE.items():
            Accounts(store).add(name, role, hashed, by=by)
        Accounts(store).add("dee", "reviewer", hashed, [], by=by)
    with running(workspace, RoomSettings(port=0, accounts=True)) as served:
        yield served


def log_in(page: Page, name: str, password: str = PASSWORD) -> None:
    """Fill in the log-in page with the keyboard alone; the first field has the focus."""
    page.wait_for_selector("h1:text-is('Log in')")
    if page.evaluate("document.activeElement.id") == "name":
        page.keyboard.type(name)
        page.keyboard.press("Tab")
    page.keyboard.type(password)
    page.keyboard.press("Enter")


def test_the_way_in_by_the_keyboard_leads_to_the_page_that_was_asked_for(room, visiting):
    with visiting(room) as visitor:
        visitor.forgiven = REFUSED
        page = visitor.open("/users/one?name=bob")
        log_in(page, "ann", "wrong")
        page.wait_for_selector("[role=alert]")
        assert page.input_value("#name") == "ann"
        assert page.input_value("#password") == ""
        log_in(page, "ann")
        page.wait_for_url("**/users/one?name=bob")
        assert page.text_content("h1") == "bob"
        cookies = visitor.context.cookies()
        assert cookies
        assert all(c["httpOnly"] and c["sameSite"] == "Lax" for c in cookies)
        assert page.evaluate("document.cookie") == ""
        page.get_by_role("button", name="Log out").click()
        page.wait_for_url("**/login")
        page.go_back()
        page.reload()
        page.wait_for_url("**/login?next=**")


@pytest.mark.parametrize("name", PEOPLE)
def test_each_role_is_refused_what_is_not_its_own(room, visiting, name):
    with visiting(room) as visitor:
        visitor.forgiven = REFUSED
        page = visitor.open("/")
        log_in(page, name)
        page.wait_for_url(room.url + "/")
        for path, refused in FORBIDDEN.items():
            answer = page.goto(room.url + path)
            assert answer is not None
            assert (answer.status == 403) == (name in refused), (path, answer.status)
            assert answer.status in (200, 403), (path, answer.status)
            if name in refused:
                assert f"{name} is {PEOPLE[name]}" in page.inner_text("main")
        links = page.goto(room.url + "/d/zoo/history") and page.locator("header a").all_inner_texts()
        assert ("Users" in links) == (name == "ann")
        assert ("Adjudicate" in links) == (name != "bob")


def test_a_dataset_that_is_not_granted_is_not_there(room, visiting):
    with visiting(room) as visitor:
        visitor.forgiven = REFUSED
        page = visitor.open("/d/zoo/review")
        log_in(page, "dee")
        page.wait_for_url("**/d/zoo/review")
        assert "there is no dataset 'zoo' here" in page.inner_text("main")
        page.goto(room.url + "/")
        assert "zoo" not in page.inner_text("main")


def test_an_account_that_is_disabled_is_out_with_its_next_click(room, visiting):
    with visiting(room) as visitor:
        page = visitor.open("/account")
        log_in(page, "bob")
        page.wait_for_url("**/account")
        with ReviewStore(room.workspace.store_url) as store:
            Accounts(store).set_active("bob", False, by=Actor("ann"))
        page.get_by_label("What the new token is for").fill("a script")
        page.get_by_role("button", name="Make a token").click()
        page.wait_for_url("**/login?next=%2Faccount")


def test_an_admin_makes_an_account_that_may_log_in(room, visiting):
    with visiting(room) as visitor:
        page = visitor.open("/users")
        log_in(page, "ann")
        page.wait_for_url("**/users")
        page.get_by_label("Name").fill("Zoë")
        page.get_by_label("First password").fill("a password of hers")
        page.get_by_label("zoo", exact=True).check()
        page.get_by_role("button", name="Make the account").click()
        page.wait_for_url("**/users/one?**")
        assert page.text_content("[role=status]") == "The account is made."
    with visiting(room) as visitor:
        page = visitor.open("/")
        log_in(page, "Zoë", "a password of hers")
        page.wait_for_url(room.url + "/")
        assert "zoo" in page.inner_text("main")


@contextmanager
def elsewhere(html: str) -> Iterator[str]:
    """A page of another server of this machine: for cookies the same site, for everything else a strange one."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *words: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def test_a_page_elsewhere_posts_nothing_in_a_reviewers_name(room, browser):
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{room.url}/account")
    log_in(page, "bob")
    page.wait_for_url("**/account")
    token = page.get_attribute("meta[name=csrf-token]", "content")
    form = (
        f"<form method=post action='{room.url}/account/sessions'><input name=csrf_token value='{token}'></form>"
        "<script>document.forms[0].submit()</script>"
    )
    with elsewhere(form) as url:
        attack = context.new_page()
        with attack.expect_response("**/account/sessions") as answer:
            attack.goto(url)
        assert answer.value.status == 403, "even with the token, which such a page cannot read"
        attack.wait_for_selector("text=another server")
    with elsewhere(
        f"<iframe src='{room.url}/account'></iframe><script src='{room.url}/account'></script>"
    ) as url:
        framing = context.new_page()
        framing.goto(url)
        shown = [f.evaluate("document.body ? document.body.innerText : ''") for f in framing.frames[1:]]
        assert not any("Your account" in text for text in shown)
    page.reload()
    assert page.url.endswith("/account"), "the session goes on"
    context.close()


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (360, True)])
def test_the_pages_are_accessible_and_fit_a_phone(room, visiting, width, dark):
    with visiting(room, width=width, dark=dark) as visitor:
        page = visitor.open("/account")
        seen = []
        for path in ("/login", "/account", "/users", "/users/one?name=bob"):
            if path == "/account":
                page.goto(room.url + path)
                log_in(page, "ann")
                page.wait_for_url("**/account")
            else:
                page.goto(room.url + path)
            violations = Axe().run(page).response["violations"]
            assert not [(v["id"], v["nodes"][0]["html"]) for v in violations], path
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
            seen.append(page.text_content("h1"))
        assert seen == ["Log in", "Your account", "Users", "bob"]
