"""Great Expectations suites as asset checks: broken candidates block the stages behind, poor data warns."""

import contextlib
import logging
from collections.abc import Callable, Iterator

import dagster as dg

from assets.ingest import ANNOTATIONS_CANDIDATE, ITEMS_CANDIDATE, OUTPUTS_CANDIDATE
from assets.resources import WorkspaceResource
from assets.stage import Stage, key, stage
from audits.expectations import (
    judge_annotations,
    judge_items,
    judge_outputs,
    weigh_annotations,
    weigh_classes,
    weigh_models,
)
from audits.judging import Judgement
from audits.stored import ANNOTATIONS, load_items, load_model, load_output_rows, outputs_table

#: Metadata under which a check says what failed, in words.
PROBLEMS = "problems"


def items_valid(dataset: str) -> dg.AssetChecksDefinition:
    """Ids unique and present, labels in the class list."""

    def judge(s: Stage) -> list[Judgement]:
        return [judge_items(load_items(s.tables, s.tables.candidates()["items"].lineage()).items)]

    return _check(dataset, ITEMS_CANDIDATE, "valid", judge, blocking=True)


def items_usable(dataset: str) -> dg.AssetChecksDefinition:
    """Every class has an item, no class name is used twice."""

    def judge(s: Stage) -> list[Judgement]:
        stored = load_items(s.tables, s.tables.candidates()["items"].lineage())
        return [weigh_classes(stored.items, stored.classes)]

    return _check(dataset, ITEMS_CANDIDATE, "usable", judge, blocking=False)


def outputs_valid(dataset: str) -> dg.AssetChecksDefinition:
    """Outputs cover exactly the items; probabilities are finite, in [0, 1] and sum to 1."""

    def judge(s: Stage) -> list[Judgement]:
        found, candidates = [], s.tables.candidates()
        for model in s.dataset.config.models:
            table = outputs_table(model.name)
            rows = load_output_rows(s.tables, candidates[table].lineage(), table)
            found.append(judge_outputs(rows, model.name, model.outputs.kind, s.dataset.config.tolerance))
        return found

    return _check(dataset, OUTPUTS_CANDIDATE, "valid", judge, blocking=True)


def outputs_usable(dataset: str) -> dg.AssetChecksDefinition:
    """No model below chance on the given labels, all outputs out of sample."""

    def judge(s: Stage) -> list[Judgement]:
        candidates = s.tables.candidates()
        labels = load_items(s.tables, candidates["items"].lineage()).items["label"]
        predicted, out_of_sample = {}, {}
        for model in s.dataset.config.models:
            table = outputs_table(model.name)
            stored = load_model(s.tables, candidates[table].lineage(), table)
            predicted[model.name] = stored.outputs.predicted()
            out_of_sample[model.name] = model.out_of_sample
        return [weigh_models(labels, predicted, out_of_sample, s.dataset.classes)] if predicted else []

    return _check(dataset, OUTPUTS_CANDIDATE, "usable", judge, blocking=False)


def annotations_valid(dataset: str) -> dg.AssetChecksDefinition:
    """Known items, labels in the class list, annotators present."""

    def judge(s: Stage) -> list[Judgement]:
        ref = s.tables.candidates()[ANNOTATIONS]
        return [judge_annotations(s.tables.read(ANNOTATIONS, ref.version))]

    return _check(dataset, ANNOTATIONS_CANDIDATE, "valid", judge, blocking=True)


def annotations_usable(dataset: str) -> dg.AssetChecksDefinition:
    """No annotator labelled an item more than once."""

    def judge(s: Stage) -> list[Judgement]:
        ref = s.tables.candidates()[ANNOTATIONS]
        return [weigh_annotations(s.tables.read(ANNOTATIONS, ref.version))]

    return _check(dataset, ANNOTATIONS_CANDIDATE, "usable", judge, blocking=False)


def _check(
    dataset: str, asset: str, name: str, judge: Callable[[Stage], list[Judgement]], *, blocking: bool
) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=key(dataset, asset), name=name, blocking=blocking)
    def _asset_check(workspace: WorkspaceResource) -> dg.AssetCheckResult:
        with stage(workspace, dataset, f"checking that {asset} is {name}") as s, _quiet_library_logs():
            judgements = judge(s)
        bad = [j for j in judgements if not j.passed]
        return dg.AssetCheckResult(
            passed=not bad,
            severity=dg.AssetCheckSeverity.ERROR if blocking else dg.AssetCheckSeverity.WARN,
            description="\n".join(str(j) for j in bad) or None,
            metadata={
                "expectations": sum(j.rules for j in judgements),
                PROBLEMS: dg.MetadataValue.json([f"{j.table}: {f}" for j in bad for f in j.failures]),
            },
        )

    return _asset_check


@contextlib.contextmanager
def _quiet_library_logs() -> Iterator[None]:
    """Great Expectations logs a line per suite at INFO; a check says all of it in its result."""
    logger = logging.getLogger("great_expectations")
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)
