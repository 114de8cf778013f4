from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from audits.errors import UsageError
from audits.review.records import NewVerdict
from audits.run_log import RunRecord
from audits.web.lead import CHARTS, lead_of
from audits.web.people import Person
from audits.web.room import Room
from audits.web.settings import RoomSettings
from audits.workspace import Workspace
from tests.audits.report.spec import parsed
from tests.audits.web.lead_room import write_reviewed
from tests.browser.rooms import Made

LEAD = Person("dee", "adjudicator")
MADE = Made(n=60, wrong=9, models=("m0",))


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory):
    return write_reviewed(tmp_path_factory.mktemp("lead") / "work space", MADE, done=40)


@pytest.fixture
def room(reviewed, tmp_path):
    shutil.copytree(reviewed.root, tmp_path / "copy")
    room = Room(Workspace(tmp_path / "copy"), RoomSettings())
    yield room
    room.close()


def open_question(room):
    lead = lead_of(room, "zoo", LEAD)
    hash_ = lead.gathered.waiting[0].hash
    return room.store.questions([hash_])[hash_]


def test_nothing_is_worked_out_twice_while_nothing_changed(room):
    lead = lead_of(room, "zoo", LEAD)
    assert lead_of(room, "zoo", Person("ann", "admin")) is lead
    assert lead.gathered is lead.gathered
    assert lead.effort is lead.effort
    assert lead.chart("effort") is lead.chart("effort")
    assert lead.seconds > 0


def test_a_verdict_and_its_withdrawal_are_counted_at_once(room):
    question = open_question(room)
    before = lead_of(room, "zoo", LEAD)
    room.store.add_verdicts([NewVerdict("new", question, "ann", "keep")])
    after = lead_of(room, "zoo", LEAD)
    assert after.gathered.counts.decided == before.gathered.counts.decided + 1
    room.store.withdraw(room.store.verdicts("zoo")[-1].id, "ann", "slip", "w")
    again = lead_of(room, "zoo", LEAD)
    assert again.gathered.counts == before.gathered.counts
    assert len({before.state, after.state, again.state}) == 3


def test_another_yaml_and_a_run_that_ended_are_other_states(room):
    before = lead_of(room, "zoo", LEAD).state
    yaml = room.workspace.dataset_path("zoo")
    yaml.write_text(yaml.read_text().replace('"second_look": 0.3', '"second_look": 0.4'))
    other = lead_of(room, "zoo", LEAD).state
    log = room.workspace.run_log("zoo")
    log.add(RunRecord("r9", "done", "2026-01-01T00:00:00+00:00", "2026-01-01T00:01:00+00:00", "command", 0))
    assert len({before, other, lead_of(room, "zoo", LEAD).state}) == 3
    assert lead_of(room, "zoo", LEAD).last_run_at.minute == 1


def test_a_page_s_charts_are_those_of_its_state_whatever_comes_in_meanwhile(room):
    page = lead_of(room, "zoo", LEAD)
    question = open_question(room)
    room.store.add_verdicts([NewVerdict("new", question, "ann", "none")])
    newest = lead_of(room, "zoo", LEAD)
    assert lead_of(room, "zoo", LEAD, page.state) is page
    assert newest.chart("effort") != page.chart("effort")
    assert lead_of(room, "zoo", LEAD, "long gone") is newest


def test_an_older_state_draws_its_charts_without_the_rows_behind_them(room):
    question = open_question(room)
    page = lead_of(room, "zoo", LEAD)
    found = page.gathered
    for figure in (page.effort, page.yields, page.confusions, page.trend):
        assert figure
    room.store.add_verdicts([NewVerdict("new", question, "ann", "none")])
    newest = lead_of(room, "zoo", LEAD)
    before = page.chart("effort")
    assert len(newest.effort.found) == len(page.effort.found) + 1
    assert newest.chart("effort") != before
    # what is asked for all the same is read anew
    assert page.gathered is not found


def test_only_the_newest_states_are_kept(room):
    question = open_question(room)
    first = lead_of(room, "zoo", LEAD)
    for k in range(3):
        room.store.add_verdicts([NewVerdict(f"new{k}", question, "ann", "keep")])
        lead_of(room, "zoo", LEAD)
    assert lead_of(room, "zoo", LEAD, first.state) is not first


