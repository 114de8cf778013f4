"""Signals of every audit, each made anew only where what it looks at changed; and what several of them share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from audits import contracts
from audits.audit_config import AuditsConfig
from audits.fingerprints import digest
from audits.signals.duplicates import find_duplicates
from audits.signals.inputs import Inputs, Neighbours
from audits.signals.neighbours import nearest
from audits.signals.registry import (
    OVER_ANNOTATIONS,
    OVER_FEATURES,
    OVER_SUGGESTIONS,
    OVER_TRAINING,
    Part,
    absent_signals,
    most_neighbours,
    run_part,
    signal_parts,
)
from audits.stored import (
    ANNOTATIONS,
    DUPLICATES,
    TRAINING,
    ItemsSummary,
    features_table,
    ingested_lineage,
    is_features_table,
    is_outputs_table,
    items_summary,
    load_items,
    load_models,
    neighbours_table,
    outputs_table,
    signal_table_name,
)
from audits.stored_inputs import (
    load_annotations,
    load_features,
    load_neighbours,
    load_training,
    save_neighbours,
)
from audits.table_store import TableRef, TableStore
from audits.work import Made, Outcome, Work

SIGNALS = "signals"


def signals(work: Work) -> Outcome:
    """Run every audit that the YAML asks for and the dataset has the input of, each where its input changed."""
    lineage = ingested_lineage(work.tables.current())
    summary = items_summary(work.tables, lineage)
    audits = work.dataset.config.audits
    inputs: dict[str, Any] = {
        "labels": summary.labels_hash,
        "outputs": {t: v for t, v in lineage.items() if is_outputs_table(t)},
        "settings": audits.model_dump(mode="json"),
    }
    if beside := _beside(lineage, summary, audits):
        inputs["beside"] = beside
        inputs["classes"] = digest([summary.ids, summary.names])  # they are named in reasons
    made = work.memo(SIGNALS, inputs, lambda: _Run(work, lineage, summary).made())
    parts_made = {t: v for t, v in made.tables.items() if t != SIGNALS}
    ref = TableRef(SIGNALS, made.tables[SIGNALS], {**lineage, **parts_made})
    work.publish([ref])
    return work.outcome(made.facts, [ref])


def _beside(lineage: Mapping[str, str], summary: ItemsSummary, audits: AuditsConfig) -> dict[str, str]:
    """Fingerprints of what the configured audits look at beside items and outputs."""
    named = {**lineage, **summary.beside}
    rooms: tuple[tuple[Mapping[str, object], Callable[[str], bool]], ...] = (
        (OVER_ANNOTATIONS, lambda t: t == ANNOTATIONS),
        (OVER_FEATURES, lambda t: is_features_table(t) or t == "split"),
        (OVER_TRAINING, lambda t: t == TRAINING),
        (OVER_SUGGESTIONS, lambda t: t == "suggestion"),
    )
    used = [of for detectors, of in rooms if any(getattr(audits, d) is not None for d in detectors)]
    return {t: v for t, v in named.items() if any(of(t) for of in used)}


def detector_inputs(tables: TableStore, lineage: Mapping[str, str], features: Sequence[str] = ()) -> Inputs:
    """Open all that was ingested of a dataset as detectors take it; arrays are memory-mapped.

    Parameters
    ----------
    tables : TableStore
    lineage : mapping of str to str
        Versions of the ingested tables.
    features : sequence of str
        Names of the features, in their order.

    Returns
    -------
    Inputs
        Without neighbours and duplicates.
    """
    items = load_items(tables, lineage)
    there = load_features(tables, lineage)
    return Inputs(
        item_ids=items.ids,
        labels=items.labels,
        n_classes=len(items.classes),
        outputs={name: m.outputs for name, m in load_models(tables, lineage).items()},
        annotations=load_annotations(tables, lineage, items.ids),
        features={name: there[name] for name in features if name in there},
        training=load_training(tables, lineage),
        suggestions=items.suggestions,
        splits=items.splits,
        class_names=tuple(items.classes.display(i) or "" for i in range(len(items.classes))),
    )


class _Run:
    """One run of all audits of a dataset.

    Parameters
    ----------
    work : Work
    lineage : dict of str to str
        The ingested tables.
    summary : ItemsSummary
    """

    def __init__(self, work: Work, lineage: dict[str, str], summary: ItemsSummary) -> None:
        self.work = work
        self.lineage = lineage
        self.summary = summary
        self.audits = work.dataset.config.audits
        self.made_tables: dict[str, str] = {}
        names = [c.name for c in work.dataset.config.features]
        self.inputs = detector_inputs(work.tables, lineage, names)

    def made(self) -> Made:
        """Make what is not there yet, one part after the other, and the summary of all."""
        parts = signal_parts(self.inputs.present, self.audits)
        absent = absent_signals(self.inputs.present, self.audits)
        self._share(parts, most_neighbours(self.inputs.present, self.audits))
        rows = [self._one(part) for part in parts]
        summary = pa.Table.from_pylist(
            [*rows, *({"signal": name, "absent": why} for name, why in absent.items())],
            schema=contracts.SIGNAL_SUMMARY,
        )
        ref = self.work.tables.write(SIGNALS, summary, {})
        facts: dict[str, Any] = {
            "rows": self.summary.rows * len(parts),
            "flagged": rows,
            "absent": [{"signal": name, "why": why} for name, why in absent.items()],
        }
        if (pairs := self.inputs.duplicates) is not None:
            facts["duplicates"] = pairs.num_rows
            facts["conflicting duplicates"] = pc.sum(pairs["conflict"]).as_py() or 0
        return Made({**self.made_tables, SIGNALS: ref.version}, facts)

    def _share(self, parts: Sequence[Part], most: Mapping[str, int]) -> None:
        """Make what several detectors look at: the graph of neighbours by each of the features, and duplicates."""
        graphs = {name: self._neighbours(name, k) for name, k in most.items()}
        self.inputs = replace(self.inputs, neighbours=graphs)
        for part in parts:
            if "duplicates" in part.beside:
                self.inputs = replace(self.inputs, duplicates=self._duplicates(part))

    def _neighbours(self, name: str, k: int) -> Neighbours:
        table = neighbours_table(name)

        def make() -> Made:
            graph = nearest(self.inputs.features[name], k)
            return Made({table: save_neighbours(self.work.tables, graph).version})

        inputs: dict[str, Any] = {"features": self.lineage[features_table(name)], "neighbours": k}
        made = self.work.memo(SIGNALS, inputs, make, part=neighbours_part(name))
        self.made_tables |= made.tables
        return load_neighbours(self.work.tables, made.tables, name)

    def _duplicates(self, part: Part) -> pa.Table:
        params = getattr(self.audits, part.signal)
        graphs = [t for t in map(neighbours_table, part.features) if t in self.made_tables]

        def make() -> Made:
            pairs = find_duplicates(self.inputs, params)
            return Made({DUPLICATES: self.work.tables.write(DUPLICATES, pairs, {}).version})

        inputs = {
            "labels": self.summary.labels_hash,
            "features": {f: self.lineage[features_table(f)] for f in part.features},
            "neighbours": {t: self.made_tables[t] for t in graphs},
            "splits": self.summary.beside.get("split"),
            "settings": params.model_dump(mode="json"),
        }
        made = self.work.memo(SIGNALS, inputs, make, part=DUPLICATES)
        self.made_tables |= made.tables
        return self.work.tables.read(DUPLICATES, made.tables[DUPLICATES])

    def _one(self, part: Part) -> dict[str, object]:
        """Run one detector, or find what it came to; gives its row of the summary."""
        name = signal_table_name(part.signal, part.model)

        def make() -> Made:
            table = run_part(part, self.inputs, self.audits)
            counts = {
                "signal": part.signal,
                "model": part.model,
                "flagged": pc.sum(table["flagged"]).as_py() or 0,
                "mean_score": pc.mean(table["score"]).as_py(),
            }
            return Made({name: self.work.tables.write(name, table, {}).version}, counts)

        made = self.work.memo(SIGNALS, self._seen(part), make, part=str(part))
        self.made_tables |= made.tables
        return dict(made.facts)

    def _seen(self, part: Part) -> dict[str, Any]:
        """Fingerprints of all that a part looks at."""
        inputs: dict[str, Any] = {
            "labels": self.summary.labels_hash,
            "outputs": [self.lineage[outputs_table(m)] for m in part.models],
            "settings": getattr(self.audits, part.signal).model_dump(mode="json"),
        }
        if not part.beside:
            return inputs
        beside = {f: self.lineage[features_table(f)] for f in part.features}
        if "annotations" in part.beside:
            beside[ANNOTATIONS] = self.lineage[ANNOTATIONS]
        if "training" in part.beside:
            beside[TRAINING] = self.lineage[TRAINING]
        if "suggestions" in part.beside:
            beside["suggestion"] = self.summary.beside["suggestion"]
        if "duplicates" in part.beside:
            beside[DUPLICATES] = self.made_tables[DUPLICATES]
        if "neighbours" in part.beside:
            beside |= {t: self.made_tables[t] for t in map(neighbours_table, part.features)}
        return {**inputs, "beside": beside, "classes": digest([self.summary.ids, self.summary.names])}


def neighbours_part(features: str) -> str:
    """Name of the part of the signals that finds the nearest neighbours by some features."""
    return f"neighbours by {features}"
