from __future__ import annotations

import hashlib
import threading

import pytest
from sqlalchemy import select

from audits.errors import UsageError
from audits.review.accounts import LONGEST, TOKEN_PREFIX, Accounts, Actor, account_name
from audits.review.schema import account, activity, api_token

BY = Actor("ann", "10.0.0.1")


@pytest.fixture
def accounts(store):
    return Accounts(store)


def told(store):
    with store.reading() as connection:
        return list(connection.execute(select(activity).order_by(activity.c.id)))


def test_an_account_is_kept_as_it_was_made(accounts):
    assert not accounts.any()
    made = accounts.add("bob", "reviewer", "hash", ["zoo", "pets", "zoo"], by=BY)
    assert (made.role, made.datasets, made.active, made.epoch) == ("reviewer", ("pets", "zoo"), True, 1)
    assert accounts.add("ann", "admin", "other", by=BY).datasets is None
    assert accounts.any()
    assert [a.name for a in accounts.all()] == ["ann", "bob"]
    assert accounts.get("bob") == made
    assert accounts.password_hash("bob") == "hash"
    assert accounts.get("Bob") is None
    assert accounts.password_hash("nobody") is None
    assert accounts.get("half \ud800 a character") is None
    assert accounts.get("a\0b") is None


def test_no_grants_is_not_all_grants(accounts):
    assert accounts.add("bob", "reviewer", "hash", [], by=BY).datasets == ()
    assert accounts.grant("bob", None, by=BY).datasets is None
    assert accounts.grant("bob", ["zoo"], by=BY).datasets == ("zoo",)
    assert accounts.get("bob").datasets == ("zoo",)


@pytest.mark.parametrize("name", ["bob", "BOB", " bob "])
def test_a_name_is_given_once_however_it_is_written(accounts, name):
    accounts.add("bob", "reviewer", "hash", by=BY)
    with pytest.raises(UsageError, match="there is an account 'bob' already"):
        accounts.add(name, "admin", "other", by=BY)
    assert accounts.get("bob").role == "reviewer"


def test_composed_and_decomposed_letters_are_one_name():
    assert account_name(" Zoe\u0308 ") == "Zoë"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "is empty"),
        ("  ", "is empty"),
        ("x" * (LONGEST + 1), f"has {LONGEST + 1} characters"),
        ("a\u202eb", "cannot be seen"),
        ("a\nb", "cannot be seen"),
        ("a\0b", "NUL"),
        ("a\ud800b", "half a character"),
    ],
)
def test_names_that_cannot_be_told_apart_or_stored_are_refused(accounts, name, words):
    with pytest.raises(UsageError, match=words):
        accounts.add(name, "reviewer", "hash", by=BY)
    assert not accounts.any()


def test_each_change_is_told_with_who_and_from_where(store, accounts):
    accounts.add("bob", "reviewer", "hash", by=Actor("root", via="command"))
    accounts.set_role("bob", "adjudicator", by=BY)
    accounts.grant("bob", ["zoo"], by=BY)
    accounts.set_password("bob", "other", by=BY)
    accounts.set_active("bob", False, by=BY)
    accounts.set_active("bob", True, by=BY)
    accounts.end_sessions("bob", by=BY)
    accounts.rehash("bob", "other", "stronger", by=BY)
    token, secret = accounts.add_token("bob", "script", by=BY)
    accounts.revoke(token.id, by=BY)
    accounts.tell("logged in", by=BY)
    rows = told(store)
    assert [r.action for r in rows] == [
        *("account added", "role changed", "datasets granted", "password changed", "account disabled"),
        *("account enabled", "logged out", "password rehashed", "token made", "token revoked", "logged in"),
    ]
    assert (rows[0].who, rows[0].address, rows[0].detail["via"]) == ("root", None, "command")
    assert {(r.who, r.address, r.detail["via"]) for r in rows[1:]} == {("ann", "10.0.0.1", "web")}
    assert {r.detail["account"] for r in rows[:-1]} == {"bob"}
    kept = " ".join(str(r) for r in rows)
    assert not [s for s in ("hash'", "other", "stronger", secret) if s in kept], "no secret is in the log"


def test_what_ends_sessions_raises_the_epoch_and_nothing_else_does(accounts):
    accounts.add("bob", "reviewer", "hash", by=BY)
    epochs = []
    for change in (
        lambda: accounts.set_role("bob", "admin", by=BY),
        lambda: accounts.grant("bob", None, by=BY),
        lambda: accounts.set_password("bob", "other", by=BY),
        lambda: accounts.set_active("bob", False, by=BY),
        lambda: accounts.set_active("bob", True, by=BY),
        lambda: accounts.end_sessions("bob", by=BY),
    ):
        change()
        epochs.append(accounts.get("bob").epoch)
    assert epochs == [1, 1, 2, 3, 3, 4]


def test_a_rehash_does_not_undo_a_change_of_the_password(accounts):
    accounts.add("bob", "reviewer", "old", by=BY)
    accounts.set_password("bob", "new", by=BY)
    accounts.rehash("bob", "old", "old, stronger", by=BY)
    assert accounts.password_hash("bob") == "new"
    epoch = accounts.get("bob").epoch
    accounts.rehash("bob", "new", "new, stronger", by=BY)
    assert (accounts.password_hash("bob"), accounts.get("bob").epoch) == ("new, stronger", epoch)


