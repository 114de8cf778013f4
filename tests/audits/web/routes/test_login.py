from __future__ import annotations

from dataclasses import replace

import pytest
from argon2 import PasswordHasher, extract_parameters

from audits.web.security.attempts import FREE_PER_ACCOUNT, FREE_PER_ADDRESS, Attempts
from audits.web.security.passwords import Passwords
from tests.audits.web.conftest import BY, CHEAP, PASSWORD
from tests.audits.web.visitor import Visitor, tree


@pytest.fixture
def browser(guarded):
    return Visitor(guarded.app)


def test_the_right_password_leads_to_where_one_wanted_to_go(guarded, browser):
    answer = browser.log_in("ann", PASSWORD, "/users/one?name=bob")
    assert (answer.status_code, answer.headers["location"]) == (303, "/users/one?name=bob")
    assert browser.page("/users/one?name=bob").one("h1").text == "bob"
    (row,) = [r for r in guarded.activity() if r.action == "logged in"]
    assert (row.who, row.address) == ("ann", "testclient")


@pytest.mark.parametrize(
    "next", ["//evil.example", "http://evil.example", "/\\evil.example", "javascript:alert(1)", ""]
)
def test_nobody_is_led_elsewhere(guarded, browser, next):
    assert browser.log_in("ann", PASSWORD, next).headers["location"] == "/"
    assert browser.get("/login", params={"next": next}).headers["location"] == "/"
    page = Visitor(guarded.app).get("/login", params={"next": next})
    assert tree(page.text).one("input", name="next").attributes["value"] == "/"


@pytest.mark.parametrize(
    ("name", "password"),
    [
        *(("ann", "wrong"), ("ann", ""), ("", ""), ("", PASSWORD), ("nobody", PASSWORD), ("ANN", PASSWORD)),
        *(
            ("ann", PASSWORD + " "),
            ("ann\0", PASSWORD),
            ("\u202eann", PASSWORD),
            ("x" * 10_000, "y" * 10_000),
        ),
        *(("ann' OR '1'='1", PASSWORD), ("<script>alert(1)</script>", "<script>")),
    ],
)
def test_a_wrong_name_and_a_wrong_password_are_told_alike(browser, name, password):
    answer = browser.log_in(name, password)
    assert answer.status_code == 401
    page = tree(answer.text)
    assert page.one("p", role="alert").text == "There is no account of this name with this password."
    assert not page.all("script")
    assert "value" not in page.one("input", name="password").attributes
    assert browser.get("/account").status_code == 303


def test_a_name_is_taken_without_the_blanks_around_it_and_composed(guarded, browser):
    guarded.add("Zoë")
    assert browser.log_in(" Zoe\u0308 ", PASSWORD).status_code == 303
    assert "Zoë" in browser.page("/account").one("dl").text


def test_a_disabled_account_is_told_no_more_than_a_wrong_one(guarded, browser):
    guarded.accounts.set_active("bob", False, by=BY)
    answer = browser.log_in("bob", PASSWORD)
    assert answer.status_code == 401
    assert "no account of this name with this password" in answer.text


def test_a_failure_is_told_with_the_name_only_where_it_is_one(guarded, browser):
    browser.log_in("ann", "wrong")
    browser.log_in("my password in the wrong field", "")
    rows = [r for r in guarded.activity() if r.action == "log-in refused"]
    assert [(r.who, r.detail["account"], r.address) for r in rows] == [
        (None, "ann", "testclient"),
        (None, None, "testclient"),
    ]
    assert "wrong field" not in str(rows)


def test_for_an_unknown_name_a_password_is_verified_all_the_same(guarded, browser):
    asked = []

    class Telling(PasswordHasher):
        def verify(self, hash, password):
            asked.append(extract_parameters(hash))
            return super().verify(hash, password)

    hasher = Telling(time_cost=1, memory_cost=8, parallelism=1)
    guarded.app.state.security = replace(guarded.app.state.security, passwords=Passwords(hasher))
    for name in ("ann", "nobody"):
        assert browser.log_in(name, "wrong").status_code == 401
    assert len(asked) == 2
    assert asked[0] == asked[1]


