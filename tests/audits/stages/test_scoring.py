"""Scores by model and version, their comparison, and the gates."""

from __future__ import annotations

import pytest

from audits.benchmark.comparison import compare
from audits.benchmark.scores import score_versions
from audits.cleaned import contestants
from audits.errors import UsageError
from audits.stages.scoring import comparison, gates, scores
from audits.stored import load_items


def agree(full, store, *labels):
    for reviewer in ("ann", "bob"):
        full.say(store, "i1", reviewer, "relabel", *labels)


def of_all_at_once(full):
    lineage = full.tables.current_ref("scores").lineage()
    versions = full.tables.read("label_versions", lineage["label_versions"])
    ids = load_items(full.tables, lineage).ids
    metrics = full.workspace.dataset("pets").config.metrics
    return versions, score_versions(contestants(full.tables, lineage), versions, ids, metrics)


def test_scores_are_those_of_all_at_once_whatever_was_kept(full, store):
    for change in ("nothing", "verdicts", "outputs"):
        if change == "verdicts":
            agree(full, store, "d")
        if change == "outputs":
            full.sure_of_other = 0.3
            full.write()
        full.run(store)
        versions, expected = of_all_at_once(full)
        assert full.tables.read("scores", full.versions()["scores"]).equals(expected)
        compared = compare("pets", versions, expected, agree=2, verdicts_per_item=2)
        assert full.tables.read("ranks", full.versions()["ranks"]).equals(compared.ranks)
        assert full.tables.read("flips", full.versions()["flips"]).equals(compared.flips)


def test_the_first_metric_of_every_model_is_a_number_of_its_own(full, store):
    facts = full.run(store, force=True)["scores"].facts
    trend = {k: v for k, v in facts.items() if ": accuracy, " in k}
    models, versions = ("linear", "tree", "prompted", "other"), ("original", "corrected")
    assert set(trend) == {f"{m}: accuracy, {v}" for v in versions for m in models}
    assert trend["linear: accuracy, original"] == pytest.approx(10 / 12)
    assert facts["scores"] == len(of_all_at_once(full)[1])


def test_a_score_that_there_is_not_leaves_a_gap(full, store):
    full.more["metrics"] = ["log_loss", "accuracy"]
    full.write()
    facts = full.run(store)["scores"].facts
    assert "linear: log_loss, original" in facts
    assert "prompted: log_loss, original" not in facts, "predicted labels alone have none"


def test_without_contestants_there_are_no_scores(full, store):
    full.models = [{**m, "scored": False} for m in full.models]
    full.more["gates"] = {"max_score_drop": 0.1}
    full.write()
    outcomes = full.run(store)
    assert outcomes["scores"].facts["scores"] == 0
    with full.work(store) as work:
        (gate,) = gates(work)
    assert not gate.passed, "what cannot be measured does not hold"


def test_gates_are_weighed_under_the_names_of_the_file(full, store):
    with full.work(store) as work:
        (gate,) = gates(work)
        assert work.outcome({}).computed == ()
    assert (gate.gate, gate.passed, gate.limit) == ("max_flag_rate", True, 0.5)
    assert gate.value == pytest.approx(2 / 12)
    full.more["gates"] = {"max_flag_rate": 0.1, "keep_rank": ["tree"], "max_corrected_share": 0.0}
    full.write()
    with full.work(store) as work:
        found = gates(work)
    assert [(g.gate, g.passed) for g in found] == [
        ("max_flag_rate", False),
        ("max_corrected_share", True),
        ("keep_rank", True),
    ]
    with full.work(store) as work:
        assert gates(work) == found
        assert work.outcome({}).computed == ()
    full.more["gates"] = {}
    full.write()
    assert gates(full.work(store)) == []


def test_before_there_are_labels_and_scores(small, verdict_store):
    small.more = {"gates": {"max_flag_rate": 1}}
    small.write()
    for stage in (scores, comparison, gates):
        with pytest.raises(UsageError, match=r"has no table .* yet"):
            stage(small.work(verdict_store))
