"""Label versions from findings and verdicts."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from audits.benchmark.versions import summary, version_named, version_names
from audits.cleaned import clean
from audits.dataset_status import counted_queue
from audits.review.consensus import Rule
from audits.stages.finding import FINDINGS
from audits.stages.store_mark import mark
from audits.stored import ITEMS
from audits.table_store import TableRef
from audits.work import Made, Outcome, Work

CONSENSUS, LABEL_VERSIONS = "consensus", "label_versions"


def label_versions(work: Work) -> Outcome:
    """Derive the label versions from the findings and the verdicts of this moment."""
    findings_ref = work.tables.current_ref(FINDINGS)
    lineage = findings_ref.lineage()
    rule = Rule.from_config(work.dataset.config.review)
    store_mark = mark(work)
    items_ref = TableRef(ITEMS, lineage[ITEMS])

    def make() -> Made:
        cleaned = clean(work.tables, work.store, rule)
        refs = [
            work.tables.write(CONSENSUS, cleaned.consensus, {}),
            work.tables.write(LABEL_VERSIONS, cleaned.versions, {}),
        ]
        # so that `status` finds it counted
        counted_queue(work.tables, work.results, work.store, store_mark, rule, items_ref)
        facts = {"verdicts": store_mark.verdicts - store_mark.withdrawals, **_counts(cleaned.versions)}
        return Made({r.table: r.version for r in refs}, facts)

    inputs = {
        "findings": findings_ref.version,
        "items": lineage[ITEMS],
        "rule": rule.inputs(),
        "verdicts": store_mark.inputs(),
    }
    made = work.memo(LABEL_VERSIONS, inputs, make)
    consensus = TableRef(CONSENSUS, made.tables[CONSENSUS], lineage)
    ref = TableRef(LABEL_VERSIONS, made.tables[LABEL_VERSIONS], {**lineage, **consensus.lineage()})
    work.publish([consensus, ref])
    return work.outcome(made.facts, [consensus, ref])


def _counts(versions: pa.Table) -> dict[str, Any]:
    """What the corrected version came to, and a row a version."""
    counted = {name: summary(versions, name) for name in version_names(versions)}
    before, after = counted["original"].items, counted["corrected"]
    taken_out = sum(after.left_out.values())
    return {
        "kept": after.kept,
        "relabelled": after.relabelled,
        "several labels": after.several,
        "left out": taken_out,
        "pending": after.pending,
        # of all items: a lower bound of the error rate, since only queued items were looked at
        "label errors found": (after.relabelled + after.several + taken_out) / before if before else 0.0,
        "versions": [
            {
                "version": name,
                "reviewed": version_named(name).reviewed,
                "items": c.items,
                "relabelled": c.relabelled,
                "several": c.several,
                "pending": c.pending,
                "left out": sum(c.left_out.values()),
            }
            for name, c in counted.items()
        ],
    }
