"""The scores page: figures by hand, the items behind a flip as links, charts, and frozen slices."""

from __future__ import annotations

import shutil
import xml.etree.ElementTree as ET

import pytest
from sqlalchemy import select

from audits.review.records import NewVerdict
from audits.review.schema import activity
from audits.web.app import create_app
from audits.web.settings import RoomSettings
from tests.audits.web.flipped import NAME, flipped, questions, say_cow
from tests.audits.web.visitor import Visitor
from tests.conftest import MadeUp

PAGE = f"/d/{NAME}/compare"


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    return flipped(tmp_path_factory.mktemp("ran")).root


@pytest.fixture
def barn(ran, tmp_path):
    return MadeUp(shutil.copytree(ran, tmp_path / "barn", dirs_exist_ok=True))


@pytest.fixture
def severe(barn):
    """The dataset asks how bad a mistake is."""
    with barn.yaml(NAME).open("a") as f:
        f.write("review: {room: {mistakes: {severities: [grave, slight]}}}\n")
    return barn


@pytest.fixture
def ann(barn):
    app = create_app(barn.workspace, RoomSettings(local_reviewer="ann"))
    yield Visitor(app)
    app.state.room.close()


def rows(table) -> dict[str, list[str]]:
    """Cells of a table by its first column."""
    return {r.one("th").text: [c.text for c in r.all("td")] for r in table.one("tbody").all("tr")}


def test_original_beside_cleaned_by_hand(barn, ann):
    say_cow(barn)
    page = ann.page(PAGE)
    first = page.one("div", aria_label="Scores on the items of both versions")
    found = rows(first)
    assert list(found) == ["keen", "steady"], "the best now first"
    was, now, _, change, _, rank, _ = found["keen"]
    assert (was, now, change, rank) == ("85.00", "100.00", "+15.00", "2 → 1")
    was, now, _, change, _, rank, _ = found["steady"]
    assert (was, now, change, rank) == ("95.00", "80.00", "−15.00", "1 → 2")
    assert "3 of 20 items have another label, 0 left the set" in page.one("p", class_="lead").text


def test_the_items_behind_a_flip_can_be_opened(barn, ann):
    say_cow(barn)
    page = ann.page(PAGE)
    flips = [
        d
        for d in page.all("details", class_="flip")
        if d.one("summary").text.startswith("keen passes steady")
    ]
    (flip,) = flips
    assert "3 items for it, 0 against" in flip.one("summary").text
    links = [a.attributes["href"] for a in flip.all("a")]
    assert links == [f"/d/{NAME}/q/{q.hash}" for q in questions(barn)[:3]]
    assert ann.get(links[0]).status_code == 200
    assert [c.text for c in flip.one("tbody").all("tr")[0].all("td")] == [
        "b00",
        "ant",
        "cow",
        "cow",
        "ant",
        "+2",
    ]


def test_before_any_verdict(ann):
    page = ann.page(PAGE)
    assert "No two models change places" in page.one("main").text
    assert rows(page.one("div", aria_label="Scores on the items of both versions"))["keen"][3] == "0.00"


def test_another_metric(barn, ann):
    say_cow(barn)
    page = ann.page(f"{PAGE}?metric=log_loss")
    chosen = [o.text for o in page.one("select").all("option") if "selected" in o.attributes]
    assert chosen == ["log_loss"]
    assert rows(page.one("div", aria_label="Scores on the items of both versions"))["steady"][0] == (
        # 19 answers of probability 0.9 and one of 0.05
        "0.2499"
    )
    sources = [i.attributes["src"] for i in page.all("img")]
    assert sources
    assert all(s.endswith(".svg?metric=log_loss") for s in sources)
    assert ann.get(f"{PAGE}?metric=auroc").status_code == 404


