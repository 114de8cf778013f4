"""Signals, each detector and model by itself, and the findings they come to."""

from __future__ import annotations

import pytest

from audits.errors import InputError, UsageError
from audits.evidence import rank_findings
from audits.signals.registry import run_signals
from audits.stages.finding import findings, signals
from audits.stored import load_items, load_models, load_signals

SORTED = [("signal", "ascending"), ("model", "ascending"), ("item_id", "ascending")]


def test_signals_are_those_of_the_registry_whatever_was_kept(full, store):
    full.sure_of_other, full.items[4]["label"] = 0.4, "h"
    full.write()
    full.run(store)
    lineage = full.tables.current_ref("signals").lineage()
    items = load_items(full.tables, lineage)
    outputs = {name: m.outputs for name, m in load_models(full.tables, lineage).items()}
    config = full.workspace.dataset("pets").config.audits
    at_once = run_signals(items.items, outputs, config)
    kept = load_signals(full.tables, lineage)
    assert kept.sort_by(SORTED).equals(at_once.sort_by(SORTED))
    ranked = rank_findings(items.items, at_once, items.classes, config)
    assert full.tables.read("findings", full.versions()["findings"]).equals(ranked)


def test_the_summary_counts_what_each_flags(full, store):
    outcome = full.run(store, force=True)["signals"]
    rows = {(r["signal"], r["model"]): r for r in outcome.facts["flagged"]}
    assert set(rows) == {
        ("confident_learning", "linear"),
        ("confident_learning", "other"),
        ("model_agreement", None),
    }
    assert outcome.facts["rows"] == 3 * 12
    table = load_signals(full.tables, full.tables.current_ref("signals").lineage()).to_pylist()
    for key, row in rows.items():
        own = [r for r in table if (r["signal"], r["model"]) == key]
        assert row["flagged"] == sum(r["flagged"] for r in own)
        assert row["mean_score"] == pytest.approx(sum(r["score"] for r in own) / 12)


def test_a_detector_that_refuses_keeps_what_the_others_came_to(full, store):
    full.more["audits"] = {
        "confident_learning": {"filter_by": "both"},
        "model_agreement": {},
        "pervasive_label_errors": {"models": ["prompted"]},
    }
    full.write()
    before = full.versions()
    with pytest.raises(InputError, match="'pervasive_label_errors' needs dense outputs"):
        full.run(store)
    assert full.versions()["signals"] == before["signals"]
    full.more["audits"]["confident_learning"] = {"num_to_remove_per_class": [1, 1]}
    del full.more["audits"]["pervasive_label_errors"]
    full.write()
    with pytest.raises(InputError, match="num_to_remove_per_class"):
        full.run(store)
    assert full.versions()["findings"] == before["findings"]


@pytest.mark.parametrize("what", ["models", "audits"])
def test_without_signals_every_item_is_a_finding_without_evidence(full, store, what):
    if what == "models":
        full.models = []
    else:
        full.more["audits"] = {}
    full.write()
    outcomes = full.run(store)
    assert outcomes["signals"].facts == {"rows": 0, "flagged": []}
    assert (outcomes["findings"].facts["items"], outcomes["findings"].facts["flagged"]) == (12, 0)
    assert outcomes["findings"].facts["flag rate"] == 0


def test_the_findings_in_words_for_a_page(full, store):
    facts = full.run(store, force=True)["findings"].facts
    assert (facts["flagged"], facts["items"], facts["flag rate"]) == (2, 12, pytest.approx(2 / 12))
    assert {r["item_id"] for r in facts["likeliest errors"][:2]} == {"i1", "i5"}


def test_before_there_is_anything_to_look_at(small):
    small.write()
    with pytest.raises(UsageError, match="has no table 'signals' yet"):
        findings(small.work())
    with pytest.raises(Exception, match="items"):
        signals(small.work())
