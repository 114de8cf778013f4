from __future__ import annotations

import pytest

from audits.web.security.session import RENEWED_AFTER, Sessions
from audits.web.security.visit import Visit, csrf_field, csrf_token
from tests.audits.web.conftest import PASSWORD
from tests.audits.web.visitor import Visitor, tree


def cookies(answer):
    """The cookies that an answer sets: by name, the value and the attributes."""
    found = {}
    for header in answer.headers.get_list("set-cookie"):
        pair, *attributes = header.split("; ")
        name, _, value = pair.partition("=")
        assert name not in found
        found[name] = value, set(attributes)
    return found


@pytest.fixture
def name(guarded):
    return guarded.app.state.security.sessions.cookie


def test_the_cookie_of_a_session(guarded, name):
    browser = Visitor(guarded.app)
    set_ = cookies(browser.log_in("ann", PASSWORD))
    assert set_.keys() == {name}
    assert set_[name][1] == {"Path=/", "HttpOnly", "SameSite=Lax", "Max-Age=43200"}


@pytest.mark.parametrize("how", ["the scheme", "the settings"])
def test_behind_https_it_is_sent_by_https_alone_and_is_this_hosts(guarded, serve, name, how):
    if how == "the settings":
        guarded = serve(accounts=True, https=True)
    browser = Visitor(guarded.app, base_url="https://127.0.0.1:8321")
    set_ = cookies(browser.log_in("ann", PASSWORD))
    assert set_.keys() == {f"__Host-{name}"}
    assert set_[f"__Host-{name}"][1] >= {"Path=/", "HttpOnly", "SameSite=Lax", "Secure"}
    assert browser.get("/account").status_code == 200


def test_behind_https_a_cookie_that_http_may_have_set_is_not_taken(guarded, name):
    plain = guarded.visitor("ann")
    held = plain.cookies[name]
    browser = Visitor(guarded.app, base_url="https://127.0.0.1:8321", cookies={name: held})
    assert browser.get("/account").status_code == 303


def test_a_log_in_makes_a_new_session_whatever_the_browser_had(guarded, name):
    planted = guarded.visitor("bob").cookies[name]
    victim = Visitor(guarded.app, cookies={name: planted, f"{name}-form": "planted"})
    before = victim.token()
    answer = victim.post("/logout", data={"csrf_token": before})
    assert answer.status_code == 303
    victim.cookies.clear()
    victim.cookies.set(f"{name}-form", "planted")
    form = victim.token()
    assert victim.log_in("ann", PASSWORD).status_code == 303
    held = [c.value for c in victim.cookies.jar if c.name == name]
    assert held != [planted]
    assert victim.token() not in (before, form)
    assert "ann" in victim.page("/account").one("dl").text


def test_a_session_of_another_secret_or_a_changed_one_is_nobodys(guarded, name):
    text = guarded.visitor("ann").cookies[name]
    other = Sessions(b"o" * 32)
    for wrong in (other.sealed(other.new("ann", 1)), text[:-3] + "AAA", "x" + text, text.upper(), "", "é"):
        browser = Visitor(guarded.app)
        answer = browser.get("/account", headers={"cookie": f"{name}={wrong}".encode()})
        assert answer.status_code == 303, wrong
    assert Visitor(guarded.app).get("/account", headers={"cookie": f"{name}={text}"}).status_code == 200


def test_the_token_of_whoever_is_not_signed_in_hangs_on_a_cookie_that_is_set_once(guarded, name):
    browser = Visitor(guarded.app)
    first = browser.get("/login")
    assert cookies(first).keys() == {f"{name}-form"}
    assert cookies(first)[f"{name}-form"][1] == {"Path=/", "HttpOnly", "SameSite=Lax"}
    second = browser.get("/login")
    assert cookies(second) == {}
    tokens = {tree(a.text).one("meta", name="csrf-token").attributes["content"] for a in (first, second)}
    assert len(tokens) == 1
    assert Visitor(guarded.app).token() not in tokens


def test_a_page_has_its_token_for_forms_and_for_scripts(guarded):
    page = guarded.visitor("ann").page("/account")
    token = page.one("meta", name="csrf-token").attributes["content"]
    forms = page.all("form")
    assert len(forms) >= 4
    for form in forms:
        assert form.attributes["method"] == "post"
        assert form.one("input", name="csrf_token").attributes["value"] == token


def test_the_cookie_goes_on_while_it_is_used_and_not_after_the_log_out():
    now = [1_000_000.0]
    sessions = Sessions(b"s" * 32, lambda: now[0])
    text = sessions.sealed(sessions.new("ann", 1))

    def visit():
        return Visit(sessions, {sessions.cookie: text}, secure=False)

    assert visit().cookies() == []
    now[0] += RENEWED_AFTER + 1
    (renewed,) = visit().cookies()
    found = sessions.opened(renewed.split(";")[0].partition("=")[2])
    assert (found.since, found.at) == (1_000_000.0, now[0])
    out = visit()
    out.end()
    assert out.cookies()[0].startswith(f"{sessions.cookie}=; ")
    assert "Max-Age=0" in out.cookies()[0]


def test_what_was_refused_before_there_was_a_visit_has_no_token():
    from fastapi import Request

    request = Request({"type": "http", "headers": []})
    assert csrf_token(request) == ""
    assert str(csrf_field(request)) == '<input type="hidden" name="csrf_token" value="">'
