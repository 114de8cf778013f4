"""`users`: accounts of the review app, made and changed on the command line."""

import os
import select
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from audits.review.accounts import Accounts
from audits.review.store import ReviewStore
from audits.web.security.passwords import Passwords

PASSWORD = "correct horse battery"  # noqa: S105


@pytest.fixture
def accounts(made_up):
    with ReviewStore(made_up.workspace.store_url) as store:
        yield Accounts(store)


@pytest.fixture
def call(made_up):
    """Call `users` with standard input."""
    from pipelines.cli import app

    def run(*words, stdin=""):
        return CliRunner().invoke(app, ["--workspace", str(made_up.root), "users", *words], input=stdin)

    return run


@pytest.fixture
def add(call):
    def run(name, *words, password=PASSWORD):
        done = call("add", name, *words, "--password-stdin", stdin=f"{password}\n")
        assert done.exit_code == 0, done.output
        return done

    return run


def test_an_account_is_made_with_a_password_that_is_nowhere_shown(made_up, accounts, add):
    done = add("bob", "--role", "reviewer")
    assert done.stdout == "bob is reviewer of all datasets\n"
    assert PASSWORD not in done.output
    stored = accounts.password_hash("bob")
    assert stored.startswith("$argon2id$")
    assert Passwords().verify(stored, PASSWORD)
    assert PASSWORD.encode() not in (made_up.root / "state" / "review.sqlite").read_bytes()


def test_datasets_are_granted_and_must_be_there(made_up, accounts, add, call):
    made_up.add("zoo", n=6)
    made_up.add("pets", n=6)
    assert (
        "bob is reviewer of pets, zoo"
        in add("bob", "--role", "reviewer", "--dataset", "zoo", "--dataset", "pets").stdout
    )
    done = call("add", "cem", "--role", "reviewer", "--dataset", "zop", "--password-stdin", stdin=PASSWORD)
    assert done.exit_code == 2
    assert "the nearest name is 'zoo'" in done.stderr
    assert accounts.get("cem") is None
    assert "sees zoo" in call("grant", "bob", "--dataset", "zoo").stdout
    assert accounts.get("bob").datasets == ("zoo",)
    assert call("grant", "bob", "--dataset", "zop").exit_code == 2
    assert "sees all datasets" in call("grant", "bob", "--all").stdout
    assert accounts.get("bob").datasets is None
    for words in ((), ("--all", "--dataset", "zoo")):
        done = call("grant", "bob", *words)
        assert done.exit_code == 2
        assert "give either --all or --dataset" in done.stderr


@pytest.mark.parametrize(
    ("name", "password", "words"),
    [
        ("bob", PASSWORD, "there is an account 'bob' already"),
        ("BOB", PASSWORD, "there is an account 'bob' already"),
        ("cem", "short", "the password has 5 characters; at least 10 are needed"),
        ("cem", "", "the password has 0 characters"),
        ("cem-the-reviewer", "cem-the-reviewer", "is the name of the account"),
        ("", PASSWORD, "the name of an account is empty"),
        ("a\nb", PASSWORD, "cannot be seen"),
    ],
)
def test_what_is_refused_makes_no_account(accounts, add, call, name, password, words):
    add("bob", "--role", "reviewer")
    done = call("add", name, "--role", "admin", "--password-stdin", stdin=f"{password}\n")
    assert done.exit_code == 2
    assert words in done.stderr
    assert [(a.name, a.role) for a in accounts.all()] == [("bob", "reviewer")]


def test_an_unknown_role_is_a_wrong_call(call):
    done = call("add", "bob", "--role", "owner", "--password-stdin", stdin=PASSWORD)
    assert done.exit_code == 2
    assert call("add", "bob").exit_code == 2, "a role must be given"


def test_without_a_terminal_the_password_must_be_announced(accounts, call):
    done = call("add", "bob", "--role", "reviewer", stdin=f"{PASSWORD}\n{PASSWORD}\n")
    assert done.exit_code == 2
    assert "--password-stdin" in done.stderr
    assert not accounts.any()


def _on_terminal(root, *answers):
    """`users add bob` on a terminal of its own: exit status, and all that the terminal showed."""
    master, slave = os.openpty()
    command = [
        sys.executable,
        "-m",
        "pipelines.cli",
        "-w",
        str(root),
        "users",
        "add",
        "bob",
        "--role",
        "reviewer",
    ]
    process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
    os.close(slave)
    shown, left = b"", list(answers)
    while True:
        ready, _, _ = select.select([master], [], [], 60)
        assert ready, shown
        try:
            block = os.read(master, 1000)
        except OSError:  # how Linux says that the other end is closed
            break
        if not block:
            break
        shown += block
        if left and shown.rstrip(b" ").endswith(b":"):
            os.write(master, left.pop(0).encode() + b"\n")
            shown += b" "
    os.close(master)
    return process.wait(60), shown.decode()


