from __future__ import annotations

import shutil
from datetime import timedelta

import pytest

from audits.review.questions import questions_of
from audits.review.records import NewVerdict
from audits.review.statistics import trend as trend_module
from audits.review.statistics.error_rate import error_rate
from audits.review.statistics.gathered import gather
from audits.review.statistics.trend import trend
from audits.review.store import ReviewStore
from audits.stages.graph import STAGES, stages_of
from audits.stored import load_items
from audits.work import Work
from tests.audits.review.statistics.made import ONE
from tests.browser.rooms import Made

N = 60
MADE = Made(n=N, wrong=6)


class Lab:
    """A workspace that is run again and again."""

    def __init__(self, root):
        self.workspace = MADE.write(root)
        self.tables = self.workspace.tables("zoo")
        self.store = ReviewStore(self.workspace.store_url)
        items = load_items(self.tables, self.tables.current_ref("findings").lineage())
        self.questions = questions_of(items.items, "zoo", items.classes)
        self.posed = {q.hash for q in self.questions}

    def run(self, run_id):
        for stage in stages_of(self.workspace.dataset("zoo")):
            with Work(self.workspace, "zoo", run_id=run_id, store=self.store) as work:
                STAGES[stage](work)

    def say(self, prefix, rows):
        """Decide rows: a label that is wrong is corrected to the right class."""
        ids = [c for c, _ in MADE.classes]
        self.store.add_verdicts(
            NewVerdict(f"{prefix}{i}", self.questions[i], "ann", "keep")
            if MADE.given(i) == MADE.truth(i)
            else NewVerdict(f"{prefix}{i}", self.questions[i], "ann", "relabel", (ids[MADE.truth(i)],))
            for i in rows
        )

    def gathered(self):
        return gather(self.store, "zoo", self.posed, ONE)

    def trend(self, metric="accuracy", **more):
        return trend(self.gathered(), self.tables, ONE, metric, **more)


@pytest.fixture(scope="module")
def three_runs(tmp_path_factory):
    """A first run; a second after 20 verdicts on items with the wrong labels; a third after all others."""
    lab = Lab(tmp_path_factory.mktemp("trend") / "work space")
    lab.say("a", range(20))
    lab.run("run2")
    lab.say("b", range(20, N))
    lab.run("run3")
    yield lab
    lab.store.close()


def test_a_point_a_run_the_earliest_first(three_runs):
    points = three_runs.trend()
    assert [(p.open, p.decided, p.wrong) for p in points] == [(60, 0, 0), (40, 20, 6), (0, 60, 6)]
    assert [p.at for p in points] == sorted(p.at for p in points)
    now = three_runs.gathered().counts
    assert (points[-1].open, points[-1].decided) == (now.open, now.decided)


def test_the_error_rate_is_what_the_verdicts_until_then_and_that_run_s_findings_say(three_runs):
    first, _, last = three_runs.trend()
    assert first.rate is None
    # everything was looked at, and 6 of 60 were made wrong
    assert (last.rate, last.low, last.high) == pytest.approx((0.1, 0.1, 0.1))
    findings = three_runs.tables.read("findings", three_runs.tables.current_ref("findings").version)
    some = findings.filter(findings["flagged"])
    flags = dict(zip(some["item_id"].to_pylist(), some["probability"].to_pylist(), strict=True))
    assert last.flagged == len(flags)
    assert last.rate == error_rate(three_runs.gathered(), N, flags).rate


def test_the_best_model_on_corrected_labels(three_runs):
    points = three_runs.trend()
    scores = three_runs.tables.read("scores", three_runs.tables.current_ref("scores").version).to_pylist()
    corrected = {
        r["model"]: r["value"]
        for r in scores
        if (r["metric"], r["version"], r["items"]) == ("accuracy", "corrected", "all")
    }
    assert points[-1].score == max(corrected.values())
    assert corrected[points[-1].model] == points[-1].score
    assert points[-1].score > points[0].score


def test_of_a_metric_where_less_is_better_the_least_is_best(three_runs):
    (*_, last) = three_runs.trend("log_loss")
    scores = three_runs.tables.read("scores", three_runs.tables.current_ref("scores").version).to_pylist()
    values = [
        r["value"]
        for r in scores
        if (r["metric"], r["version"], r["items"]) == ("log_loss", "corrected", "all")
    ]
    assert len(values) == 2
    assert last.score == min(values)


def test_a_verdict_taken_back_since_still_counted_then(three_runs, tmp_path):
    workspace = shutil.copytree(three_runs.workspace.root, tmp_path / "copy")
    with ReviewStore(f"sqlite:///{workspace}/state/review.sqlite") as store:
        before = trend(three_runs.gathered(), three_runs.tables, ONE, "accuracy")
        verdict = store.verdicts("zoo")[0]
        store.withdraw(verdict.id, "ann", "slip", "w1")
        gathered = gather(store, "zoo", three_runs.posed, ONE)
        assert trend(gathered, three_runs.tables, ONE, "accuracy") == before
        assert gathered.counts.decided == 59


def test_what_is_known_is_not_worked_out_again(three_runs, monkeypatch):
    known = {}
    points = three_runs.trend(known=known)
    assert set(known.values()) == set(points)
    monkeypatch.setattr(trend_module, "error_rate", None)
    assert three_runs.trend(known=known) == points


def test_tables_that_are_no_longer_kept_leave_gaps(three_runs, tmp_path):
    workspace = shutil.copytree(three_runs.workspace.root, tmp_path / "copy")
    tables = type(three_runs.workspace)(workspace).tables("zoo")
    first = tables.history()
    version = next(e["tables"]["findings"] for e in first if "findings" in e["tables"])
    shutil.rmtree(tables.root / "findings" / version)
    version = next(e["tables"]["scores"] for e in first if "scores" in e["tables"])
    shutil.rmtree(tables.root / "scores" / version)
    before, now = three_runs.trend(), trend(three_runs.gathered(), tables, ONE, "accuracy")
    assert (now[0].flagged, now[0].rate, now[0].model, now[0].score) == (None, None, None, None)
    for then, here in zip(before, now, strict=True):
        assert (here.at, here.open, here.decided, here.wrong) == (
            then.at,
            then.open,
            then.decided,
            then.wrong,
        )
    assert [(p.model, p.score) for p in now[1:]] == [(p.model, p.score) for p in before[1:]]


def test_of_many_runs_the_last_ones_are_followed(three_runs, monkeypatch):
    monkeypatch.setattr(trend_module, "MOST_RUNS", 2)
    assert [p.decided for p in three_runs.trend()] == [20, 60]


def test_verdicts_that_were_there_before_anybody_was_asked(three_runs):
    gathered = three_runs.gathered()
    moved = tuple((at - timedelta(days=1), task) for at, task in gathered.rows.queued)
    assert moved != gathered.rows.queued
    later = [(at + timedelta(days=1), task) for at, task in gathered.rows.queued]
    rows = type(gathered.rows)(gathered.rows.questions, gathered.rows.verdicts, {}, tuple(later))
    found = trend(
        type(gathered)(rows, gathered.questions, gathered.found), three_runs.tables, ONE, "accuracy"
    )
    assert [(p.open, p.decided) for p in found] == [(0, 0)] * 3


def test_without_a_run_there_is_no_point(tmp_path, three_runs):
    tables = type(three_runs.tables)(tmp_path / "none", "zoo")
    assert trend(three_runs.gathered(), tables, ONE, "accuracy") == ()
