"""Ingest: files become candidates, and judged candidates become the tables in force."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audits.classes import UNKNOWN
from audits.cleaned import class_distance_of
from audits.errors import AuditError, InputError, PathError
from audits.fingerprints import digest
from audits.ingest.annotations import ingest_annotations
from audits.ingest.faults import one_kind
from audits.ingest.items import ingest_items
from audits.ingest.model_outputs import ingest_outputs
from audits.ingest.references import reference_files
from audits.input_config import ModelConfig
from audits.publishing import publishable
from audits.stages.judgements import valid
from audits.stages.preview import rows_of
from audits.stored import (
    ANNOTATIONS,
    ITEMS,
    ItemsSummary,
    items_summary,
    load_items,
    outputs_table,
    save_items,
    save_model,
)
from audits.table_store import TableRef
from audits.work import Made, Outcome, Work


def read_items(work: Work) -> Outcome:
    """Read the items file into a candidate."""
    config, classes = work.dataset.config.items, work.dataset.classes
    references = work.dataset.config.reference_labels
    named = {"file": config.path, **reference_files(references)}
    files = work.files(**named)

    # what the scores need at the end is looked at before any work is done
    class_distance_of(work.dataset, classes)

    def make() -> Made:
        ingested = ingest_items(work.dataset)
        work.unchanged(files, **named)
        ref = save_items(work.tables, ingested, classes)
        facts = {
            "items": ingested.items.num_rows,
            "classes": len(classes),
            "labels_as": ingested.labels_as,
            "preview": rows_of(ingested.items),
        }
        read = [
            str(p) for column in config.files for p in ingested.further[column].to_pylist() if p is not None
        ]
        return Made({ITEMS: ref.version}, facts, read)

    inputs: dict[str, Any] = {
        **files,
        "settings": config.model_dump(mode="json"),
        "classes": classes_digest(work),
    }
    if references:
        inputs["reference labels"] = [r.model_dump(mode="json") for r in references]
    if config.files:  # which of them may be read
        inputs["roots"] = [str(f) for f in work.dataset.further_roots or ()]
    made = work.memo("items", inputs, make)
    ref = TableRef(ITEMS, made.tables[ITEMS])
    work.candidate(ref)
    return work.outcome(made.facts, [ref])


def read_outputs(work: Work) -> Outcome:
    """Read every model's outputs into candidates; the problems of all models are told at once."""
    items_ref, summary = candidate_items(work)
    refs, rows = [], []
    problems: list[AuditError] = []
    for model in work.dataset.config.models:
        try:
            ref, facts = _one_model(work, model, items_ref, summary)
        except (InputError, PathError) as e:
            problems.append(e)
            continue
        work.candidate(ref)
        refs.append(ref)
        rows.append({"model": model.name, **facts, "version": ref.version})
    if problems:
        raise one_kind(type(e) for e in problems)("\n".join(str(e) for e in problems))
    return work.outcome({"models": len(rows), "outputs": rows}, refs)


def _one_model(
    work: Work, model: ModelConfig, items_ref: TableRef, summary: ItemsSummary
) -> tuple[TableRef, Mapping[str, Any]]:
    table, outputs = outputs_table(model.name), model.outputs
    files = work.files(file=outputs.path, probs=outputs.probs)

    def make() -> Made:
        items = load_items(work.tables, items_ref.lineage())
        given = items.items["label"].fill_null(UNKNOWN).to_numpy()
        ingested = ingest_outputs(work.dataset, model, items.ids, given)
        work.unchanged(files, file=outputs.path, probs=outputs.probs)
        ref = save_model(work.tables, ingested, model, items_ref.lineage())
        facts = {
            "kind": ingested.outputs.kind,
            "clipped": ingested.clipped,
            "unanswered": ingested.unanswered,
        }
        return Made({table: ref.version}, facts)

    inputs = {
        **files,
        "settings": model.model_dump(mode="json"),
        "tolerance": work.dataset.config.tolerance.range,
        "classes": classes_digest(work),
        "item ids": summary.ids_hash,
    }
    if outputs.rows == "items_order":  # whether rows without ids are shifted is told by the given labels
        inputs["given labels"] = summary.labels_hash
    made = work.memo("outputs", inputs, make, part=model.name)
    return TableRef(table, made.tables[table], items_ref.lineage()), made.facts


def read_annotations(work: Work) -> Outcome:
    """Read the annotations into a candidate."""
    config = work.dataset.config.annotations
    if config is None:
        raise InputError(f"dataset {work.dataset.name!r} no longer has annotations; reload the definitions")
    items_ref, summary = candidate_items(work)
    files = work.files(file=config.path)

    def make() -> Made:
        table = ingest_annotations(work.dataset, config, load_items(work.tables, items_ref.lineage()).ids)
        work.unchanged(files, file=config.path)
        ref = work.tables.write(ANNOTATIONS, table, items_ref.lineage())
        return Made({ANNOTATIONS: ref.version}, {"annotations": table.num_rows, "preview": rows_of(table)})

    inputs = {
        **files,
        "settings": config.model_dump(mode="json"),
        "classes": classes_digest(work),
        "item ids": summary.ids_hash,
    }
    made = work.memo("annotations", inputs, make)
    ref = TableRef(ANNOTATIONS, made.tables[ANNOTATIONS], items_ref.lineage())
    work.candidate(ref)
    return work.outcome(made.facts, [ref])


def publish(work: Work) -> Outcome:
    """Make the judged candidates current, all in one step.

    Raises
    ------
    InputError
        When a candidate is not valid: whoever asks for this stage alone gets no other tables than a whole
        run would give.
    """
    if bad := [j for j in valid(work) if not j.passed]:
        raise InputError("\n".join(str(j) for j in bad))
    refs, gone = publishable(work.tables, work.dataset)
    work.publish(refs, drop=gone)
    if not work.planning:
        named = {r.table for r in refs}
        work.tables.drop_candidates([t for t in work.tables.candidates() if t not in named])
    return work.outcome({"tables": [{"table": r.table, "version": r.version} for r in refs]}, refs)


def candidate_items(work: Work) -> tuple[TableRef, ItemsSummary]:
    """The candidate items, and what is known of them."""
    ref = work.tables.candidate_ref(ITEMS)
    return ref, items_summary(work.tables, ref.lineage())


def classes_digest(work: Work) -> str:
    """Fingerprint of the class list, since a list of thousands would be kept with every model."""
    return digest([work.dataset.classes.ids, work.dataset.classes.names])
