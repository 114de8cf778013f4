"""Great Expectations suites and thresholds as asset checks.

Broken candidates block the stages behind, poor data warns, and a threshold that does not hold is an error
that blocks nothing.
"""

import contextlib
import logging
from collections.abc import Iterator

import dagster as dg

from assets.naming import GATE_PREFIX, key
from assets.resources import WorkspaceResource
from assets.stage import CODE, EXIT_STATUS, stage
from assets.stages import COMPARISON
from audits.benchmark.thresholds import GateResult
from audits.config import Dataset
from audits.errors import GateError, InputError
from audits.judging import Judgement, kind_of
from audits.night_config import GatesConfig
from audits.stages import judgements
from audits.stages.graph import Standing
from audits.stages.scoring import gates

#: Metadata under which a check says what failed, in words.
PROBLEMS = "problems"

#: The check that stops the stages behind it.
_BLOCKS = "valid"


def dataset_checks(dataset: Dataset) -> list[dg.AssetChecksDefinition]:
    """All checks of a dataset."""
    found = [_check(dataset.name, asset, name) for asset, name in judgements.checks_of(dataset)]
    return [*found, _gates(dataset)] if dataset.config.gates.names else found


def _check(dataset: str, asset: str, name: str) -> dg.AssetChecksDefinition:
    judge = judgements.CHECKS[asset, name]

    @dg.asset_check(asset=key(dataset, asset), name=name, blocking=name == _BLOCKS, description=judge.__doc__)
    def _asset_check(workspace: WorkspaceResource) -> dg.AssetCheckResult:
        with stage(workspace, dataset, f"checking that {asset} is {name}") as work, _quiet_library_logs():
            found = judge(work)
        if name == _BLOCKS and any(not j.passed for j in found):
            workspace.failed(dataset)
        return _judged_result(key(dataset, asset), name, found)

    return _asset_check


def _judged_result(asset: dg.AssetKey, name: str, found: list[Judgement]) -> dg.AssetCheckResult:
    bad = [j for j in found if not j.passed]
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=name,
        passed=not bad,
        severity=dg.AssetCheckSeverity.ERROR if name == _BLOCKS else dg.AssetCheckSeverity.WARN,
        description="\n".join(str(j) for j in bad)
        or f"{sum(j.rules for j in found)} expectations met by {', '.join(j.table for j in found) or 'nothing'}",
        metadata={
            "expectations": sum(j.rules for j in found),
            PROBLEMS: dg.MetadataValue.json([f"{j.table}: {f}" for j in bad for f in j.failures]),
            # of a failure only; as text, since a number would be plotted over time
            **({CODE: kind_of(bad).code, EXIT_STATUS: str(InputError.exit_status)} if bad else {}),
        },
    )


def evaluations(dataset: str, found: Standing) -> list[dg.AssetCheckEvaluation]:
    """What all checks of a dataset come to in which nothing changed, to be recorded without a run."""
    results = [_judged_result(key(dataset, asset), name, j) for (asset, name), j in found.judged.items()]
    results += [_gate_result(key(dataset, COMPARISON), g.gate, g) for g in found.gates]
    return [
        dg.AssetCheckEvaluation(
            asset_key=r.asset_key,
            check_name=r.check_name,
            passed=r.passed,
            metadata=r.metadata,
            severity=r.severity,
            description=r.description,
            blocking=r.check_name == _BLOCKS,
        )
        for r in results
    ]


def _gates(dataset: Dataset) -> dg.AssetChecksDefinition:
    names, asset = dataset.config.gates.names, key(dataset.name, COMPARISON)

    @dg.multi_asset_check(
        specs=[
            dg.AssetCheckSpec(
                f"{GATE_PREFIX}{n}", asset=asset, description=GatesConfig.model_fields[n].description
            )
            for n in names
        ],
        name=f"{asset.to_python_identifier()}_gates",
    )
    def _weigh(workspace: WorkspaceResource) -> Iterator[dg.AssetCheckResult]:
        with stage(workspace, dataset.name, "weighing the gates") as work:
            weighed = {g.gate: g for g in gates(work)}
        for name in names:
            yield _gate_result(asset, name, weighed.get(name))

    return _weigh


def _gate_result(asset: dg.AssetKey, name: str, gate: GateResult | None) -> dg.AssetCheckResult:
    if gate is None:  # the definitions are older than the YAML
        gate = GateResult(name, True, None, None, "the YAML no longer sets this gate")
    numbers = {"value": gate.value, "limit": gate.limit}
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name=f"{GATE_PREFIX}{name}",
        passed=gate.passed,
        severity=dg.AssetCheckSeverity.ERROR,
        description=gate.words,
        metadata={
            **{k: v for k, v in numbers.items() if v is not None},
            **({} if gate.passed else {CODE: GateError.code, EXIT_STATUS: str(GateError.exit_status)}),
        },
    )


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
