from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.audits.web.visitor import Visitor, tree


@pytest.fixture
def signed_in(made_up, serve):
    """The app with accounts over a dataset that was run, and a browser of bob's, a reviewer."""
    made_up.add("zoo", n=12)
    made_up.ok("run", "zoo")
    guarded = serve(accounts=True)
    guarded.add("bob")
    return guarded, guarded.visitor("bob")


@pytest.fixture
def alone(made_up, serve):
    """The app for whoever sits at the machine, over the same dataset."""
    made_up.add("zoo", n=12)
    made_up.ok("run", "zoo")
    return Visitor(serve().app)


def damaged(made_up) -> None:
    """Take a table of the store away behind the app's back."""
    with sqlite3.connect(made_up.root / "state" / "review.sqlite") as connection:
        connection.execute("DROP TABLE task_state")
    connection.close()


def test_a_store_that_fails_tells_those_who_sign_in_nothing_of_the_machine(made_up, signed_in, caplog):
    _, bob = signed_in
    damaged(made_up)
    caplog.clear()
    answers = [bob.get("/d/zoo/review"), bob.get("/api/v1/datasets/zoo/queue")]
    for answer in answers:
        assert answer.status_code == 503
        assert "cannot be read or written at this moment" in answer.text
        assert str(made_up.root) not in answer.text
        assert "task_state" not in answer.text
    assert answers[1].json()["error"] == "store"
    assert caplog.text.count("no such table: task_state") >= 2


def test_whoever_sits_at_the_machine_is_told_which_store_fails_and_how(made_up, alone):
    damaged(made_up)
    answer = alone.get("/d/zoo/review")
    assert answer.status_code == 503
    said = tree(answer.text).one("main").text
    assert str(made_up.root / "state" / "review.sqlite") in said
    assert "no such table: task_state" in said


def test_what_was_not_stored_is_said_to_be_so_where_something_was_sent(made_up, alone):
    damaged(made_up)
    unstored = "What you just sent was not stored"
    assert unstored not in alone.get("/d/zoo/review").text
    assert unstored in alone.submit("/d/zoo/undo", undo_id="u1").text


@pytest.mark.parametrize("accounts", [True, False])
def test_a_file_that_the_system_refuses_is_a_fault_of_the_machine_and_no_defect(
    made_up, serve, accounts, caplog
):
    app = serve(accounts=accounts).app

    @app.get("/folder")
    def folder() -> bytes:
        return Path(made_up.root).read_bytes()

    answer = Visitor(app).get("/folder", headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()["error"]) == (503, "disk")
    assert (str(made_up.root) in answer.json()["detail"]) == (not accounts)
    assert "IsADirectoryError" in caplog.text


def test_messages_name_files_from_the_workspace_on_for_those_who_sign_in(made_up, signed_in):
    guarded, _ = signed_in
    guarded.add("ann", "admin")
    path = made_up.yaml()
    path.write_text(path.read_text() + "reviw: {}\n")
    answer = guarded.visitor("ann").get("/d/zoo/review")
    assert answer.status_code == 409
    said = tree(answer.text).one("main").text
    assert "datasets/zoo.yaml" in said
    assert "reviw" in said
    assert str(made_up.root) not in answer.text


def test_only_another_name_of_the_server_is_said_to_be_one(alone):
    other = alone.get("/", headers={"host": "evil.example"})
    assert (other.status_code, tree(other.text).one("h1").text) == (400, "That is not this server's name")
    many = {f"field {i}": "1" for i in range(1001)}
    answer = alone.post("/d/zoo/skip", data=many, headers={"x-csrf-token": alone.token()})
    assert (answer.status_code, tree(answer.text).one("h1").text) == (400, "That cannot be read")