def test_on_a_terminal_it_is_asked_for_twice_and_not_shown(made_up, accounts):
    status, shown = _on_terminal(made_up.root, PASSWORD, PASSWORD)
    assert status == 0, shown
    assert "Password of bob:" in shown
    assert "Again:" in shown
    assert PASSWORD not in shown
    assert Passwords().verify(accounts.password_hash("bob"), PASSWORD)


def test_two_that_differ_make_no_account(made_up, accounts):
    status, shown = _on_terminal(made_up.root, PASSWORD, PASSWORD + "x")
    assert status == 2
    assert "the two passwords differ" in shown
    assert not accounts.any()


def test_accounts_are_listed_for_people_and_for_programs(made_up, add, call):
    assert "There are no accounts" in call("list").stdout
    assert made_up.json("users", "list") == []
    add("bob", "--role", "reviewer")
    add("ann", "--role", "admin")
    call("disable", "bob")
    first, second = made_up.json("users", "list")
    assert {k: first[k] for k in ("name", "role", "datasets", "active")} == {
        **{"name": "ann", "role": "admin", "datasets": None, "active": True}
    }
    assert (second["name"], second["active"]) == ("bob", False)
    assert set(second) == {"name", "role", "datasets", "active", "created_at", "changed_at"}
    table = call("list").stdout
    assert "disabled" in table
    assert "argon2" not in table + str((first, second))


def test_roles_passwords_and_states_are_changed(accounts, add, call):
    add("bob", "--role", "reviewer")
    assert "bob is adjudicator" in call("role", "bob", "adjudicator").stdout
    assert accounts.get("bob").role == "adjudicator"
    epoch = accounts.get("bob").epoch
    assert (
        "the sessions have ended"
        in call("password", "bob", "--password-stdin", stdin="another few words\n").stdout
    )
    assert Passwords().verify(accounts.password_hash("bob"), "another few words")
    assert accounts.get("bob").epoch == epoch + 1
    assert call("password", "bob", "--password-stdin", stdin="short\n").exit_code == 2
    assert Passwords().verify(accounts.password_hash("bob"), "another few words")
    assert "bob is disabled" in call("disable", "bob").stdout
    assert not accounts.get("bob").active
    assert "bob may log in" in call("enable", "bob").stdout
    assert accounts.get("bob").active


def test_a_token_is_printed_once_and_alone_and_listed_without_it(made_up, accounts, add, call):
    add("bob", "--role", "reviewer")
    assert "There are no tokens" in call("tokens").stdout
    done = call("token", "bob", "--name", "nightly")
    secret = done.stdout.strip()
    assert "\n" not in secret
    assert accounts.of_token(secret).name == "bob"
    assert "shown this once" in done.stderr
    (listed,) = made_up.json("users", "tokens", "bob")
    assert (listed["account"], listed["name"], listed["revoked_at"]) == ("bob", "nightly", None)
    assert secret not in call("tokens").stdout + str(listed)
    assert "is revoked" in call("revoke", str(listed["id"])).stdout
    assert "was revoked already" in call("revoke", str(listed["id"])).stdout
    assert accounts.of_token(secret) is None
    assert made_up.json("users", "tokens")[0]["revoked_at"] is not None
    assert call("revoke", "99").exit_code == 2


@pytest.mark.parametrize(
    "words",
    [
        ("password", "eve", "--password-stdin"),
        ("role", "eve", "admin"),
        ("grant", "eve", "--all"),
        ("disable", "eve"),
        ("enable", "eve"),
        ("token", "eve", "--name", "x"),
        ("tokens", "eve"),
    ],
)
def test_an_unknown_name_is_told_with_those_there_are(add, call, words):
    done = call(*words, stdin=PASSWORD)
    assert done.exit_code == 2
    assert "there is no account 'eve'; 'labelaudit users add' makes the first" in done.stderr
    add("bob", "--role", "reviewer")
    assert "there is no account 'eve'; there are bob" in call(*words, stdin=PASSWORD).stderr


def test_each_change_is_in_the_log_with_the_user_of_this_machine(made_up, add, call):
    from sqlalchemy import select as select_rows

    from audits.review.schema import activity

    add("bob", "--role", "reviewer")
    call("disable", "bob")
    with ReviewStore(made_up.workspace.store_url) as store, store.reading() as connection:
        rows = list(connection.execute(select_rows(activity).order_by(activity.c.id)))
    assert [r.action for r in rows] == ["account added", "account disabled"]
    assert {r.detail["via"] for r in rows} == {"command"}
    assert len({r.who for r in rows}) == 1
