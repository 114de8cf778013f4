"""The app over a small workspace, with people who have accounts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI

from audits.review.accounts import Accounts, Actor
from audits.review.records import AccountRole
from audits.web.app import create_app
from audits.web.security.grants import Grants
from audits.web.security.passwords import Passwords
from audits.web.security.secret import VARIABLE
from audits.web.settings import RoomSettings
from tests.audits.web.visitor import Visitor

#: Everybody's, in these tests.
PASSWORD = "correct horse battery"  # noqa: S105

#: argon2 with the least work it takes: what is tested is not how long it takes.
CHEAP = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))

BY = Actor("ann", "10.0.0.1")


@dataclass
class Guarded:
    """The app with accounts."""

    app: FastAPI
    accounts: Accounts

    def add(self, name: str, role: AccountRole = "reviewer", datasets: list[str] | None = None) -> str:
        """Make an account; returns its name."""
        return self.accounts.add(name, role, CHEAP.hash(PASSWORD), datasets, by=BY).name

    def visitor(self, name: str | None = None, **more: Any) -> Visitor:
        """A browser; with a name, of somebody who is logged in."""
        browser = Visitor(self.app, **more)
        if name is not None:
            answer = browser.log_in(name, PASSWORD)
            assert answer.status_code == 303, answer.text
        return browser

    def program(self, name: str) -> Visitor:
        """A program with a token of somebody's."""
        _, secret = self.accounts.add_token(name, "test", by=BY)
        return Visitor(self.app, headers={"authorization": f"Bearer {secret}"})

    def activity(self) -> list[Any]:
        """What was told, oldest first."""
        from sqlalchemy import select

        from audits.review.schema import activity

        with self.app.state.room.store.reading() as connection:
            return list(connection.execute(select(activity).order_by(activity.c.id)))


@pytest.fixture(autouse=True)
def _own_secret(monkeypatch):
    """Sessions are signed with the workspace's own secret, whatever the environment of the tests says."""
    monkeypatch.delenv(VARIABLE, raising=False)


@pytest.fixture
def serve(made_up) -> Iterator[Callable[..., Guarded]]:
    """Make the app over the made-up workspace, with given settings."""
    made: list[FastAPI] = []

    def make(**settings: Any) -> Guarded:
        app = create_app(made_up.workspace, RoomSettings(**settings))
        made.append(app)
        grants = Grants(made_up.workspace, fresh=0)  # a test changes a file and asks at once
        app.state.security = replace(app.state.security, passwords=CHEAP, grants=grants)
        return Guarded(app, app.state.security.accounts)

    yield make
    for app in made:
        app.state.room.close()


@pytest.fixture
def guarded(serve) -> Guarded:
    """The app of a workspace without a dataset, with a reviewer, an adjudicator and an admin."""
    made = serve(accounts=True)
    made.add("bob")
    made.add("cem", "adjudicator")
    made.add("ann", "admin")
    return made
