"""What a change of anything has computed again, and that this comes to what computing everything comes to."""

from __future__ import annotations

import json

import pytest

from audits.review.store import ReviewStore
from audits.stages.graph import SCORING, STAGES, Standing, stages_of
from tests.audits.stages.conftest import FullWorkspace, computed

MODELS = ("linear", "tree", "prompted", "other")
VERSIONS = ("original", "corrected", "flagged-removed")

CHECKS_OF_ITEMS = {"items_valid", "items_usable", "outputs_usable"}
QUEUE_AND_LABELS = {"review_queue", "label_versions"}
AFTER_LABELS = {"scores", "slices", "comparison", "gates"}
FROM_SIGNALS = {"signals", "findings", *QUEUE_AND_LABELS, *AFTER_LABELS}


def reading(*models):
    return {x for m in models for x in (f"outputs: {m}", f"outputs_valid: {m}")} | {"outputs_usable"}


def scoring(*models, versions=VERSIONS):
    return {f"scores: {m} on {v}" for m in models for v in versions}


def confident(*models):
    return {f"signals: confident_learning on {m}" for m in models}


AGREEMENT = {"signals: model_agreement"}
ANNOTATIONS = {"annotations", "annotations_valid", "annotations_usable"}
ALL = (
    {"items"} | CHECKS_OF_ITEMS | ANNOTATIONS | reading(*MODELS) | confident("linear", "other") | AGREEMENT
    | FROM_SIGNALS | scoring(*MODELS)
)  # fmt: skip


def nothing(full, store):
    pass


def outputs_of_one_model(full, store):
    full.sure_of_other = 0.3  # so that it says another class


def a_label(full, store):
    full.items[4]["label"] = "h"


def a_text(full, store):
    full.items[1]["text"] = "another text"


def a_picture(full, store):
    full.pictures[1] = "another picture"


def a_name_of_a_class(full, store):
    full.classes[2]["name"] = "foal"


def order_of_the_classes(full, store):
    full.classes.reverse()


def a_model_is_no_contestant(full, store):
    full.models[1]["scored"] = False


def a_family(full, store):
    full.models[3]["family"] = "trees"


def a_model_goes(full, store):
    del full.models[3]


def a_setting_of_an_audit(full, store):
    full.more["audits"] = {"confident_learning": {"filter_by": "both"}, "model_agreement": {}}


def an_audit_goes(full, store):
    full.more["audits"] = {"confident_learning": {}}


def the_rule(full, store):
    full.review |= {"verdicts_per_item": 3}


def the_budget(full, store):
    full.review["budget"] = 1


def a_gold_item(full, store):
    full.gold["i2"] = "h"


def a_metric_less(full, store):
    full.more["metrics"] = ["accuracy"]


def a_metric_more(full, store):
    full.more["metrics"] += ["top2_accuracy"]


def another_seed(full, store):
    full.more["uncertainty"] = {"seed": 1}


def a_gate(full, store):
    full.more["gates"] = {"max_flag_rate": 0.01}


def tolerance_of_sums(full, store):
    full.more["tolerance"] = {"sum": 0.01}


def an_annotation(full, store):
    with full.path("annotations.csv").open("a") as f:
        f.write("i2,ann,h\n")


def when_it_runs(full, store):
    full.more |= {"schedule": {"cron": "0 3 * * *"}, "alerts": {}, "description": "texts"}
    full.review["rescore"] = {"after_verdicts": 3}


def a_verdict_without_effect(full, store):
    full.say(store, "i1", "ann", "unsure")


def verdicts(full, store):
    for reviewer in ("ann", "bob"):
        full.say(store, "i1", reviewer, "relabel", "d")


