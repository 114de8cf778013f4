from __future__ import annotations

import pytest
from starlette.datastructures import Headers

from audits.web.security.forgery import is_elsewhere
from tests.audits.web.conftest import PASSWORD
from tests.audits.web.visitor import BASE, Visitor


def changed(guarded, name="ann"):
    return guarded.accounts.get(name).epoch > 1


@pytest.fixture
def ann(guarded):
    return guarded.visitor("ann")


@pytest.mark.parametrize("token", [None, "", "wrong", "a" * 64, "é", "x" * 10_000])
def test_a_form_without_the_right_token_does_nothing(guarded, ann, token):
    answer = ann.post("/account/sessions", data={} if token is None else {"csrf_token": token})
    assert answer.status_code == 403
    assert "is not done" in answer.text
    assert not changed(guarded)


def test_with_it_it_is_done(guarded, ann):
    assert ann.submit("/account/sessions").status_code == 303
    assert changed(guarded)


def test_the_token_of_another_session_does_nothing(guarded, ann):
    theirs = guarded.visitor("bob").token()
    before = Visitor(guarded.app).token()
    another_of_hers = guarded.visitor("ann").token()
    for token in (theirs, before, another_of_hers):
        assert token != ann.token()
        assert ann.post("/account/sessions", data={"csrf_token": token}).status_code == 403
    assert not changed(guarded)


def test_scripts_send_it_in_a_header(guarded, ann):
    assert ann.post("/account/sessions", headers={"x-csrf-token": "wrong"}).status_code == 403
    assert not changed(guarded)
    assert ann.post("/account/sessions", headers={"x-csrf-token": ann.token()}).status_code == 303
    assert changed(guarded)


def test_a_token_in_the_address_or_in_json_does_nothing(guarded, ann):
    token = ann.token()
    assert ann.post(f"/account/sessions?csrf_token={token}").status_code == 403
    assert ann.post("/account/sessions", json={"csrf_token": token}).status_code == 403
    plain = {"content-type": "text/plain"}
    assert ann.post("/account/sessions", content=f"csrf_token={token}", headers=plain).status_code == 403
    assert not changed(guarded)


def test_a_form_with_files_is_read_too(guarded, ann):
    files = {"file": ("x.csv", b"a,b", "text/csv")}
    assert ann.post("/account/sessions", data={"csrf_token": "wrong"}, files=files).status_code == 403
    as_file = {"csrf_token": ("x", ann.token().encode())}
    assert ann.post("/account/sessions", files=as_file).status_code == 403
    assert not changed(guarded)
    assert ann.post("/account/sessions", data={"csrf_token": ann.token()}, files=files).status_code == 303
    assert changed(guarded)


def test_a_broken_form_is_refused_and_is_no_defect(ann):
    for kind, body in (
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=x", b"--x\r\nbroken"),
        ("application/x-www-form-urlencoded", b"%%%=&\xff"),
        ("application/x-www-form-urlencoded", b"&".join(b"a=b" for _ in range(5_000))),
    ):
        answer = ann.post("/account/sessions", content=body, headers={"content-type": kind})
        assert answer.status_code == 403


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "WHATEVER"])
def test_every_method_that_changes_something_is_guarded(ann, method):
    assert ann.request(method, "/account").status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": "http://127.0.0.1"},
        {"origin": "http://localhost:8321"},
        {"origin": "http://127.0.0.1:8321.evil.example"},
        {"origin": "http://127.0.0.1:8321@evil.example"},
        {"origin": "file://"},
        {"origin": "http://[::1"},
        {"origin": "http://127.0.0.1:notaport"},
        {"origin": ""},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "origin": BASE},
    ],
)
def test_a_page_of_another_server_does_nothing_even_with_the_token(guarded, ann, headers):
    """Another port of this machine is another server too: cookies would not tell it apart."""
    answer = ann.post("/account/sessions", data={"csrf_token": ann.token()}, headers=headers)
    assert answer.status_code == 403
    assert "another server" in answer.text
    assert not changed(guarded)


def test_what_browsers_send_from_a_page_of_this_one_is_taken(guarded, ann):
    headers = {"origin": BASE, "sec-fetch-site": "same-origin"}
    assert ann.post("/account/sessions", data={"csrf_token": ann.token()}, headers=headers).status_code == 303


