"""From verdicts to cleaned scores: consensus, label versions, scores and comparison of one dataset.

The nightly graph does these steps one table at a time; `compare` does them at once, under whatever
consensus rule it is asked for, on the tables of the last run and the verdicts of this moment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from audits.benchmark.comparison import Comparison, compare
from audits.benchmark.scores import DEFAULT_PAIR, score_versions
from audits.benchmark.versions import label_versions
from audits.errors import UsageError
from audits.outputs import ModelOutputs
from audits.review.consensus import Rule, consensus_table
from audits.review.questions import questions_of
from audits.review.store import ReviewStore
from audits.stored import StoredItems, load_items, load_models
from audits.table_store import TableStore

#: Up to so many items are looked up in the store one by one.
_FEW = 500


@dataclass(frozen=True)
class Cleaned:
    """The label versions of a dataset under one consensus rule, and what they are made from."""

    items: StoredItems
    consensus: pa.Table
    versions: pa.Table


def decided(items: StoredItems, dataset: str, store: ReviewStore, rule: Rule) -> pa.Table:
    """What the verdicts of this moment come to, in the schema `contracts.CONSENSUS`.

    Items that wait in the queue are pending also before their first verdict.
    """
    asked = [q.hash for q in questions_of(items.items, dataset, items.classes)]
    # By question where there are few; a whole dataset is read at once instead.
    narrow = asked if len(asked) < _FEW else None
    queued = [t.question.hash for t in store.tasks(dataset, narrow)]
    return consensus_table(items.items, dataset, items.classes, store.verdicts(dataset, narrow), rule, queued)


def clean(tables: TableStore, store: ReviewStore, rule: Rule) -> Cleaned:
    """Build the label versions of the last run's findings under a consensus rule.

    Raises
    ------
    UsageError
        When the dataset was never run.
    """
    findings_ref = tables.current_ref("findings")
    items = load_items(tables, findings_ref.lineage())
    consensus = decided(items, tables.dataset, store, rule)
    findings = tables.read("findings", findings_ref.version)
    return Cleaned(items, consensus, label_versions(items.items, findings, consensus))


def contestants(tables: TableStore, lineage: Mapping[str, str]) -> dict[str, ModelOutputs]:
    """Outputs of the models that are scored, by name."""
    return {name: m.outputs for name, m in load_models(tables, lineage).items() if m.scored}


def flag_raisers(tables: TableStore) -> list[str]:
    """Names of the scored models that raised the flags people reviewed: corrected labels favour them."""
    models = load_models(tables, tables.current_ref("findings").lineage())
    return [name for name, m in models.items() if m.scored and m.raised_flags]


def compare_cleaned(
    tables: TableStore,
    store: ReviewStore,
    rule: Rule,
    metrics: Sequence[str],
    pair: tuple[str, str] = DEFAULT_PAIR,
) -> Comparison:
    """Score every model on every label version, and set two versions side by side.

    Raises
    ------
    UsageError
        When the dataset was never run, has no model to score, or a metric or version is not known.
    """
    cleaned = clean(tables, store, rule)
    lineage = tables.current_ref("findings").lineage()
    models = contestants(tables, lineage)
    if not models:
        raise UsageError(f"dataset {tables.dataset!r} has no models to score")
    scores = score_versions(models, cleaned.versions, cleaned.items.ids, metrics, pair)
    return compare(
        tables.dataset,
        cleaned.versions,
        scores,
        agree=rule.agree,
        verdicts_per_item=rule.of,
        pair=pair,
    )