CASES = [
    (nothing, set()),
    (when_it_runs, set()),
    (a_gate, {"gates"}),
    (
        outputs_of_one_model,
        reading("other") | confident("other") | AGREEMENT | FROM_SIGNALS | scoring("other")
        | scoring(*MODELS, versions=["flagged-removed"]),  # since other items are flagged now
    ),
    # outputs are read against ids, not labels; of the models nothing is read again
    (
        a_label,
        {"items"} | CHECKS_OF_ITEMS | confident("linear", "other") | AGREEMENT | FROM_SIGNALS | scoring(*MODELS),
    ),
    (a_text, {"items"} | CHECKS_OF_ITEMS | QUEUE_AND_LABELS),
    (a_picture, {"items"} | CHECKS_OF_ITEMS | QUEUE_AND_LABELS),
    # labels may be written by name, so all is read again, and comes to the same outputs
    (
        a_name_of_a_class,
        {"items", "findings", "gates", "annotations"} | CHECKS_OF_ITEMS | QUEUE_AND_LABELS
        | {f"outputs: {m}" for m in MODELS},
    ),
    (order_of_the_classes, ALL),
    # what is said of a model is kept with its outputs; their numbers stay, so what comes of them does
    (a_model_is_no_contestant, reading("tree") | AGREEMENT | {"signals", "findings"} | AFTER_LABELS),
    (
        a_family,
        reading("other") | confident("other") | AGREEMENT | {"signals", "findings"} | AFTER_LABELS - {"gates"}
        | scoring("other"),
    ),
    (a_model_goes, {"outputs_usable"} | AGREEMENT | FROM_SIGNALS),
    (a_setting_of_an_audit, confident("linear", "other") | {"signals", "findings"}),
    (an_audit_goes, {"signals", "findings", "gates"} | QUEUE_AND_LABELS),
    (the_rule, {"label_versions", "comparison", "gates"}),
    (the_budget, {"review_queue"}),
    (a_gold_item, QUEUE_AND_LABELS | AFTER_LABELS),
    # slices are scored by shares of items, and macro F1 is none
    (a_metric_less, scoring(*MODELS) | AFTER_LABELS - {"slices"}),
    (a_metric_more, scoring(*MODELS) | AFTER_LABELS),
    (another_seed, scoring(*MODELS) | AFTER_LABELS - {"slices"}),
    (tolerance_of_sums, {f"outputs_valid: {m}" for m in MODELS}),
    (an_annotation, ANNOTATIONS),
    (a_verdict_without_effect, {"label_versions"}),
    (verdicts, {"label_versions"} | scoring(*MODELS, versions=["original", "corrected"]) | AFTER_LABELS),
]  # fmt: skip


@pytest.mark.parametrize(("change", "expected"), CASES, ids=[c[0].__name__ for c in CASES])
def test_a_change_computes_what_depends_on_it_and_comes_to_what_computing_everything_would(
    full, store, change, expected
):
    change(full, store)
    if change is not an_annotation:  # which writes its file by itself
        full.write()
    planned = full.plan(store)
    assert isinstance(planned, Standing) == (not expected), planned
    found = computed(full.run(store))
    assert set(found) == expected
    assert len(found) == len(expected), "nothing is computed twice in a run"
    assert isinstance(full.plan(store), Standing)
    assert computed(full.run(store)) == []
    kept = full.versions()
    forced = computed(full.run(store, force=True))
    assert len(forced) == len(set(forced)), "nor in one that computes everything"
    assert set(forced) >= expected
    assert full.versions() == kept


def test_the_first_night_computes_everything_and_the_second_tells_the_same_without(full, store):
    first = full.run(store, force=True)
    second = full.run(store)
    assert set(computed(first)) == ALL
    assert computed(second) == []
    for stage, outcome in second.items():
        assert not outcome.recomputed
        assert outcome.version == first[stage].version
        assert outcome.facts == first[stage].facts, "no gap in a trend"
    found = full.plan(store)
    assert found.outcomes == {s: o for s, o in second.items() if s != "checks"}
    assert [g.gate for g in found.gates] == ["max_flag_rate"]
    assert found.warnings == []


def test_what_is_told_can_be_kept_as_plain_json(full, store):
    for outcome in full.run(store, force=True).values():
        assert json.loads(json.dumps(outcome.facts, allow_nan=False)) == outcome.facts


def test_planning_says_what_changed_and_leaves_no_trace(full, store):
    before = _state(full)
    full.items[4]["label"] = "h"
    full.write()
    assert full.plan(store) == "items: file changed"
    assert _state(full) == before
    fresh = FullWorkspace(full.workspace.root.parent / "fresh")
    fresh.write()
    with ReviewStore(fresh.workspace.store_url) as other:
        assert fresh.plan(other) == "items: not computed yet"


def _state(full):
    files = [p for p in full.tables.root.rglob("*") if p.is_file() and p.name != "sources.json"]
    return {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in files}


def test_each_part_says_why_it_would_be_computed(full, store, monkeypatch):
    said = []
    steps = [
        lambda: full.models[3].update(family="trees"),
        lambda: full.review.update(budget=1),
        lambda: full.more.update(metrics=["accuracy"]),
        lambda: monkeypatch.setattr("audits.results.code_version", lambda: "another"),
    ]
    for step in steps:
        step()
        full.write()
        said.append(full.plan(store))
        full.run(store)
    assert said == [
        "outputs: other: settings changed",
        "review_queue: settings changed",
        "scores: metrics changed",
        "items: labelaudit or a library changed",
    ]


def test_new_verdicts_need_the_last_stages_alone(full, store):
    verdicts(full, store)
    full.nights += 1
    for stage in SCORING:
        with full.work(store) as work:
            assert STAGES[stage](work).recomputed
    assert set(computed(full.run(store))) <= {"gates"}


def test_annotations_are_a_stage_where_there_are_some(full, store):
    assert stages_of(full.workspace.dataset("pets")) == [s for s in STAGES if s != "features_candidate"]
    del full.more["annotations"]
    full.write()
    assert stages_of(full.workspace.dataset("pets")) == [
        s for s in STAGES if s not in ("annotations_candidate", "features_candidate")
    ]
    full.run(store)
    assert "annotations" not in full.versions()