@pytest.mark.parametrize(
    ("origin", "host", "elsewhere"),
    [
        ("https://labels.example", "labels.example", False),
        ("https://labels.example", "labels.example:443", False),
        ("https://labels.example:443", "labels.example", False),
        ("http://labels.example", "labels.example:80", False),
        ("https://labels.example", "labels.example:80", True),
        ("http://LABELS.example", "labels.EXAMPLE", False),
        ("http://[::1]:8321", "[::1]:8321", False),
        ("http://labels.example", "other.example", True),
        ("ftp://labels.example", "labels.example", True),
    ],
)
def test_the_usual_port_may_be_left_out(origin, host, elsewhere):
    assert is_elsewhere(Headers({"origin": origin, "host": host})) is elsewhere


def test_a_program_with_a_token_needs_none(guarded):
    program = guarded.program("ann")
    assert program.post("/account/tokens", data={"label": "x"}).status_code == 403, "for another reason:"
    assert "not with a token" in program.post("/account/tokens", data={"label": "x"}).text


def test_an_authorization_header_opens_no_way_round_for_a_session(guarded, ann):
    """Whoever sends one is known by it alone: with a wrong one the session counts for nothing."""
    for header in ("Bearer wrong", "Bearer ", "Basic YW5uOng=", "", "Session"):
        answer = ann.post("/account/sessions", headers={"authorization": header})
        assert answer.status_code == 401, header
    assert not changed(guarded)


def test_logging_somebody_in_as_somebody_else_needs_it_too(guarded):
    """An attacker would like a reviewer to work under the attacker's name."""
    browser = Visitor(guarded.app)
    answer = browser.post("/login", data={"name": "bob", "password": PASSWORD})
    assert answer.status_code == 403
    assert browser.get("/account").status_code == 303


def test_on_this_machine_without_accounts_it_is_needed_as_well(serve):
    local = serve()

    @local.app.post("/change")
    def change():
        return {"done": True}

    browser = Visitor(local.app)
    assert browser.post("/change").status_code == 403
    assert browser.post("/change", headers={"authorization": "Bearer x"}).json() == {"done": True}, (
        "signed_in refuses"
    )
    page = browser.page("/account")
    token = page.one("meta", name="csrf-token").attributes["content"]
    assert browser.post("/change", data={"csrf_token": token}).json() == {"done": True}
    assert Visitor(local.app).post("/change", data={"csrf_token": token}).status_code == 403, (
        "bound to a cookie"
    )


def test_whoever_is_nobody_is_asked_to_sign_in(guarded):
    """Their session has ended while a page was open: they are led to the log-in, and back to that page."""
    nobody = Visitor(guarded.app)
    answer = nobody.post("/account/sessions", headers={"referer": f"{BASE}/account?x=1"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=%2Faccount%3Fx%3D1")
    answer = nobody.post("/account/sessions", headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()["error"]) == (401, "not-signed-in")


JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (JSON, 404),
        ({"content-type": "application/json; charset=utf-8"}, 404),
        ({**JSON, "origin": BASE}, 403),
        ({**JSON, "origin": "http://evil.example"}, 403),
        ({**JSON, "sec-fetch-site": "same-origin"}, 403),
        ({**JSON, "sec-fetch-site": "cross-site"}, 403),
        ({"content-type": "text/plain"}, 403),
        ({"content-type": "application/x-www-form-urlencoded"}, 403),
        ({"content-type": "multipart/form-data; boundary=x"}, 403),
        ({"content-type": ""}, 403),
    ],
)
def test_without_accounts_a_program_needs_none_and_a_page_does(serve, headers, status):
    sent = Visitor(serve().app).post("/api/v1/not-there", content=b"{}", headers=headers)
    assert sent.status_code == status, "404: it was let through"


def test_where_people_sign_in_being_a_program_opens_nothing(guarded, ann):
    assert Visitor(guarded.app).post("/api/v1/datasets/zoo/next", json={}).status_code == 401
    assert ann.post("/api/v1/datasets/zoo/next", json={}).status_code == 403
