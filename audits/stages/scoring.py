"""Scores of every model on every label version, their comparison, and the gates."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pyarrow as pa

from audits.benchmark.comparison import Comparison, compare, table_rows
from audits.benchmark.scores import LabelSets, label_sets, score_model, scores_table
from audits.benchmark.thresholds import GateResult, weigh_gates
from audits.cleaned import contestants
from audits.review.consensus import Rule
from audits.stages.cleaning import LABEL_VERSIONS
from audits.stages.finding import FINDINGS
from audits.stored import is_outputs_table, load_items, outputs_table
from audits.table_store import TableRef
from audits.work import Made, Outcome, Work

SCORES, RANKS, FLIPS, COMPARISON = "scores", "ranks", "flips", "comparison"


def scores(work: Work) -> Outcome:
    """Score every model on every label version, each where its outputs or the labels changed."""
    versions_ref = work.tables.current_ref(LABEL_VERSIONS)
    lineage = versions_ref.lineage()
    metrics = list(work.dataset.config.metrics)

    def make() -> Made:
        versions = work.tables.read(LABEL_VERSIONS, versions_ref.version)
        sets = label_sets(versions, load_items(work.tables, lineage).ids)
        rows = []
        for name, outputs in contestants(work.tables, lineage).items():
            for version, labels in sets.items():
                inputs = {
                    "outputs": lineage[outputs_table(name)],
                    "labels": labels.fingerprint,
                    "metrics": metrics,
                }

                def score(labels: LabelSets = labels, outputs: Any = outputs) -> Made:
                    return Made(facts={"rows": score_model(outputs, labels, metrics)})

                part = work.memo(SCORES, inputs, score, part=scores_part(name, version))
                rows += part.facts["rows"]
        table = scores_table(rows)
        return Made({SCORES: work.tables.write(SCORES, table, {}).version}, _trend(table, metrics[0]))

    inputs = {
        "label versions": versions_ref.version,
        "outputs": {t: v for t, v in lineage.items() if is_outputs_table(t)},
        "metrics": metrics,
    }
    made = work.memo(SCORES, inputs, make)
    ref = TableRef(SCORES, made.tables[SCORES], lineage)
    work.publish([ref])
    return work.outcome(made.facts, [ref])


def scores_part(model: str, version: str) -> str:
    """Name of the part of the scores that is of one model on one label version."""
    return f"{model} on {version}"


def _trend(table: pa.Table, metric: str) -> dict[str, Any]:
    """The first metric of every model as single numbers, which can be followed over the nights.

    Their names begin with the model, so that its versions stand side by side where they are sorted.
    """
    rows = [r for r in table.to_pylist() if (r["metric"], r["items"]) == (metric, "all")]
    numbers = {
        f"{r['model']}: {metric}, {r['version']}": r["value"]
        for r in rows
        if r["version"] in ("original", "corrected") and r["value"] is not None
    }
    return {"scores": table.num_rows, **numbers, f"{metric} on all items": rows}


def comparison(work: Work) -> Outcome:
    """Set the corrected scores beside the original ones."""
    scores_ref = work.tables.current_ref(SCORES)
    lineage = scores_ref.lineage()
    metric = work.dataset.config.metrics[0]

    def make() -> Made:
        compared = _compared(work)
        refs = [
            work.tables.write(RANKS, compared.ranks, {}),
            work.tables.write(FLIPS, compared.flips, {}),
        ]
        facts = {
            "flips": compared.flips.num_rows,
            f"{metric} on common items": [asdict(r) for r in table_rows(compared, "common", metric)],
        }
        return Made({r.table: r.version for r in refs}, facts)

    made = work.memo(COMPARISON, {**_compared_from(work), "metric": metric}, make)
    refs = [TableRef(t, made.tables[t], lineage) for t in (RANKS, FLIPS)]
    work.publish(refs)
    return work.outcome(made.facts, refs)


def gates(work: Work) -> list[GateResult]:
    """Weigh the thresholds of the YAML."""
    config = work.dataset.config
    if not config.gates.names:
        return []
    findings_ref = work.tables.current_ref(FINDINGS)

    def make() -> Made:
        weighed = weigh_gates(
            config.gates,
            _compared(work),
            work.tables.read(FINDINGS, findings_ref.version),
            config.metrics[0],
        )
        return Made(facts={"gates": [asdict(g) for g in weighed]})

    inputs = {
        **_compared_from(work),
        "findings": findings_ref.version,
        "settings": config.gates.model_dump(mode="json"),
        "metric": config.metrics[0],
    }
    return [GateResult(**g) for g in work.memo("gates", inputs, make).facts["gates"]]


def _compared_from(work: Work) -> dict[str, Any]:
    lineage = work.tables.current_ref(SCORES).lineage()
    rule = Rule.from_config(work.dataset.config.review)
    return {
        "scores": lineage[SCORES],
        "label versions": lineage[LABEL_VERSIONS],
        "rule": [rule.agree, rule.of],
    }


def _compared(work: Work) -> Comparison:
    scores_ref = work.tables.current_ref(SCORES)
    rule = Rule.from_config(work.dataset.config.review)
    return compare(
        work.dataset.name,
        work.tables.read(LABEL_VERSIONS, scores_ref.inputs[LABEL_VERSIONS]),
        work.tables.read(SCORES, scores_ref.version),
        agree=rule.agree,
        verdicts_per_item=rule.of,
    )
