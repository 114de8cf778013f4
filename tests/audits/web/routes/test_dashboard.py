from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from audits.review.records import NewVerdict
from audits.web.app import create_app
from audits.web.lead import CHARTS, lead_of
from audits.web.people import Person
from audits.web.settings import RoomSettings
from audits.workspace import Workspace
from tests.audits.report.spec import parsed
from tests.audits.web.conftest import CHEAP, Guarded
from tests.audits.web.lead_room import PEOPLE, write_reviewed
from tests.audits.web.visitor import Visitor
from tests.browser.rooms import Made

MADE = Made(n=60, wrong=9, models=("m0",))
LONG = "x" * 10_000
HOSTILE = Made(
    n=40,
    wrong=8,
    classes=(
        ("<script>alert(1)</script>", "<b>ant</b> & \"bee\" 'cow'"),
        ("../../etc", "חתול 🙂 \u202e"),
        (LONG[:1_000], "a name of " + LONG),
    ),
    id=lambda i: f"<i>{i}</i>\"'&" if i % 2 else f"שלום-{i}-{LONG[:200]}",
    models=("<img src=x>", "m" * 100),
)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Workspaces by name, each written when it is first asked for."""
    made = {"plain": (MADE, PEOPLE, 40), "hostile": (HOSTILE, ('<u onload="x">', "בוב", LONG[:600]), None)}
    known = {}

    def of(name):
        if name not in known:
            known[name] = write_reviewed(tmp_path_factory.mktemp(name) / "work space", *made[name])
        return known[name]

    return of


@pytest.fixture
def opened(written, tmp_path):
    """`opened(name)` is a browser of somebody who may all, on a copy of a workspace."""
    apps = []

    def of(name="plain", **settings):
        copy = tmp_path / f"copy {len(apps)}"
        shutil.copytree(written(name).root, copy)
        apps.append(create_app(Workspace(copy), RoomSettings(**settings)))
        return Visitor(apps[-1])

    yield of
    for app in apps:
        app.state.room.close()


def cells(table):
    """Rows of a table as texts."""
    return [
        [c.text for c in row.children if not isinstance(c, str) and c.tag in ("td", "th")]
        for row in table.all("tr")
    ]


def lead(browser):
    return lead_of(browser.app.state.room, "zoo", Person("dee", "adjudicator"))


def test_the_queue_in_figures(opened):
    browser = opened()
    counts = lead(browser).gathered.counts
    figures = browser.page("/d/zoo/dashboard").one("dl", class_="figures")
    told = dict(zip((t.text for t in figures.all("dt")), (d.text for d in figures.all("dd")), strict=True))
    assert (counts.open, counts.disputed) == (20, 0)
    assert told["Open"] == str(counts.open)
    assert told["Decided"] == str(counts.decided)
    assert told["Disputed"] == "0"
    assert told["Tasks"] == "60"
    assert told["Wrong labels, estimated"].startswith(f"{100 * lead(browser).error_rate.rate:.1f}")


def test_every_chart_has_its_sentence_and_a_table_of_the_same_figures(opened):
    browser = opened()
    page = browser.page("/d/zoo/dashboard")
    images = page.all("img", class_="chart")
    assert [i.attributes["src"].split("/")[-1].split(".")[0] for i in images] == list(CHARTS)
    assert all(len(i.attributes["alt"].split()) > 4 for i in images)
    tables = {t.one("caption").text: cells(t) for t in page.all("table")}
    yields = lead(browser).yields
    told = {row[0]: row for row in tables["Wrong labels in 100 reviewed items"] if len(row) == 4}
    for y in (*yields.by_signal, *yields.by_rank, *yields.by_stratum):
        assert told[y.name][3] == f"{y.errors.count} of {y.errors.n}"
    found = lead(browser).effort.found
    reached = {
        row[0]: row[1] for row in tables["Wrong labels found against items reviewed"][1:] if row[1] != "–"
    }
    assert reached[str(len(found) - 1)] == str(found[-1])
    assert all(int(n) == found[int(k)] for k, n in reached.items())
    assert len(tables["How things stood after each run"]) == 1 + len(lead(browser).trend) == 3
    pairs = lead(browser).confusions.pairs
    assert [row[2:5] for row in tables["Labels that were corrected"][1:]] == [
        [f"{100 * p.items.value:.0f} %", row[3], f"{p.items.count} of {p.items.n}"]
        for p, row in zip(pairs, tables["Labels that were corrected"][1:], strict=True)
    ]


def test_the_estimate_is_told_with_what_it_is_the_sum_of(opened):
    browser = opened()
    section = next(s for s in browser.page("/d/zoo/dashboard").all("section") if "How many" in s.text)
    rate = lead(browser).error_rate
    assert f"{100 * rate.rate:.1f}" in section.one("strong").text
    rows = cells(section.one("table"))[1:]
    assert [row[1] for row in rows] == [str(p.items) for p in rate.parts]


def test_without_an_estimate_it_says_why(tmp_path):
    made = Made(n=30, wrong=4, models=("m0",), review={"control_rate": 0.0})
    app = create_app(write_reviewed(tmp_path / "none", made, done=5), RoomSettings())
    try:
        page = Visitor(app).page("/d/zoo/dashboard")
    finally:
        app.state.room.close()
    section = next(s for s in page.all("section") if "How many" in s.text)
    assert "There is no estimate of all" in section.text
    assert "review.control_rate" in section.text
    assert page.one("dl", class_="figures").text.endswith("–")


def test_before_anybody_decided_the_page_says_so(tmp_path):
    app = create_app(MADE.write(tmp_path / "new"), RoomSettings())
    try:
        page = Visitor(app).page("/d/zoo/dashboard")
    finally:
        app.state.room.close()
    assert "No item is reviewed yet." in page.text
    assert len(page.all("img", class_="chart")) == 1


def test_a_new_verdict_is_there_when_the_page_is_asked_for_again(opened):
    browser = opened()
    before = browser.page("/d/zoo/dashboard").one("dl", class_="figures").text
    question = lead(browser).gathered.waiting[0]
    room = browser.app.state.room
    asked = room.store.questions([question.hash])[question.hash]
    room.store.add_verdicts([NewVerdict("new", asked, "ann", "keep")])
    page = browser.page("/d/zoo/dashboard")
    assert before.startswith("Open 20")
    assert page.one("dl", class_="figures").text.startswith("Open 19")
    assert "1 verdicts and withdrawals are newer" in page.text


def test_charts_are_images_that_run_and_fetch_nothing(opened):
    browser = opened()
    for image in browser.page("/d/zoo/dashboard").all("img", class_="chart"):
        answer = browser.get(image.attributes["src"])
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "image/svg+xml"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'; sandbox")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "private, max-age=3600"
        tags = {node.tag.rsplit("}")[-1] for node in parsed(answer.text).iter()}
        assert not tags & {"script", "style", "image", "foreignObject", "a", "use"}


def test_a_chart_of_no_state_is_not_kept(opened):
    browser = opened()
    for query in ("", "?state=gone"):
        assert browser.get(f"/d/zoo/chart/effort.svg{query}").headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/d/zoo/chart/other.svg", "/d/none/chart/effort.svg", "/d/none/dashboard"])
def test_what_is_not_there_is_not_found(opened, path):
    assert opened().get(path).status_code == 404


@pytest.mark.parametrize("path", ["/d/zoo/dashboard", "/d/zoo/chart/effort.svg", "/d/zoo/reviewers"])
def test_it_is_for_adjudicators_and_admins_of_the_dataset(opened, path):
    browser = opened(accounts=True)
    browser.app.state.security = replace(browser.app.state.security, passwords=CHEAP)
    guarded = Guarded(browser.app, browser.app.state.security.accounts)
    guarded.add("bob")
    guarded.add("cem", "adjudicator", ["zoo"])
    guarded.add("dee", "adjudicator", ["other"])
    guarded.add("ann", "admin")
    assert guarded.visitor("bob").get(path).status_code == 403
    assert guarded.program("bob").get(path).status_code == 403
    assert guarded.visitor("cem").get(path).status_code == 200
    assert guarded.visitor("ann").get(path).status_code == 200
    assert guarded.visitor("dee").get(path).status_code == 404
    assert guarded.visitor().get(path).status_code in (303, 401)


@pytest.mark.parametrize("page", ["dashboard", "reviewers"])
def test_hostile_names_are_text(opened, page):
    browser = opened("hostile")
    found = browser.page(f"/d/zoo/{page}")
    assert found.all("i") == found.all("b") == found.all("u") == []
    assert found.one("main").all("script") == []
    for tag in ("div", "section", "span", "td", "th", "a", "img", "dl"):
        for node in found.all(tag):
            assert not {"style", "onload", "onerror", "onclick"} & set(node.attributes)
    if page == "dashboard":
        assert HOSTILE.classes[0][1] in found.text
        for image in found.all("img", class_="chart"):
            parsed(browser.get(image.attributes["src"]).text)


def test_pairs_lead_to_the_open_ones_of_the_same_classes(opened):
    page = opened("hostile").page("/d/zoo/dashboard")
    links = [a.attributes["href"] for a in page.all("a") if "/grid?" in a.attributes["href"]]
    assert links
    assert all("<" not in link and '"' not in link for link in links)
    assert any("given=%3Cscript%3Ealert%281%29%3C/script%3E" in link for link in links)
