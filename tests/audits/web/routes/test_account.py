from __future__ import annotations

import pytest

from audits.review.accounts import TOKEN_PREFIX
from audits.web.security.attempts import FREE_PER_ACCOUNT
from tests.audits.web.conftest import BY, PASSWORD
from tests.audits.web.visitor import Visitor, tree

NEW = "another few words"


@pytest.fixture
def bob(guarded):
    return guarded.visitor("bob")


def fault(answer):
    return tree(answer.text).one("p", role="alert").text


def test_the_page_says_who_one_is_and_what_one_sees(guarded, bob):
    facts = bob.page("/account").one("dl").text
    assert facts == "Name bob Role reviewer Datasets none yet"
    assert guarded.visitor("ann").page("/account").one("dl").text == "Name ann Role admin Datasets all"


def test_a_changed_password_ends_all_other_sessions_and_this_one_goes_on(guarded, bob):
    elsewhere, before = guarded.visitor("bob"), dict(bob.cookies)
    answer = bob.submit("/account/password", current=PASSWORD, new=NEW, again=NEW)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account?done=password")
    assert "The password is changed" in bob.page("/account?done=password").one("p", role="status").text
    assert elsewhere.get("/account").status_code == 303
    assert Visitor(guarded.app, cookies=before).get("/account").status_code == 303, "a stolen copy too"
    assert Visitor(guarded.app).log_in("bob", PASSWORD).status_code == 401
    assert Visitor(guarded.app).log_in("bob", NEW).status_code == 303
    (row,) = [r for r in guarded.activity() if r.action == "password changed"]
    assert (row.who, row.detail["account"], row.address) == ("bob", "bob", "testclient")
    assert NEW not in str(guarded.activity())


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"current": "wrong", "new": NEW, "again": NEW}, "This is not the present password."),
        ({"new": NEW, "again": NEW}, "This is not the present password."),
        ({"current": PASSWORD, "new": NEW, "again": NEW + "x"}, "The two new passwords differ."),
        (
            {"current": PASSWORD, "new": "short", "again": "short"},
            "The password has 5 characters; at least 10 are",
        ),
        ({"current": PASSWORD}, "The password has 0 characters"),
    ],
)
def test_what_does_not_fit_changes_nothing(guarded, bob, fields, words):
    stored = guarded.accounts.password_hash("bob")
    answer = bob.submit("/account/password", **fields)
    assert answer.status_code == 422
    assert fault(answer).startswith(words)
    assert guarded.accounts.password_hash("bob") == stored
    assert NEW not in answer.text


def test_the_present_password_cannot_be_guessed_here_either(guarded, bob):
    guess = {"current": "wrong", "new": NEW, "again": NEW}
    answers = [bob.submit("/account/password", **guess).status_code for _ in range(FREE_PER_ACCOUNT + 1)]
    assert answers == [422] * FREE_PER_ACCOUNT + [429]
    answer = bob.submit("/account/password", current=PASSWORD, new=NEW, again=NEW)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1
    assert "Wait" in fault(answer)


def test_ending_the_other_sessions_leaves_this_one(guarded, bob):
    elsewhere, colleague = guarded.visitor("bob"), guarded.visitor("cem")
    assert bob.submit("/account/sessions").headers["location"] == "/account?done=sessions"
    assert elsewhere.get("/account").status_code == 303
    assert bob.get("/account").status_code == 200
    assert colleague.get("/account").status_code == 200


def test_a_token_is_shown_once_and_works_until_it_is_revoked(guarded, bob):
    answer = bob.submit("/account/tokens", label="nightly <b>script</b>")
    assert answer.status_code == 200
    page = tree(answer.text)
    secret = page.one("code", class_="secret").text
    assert secret.startswith(TOKEN_PREFIX)
    assert not page.all("b"), "its name is text"
    program = Visitor(guarded.app, headers={"authorization": f"Bearer {secret}"})
    assert program.get("/account").status_code == 200
    later = bob.page("/account")
    assert not later.all("code", class_="secret")
    assert "nightly <b>script</b>" in later.one("ul", class_="plain-list rows").text
    (token,) = guarded.accounts.tokens("bob")
    assert bob.submit(f"/account/tokens/{token.id}/revoke").headers["location"] == "/account?done=revoked"
    assert program.get("/account").status_code == 401
    assert not bob.page("/account").all("ul", class_="plain-list rows")
    assert secret not in str(guarded.activity())


@pytest.mark.parametrize(
    ("label", "words"), [("", "is empty"), ("x" * 101, "101 characters"), ("a\u202eb", "be seen")]
)
def test_a_token_needs_a_name(guarded, bob, label, words):
    answer = bob.submit("/account/tokens", label=label)
    assert answer.status_code == 422
    assert words in fault(answer)
    assert guarded.accounts.tokens("bob") == []


def test_nobody_revokes_the_token_of_another(guarded, bob):
    token, _ = guarded.accounts.add_token("cem", "script", by=BY)
    assert bob.submit(f"/account/tokens/{token.id}/revoke").status_code == 404
    assert bob.submit("/account/tokens/999/revoke").status_code == 404
    assert guarded.accounts.tokens("cem")[0].revoked_at is None


def test_a_token_that_got_out_makes_no_further_ones_and_no_password(guarded):
    program, before = guarded.program("bob"), guarded.accounts.password_hash("bob")
    token = guarded.accounts.tokens("bob")[0]
    for path, fields in (
        ("/account/tokens", {"label": "x"}),
        ("/account/password", {"current": PASSWORD, "new": NEW, "again": NEW}),
        ("/account/sessions", {}),
        (f"/account/tokens/{token.id}/revoke", {}),
    ):
        answer = program.post(path, data=fields)
        assert answer.status_code == 403
        assert "not with a token" in answer.text
    assert [t.revoked_at for t in guarded.accounts.tokens("bob")] == [None]
    assert guarded.accounts.password_hash("bob") == before


def test_on_this_machine_without_accounts_there_is_nothing_to_change(serve):
    browser = Visitor(serve(local_reviewer="ann").app)
    page = browser.page("/account")
    assert not page.all("form")
    assert "labelaudit users add" in page.text
    assert browser.submit("/account/tokens", label="x").status_code == 403
    assert browser.submit("/account/sessions").status_code == 403


def test_every_control_has_its_label(bob):
    page = bob.page("/account")
    fields = [i for i in page.all("input") if i.attributes.get("type") != "hidden"]
    assert {i.attributes["id"] for i in fields} == {node.attributes["for"] for node in page.all("label")}
