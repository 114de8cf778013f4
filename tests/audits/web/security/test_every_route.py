"""Every route of the app, whoever adds it: who may ask for it, and what those are told who may not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts

from audits.new_workspace import init_workspace
from audits.review.records import ACCOUNT_ROLES
from audits.web.app import create_app
from audits.web.people import adjudicating, administrating, signed_in
from audits.web.settings import RoomSettings
from tests.audits.web.conftest import CHEAP, Guarded
from tests.audits.web.visitor import Visitor
from tests.conftest import MadeUp

#: What anybody may ask for. A line more is a decision.
OPEN = {
    ("GET", "/login"),
    ("POST", "/login"),
    ("POST", "/logout"),
    ("GET", "/health"),
    ("GET", "/api/v1/openapi.json"),
    ("HEAD", "/api/v1/openapi.json"),
    ("*", "/static"),
}

_DEMANDS = {signed_in: "reviewer", adjudicating: "adjudicator", administrating: "admin"}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory) -> Iterator[Guarded]:
    """The app over a dataset that was run, and one that names its reviewers; bob is granted neither."""
    root = tmp_path_factory.mktemp("every route")
    init_workspace(root)
    made_up = MadeUp(root)
    made_up.add("zoo", n=30)
    made_up.ok("run", "zoo")
    app = create_app(made_up.workspace, RoomSettings(accounts=True))
    app.state.security = replace(app.state.security, passwords=CHEAP)
    made = Guarded(app, app.state.security.accounts)
    for role in ACCOUNT_ROLES:
        made.add(role, role)
    made.add("stranger", "reviewer", [])
    yield made
    app.state.room.close()


def routes(app):
    for found in iter_route_contexts(app.routes):
        for method in sorted(found.methods or {"*"}):
            yield method, found.path, found


def _called(dependant: Dependant):
    for below in dependant.dependencies:
        yield below.call
        yield from _called(below)


def demanded(route) -> str | None:
    """The role that a route demands; None where it asks nobody who they are."""
    if not isinstance(route.original_route, APIRoute):
        return None
    roles = [_DEMANDS[c] for c in _called(route.dependant) if c in _DEMANDS]
    return max(roles, key=ACCOUNT_ROLES.index, default=None)


def filled(app, path, dataset="zoo"):
    """A path with a value for every part of it."""
    question = "0" * 32
    store = app.state.room.store
    if tasks := store.tasks("zoo"):
        question = tasks[0].question.hash
    for name, value in {
        "name": dataset,
        "dataset": dataset,
        "question": question,
        "question_hash": question,
    }.items():
        path = path.replace("{" + name + "}", value)
    while "{" in path:
        path = path[: path.index("{")] + "1" + path[path.index("}") + 1 :]
    return path


def test_every_route_asks_who_it_is_or_is_one_of_the_few_that_are_open(guarded):
    found = list(routes(guarded.app))
    assert len(found) > 20
    open_ = {(method, path) for method, path, route in found if demanded(route) is None}
    assert open_ == OPEN


def test_accounts_are_for_admins(guarded):
    of_users = {demanded(r) for _, path, r in routes(guarded.app) if path.startswith("/users")}
    assert of_users == {"admin"}


def test_nobody_sees_and_does_nothing(guarded):
    nobody = Visitor(guarded.app)
    for method, path, route in routes(guarded.app):
        if demanded(route) is None:
            continue
        answer = nobody.request(method, filled(guarded.app, path))
        if path.startswith("/api/"):
            assert answer.status_code == 401, (method, path)
            assert answer.headers["www-authenticate"].startswith("Bearer")
            assert set(answer.json()) == {"error", "detail"}
        else:
            assert answer.status_code == 303, (method, path)
            assert answer.headers["location"].startswith("/login?next=%2F")


@pytest.mark.parametrize("how", ["session", "token"])
@pytest.mark.parametrize("role", ACCOUNT_ROLES)
def test_each_role_is_refused_what_is_of_a_higher_one(guarded, role, how):
    browser = guarded.visitor(role) if how == "session" else guarded.program(role)
    headers = {"x-csrf-token": browser.token()} if how == "session" else {}
    refused = 0
    for method, path, route in routes(guarded.app):
        needed = demanded(route)
        if needed is None:
            continue
        enough = ACCOUNT_ROLES.index(role) >= ACCOUNT_ROLES.index(needed)
        if not enough:
            answer = browser.request(method, filled(guarded.app, path), headers=headers)
            assert answer.status_code == 403, (method, path, answer.text)
            assert f"for the role '{needed}'" in answer.text or "for the role &#39;" in answer.text
            refused += 1
        elif method == "GET":
            answer = browser.get(filled(guarded.app, path))
            assert answer.status_code < 500, (path, answer.text)
            assert answer.status_code not in (401, 403, 405), (path, answer.text)
    assert (refused > 0) == (role != "admin")


def test_a_dataset_that_is_not_granted_is_as_one_that_is_not_there(guarded):
    stranger = guarded.visitor("stranger")
    headers = {"x-csrf-token": stranger.token(), "accept": "application/json"}
    assert "zoo" not in stranger.page("/").text
    asked = 0
    for method, path, route in routes(guarded.app):
        if demanded(route) != "reviewer" or not ("{name}" in path or "{dataset}" in path):
            continue
        answers = [
            stranger.request(method, filled(guarded.app, path, dataset), headers=headers)
            for dataset in ("zoo", "oof")
        ]
        assert answers[0].status_code == answers[1].status_code, (method, path)
        assert answers[0].status_code in (404, 422), (method, path)
        assert answers[0].text.replace("zoo", "oof") == answers[1].text, (method, path)
        asked += 1
    assert asked
