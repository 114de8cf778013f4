from __future__ import annotations

import pytest

from tests.audits.web.conftest import BY, PASSWORD
from tests.audits.web.visitor import Visitor, tree

ODD = "x/<b>\"é' & ?#%2F"


@pytest.fixture
def ann(made_up, guarded):
    made_up.add("zoo", n=6)
    made_up.add("pets", n=6)
    return guarded.visitor("ann")


def told(answer):
    return tree(answer.text).one("p", role="alert").text


def test_an_admin_makes_an_account_that_may_log_in(guarded, ann):
    answer = ann.submit("/users", name=" dee ", role="reviewer", password=PASSWORD, datasets=["zoo"])
    assert (answer.status_code, answer.headers["location"]) == (303, "/users/one?name=dee&done=added")
    made = guarded.accounts.get("dee")
    assert (made.role, made.datasets) == ("reviewer", ("zoo",))
    assert guarded.visitor("dee").get("/users").status_code == 403
    row = guarded.activity()[-3:]
    assert [(r.who, r.action) for r in row if r.action == "account added"] == [("ann", "account added")]


@pytest.mark.parametrize(
    ("fields", "granted"),
    [
        ({"every": "true"}, None),
        ({"every": "true", "datasets": ["zoo"]}, None),
        ({"datasets": ["zoo", "pets"]}, ("pets", "zoo")),
        ({}, ()),
        ({"role": "admin", "datasets": ["zoo"]}, None),
    ],
)
def test_what_is_granted(guarded, ann, fields, granted):
    sent = {"name": "dee", "role": "reviewer", "password": PASSWORD, **fields}
    assert ann.submit("/users", **sent).status_code == 303
    assert guarded.accounts.get("dee").datasets == granted


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": "bob"}, "There is an account 'bob' already."),
        ({"name": ""}, "The name of an account is empty."),
        ({"password": "short"}, "The password has 5 characters"),
        ({"password": "dee"}, "The password has 3 characters"),
        ({"role": "owner"}, "The role must be one of"),
        ({"datasets": ["none"]}, "There is no dataset 'none' here."),
    ],
)
def test_what_does_not_fit_is_told_and_kept_in_the_form_but_for_the_password(guarded, ann, fields, words):
    sent = {"name": "dee", "role": "adjudicator", "password": PASSWORD, "datasets": ["zoo"], **fields}
    answer = ann.submit("/users", **sent)
    assert answer.status_code == 422
    assert told(answer).startswith(words)
    page = tree(answer.text)
    assert page.one("input", name="name").attributes["value"] == sent["name"]
    assert "value" not in page.one("input", name="password").attributes
    assert guarded.accounts.get("dee") is None


def test_a_role_and_datasets_are_changed(guarded, ann):
    assert ann.submit("/users/role", name="bob", role="adjudicator").status_code == 303
    assert ann.submit("/users/datasets", name="bob", datasets=["zoo"]).status_code == 303
    bob = guarded.accounts.get("bob")
    assert (bob.role, bob.datasets) == ("adjudicator", ("zoo",))
    page = ann.page("/users/one?name=bob")
    ticked = [i.attributes["value"] for i in page.all("input", type="checkbox") if "checked" in i.attributes]
    assert ticked == ["zoo"]
    assert ann.submit("/users/datasets", name="bob", every="true").status_code == 303
    assert guarded.accounts.get("bob").datasets is None
    assert ann.submit("/users/datasets", name="ann", datasets=["zoo"]).status_code == 404, "an admin sees all"


def test_a_disabled_account_is_out_at_once(guarded, ann):
    bob, program = guarded.visitor("bob"), guarded.program("bob")
    assert ann.submit("/users/active", name="bob", active="false").status_code == 303
    assert bob.get("/").status_code == 303
    assert program.get("/").status_code == 401
    assert "disabled" in ann.page("/users").text
    assert ann.submit("/users/active", name="bob", active="true").status_code == 303
    assert Visitor(guarded.app).log_in("bob", PASSWORD).status_code == 303


