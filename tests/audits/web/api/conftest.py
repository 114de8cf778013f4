"""A small workspace with a dataset that is shown and one that is reviewed blind, made once and copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from audits.new_workspace import init_workspace
from audits.web.app import create_app
from audits.web.settings import RoomSettings
from tests.audits.web.conftest import CHEAP, Guarded
from tests.audits.web.visitor import Visitor
from tests.conftest import MadeUp

ROOM = "review:\n  control_rate: 0.3\n  room: {blind: %s, mistakes: {}}\n"


@pytest.fixture(scope="session")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the datasets `zoo` and `dark`, the latter blind, that were run."""
    root = tmp_path_factory.mktemp("api") / "workspace"
    init_workspace(root)
    made = MadeUp(root)
    for name, blind in (("zoo", "false"), ("dark", "true")):
        made.add(name, n=30, yaml=ROOM % blind)
    made.ok("run")
    return root


@dataclass
class Api:
    """The app over a copy of the workspace, and who may ask it."""

    app: FastAPI
    guarded: Guarded

    def local(self) -> Visitor:
        """Somebody on this machine, where nobody has an account."""
        browser = Visitor(self.app)
        browser.headers["x-csrf-token"] = browser.token()
        return browser

    def program(self, name: str) -> Visitor:
        """A program with a token of somebody's."""
        return self.guarded.program(name)

    @property
    def store(self) -> Any:
        """The review store."""
        return self.app.state.room.store


@pytest.fixture
def api(ran: Path, tmp_path: Path) -> Iterator[Callable[..., Api]]:
    """Make the app over a copy of the workspace; with `accounts` there are bob, cem (adjudicator) and ann (admin)."""
    made: list[FastAPI] = []

    def make(*, accounts: bool = False, **settings: Any) -> Api:
        root = tmp_path / f"copy{len(made)}"
        shutil.copytree(ran, root)
        app = create_app(MadeUp(root).workspace, RoomSettings(accounts=accounts, **settings))
        made.append(app)
        app.state.security = replace(app.state.security, passwords=CHEAP)
        guarded = Guarded(app, app.state.security.accounts)
        if accounts:
            guarded.add("bob", datasets=["zoo", "dark"])
            guarded.add("cem", "adjudicator")
            guarded.add("ann", "admin")
        return Api(app, guarded)

    yield make
    for app in made:
        app.state.room.close()
