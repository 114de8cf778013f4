"""The verdict sensor: tells Dagster of new verdicts, and asks for new scores when there are enough."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import dagster as dg

from assets.naming import DATASET, LAUNCHED_BY, key
from audits.errors import AuditError
from audits.night_config import RescoreConfig
from audits.rescore_record import awaited
from audits.review.records import Mark
from audits.review.store import ReviewStore
from audits.stages.graph import SCORING
from audits.workspace import Workspace
from pipelines.run_requests import JOB, run_request

#: How often the store is looked at, in seconds.
_INTERVAL = 15


#: Run tag: the state of the verdicts that a run for new scores is for.
VERDICTS_STATE = "labelaudit/verdicts"

#: How often new scores are asked for in one state of the verdicts.
_MOST_ATTEMPTS = 3


def verdict_sensor(workspace: Workspace, *, running: bool) -> dg.SensorDefinition:
    """Build the sensor.

    Parameters
    ----------
    workspace : Workspace
    running : bool
        Whether it runs unless somebody stops it; else somebody must start it.
    """

    @dg.sensor(
        name="new_verdicts",
        job_name=JOB,
        minimum_interval_seconds=_INTERVAL,
        default_status=dg.DefaultSensorStatus.RUNNING if running else dg.DefaultSensorStatus.STOPPED,
        description="Observes verdicts that come in, and asks for the re-score that the YAML asks for.",
    )
    def _sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        def attempts(dataset: str, state: str) -> int | None:
            return attempts_at(context.instance, dataset, state)

        return look(workspace, context.cursor, datetime.now(UTC), attempts)

    return _sensor


def attempts_at(instance: dg.DagsterInstance, dataset: str, state: str) -> int | None:
    """How many runs for new scores of a dataset in this state of verdicts ended; None while one goes on."""
    tags = {DATASET: dataset, LAUNCHED_BY: "rescore", VERDICTS_STATE: state}
    runs = instance.get_runs(dg.RunsFilter(tags=tags))
    return len(runs) if all(r.is_finished for r in runs) else None


def look(
    workspace: Workspace,
    cursor: str | None,
    now: datetime,
    attempts: Callable[[str, str], int | None] = lambda dataset, state: 0,
) -> dg.SensorResult:
    """Look for verdicts that are not observed yet, and for datasets that are due for new scores.

    Parameters
    ----------
    workspace : Workspace
    cursor : str or None
        What the last look left: how many verdicts and withdrawals of each dataset were observed.
    now : datetime
        With a time zone.
    attempts : callable
        For a dataset and a state of its verdicts, how many runs for new scores have ended, which all failed where
        the dataset is still due; None while one goes on. After three it is left to the next night.
    """
    seen = _load(cursor)
    names = workspace.dataset_names()
    with ReviewStore(workspace.store_url) as store:
        marks = {name: m for name, m in store.marks().items() if name in names}
    observations = [
        dg.AssetObservation(
            asset_key=key(name, "verdicts"),
            metadata={
                "verdicts": mark.verdicts - mark.withdrawals,
                "new": mark.verdicts - seen.get(name, (0, 0))[0],
                "withdrawn": mark.withdrawals,
            },
        )
        for name, mark in marks.items()
        if mark.verdicts and seen.get(name) != (mark.verdicts, mark.withdrawals)
    ]
    requests = []
    for name, mark in marks.items():
        if reason := due(workspace, name, mark, now):
            state = f"{mark.verdicts}-{mark.withdrawals}"
            attempt = attempts(name, state)
            if attempt is not None and attempt < _MOST_ATTEMPTS:
                # a key of its own for each attempt, since Dagster launches no run twice for one
                run_key = f"{name}-{state}-{attempt}"
                more = {VERDICTS_STATE: state}
                requests.append(run_request(name, SCORING, "rescore", reason, run_key, more))
    cursor = json.dumps({name: [m.verdicts, m.withdrawals] for name, m in sorted(marks.items())})
    return dg.SensorResult(
        asset_events=observations,
        run_requests=requests,
        cursor=cursor,
        skip_reason=None if observations or requests else "No verdicts that were not observed yet.",
    )


def due(workspace: Workspace, dataset: str, mark: Mark, now: datetime) -> str | None:
    """Why a dataset is due for new scores; None when it is not, or its YAML asks for none or is not sound."""
    scored = workspace.scored_mark(dataset)
    if scored is None or scored == (mark.verdicts, mark.withdrawals) or mark.last_at is None:
        return None
    # fewer than were scored: the store is another one than it was, and nobody can say how many are new
    new = max(mark.verdicts - scored[0], 0) + max(mark.withdrawals - scored[1], 0)
    try:
        if (wish := awaited(workspace, dataset)) is not None:
            return f"{wish.by} asked for new scores"
        config = workspace.dataset(dataset).config.review.rescore
    except AuditError:
        return None  # the run that the schedule or a person starts says what is wrong
    return None if config is None else _reason(config, new, now - mark.last_at)


def _reason(config: RescoreConfig, new: int, quiet: timedelta) -> str | None:
    if new >= config.after_verdicts:
        return f"{new} new verdicts or withdrawals since the last scores"
    if quiet >= timedelta(minutes=config.quiet_minutes):
        return f"{new} new, and none for {quiet.total_seconds() / 60:.0f} minutes"
    return None


def _load(cursor: str | None) -> dict[str, tuple[int, int]]:
    """What was observed of each dataset; nothing where the cursor is not one of ours."""
    try:
        found = json.loads(cursor or "{}").items()
        return {name: (int(verdicts), int(withdrawals)) for name, (verdicts, withdrawals) in found}
    except (ValueError, TypeError, AttributeError):
        return {}