def test_guessing_has_to_wait_ever_longer_and_is_told_how_long(guarded, browser):
    now = [0.0]
    guarded.app.state.security = replace(guarded.app.state.security, attempts=Attempts(lambda: now[0]))
    for n in range(FREE_PER_ACCOUNT):
        assert browser.log_in("ann", f"guess {n}").status_code == 401
    answer = browser.log_in("ann", PASSWORD)
    assert answer.status_code == 429, "not even the right one is looked at"
    assert answer.headers["retry-after"] == "5"
    assert tree(answer.text).one("p", role="alert").text == (
        "Too many tries failed. Wait 5 seconds, then try again."
    )
    assert browser.log_in("bob", PASSWORD).status_code == 303, "others may log in meanwhile"
    now[0] += 5.1
    assert Visitor(guarded.app).log_in("ann", "guess").status_code == 401
    assert Visitor(guarded.app).log_in("ann", PASSWORD).headers["retry-after"] == "10"
    now[0] += 10.1
    assert Visitor(guarded.app).log_in("ann", PASSWORD).status_code == 303
    assert Visitor(guarded.app).log_in("ann", "guess").status_code == 401, "and the count begins anew"


def test_an_address_that_tries_many_names_has_to_wait_too(guarded):
    answers = [Visitor(guarded.app).log_in(f"name {n}", "guess") for n in range(FREE_PER_ADDRESS + 1)]
    assert [a.status_code for a in answers] == [401] * FREE_PER_ADDRESS + [429]
    elsewhere = Visitor(guarded.app, client=("10.0.0.9", 1))
    assert elsewhere.log_in("ann", PASSWORD).status_code == 303


def test_logging_out_makes_every_copy_of_the_cookie_worthless(guarded, browser):
    browser.log_in("ann", PASSWORD)
    copy = Visitor(guarded.app, cookies=dict(browser.cookies))
    other = guarded.visitor("ann")
    assert copy.get("/account").status_code == 200
    answer = browser.submit("/logout")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    for after in (browser, copy, other):
        assert after.get("/account").status_code == 303
    assert [r.who for r in guarded.activity() if r.action == "logged out"] == ["ann"]


def test_logging_out_needs_a_form_and_a_session(guarded):
    bob = guarded.visitor("bob")
    assert bob.get("/logout").status_code == 405, "no link logs anybody out"
    assert bob.post("/logout").status_code == 403
    assert bob.get("/account").status_code == 200
    assert Visitor(guarded.app).submit("/logout").headers["location"] == "/login"
    assert guarded.program("bob").post("/logout").status_code == 303
    assert bob.get("/account").status_code == 200, "a token does not end sessions"


def test_a_password_is_hashed_anew_when_the_parameters_have_changed(guarded, browser):
    stored = guarded.accounts.password_hash("ann")
    stronger = Passwords(PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    guarded.app.state.security = replace(guarded.app.state.security, passwords=stronger)
    assert browser.log_in("ann", "wrong").status_code == 401
    assert guarded.accounts.password_hash("ann") == stored
    assert browser.log_in("ann", PASSWORD).status_code == 303
    renewed = guarded.accounts.password_hash("ann")
    assert extract_parameters(renewed).time_cost == 2
    assert browser.get("/account").status_code == 200, "no session ends by it"
    assert Visitor(guarded.app).log_in("ann", PASSWORD).status_code == 303
    assert guarded.accounts.password_hash("ann") == renewed


def test_where_there_are_no_accounts_there_is_no_log_in(serve):
    local = serve()
    local.accounts.add("ann", "admin", CHEAP.hash(PASSWORD), by=BY)
    browser = Visitor(local.app)
    assert browser.get("/login").headers["location"] == "/"
    answer = browser.log_in("ann", PASSWORD)
    assert answer.headers["location"] == "/"
    assert local.app.state.security.sessions.cookie not in browser.cookies
    assert browser.submit("/logout").status_code == 303


def test_every_field_has_its_label_and_tells_a_password_store_what_it_is(browser):
    page = browser.page("/login")
    labels = {node.attributes["for"] for node in page.all("label")}
    fields = [i for i in page.all("input") if i.attributes.get("type") != "hidden"]
    assert {i.attributes["id"] for i in fields} == labels
    assert {i.attributes["autocomplete"] for i in fields} == {"username", "current-password"}
