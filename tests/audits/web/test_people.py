from __future__ import annotations

import pytest

from audits.web.people import Person
from tests.audits.web.conftest import BY, CHEAP, PASSWORD
from tests.audits.web.visitor import Visitor


def test_each_role_may_do_what_those_before_it_may():
    may = {
        role: [needed for needed in ("reviewer", "adjudicator", "admin") if Person("x", role).may(needed)]
        for role in ("reviewer", "adjudicator", "admin")
    }
    assert may == {
        "reviewer": ["reviewer"],
        "adjudicator": ["reviewer", "adjudicator"],
        "admin": ["reviewer", "adjudicator", "admin"],
    }


def test_who_sees_which_dataset():
    assert Person("x", "reviewer", None).sees("zoo")
    assert Person("x", "reviewer", frozenset({"zoo"})).sees("zoo")
    assert not Person("x", "reviewer", frozenset()).sees("zoo")


@pytest.fixture
def whoami(guarded):
    """The app with a route that says who asks."""
    from audits.web.people import SignedIn

    def said(person: SignedIn):
        return {"name": person.name, "role": person.role, "via": person.via, "address": person.address}

    said.__annotations__["person"] = SignedIn
    guarded.app.add_api_route("/api/who", said, methods=["GET", "POST"])
    return guarded


def test_a_session_and_a_token_are_known(whoami):
    assert whoami.visitor("bob").get("/api/who").json() == {
        **{"name": "bob", "role": "reviewer", "via": "session"},
        "address": "testclient",
    }
    assert whoami.program("cem").post("/api/who").json()["via"] == "token"


@pytest.mark.parametrize(
    "header",
    [
        "Bearer wrong",
        "Bearer",
        "bearer  ",
        "Basic Ym9iOng=",
        "",
        "labelaudit_x",
        "Bearer labelaudit_" + "A" * 43,
    ],
)
def test_with_a_wrong_token_neither_a_session_nor_this_machine_helps(whoami, serve, header):
    answer = whoami.visitor("ann").get("/api/who", headers={"authorization": header})
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    local = serve()
    assert Visitor(local.app).get("/", headers={"authorization": header}).status_code == 401
    assert Visitor(local.app).get("/").status_code == 200


def test_a_token_holds_on_this_machine_without_log_in_too(serve, whoami):
    local = serve()
    secret = local.accounts.add_token("bob", "script", by=BY)[1]
    page = Visitor(local.app).get("/account", headers={"authorization": f"Bearer {secret}"})
    assert page.status_code == 200
    assert "bob" in page.text
    assert Visitor(local.app).get("/users", headers={"authorization": f"Bearer {secret}"}).status_code == 403


@pytest.mark.parametrize(
    "end",
    [
        lambda a: a.set_active("bob", False, by=BY),
        lambda a: a.set_password("bob", CHEAP.hash("another password"), by=BY),
        lambda a: a.end_sessions("bob", by=BY),
    ],
)
def test_a_session_ends_at_once(whoami, end):
    bob = whoami.visitor("bob")
    assert bob.get("/api/who").status_code == 200
    end(whoami.accounts)
    answer = bob.get("/api/who")
    assert answer.status_code == 401
    assert "Max-Age=0" in answer.headers["set-cookie"], "the browser is told to forget it"
    assert bob.get("/account").headers["location"] == "/login?next=%2Faccount"


def test_a_revoked_token_and_that_of_a_disabled_account_end_at_once(whoami):
    program = whoami.program("bob")
    assert program.get("/api/who").status_code == 200
    whoami.accounts.set_active("bob", False, by=BY)
    assert program.get("/api/who").status_code == 401
    whoami.accounts.set_active("bob", True, by=BY)
    assert program.get("/api/who").status_code == 200
    whoami.accounts.revoke(whoami.accounts.tokens("bob")[0].id, by=BY)
    assert program.get("/api/who").status_code == 401


def test_a_changed_role_counts_at_once(whoami):
    bob = whoami.visitor("bob")
    assert bob.get("/users").status_code == 403
    whoami.accounts.set_role("bob", "admin", by=BY)
    assert bob.get("/users").status_code == 200
    whoami.accounts.set_role("bob", "reviewer", by=BY)
    assert bob.get("/users").status_code == 403


def test_an_account_that_is_disabled_and_enabled_again_has_to_log_in_again(whoami):
    bob = whoami.visitor("bob")
    whoami.accounts.set_active("bob", False, by=BY)
    whoami.accounts.set_active("bob", True, by=BY)
    assert bob.get("/api/who").status_code == 401
    assert bob.log_in("bob", PASSWORD).status_code == 303
    assert bob.get("/api/who").status_code == 200


def test_granted_datasets_and_those_that_name_their_reviewers(made_up, guarded):
    made_up.add("free", n=6)
    made_up.add("named", n=6, yaml="review: {room: {reviewers: [bob]}}\n")
    guarded.add("dee", "reviewer", ["named"])

    def seen(name):
        return [li.one("h2").text for li in guarded.visitor(name).page("/").all("li", class_="dataset-row")]

    assert seen("bob") == ["free", "named"]
    assert seen("dee") == []
    assert seen("cem") == seen("ann") == ["free", "named"]
    guarded.accounts.grant("dee", ["free"], by=BY)
    assert seen("dee") == ["free"]


def test_this_machine_alone_needs_nobody_until_a_dataset_names_its_reviewers(made_up, serve):
    made_up.add("zoo", n=6)
    local = serve(local_reviewer="ann")
    browser = Visitor(local.app)
    assert "ann" in browser.page("/").text
    made_up.yaml().write_text(made_up.yaml().read_text() + "review: {room: {reviewers: [bob]}}\n")
    answer = browser.get("/")
    assert answer.status_code == 403
    assert "labelaudit users add" in answer.text