def test_figures_that_take_long_are_shown_a_little_longer(room):
    question = open_question(room)
    slow = lead_of(room, "zoo", LEAD)
    slow.seconds = 1000.0
    room.store.add_verdicts([NewVerdict("new", question, "ann", "keep")])
    assert lead_of(room, "zoo", LEAD) is slow
    slow.seconds = 0.5
    assert lead_of(room, "zoo", LEAD) is not slow


def test_figures_that_take_long_do_not_outlive_a_run(room):
    slow = lead_of(room, "zoo", LEAD)
    slow.seconds = 1000.0
    yaml = room.workspace.dataset_path("zoo")
    yaml.write_text(yaml.read_text() + "\n")
    assert lead_of(room, "zoo", LEAD) is not slow


def test_many_at_once_get_the_same(room):
    def look(k):
        lead = lead_of(room, "zoo", LEAD)
        return lead, lead.chart(CHARTS[k % 4]), lead.agreement, lead.error_rate

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(look, range(16)))
    assert len({id(lead) for lead, *_ in found}) == 1
    assert len({id(a) for *_, a, _ in found}) == len({id(e) for *_, e in found}) == 1
    assert len({svg for _, svg, *_ in found}) == 4


@pytest.mark.parametrize("chart", CHARTS)
def test_every_chart_is_an_svg_of_its_own(room, chart):
    lead = lead_of(room, "zoo", LEAD)
    assert lead.has_chart(chart)
    assert parsed(lead.chart(chart).decode()).tag.endswith("svg")


@pytest.mark.parametrize("chart", ["nothing", "", "../effort"])
def test_another_chart_is_refused_with_those_that_there_are(room, chart):
    with pytest.raises(UsageError, match="there are effort, yield, confusions, trend"):
        lead_of(room, "zoo", LEAD).chart(chart)


def test_who_does_not_see_the_dataset_is_given_nothing(room):
    with pytest.raises(UsageError, match="there is no dataset 'zoo' here"):
        lead_of(room, "zoo", Person("dee", "adjudicator", frozenset()))


def test_a_class_is_called_as_pages_call_it(room):
    lead = lead_of(room, "zoo", LEAD)
    assert (lead.name_of("a"), lead.name_of("gone")) == ("ant", "gone")


def test_verdicts_since_the_scores(room):
    lead = lead_of(room, "zoo", LEAD)
    n = len(room.store.verdicts("zoo"))
    assert lead.verdicts_since(None) is None
    assert lead.verdicts_since((n, 0)) == 0
    assert lead.verdicts_since((n - 5, 0)) == 5
    room.store.withdraw(room.store.verdicts("zoo")[0].id, "ann", "slip", "w")
    assert lead_of(room, "zoo", LEAD).verdicts_since((n, 0)) == 1


def test_before_anybody_decided_there_is_one_chart(tmp_path):
    room = Room(MADE.write(tmp_path / "new"), RoomSettings())
    try:
        lead = lead_of(room, "zoo", LEAD)
        assert [c for c in CHARTS if lead.has_chart(c)] == ["trend"]
        assert lead.last_verdict is None
        with pytest.raises(UsageError, match="there are trend"):
            lead.chart("effort")
    finally:
        room.close()


def test_rooms_that_are_gone_are_not_held(reviewed):
    import gc
    import weakref

    room = Room(reviewed, RoomSettings())
    lead_of(room, "zoo", LEAD)
    room.close()
    seen = weakref.ref(room)
    del room
    gc.collect()
    assert seen() is None


def test_an_item_that_is_flagged_counts_with_the_probability_of_the_findings(room):
    lead = lead_of(room, "zoo", LEAD)
    some = lead.loaded.findings.filter(lead.loaded.findings["flagged"])
    counted = SimpleNamespace(**{p.name.replace(" ", "_"): p for p in lead.error_rate.parts})
    decided = {q.item_id for q, _ in lead.gathered.decided} | {
        q.item_id for q in lead.gathered.tasks if q.stratum == "gold"
    }
    assert counted.flagged.items == len(set(some["item_id"].to_pylist()) - decided)
    assert sum(p.items for p in lead.error_rate.parts) == MADE.n