def test_charts_are_pictures_with_a_sentence_and_a_strict_policy(barn, ann):
    say_cow(barn)
    page = ann.page(PAGE)
    pictures = {i.attributes["src"]: i.attributes["alt"] for i in page.all("img")}
    assert f"{PAGE}/rank-change.svg?metric=accuracy" in pictures
    for source, sentence in pictures.items():
        answer = ann.get(source)
        assert answer.headers["content-type"] == "image/svg+xml"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert ET.fromstring(answer.text).tag.endswith("}svg")  # noqa: S314  drawn by us
        assert len(sentence.split()) > 4
    assert ann.get(f"{PAGE}/no-such.svg").status_code == 404


def test_a_verdict_is_in_the_figures_at_once_and_the_last_run_lacks_it(barn, ann):
    assert "They hold every verdict there is." in ann.page(PAGE).one("section", id="rescore").text
    say_cow(barn)
    page = ann.page(PAGE)
    assert rows(page.one("div", aria_label="Scores on the items of both versions"))["keen"][1] == "100.00"
    assert "They lack 3 newer verdicts and withdrawals." in page.one("section", id="rescore").text


def test_without_being_asked_how_bad_nothing_is_frozen(barn, ann):
    say_cow(barn, severity="major")
    page = ann.page(PAGE)
    assert not page.all("form", action=f"/d/{NAME}/freeze")
    assert ann.submit(f"/d/{NAME}/freeze", slice="x").status_code == 404


def test_major_mistakes_are_frozen_and_scored_on_their_own(severe, ann):
    say_cow(severe, range(2), severity="grave")
    say_cow(severe, range(2, 3), severity="slight")
    page = ann.page(PAGE)
    form = page.one("form", action=f"/d/{NAME}/freeze")
    assert form.one("button").text == "Freeze 2 grave mistakes"
    assert form.one("input", name="slice").attributes["value"] == "major mistakes"
    for _ in range(2):
        assert (
            ann.submit(f"/d/{NAME}/freeze", slice=" <i>bad</i> ones ").headers["location"] == f"{PAGE}#frozen"
        )
    (slice_,) = ann.page(PAGE).all("section", class_="slice")
    assert slice_.one("h3").text == "<i>bad</i> ones"
    assert "its 2 items" in slice_.one("p").text
    assert {m: cells[:2] for m, cells in rows(slice_).items()} == {
        "keen": ["0.00", "100.00"],
        "steady": ["100.00", "0.00"],
    }
    with ann.app.state.room.store.reading() as connection:
        told = connection.execute(select(activity).where(activity.c.action == "freeze")).all()
    assert [(t.who, t.dataset, t.detail) for t in told] == [
        ("ann", NAME, {"slice": "<i>bad</i> ones", "questions": 2})
    ]


def test_a_frozen_item_stays_whatever_becomes_of_it(severe, ann):
    asked = say_cow(severe, range(1), severity="grave")
    ann.submit(f"/d/{NAME}/freeze", slice="bad")
    store = ann.app.state.room.store
    store.add_verdicts([NewVerdict("later", asked[0], "ann", "unusable")])
    (slice_,) = ann.page(PAGE).all("section", class_="slice")
    assert "its 1 item, 0 of which have a cleaned label" in slice_.one("p").text
    assert rows(slice_)["steady"][:2] == ["100.00", "–"]


@pytest.mark.parametrize(("called", "status"), [("", 422), ("  ", 422), ("x" * 101, 422), ("\0", 422)])
def test_a_slice_needs_a_name(severe, ann, called, status):
    say_cow(severe, range(1), severity="grave")
    assert ann.submit(f"/d/{NAME}/freeze", slice=called).status_code == status
    assert not ann.page(PAGE).all("section", class_="slice")


def test_nothing_to_freeze_is_said(severe, ann):
    say_cow(severe, severity="slight")
    assert "No decision calls a mistake grave yet" in ann.page(PAGE).one("main").text
    assert ann.submit(f"/d/{NAME}/freeze", slice="bad").status_code == 404


def test_a_dataset_without_models(made_up):
    made_up.add(models=0, n=12, yaml="audits: {duplicate_conflicts: {}}\n")
    made_up.ok("run")
    app = create_app(made_up.workspace, RoomSettings())
    page = Visitor(app).page("/d/zoo/compare")
    assert "There is no model to score" in page.one("main").text
    app.state.room.close()
