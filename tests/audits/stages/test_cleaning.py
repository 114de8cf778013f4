"""Label versions follow the verdicts of the moment, and only those."""

from __future__ import annotations

import pytest

from audits.cleaned import clean
from audits.errors import UsageError
from audits.review.consensus import Rule
from audits.stages.cleaning import label_versions


def agree(full, store, *labels, item="i1"):
    for reviewer in ("ann", "bob"):
        full.say(store, item, reviewer, "relabel" if labels else "unusable", *labels)


def test_what_the_verdicts_come_to_in_numbers(full, store):
    agree(full, store, "d")
    agree(full, store, item="i5")
    facts = full.run(store)["label_versions"].facts
    numbers = ("verdicts", "kept", "relabelled", "left out", "pending")
    assert {k: facts[k] for k in numbers} == {
        "verdicts": 4, "kept": 0, "relabelled": 1, "left out": 1, "pending": 1,
    }  # fmt: skip
    assert facts["label errors found"] == pytest.approx(2 / 12)
    rows = {r["version"]: (r["items"], r["relabelled"], r["left out"]) for r in facts["versions"]}
    assert rows == {"original": (12, 0, 0), "corrected": (11, 1, 1), "flagged-removed": (10, 0, 2)}


def test_the_tables_are_those_that_cleaning_at_once_gives(full, store):
    agree(full, store, "d")
    full.run(store)
    cleaned = clean(full.tables, store, Rule(2, 2))
    versions = full.versions()
    assert full.tables.read("consensus", versions["consensus"]).equals(cleaned.consensus)
    assert full.tables.read("label_versions", versions["label_versions"]).equals(cleaned.versions)


def test_a_verdict_and_its_withdrawal_lead_back_to_the_same_labels(full, store):
    before = full.versions()["label_versions"]
    first = full.say(store, "i1", "ann", "relabel", "d")
    second = full.say(store, "i1", "bob", "relabel", "d")
    full.run(store)
    assert full.versions()["label_versions"] != before
    for verdict in (first, second):
        store.withdraw(verdict, None, "", f"w{verdict}")
    outcomes = full.run(store)
    assert full.versions()["label_versions"] == before
    assert outcomes["label_versions"].computed == ("label_versions",)
    assert not outcomes["scores"].recomputed


def test_a_consensus_that_changes_nothing_is_published_all_the_same(full, store):
    before = full.versions()
    full.say(store, "i1", "ann", "unsure")
    full.run(store)
    after = full.versions()
    assert after["consensus"] != before["consensus"]
    assert after["label_versions"] == before["label_versions"]
    lineage = full.tables.current_ref("scores").inputs
    assert lineage["consensus"] == after["consensus"], (
        "who starts from the scores sees the verdicts they are of"
    )


def test_before_there_are_findings(small, verdict_store):
    small.write()
    with pytest.raises(UsageError, match="has no table 'findings' yet"):
        label_versions(small.work(verdict_store))
