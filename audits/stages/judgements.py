"""What the expectations say of the candidates: valid or not, and fit for use or not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from audits.config import Dataset
from audits.expectations import (
    judge_annotations,
    judge_items,
    judge_outputs,
    weigh_annotations,
    weigh_classes,
    weigh_models,
)
from audits.feature_expectations import judge_features, judge_training, weigh_features
from audits.judging import Failure, Judgement
from audits.stored import (
    ANNOTATIONS,
    ITEMS,
    TRAINING,
    features_table,
    load_items,
    load_model,
    load_output_rows,
    outputs_table,
)
from audits.stored_inputs import load_feature_rows, load_features
from audits.table_store import TableRef
from audits.work import Made, Work


def items_valid(work: Work) -> list[Judgement]:
    """Ids unique and present, labels in the class list."""
    ref = _candidate(work, ITEMS)
    return [
        _judged(work, "items_valid", "", {"items": ref.version}, lambda: judge_items(_items(work, ref).items))
    ]


def items_usable(work: Work) -> list[Judgement]:
    """Every class has an item, no class name is used twice."""
    ref = _candidate(work, ITEMS)

    def weigh() -> Judgement:
        stored = _items(work, ref)
        return weigh_classes(stored.items, stored.classes)

    return [_judged(work, "items_usable", "", {"items": ref.version}, weigh)]


def outputs_valid(work: Work) -> list[Judgement]:
    """Outputs cover exactly the items; probabilities are finite, in [0, 1] and sum to 1."""
    tolerance, found = work.dataset.config.tolerance, []
    for model in work.dataset.config.models:
        table = outputs_table(model.name)
        ref = _candidate(work, table)
        kind = model.outputs.kind

        def judge(name: str = model.name, kind: str = kind, ref: TableRef = ref) -> Judgement:
            return judge_outputs(
                load_output_rows(work.tables, ref.lineage(), ref.table), name, kind, tolerance
            )

        inputs = {"outputs": ref.version, "kind": kind, "tolerance": tolerance.model_dump()}
        found.append(_judged(work, "outputs_valid", model.name, inputs, judge))
    return found


def outputs_usable(work: Work) -> list[Judgement]:
    """No model below chance on the given labels, all outputs out of sample."""
    config = work.dataset.config
    if not config.models:
        return []
    items_ref = _candidate(work, ITEMS)
    refs = {m.name: _candidate(work, outputs_table(m.name)) for m in config.models}
    out_of_sample = {m.name: m.out_of_sample for m in config.models}

    def weigh() -> Judgement:
        predicted = {
            name: load_model(work.tables, r.lineage(), r.table).outputs.predicted()
            for name, r in refs.items()
        }
        labels = _items(work, items_ref).items["label"]
        return weigh_models(labels, predicted, out_of_sample, work.dataset.classes)

    inputs = {
        "items": items_ref.version,
        "outputs": {name: r.version for name, r in refs.items()},
        "out_of_sample": out_of_sample,
    }
    return [_judged(work, "outputs_usable", "", inputs, weigh)]


def annotations_valid(work: Work) -> list[Judgement]:
    """Known items, labels in the class list, annotators present."""
    return [_annotations(work, "annotations_valid", judge_annotations)]


def annotations_usable(work: Work) -> list[Judgement]:
    """No annotator labelled an item more than once."""
    return [_annotations(work, "annotations_usable", weigh_annotations)]


def features_valid(work: Work) -> list[Judgement]:
    """Features and training dynamics cover exactly the items and are finite; probabilities are such."""
    config, found = work.dataset.config, []
    for entry in config.features:
        ref = _candidate(work, features_table(entry.name))

        def judge(name: str = entry.name, ref: TableRef = ref) -> Judgement:
            return judge_features(load_feature_rows(work.tables, ref.lineage(), ref.table), name)

        found.append(_judged(work, "features_valid", entry.name, {"features": ref.version}, judge))
    if (training := config.training_dynamics) is not None:
        of_training = _candidate(work, TRAINING)

        def judge_array() -> Judgement:
            rows = load_feature_rows(work.tables, of_training.lineage(), TRAINING)
            return judge_training(rows, training.kind, config.tolerance)

        inputs = {"training": of_training.version, "tolerance": config.tolerance.model_dump()}
        found.append(_judged(work, "training_valid", "", inputs, judge_array))
    return found


def features_usable(work: Work) -> list[Judgement]:
    """Every item has something to be compared by: a text, an image, a vector with a direction."""
    found = []
    for entry in work.dataset.config.features:
        ref = _candidate(work, features_table(entry.name))

        def weigh(ref: TableRef = ref) -> Judgement:
            (features,) = load_features(work.tables, ref.lineage()).values()
            return weigh_features(features, _items(work, ref).ids)

        found.append(_judged(work, "features_usable", entry.name, {"features": ref.lineage()}, weigh))
    return found


#: Stages that a dataset has only where its YAML names what they read.
OPTIONAL: dict[str, Callable[[Dataset], bool]] = {
    "annotations_candidate": lambda d: d.config.annotations is not None,
    "features_candidate": lambda d: bool(d.config.features) or d.config.training_dynamics is not None,
}

#: Every check: by the stage whose candidates it judges, and its name. One that is `valid` must pass before the
#: candidates are published; the others only warn.
CHECKS: dict[tuple[str, str], Callable[[Work], list[Judgement]]] = {
    ("items_candidate", "valid"): items_valid,
    ("items_candidate", "usable"): items_usable,
    ("model_outputs_candidate", "valid"): outputs_valid,
    ("model_outputs_candidate", "usable"): outputs_usable,
    ("annotations_candidate", "valid"): annotations_valid,
    ("annotations_candidate", "usable"): annotations_usable,
    ("features_candidate", "valid"): features_valid,
    ("features_candidate", "usable"): features_usable,
}


def checks_of(dataset: Dataset) -> list[tuple[str, str]]:
    """Keys of `CHECKS` that a dataset has."""
    without = {stage for stage, there in OPTIONAL.items() if not there(dataset)}
    return [c for c in CHECKS if c[0] not in without]


def judged(work: Work, name: str) -> dict[tuple[str, str], list[Judgement]]:
    """Judgements of all checks of a name, by their keys in `CHECKS`."""
    return {c: CHECKS[c](work) for c in checks_of(work.dataset) if c[1] == name}


def valid(work: Work) -> list[Judgement]:
    """All judgements that must pass before the candidates are published."""
    return [j for found in judged(work, "valid").values() for j in found]


def usable(work: Work) -> list[Judgement]:
    """All judgements that only warn."""
    return [j for found in judged(work, "usable").values() for j in found]


def _annotations(work: Work, name: str, judge: Callable[[Any], Judgement]) -> Judgement:
    ref = _candidate(work, ANNOTATIONS)
    return _judged(
        work,
        name,
        "",
        {"annotations": ref.version},
        lambda: judge(work.tables.read(ANNOTATIONS, ref.version)),
    )


def _candidate(work: Work, table: str) -> TableRef:
    return work.tables.candidate_ref(table)


def _items(work: Work, ref: TableRef) -> Any:
    return load_items(work.tables, ref.lineage())


def _judged(
    work: Work, stage: str, part: str, inputs: dict[str, Any], judge: Callable[[], Judgement]
) -> Judgement:
    facts = work.memo(stage, inputs, lambda: Made(facts=asdict(judge())), part=part).facts
    failures = tuple(Failure(**{**f, "first": tuple(f["first"])}) for f in facts["failures"])
    return Judgement(facts["table"], facts["rules"], failures)
