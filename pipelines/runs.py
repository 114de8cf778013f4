"""Run a dataset's graph in process and say what came of it."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

import dagster as dg

from assets.naming import DATASET, FORCE, LAUNCHED_BY, VERIFY, key
from assets.stage import CODE, EXIT_STATUS
from audits.errors import AuditError, GateError, InputError
from audits.progress import listening
from audits.review.store import ReviewStore
from audits.stages.graph import SCORING, Standing
from audits.workspace import Workspace
from pipelines.definitions import build
from pipelines.instance import InstanceError, open_instance
from pipelines.orphans import close_orphans
from pipelines.run_requests import JOB
from pipelines.unchanged import look_over, record_unchanged

Progress = Callable[[str, int, int], None]

_WORK_FAILED = AuditError.exit_status


@dataclass(frozen=True)
class RunOptions:
    """What a caller may ask of a run.

    Attributes
    ----------
    force : bool
        Compute everything, also what has not changed.
    verify : bool
        Hash every file, also those that look unchanged from outside.
    only_scores : bool
        Bring label versions, scores and comparison up to the verdicts, and touch nothing else.
    wait_seconds : float
        How long to wait for another run of the dataset; negative: without end.
    """

    force: bool = False
    verify: bool = False
    only_scores: bool = False
    wait_seconds: float = 0.0


@dataclass(frozen=True)
class Problem:
    """Why a run failed, or which gate does not hold.

    Attributes
    ----------
    step : str
        The asset or check.
    message : str
        What is wrong.
    exit_status : int
        2 when the input or its configuration is wrong, 1 when the work failed, 3 when a gate does not hold.
    code : str
        That of the kind of error (`audits.errors`).
    """

    step: str
    message: str
    exit_status: int
    code: str = AuditError.code


@dataclass(frozen=True)
class RunReport:
    """What came of one run of a dataset's graph.

    Attributes
    ----------
    dataset : str
    run_id : str or None
        None where nothing had changed, so that no run was needed.
    succeeded : bool
        Whether every stage did its work; a gate that does not hold is no failure of the work.
    problems : tuple of Problem
    warnings : tuple of str
    computed, reused : int
        How many stages and parts of stages were computed, and taken from an earlier run.
    """

    dataset: str
    run_id: str | None
    succeeded: bool
    problems: tuple[Problem, ...]
    warnings: tuple[str, ...]
    computed: int
    reused: int

    @property
    def exit_status(self) -> int:
        """What the command should exit with for this run."""
        status = max((p.exit_status for p in self.problems), default=0)
        if self.succeeded:
            return status
        # a gate says nothing of a run that failed
        return max((p.exit_status for p in self.problems if p.exit_status != 3), default=_WORK_FAILED)


def refused(dataset: str, error: AuditError) -> RunReport:
    """The report of a dataset that could not be run at all."""
    return RunReport(
        dataset, None, False, (Problem("run", str(error), error.exit_status, error.code),), (), 0, 0
    )


def run_dataset(
    workspace: Workspace,
    dataset: str,
    on_progress: Progress,
    options: RunOptions | None = None,
    *,
    instance: dg.DagsterInstance | None = None,
    store: ReviewStore | None = None,
) -> RunReport:
    """Bring a dataset up to its files and verdicts.

    Where nothing changed that is recorded without a run; else the graph is executed in process, in which
    each stage computes what changed.

    Parameters
    ----------
    workspace : Workspace
    dataset : str
        Name of a dataset; its YAML may be broken, which then is what the report says.
    on_progress : callable
        Called with a few words, the number of the step that is under way and the number of steps.
    options : RunOptions, optional
    instance : DagsterInstance, optional
    store : ReviewStore, optional
        The workspace's, where they are open already; it saves opening them for each of many datasets.

    Raises
    ------
    UsageError
        When another process is running the dataset.
    KeyboardInterrupt
        When the user stopped it: Dagster records that as a failed step and would go on to the next dataset.
    """
    options = options or RunOptions()
    with contextlib.ExitStack() as opened:
        opened.enter_context(workspace.run_lock(dataset, "labelaudit run", options.wait_seconds))
        instance = instance or opened.enter_context(open_instance(workspace))
        close_orphans(
            instance, workspace
        )  # also where nothing changed: the run may have died at its very end
        report = run_if_unchanged(workspace, dataset, options, instance=instance, store=store)
        if report is not None:
            return report
        return _execute(workspace, dataset, instance, on_progress, options)


def run_if_unchanged(
    workspace: Workspace,
    dataset: str,
    options: RunOptions,
    *,
    instance: dg.DagsterInstance,
    store: ReviewStore | None = None,
) -> RunReport | None:
    """Record that nothing changed in a dataset; None, and nothing recorded, where something did.

    Parameters are those of `run_dataset`.

    Raises
    ------
    UsageError
        When another process is running the dataset.
    """
    if options.force:
        return None
    with workspace.run_lock(dataset, "labelaudit run", options.wait_seconds):
        try:
            found = look_over(workspace, dataset, verify=options.verify, store=store)
        except AuditError:
            return None  # the run says what is wrong, and keeps it
        if not isinstance(found, Standing):
            return None
        record_unchanged(instance, workspace, dataset, found, "command")
        return _unchanged_report(dataset, found)


def _execute(
    workspace: Workspace,
    dataset: str,
    instance: dg.DagsterInstance,
    on_progress: Progress,
    options: RunOptions,
) -> RunReport:
    job = build(workspace.root, only=[dataset]).resolve_job_def(JOB)
    if options.only_scores and (keys := _scoring(job, dataset)):
        job = job.get_subset(asset_selection=keys)
    steps, done = len(job.nodes), 0

    def relay(what: str, is_step: bool) -> None:
        nonlocal done
        done += is_step
        on_progress(what, done, max(steps, done))

    tags = {LAUNCHED_BY: "command", DATASET: dataset}
    tags |= {tag: "true" for tag, asked in ((FORCE, options.force), (VERIFY, options.verify)) if asked}
    with listening(relay):
        result = job.execute_in_process(
            instance=instance,
            raise_on_error=False,
            tags=tags,
            # What goes wrong is told once, by the report; Dagster's own log stays in the instance.
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )
    if any(_was_interrupted(e) for e in result.all_events):
        raise KeyboardInterrupt
    return _report(dataset, result)


def _scoring(job: dg.JobDefinition, dataset: str) -> set[dg.AssetKey]:
    """The stages that bring scores up to the verdicts; none where the YAML is not sound."""
    return {key(dataset, s) for s in SCORING} & set(job.asset_layer.executable_asset_keys)


def _unchanged_report(dataset: str, found: Standing) -> RunReport:
    problems = [
        Problem(f"comparison:gate_{g.gate}", g.words, GateError.exit_status, GateError.code)
        for g in found.gates
        if not g.passed
    ]
    reused = sum(len(o.reused) for o in found.outcomes.values())
    return RunReport(
        dataset, None, True, tuple(problems), tuple(str(j) for j in found.warnings), computed=0, reused=reused
    )


def _report(dataset: str, result: dg.ExecuteInProcessResult) -> RunReport:
    problems, warnings = [], []
    failed_checks = set()
    for evaluation in result.get_asset_check_evaluations():
        if evaluation.passed:
            continue
        step = f"{evaluation.asset_key.path[-1]}:{evaluation.check_name}"
        message = evaluation.description or "check failed"
        if evaluation.severity == dg.AssetCheckSeverity.ERROR:
            spec = dg.AssetCheckSpec(evaluation.check_name, asset=evaluation.asset_key)
            failed_checks.add(spec.get_python_identifier())  # the key of its step
            problems.append(
                Problem(
                    step,
                    message,
                    int(_told(evaluation.metadata, EXIT_STATUS, InputError.exit_status)),
                    _told(evaluation.metadata, CODE, InputError.code),
                )
            )
        else:
            warnings.append(message)
    for event in result.all_events:
        if event.is_step_failure and event.step_key not in failed_checks:
            problems.append(_step_problem(event))
        elif event.is_failure and event.is_job_event and not result.success and not problems:
            problems.append(Problem(dataset, event.message or "the run failed", _WORK_FAILED))
    made = [m.metadata for m in (e.materialization for e in result.get_asset_materialization_events())]
    return RunReport(
        dataset,
        result.run_id,
        result.success,
        tuple(problems),
        tuple(warnings),
        computed=sum(int(m["parts computed"].value) for m in made if "parts computed" in m),
        reused=sum(int(m["reused"].value) for m in made if "reused" in m),
    )


def _told(metadata: object, key: str, otherwise: object) -> str:
    """What a failed step or check says of its error."""
    told = metadata.get(key) if isinstance(metadata, dict) else None
    return str(otherwise if told is None else told.value)


def _step_problem(event: dg.DagsterEvent) -> Problem:
    data = event.step_failure_data
    step = (event.step_key or "run").split("__", 1)[-1]
    if data.user_failure_data is not None:
        message = data.user_failure_data.description or "failed"
        told = data.user_failure_data.metadata
        return Problem(
            step,
            message,
            int(_told(told, EXIT_STATUS, _WORK_FAILED)),
            _told(told, CODE, AuditError.code),
        )
    kind, words = _cause(event)
    if kind == "OperationalError" and words.startswith("sqlite3."):
        # the review store tells its own errors; what comes as it is came from Dagster's records
        message = f"Dagster's record of runs cannot be kept: {words.partition(': ')[2]}"
        return Problem(step, message, InstanceError.exit_status, InstanceError.code)
    return Problem(step, words, _WORK_FAILED)


def _cause(event: dg.DagsterEvent) -> tuple[str | None, str]:
    """Class and words of the innermost error of a failed step."""
    error = event.step_failure_data.error
    while error is not None and error.cause is not None:
        error = error.cause
    return (None, "failed") if error is None else (error.cls_name, error.message.strip())


def _was_interrupted(event: dg.DagsterEvent) -> bool:
    return event.is_step_failure and _cause(event)[0] == dg.DagsterExecutionInterruptedError.__name__
