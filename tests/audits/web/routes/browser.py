"""The review page without script: its forms, pressed as a browser would."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from audits.review.desk.desk import Desk
from audits.review.records import StoredVerdict
from audits.web.app import create_app
from audits.web.people import Person
from audits.web.room import Room
from audits.web.settings import RoomSettings
from audits.workspace import Workspace
from tests.audits.web.visitor import Node, Visitor


class Browser(Visitor):
    """A browser without script that knows the forms of the review page; `ann` sits before it."""

    @property
    def room(self) -> Room:
        return self.app.state.room

    def verdicts(self) -> list[StoredVerdict]:
        """All verdicts there are, withdrawn ones too."""
        return self.room.store.verdicts("zoo")

    def desk(self, name: str) -> Desk:
        """Somebody else's desk."""
        return self.room.desk("zoo", Person(name, "adjudicator"))

    def item(self, query: str = "") -> Node:
        """The part of the review page that is about the item."""
        return self.page(f"/d/zoo/review{query}").one("section", id="task")

    def press(self, page: Node, name: str, value: str, **more: Any) -> Any:
        """Press a button of the decision form; returns the answer."""
        form = page.one("form", class_="decide")
        assert [b for b in form.all("button", name=name) if b.attributes["value"] == value], (name, value)
        return self.submit(form, **{name: value}, **more)

    def submit(self, form: Node, **more: Any) -> Any:
        """Send a form with its hidden fields; returns the answer."""
        return self.post(form.attributes["action"], data={**hidden(form), **more})


def hidden(form: Node) -> dict[str, Any]:
    """What a form sends by itself."""
    found: dict[str, Any] = {}
    for field in form.all("input", type="hidden"):
        found.setdefault(field.attributes["name"], []).append(field.attributes["value"])
    return {name: values if len(values) > 1 else values[0] for name, values in found.items()}


def form_to(page: Node, end: str) -> Node:
    """The form of a page whose address ends so."""
    (found,) = [f for f in page.all("form") if f.attributes.get("action", "").endswith(end)]
    return found


def browser_on(made: Path, copy: Path) -> Browser:
    """A browser on the app over a fresh copy of a workspace."""
    shutil.copytree(made, copy)
    return Browser(create_app(Workspace(copy), RoomSettings(local_reviewer="ann")))
