"""Features and training dynamics become candidates, each read again only when its own input changed."""

from __future__ import annotations

from typing import Any

from audits.errors import AuditError, InputError, PathError
from audits.feature_config import FeaturesConfig
from audits.ingest.faults import one_kind
from audits.ingest.features import ingest_features
from audits.ingest.training import ingest_training
from audits.signals.inputs import Features
from audits.stages.ingest import candidate_items, classes_digest
from audits.stored import TRAINING, ItemsSummary, columns_hash, features_table, load_items
from audits.stored_inputs import save_features, save_training
from audits.table_store import TableRef
from audits.work import Made, Outcome, Work

FEATURES = "features"


def read_features(work: Work) -> Outcome:
    """Read all features and the training dynamics into candidates; the problems of all are told at once."""
    config = work.dataset.config
    if not config.features and config.training_dynamics is None:
        raise InputError(
            f"dataset {work.dataset.name!r} no longer has features or training dynamics; reload the definitions"
        )
    items_ref, summary = candidate_items(work)
    refs, facts = [], {}
    problems: list[AuditError] = []
    rows = []
    for entry in config.features:
        try:
            ref, told = _one(work, entry, items_ref, summary)
        except (InputError, PathError) as e:
            problems.append(e)
            continue
        refs.append(ref)
        rows.append({"features": entry.name, "kind": entry.kind, **told, "version": ref.version})
    if rows:
        facts["features"] = rows
    if config.training_dynamics is not None:
        try:
            ref, told = _training(work, items_ref, summary)
            refs.append(ref)
            facts["epochs"] = told["epochs"]
        except (InputError, PathError) as e:
            problems.append(e)
    for ref in refs:
        work.candidate(ref)
    if problems:
        raise one_kind(type(e) for e in problems)("\n".join(str(e) for e in problems))
    return work.outcome(facts, refs)


def _one(
    work: Work, entry: FeaturesConfig, items_ref: TableRef, summary: ItemsSummary
) -> tuple[TableRef, dict[str, Any]]:
    table, dataset = features_table(entry.name), work.dataset
    files = work.files(file=entry.path)
    inputs: dict[str, Any] = {
        **files,
        "settings": entry.model_dump(mode="json"),
        "item ids": summary.ids_hash,
    }
    if entry.kind != "embeddings":
        inputs["columns"] = _columns(work, entry, items_ref)
    if entry.kind == "images":  # which of them may be read
        inputs["roots"] = [str(f) for f in dataset.further_roots or ()]

    def make() -> Made:
        items = load_items(work.tables, items_ref.lineage())
        ingested = ingest_features(dataset, entry, items.ids, items.further)
        work.unchanged(files, file=entry.path)
        ref = save_features(work.tables, ingested, items_ref.lineage())
        read = items.further[entry.column].to_pylist() if entry.kind == "images" else []
        return Made({table: ref.version}, _told(ingested.features), [p for p in read if p])

    made = work.memo(FEATURES, inputs, make, part=entry.name)
    return TableRef(table, made.tables[table], items_ref.lineage()), dict(made.facts)


def _columns(work: Work, entry: FeaturesConfig, items_ref: TableRef) -> str:
    """Fingerprint of the columns of the items that features are made of; worked out once a version of the items."""
    named = [entry.column] if entry.column else list(entry.columns)

    def make() -> Made:
        further = load_items(work.tables, items_ref.lineage()).further
        there = [c for c in named if c in further.column_names]  # what is missing is for the reader to say
        return Made(facts={"hash": columns_hash(further, there)})

    inputs = {"items": items_ref.version, "columns": named}
    return str(work.memo(FEATURES, inputs, make, part=columns_part(entry.name)).facts["hash"])


def columns_part(features: str) -> str:
    """Name of the part that looks whether the columns of features changed."""
    return f"columns of {features}"


def _told(features: Features) -> dict[str, Any]:
    """What a page shows of features."""
    if features.vectors is not None:
        return {"items": len(features.vectors), "dimensions": features.vectors.shape[1]}
    texts = features.texts if features.texts is not None else features.digests
    if texts is None:
        raise AuditError(f"features {features.name!r} hold nothing")
    return {"items": len(texts) - texts.null_count, "dimensions": None}


def _training(work: Work, items_ref: TableRef, summary: ItemsSummary) -> tuple[TableRef, dict[str, Any]]:
    config = work.dataset.config.training_dynamics
    if config is None:
        raise AuditError(f"dataset {work.dataset.name!r} has no training dynamics")
    files = work.files(file=config.path)

    def make() -> Made:
        items = load_items(work.tables, items_ref.lineage())
        ingested = ingest_training(work.dataset, config, items.ids)
        ref = save_training(work.tables, ingested, items_ref.lineage())
        work.unchanged(files, file=config.path)
        return Made({TRAINING: ref.version}, {"epochs": len(ingested.training.values)})

    inputs = {
        **files,
        "settings": config.model_dump(mode="json"),
        "item ids": summary.ids_hash,
        "classes": classes_digest(work),
    }
    made = work.memo(TRAINING, inputs, make)
    return TableRef(TRAINING, made.tables[TRAINING], items_ref.lineage()), dict(made.facts)
