"""The button for new scores: who pressed it, how far it is, and that a second one is refused in words."""

from __future__ import annotations

import shutil
import sys
import time

import pytest
from sqlalchemy import select

from audits.review.schema import activity
from audits.web.app import create_app
from audits.web.rescore import rescorer_of
from audits.web.settings import RoomSettings
from tests.audits.web.flipped import NAME, flipped, say_cow
from tests.audits.web.visitor import Visitor
from tests.conftest import MadeUp

PAGE = f"/d/{NAME}/rescore"

#: Goes on until a file is there.
WAITS = """
import pathlib, time
print("[2/3] <i>scores</i>", flush=True)
while not pathlib.Path("go").exists():
    time.sleep(0.02)
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    return flipped(tmp_path_factory.mktemp("ran")).root


@pytest.fixture
def barn(ran, tmp_path):
    return MadeUp(shutil.copytree(ran, tmp_path / "barn", dirs_exist_ok=True))


@pytest.fixture
def ann(barn):
    app = create_app(barn.workspace, RoomSettings(local_reviewer="ann"))
    yield Visitor(app)
    app.state.room.close()


def test_the_button_makes_new_scores(barn, ann):
    say_cow(barn)
    assert ann.page(PAGE).one("section", id="rescore").attributes["data-phase"] == "never"
    sent = ann.submit(PAGE)
    assert (sent.status_code, sent.headers["location"]) == (303, PAGE)
    rescorer_of(ann.app.state.room).wait(NAME)
    found = ann.page(PAGE).one("section", id="rescore")
    assert found.attributes["data-phase"] == "done", found.text
    assert "They hold every verdict there is. New scores are in force." in found.text
    assert barn.workspace.scored_mark(NAME) == (3, 0)
    with ann.app.state.room.store.reading() as connection:
        told = connection.execute(select(activity).where(activity.c.action == "re-score")).all()
    assert [(t.who, t.dataset, t.address) for t in told] == [("ann", NAME, "testclient")]


def test_while_they_are_made_the_page_looks_again_and_a_second_wish_is_refused(barn, ann, monkeypatch):
    rescorer = rescorer_of(ann.app.state.room)
    monkeypatch.setattr(rescorer, "_command", (sys.executable, "-c", WAITS))
    ann.submit(PAGE)
    for _ in range(3000):  # until the process says its first line
        if rescorer.state(NAME).lines:
            break
        time.sleep(0.02)
    page = ann.page(PAGE)
    (refresh,) = page.one("noscript").all("meta")
    assert refresh.attributes == {"http-equiv": "refresh", "content": "3"}
    section = page.one("section", id="rescore")
    assert section.attributes["data-phase"] == "running"
    assert section.one("progress").attributes["value"] == "2"
    assert "<i>scores</i>" in section.one("pre").text
    assert not section.all("form")
    again = ann.submit(PAGE)
    assert again.status_code >= 400
    assert "are being made already" in again.text
    (barn.root / "go").touch()
    rescorer.wait(NAME)
    after = ann.page(PAGE)
    assert not after.all("noscript")
    assert after.one("section", id="rescore").all("form")


def test_a_dataset_that_is_not_there(ann):
    assert ann.get("/d/no-such/rescore").status_code == 404
    assert ann.submit("/d/no-such/rescore").status_code == 404
