"""Run a dataset's graph in process and say what came of it."""

from collections.abc import Callable
from dataclasses import dataclass

import dagster as dg

from assets.stage import EXIT_STATUS
from audits.progress import listening
from audits.workspace import Workspace
from pipelines.definitions import build, job_name
from pipelines.instance import open_instance

Progress = Callable[[str, int, int], None]

_LAUNCHER_TAG, _LAUNCHER = "labelaudit/launched_by", "command"
_INPUT_IS_WRONG, _WORK_FAILED = 2, 1


@dataclass(frozen=True)
class Problem:
    """Why a run failed.

    Attributes
    ----------
    step : str
        The asset or check.
    message : str
        What is wrong.
    exit_status : int
        2 when the input or its configuration is wrong, 1 when the work failed.
    """

    step: str
    message: str
    exit_status: int


@dataclass(frozen=True)
class RunReport:
    """What came of one run of a dataset's graph."""

    dataset: str
    run_id: str
    succeeded: bool
    problems: tuple[Problem, ...]
    warnings: tuple[str, ...]

    @property
    def exit_status(self) -> int:
        """What the command should exit with for this run."""
        if self.succeeded:
            return 0
        return max((p.exit_status for p in self.problems), default=_WORK_FAILED)


def run_dataset(workspace: Workspace, dataset: str, on_progress: Progress) -> RunReport:
    """Execute the whole graph of a dataset in process, recorded in the workspace's instance.

    Parameters
    ----------
    workspace : Workspace
    dataset : str
        Name of a dataset; its YAML may be broken, which then is what the report says.
    on_progress : callable
        Called with a few words, the number of the step that is under way and the number of steps.

    Returns
    -------
    RunReport

    Raises
    ------
    UsageError
        When another process is running the dataset.
    KeyboardInterrupt
        When the user stopped it: Dagster records that as a failed step and would go on to the next dataset.
    """
    with workspace.run_lock(dataset), open_instance(workspace) as instance:
        job = build(workspace.root).resolve_job_def(job_name(dataset))
        _close_abandoned(instance, job.name)
        steps, done = len(job.nodes), 0

        def relay(what: str, is_step: bool) -> None:
            nonlocal done
            done += is_step
            on_progress(what, done, steps)

        with listening(relay):
            result = job.execute_in_process(
                instance=instance,
                raise_on_error=False,
                tags={_LAUNCHER_TAG: _LAUNCHER},
                # What goes wrong is told once, by the report; Dagster's own log stays in the instance.
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            )
        if any(_was_interrupted(e) for e in result.all_events):
            raise KeyboardInterrupt
        return _report(dataset, result)


def _close_abandoned(instance: dg.DagsterInstance, job: str) -> None:
    """Mark runs of this command that were killed as failed; the run lock says that none is alive."""
    left = instance.get_runs(
        dg.RunsFilter(
            job_name=job,
            tags={_LAUNCHER_TAG: _LAUNCHER},
            statuses=[
                dg.DagsterRunStatus.STARTED,
                dg.DagsterRunStatus.STARTING,
                dg.DagsterRunStatus.NOT_STARTED,
            ],
        )
    )
    for run in left:
        instance.report_run_failed(run, "The process that ran this was ended before it was done.")


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
            problems.append(Problem(step, message, _INPUT_IS_WRONG))
        else:
            warnings.append(message)
    for event in result.all_events:
        if event.is_step_failure and event.step_key not in failed_checks:
            problems.append(_step_problem(event))
        elif event.is_failure and event.is_job_event and not result.success and not problems:
            problems.append(Problem(result.job_def.name, event.message or "the run failed", _WORK_FAILED))
    return RunReport(dataset, result.run_id, result.success, tuple(problems), tuple(warnings))


def _step_problem(event: dg.DagsterEvent) -> Problem:
    data = event.step_failure_data
    step = (event.step_key or "run").split("__", 1)[-1]
    if data.user_failure_data is not None:
        metadata = data.user_failure_data.metadata
        status = metadata.get(EXIT_STATUS)
        message = data.user_failure_data.description or "failed"
        return Problem(step, message, int(str(status.value)) if status is not None else _WORK_FAILED)
    return Problem(step, _cause(event)[1], _WORK_FAILED)


def _cause(event: dg.DagsterEvent) -> tuple[str | None, str]:
    """Class and words of the innermost error of a failed step."""
    error = event.step_failure_data.error
    while error is not None and error.cause is not None:
        error = error.cause
    return (None, "failed") if error is None else (error.cls_name, error.message.strip())


def _was_interrupted(event: dg.DagsterEvent) -> bool:
    return event.is_step_failure and _cause(event)[0] == dg.DagsterExecutionInterruptedError.__name__