def test_an_admin_sees_all(accounts):
    with pytest.raises(UsageError, match="an admin sees all"):
        accounts.add("ann", "admin", "hash", ["zoo"], by=BY)
    accounts.add("bob", "reviewer", "hash", ["zoo"], by=BY)
    assert accounts.set_role("bob", "admin", by=BY).datasets is None
    with pytest.raises(UsageError, match="an admin sees all"):
        accounts.grant("bob", ["zoo"], by=BY)


def test_what_is_not_there_is_refused_and_nothing_is_told(store, accounts):
    for change in (
        lambda: accounts.set_role("bob", "admin", by=BY),
        lambda: accounts.set_password("bob", "x", by=BY),
        lambda: accounts.grant("bob", None, by=BY),
        lambda: accounts.set_active("bob", False, by=BY),
        lambda: accounts.end_sessions("bob", by=BY),
        lambda: accounts.rehash("bob", "x", "y", by=BY),
        lambda: accounts.add_token("bob", "script", by=BY),
    ):
        with pytest.raises(UsageError, match="there is no account 'bob'"):
            change()
    with pytest.raises(UsageError, match="there is no token 1"):
        accounts.revoke(1, by=BY)
    with pytest.raises(UsageError, match="the role must be one of reviewer, adjudicator, admin, got 'owner'"):
        accounts.add("bob", "owner", "hash", by=BY)  # type: ignore[arg-type]
    assert told(store) == []


def test_of_a_token_only_a_hash_is_kept(store, accounts):
    accounts.add("bob", "reviewer", "hash", by=BY)
    token, secret = accounts.add_token("bob", "script", by=BY)
    assert secret.startswith(TOKEN_PREFIX)
    assert len(secret) >= len(TOKEN_PREFIX) + 43, "32 bytes"
    with store.reading() as connection:
        rows = list(connection.execute(select(api_token)))
    assert [r.token_hash for r in rows] == [hashlib.sha256(secret.encode()).hexdigest()]
    assert secret not in str(rows)
    assert accounts.of_token(secret) == accounts.get("bob")
    assert accounts.tokens() == accounts.tokens("bob") == [token]
    assert accounts.tokens("ann") == []


@pytest.mark.parametrize("wrong", ["", "labelaudit_", "x", "\ud800", "labelaudit_" + "A" * 43])
def test_another_token_is_nobodys(accounts, wrong):
    accounts.add("bob", "reviewer", "hash", by=BY)
    accounts.add_token("bob", "script", by=BY)
    assert accounts.of_token(wrong) is None
    assert accounts.of_token(accounts.tokens()[0].name) is None


def test_the_hash_of_a_token_is_no_token(store, accounts):
    accounts.add("bob", "reviewer", "hash", by=BY)
    accounts.add_token("bob", "script", by=BY)
    with store.reading() as connection:
        kept = connection.execute(select(api_token.c.token_hash)).scalar_one()
    assert accounts.of_token(kept) is None


def test_a_revoked_token_is_nobodys_and_stays_in_the_list(accounts):
    accounts.add("bob", "reviewer", "hash", by=BY)
    first, one = accounts.add_token("bob", "script", by=BY)
    _, two = accounts.add_token("bob", "script", by=BY)
    assert accounts.revoke(first.id, by=BY)
    assert not accounts.revoke(first.id, by=BY), "a second time it was revoked already"
    assert accounts.of_token(one) is None
    assert accounts.of_token(two).name == "bob"
    assert [t.revoked_at is None for t in accounts.tokens("bob")] == [False, True]


def test_nobody_revokes_the_token_of_another(accounts):
    accounts.add("bob", "reviewer", "hash", by=BY)
    accounts.add("cem", "reviewer", "hash", by=BY)
    token, secret = accounts.add_token("bob", "script", by=BY)
    with pytest.raises(UsageError, match="there is no token"):
        accounts.revoke(token.id, by=BY, of="cem")
    assert accounts.of_token(secret) is not None
    assert accounts.revoke(token.id, by=BY, of="bob")


@pytest.mark.parametrize("number", [0, -1, 2**31, 2**63, 10**300])
def test_a_number_that_no_token_can_have_is_no_tokens(accounts, number):
    with pytest.raises(UsageError, match="there is no token"):
        accounts.revoke(number, by=BY)


def test_tokens_of_a_disabled_account_hold_again_when_it_is_enabled(accounts):
    accounts.add("bob", "reviewer", "hash", by=BY)
    _, secret = accounts.add_token("bob", "script", by=BY)
    accounts.set_active("bob", False, by=BY)
    assert accounts.of_token(secret) is None
    accounts.set_active("bob", True, by=BY)
    assert accounts.of_token(secret).name == "bob"


def test_two_who_add_the_same_name_at_once_make_one_account(store, accounts):
    outcomes = []

    def add(n):
        try:
            accounts.add("bob", "reviewer", f"hash {n}", by=BY)
            outcomes.append("made")
        except UsageError:
            outcomes.append("refused")

    threads = [threading.Thread(target=add, args=[n]) for n in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sorted(outcomes) == ["made", "refused", "refused", "refused"]
    with store.reading() as connection:
        assert len(list(connection.execute(select(account)))) == 1