def test_a_forgotten_password_is_given_anew(guarded, ann):
    bob = guarded.visitor("bob")
    assert ann.submit("/users/password", name="bob", password="short").status_code == 422  # noqa: S106
    assert bob.get("/").status_code == 200
    assert ann.submit("/users/password", name="bob", password="a new long one").status_code == 303  # noqa: S106
    assert bob.get("/").status_code == 303
    assert Visitor(guarded.app).log_in("bob", "a new long one").status_code == 303


def test_a_token_of_somebody_is_revoked(guarded, ann):
    program = guarded.program("bob")
    (token,) = guarded.accounts.tokens("bob")
    assert ann.submit("/users/revoke", name="cem", token=str(token.id)).status_code == 404, "it is not cem's"
    assert program.get("/").status_code == 200
    assert ann.submit("/users/revoke", name="bob", token=str(token.id)).status_code == 303
    assert program.get("/").status_code == 401


def test_nobody_locks_themselves_out(guarded, ann):
    for path, fields in (
        ("/users/role", {"role": "reviewer"}),
        ("/users/active", {"active": "false"}),
        ("/users/password", {"password": "a new long one"}),
    ):
        assert ann.submit(path, name="ann", **fields).status_code == 403
    account = guarded.accounts.get("ann")
    assert (account.role, account.active, account.epoch) == ("admin", True, 1)
    assert not ann.page("/users/one?name=ann").one("main").all("form")


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/users/role", {"role": "reviewer"}),
        ("/users/datasets", {"every": "true"}),
        ("/users/active", {"active": "false"}),
        ("/users/password", {"password": "a new long one"}),
        ("/users/revoke", {"token": "1"}),
    ],
)
def test_what_is_not_there_and_who_is_no_admin(guarded, ann, path, fields):
    assert ann.submit(path, name="nobody", **fields).status_code == 404
    assert guarded.visitor("cem").submit(path, name="bob", **fields).status_code == 403
    assert guarded.program("ann").post(path, data={"name": "bob", **fields}).status_code == 403, (
        "not by a token"
    )
    assert ann.get("/users/one?name=nobody").status_code == 404


def test_a_name_may_hold_any_sign(guarded, ann):
    guarded.add(ODD)
    page = ann.page("/users")
    (link,) = [a for a in page.all("a") if a.text == ODD]
    found = ann.page(link.attributes["href"])
    assert found.one("h1").text == ODD
    assert not found.all("b")
    assert ann.submit("/users/role", name=ODD, role="adjudicator").status_code == 303
    answer = ann.submit("/users/active", name=ODD, active="false")
    assert ann.page(answer.headers["location"]).one("h1").text == ODD
    guarded.accounts.add_token(ODD, ODD, by=BY)
    assert ODD in ann.page(link.attributes["href"]).one("ul", class_="plain-list rows").text


def test_on_this_machine_without_accounts_there_is_nothing_to_change(serve):
    browser = Visitor(serve().app)
    page = browser.page("/users")
    assert not page.all("form")
    assert "labelaudit users add" in page.text
    assert browser.submit("/users", name="eve", password=PASSWORD).status_code == 403
    assert browser.submit("/users/datasets", name="eve").status_code == 403


def test_every_control_has_its_label(ann):
    for path in ("/users", "/users/one?name=bob"):
        page = ann.page(path)
        kinds = page.all("input") + page.all("select")
        fields = [f for f in kinds if f.attributes.get("type") not in ("hidden", "checkbox")]
        assert fields
        assert {f.attributes["id"] for f in fields} == {
            label.attributes["for"] for label in page.all("label") if "for" in label.attributes
        }
        boxes = [b for label in page.all("label", class_="choice") for b in label.all("input")]
        assert len(boxes) == len(page.all("input", type="checkbox")) == 3
