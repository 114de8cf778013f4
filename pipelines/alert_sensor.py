"""The sensor that looks at every run that has ended and tells what failed, once."""

import contextlib
import json
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
from pydantic import ValidationError

from assets.naming import DATASET, GATE_PREFIX
from assets.stage import graph_name
from audits.alerts.alert import Alert
from audits.alerts.deliver import Round, deliver, log_resolved
from audits.alerts.journal import Journal
from audits.errors import AuditError, ConfigError, UsageError
from audits.night_config import AlertKind, AlertsConfig
from audits.workspace import Workspace
from audits.yaml_files import read_yaml

#: Runs that one evaluation looks at, at most; the next goes on from there.
RUNS_AT_ONCE = 50

#: Seconds after which an evaluation looks at no further run, after which it posts nothing, and that one
#: post may take with all its attempts. Dagster gives an evaluation 60.
LOOKING_SECONDS, TELLING_SECONDS, POST_SECONDS = 20.0, 40.0, 12.0

#: What a run that failed is called as a subject.
RUN = "run"

_PROBLEMS_SHOWN = 3
_SUCCESS, _FAILURE = dg.DagsterEventType.RUN_SUCCESS, dg.DagsterEventType.RUN_FAILURE
_ENDS = (_SUCCESS, _FAILURE, dg.DagsterEventType.RUN_CANCELED)
_READ = {
    dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED,
    dg.DagsterEventType.ASSET_CHECK_EVALUATION,
    dg.DagsterEventType.STEP_SUCCESS,
    dg.DagsterEventType.STEP_FAILURE,
}
#: Class of the error of a step that failed because a blocking check did not pass.
_BY_CHECK = "DagsterAssetCheckFailedError"


def alert_sensor(workspace_root: Path | str, *, running: bool) -> dg.SensorDefinition:
    """Build the sensor of a workspace.

    Parameters
    ----------
    workspace_root : Path or str
    running : bool
        Whether it runs without being switched on: whether any dataset's YAML has `alerts`.

    Returns
    -------
    dg.SensorDefinition
        Named ``alerts``; it launches no runs.
    """

    @dg.sensor(
        name="alerts",
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING if running else dg.DefaultSensorStatus.STOPPED,
        description="Tells each dataset's log and webhooks what failed, once, until it has passed.",
    )
    def _sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        try:
            workspace = Workspace(workspace_root)
        except ConfigError as e:
            return dg.SensorResult(skip_reason=str(e), cursor=context.cursor)
        journal = Journal(workspace.state / "alerts.jsonl")
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(journal.held("sensor 'alerts'"))
            except UsageError as e:
                return dg.SensorResult(skip_reason=str(e), cursor=context.cursor)
            return _Evaluation(context, workspace, journal).result()

    return _sensor


@dataclass(frozen=True)
class _Position:
    """The last end of a run that was looked at, as the event log has it."""

    id: int
    time: float
    run: str = ""
    type: str = ""

    def text(self) -> str:
        return json.dumps(vars(self), sort_keys=True)

    @classmethod
    def read(cls, text: str | None) -> "_Position | None":
        try:
            raw = json.loads(text or "")
            return cls(int(raw["id"]), float(raw["time"]), str(raw["run"]), str(raw["type"]))
        except (ValueError, TypeError, LookupError):
            return None

    @classmethod
    def of(cls, record: dg.EventLogRecord) -> "_Position":
        kind = record.event_log_entry.dagster_event.event_type_value
        return cls(record.storage_id, record.timestamp, record.run_id, kind)


@dataclass
class _Evaluation:
    context: dg.SensorEvaluationContext
    workspace: Workspace
    journal: Journal
    began: float = field(default_factory=time.monotonic)
    configs: dict[str, AlertsConfig | None] = field(default_factory=dict)

    def result(self) -> dg.SensorResult:
        instance, log = self.context.instance, self.context.log
        self.round = Round(deadline=self.began + TELLING_SECONDS, longest_post=POST_SECONDS)
        self.datasets = {graph_name(n): n for n in self.workspace.dataset_names()}
        # the journal knows each run as it is done, Dagster only where the last whole evaluation ended;
        # either may be lost, or come from a backup
        known = [_Position.read(t) for t in (self.journal.position, self.context.cursor)]
        position = max((p for p in known if p), key=lambda p: p.time, default=None)
        if position is None:
            top = _last(instance)
            start = _Position.of(top) if top else _Position(0, time.time())
            self.journal.seen(start.text(), start.run or None)
            says = "alerts begin now: runs that ended before are not looked at"
            log.info(says)
            return dg.SensorResult(skip_reason=says, cursor=start.text())

        self._tell(f.alert for f in self.journal.open_faults())
        looked = 0
        for record in _ended_since(instance, position):
            # an alert that has not been tried anywhere yet must not be overtaken by what resolves it
            if self.round.over or time.monotonic() - self.began > LOOKING_SECONDS:
                break
            position = _Position.of(record)
            if not self.journal.has_seen(record.run_id):
                found = self._look(record)
                self.journal.seen(position.text(), record.run_id)
                self._tell(found)
            looked += 1
        still = len(self.journal.open_faults())
        says = f"looked at {looked} runs that have ended; {still} faults are open"
        return dg.SensorResult(skip_reason=says, cursor=position.text())

    def _tell(self, alerts: Iterable[Alert]) -> None:
        for alert in alerts:
            config = self._config(alert.dataset)
            if config is not None:
                deliver(alert, config, self.journal, os.environ, log=self.context.log, this_round=self.round)

    def _config(self, dataset: str) -> AlertsConfig | None:
        """Who is told by a dataset's YAML as it is now; None: nobody."""
        if dataset not in self.configs:
            try:
                self.configs[dataset] = self.workspace.dataset(dataset).config.alerts
            except UsageError:
                self.configs[dataset] = None  # the dataset has gone
            except AuditError as e:
                self.configs[dataset] = self._of_broken(dataset, e)
        return self.configs[dataset]

    def _of_broken(self, dataset: str, error: AuditError) -> AlertsConfig | None:
        """Who is told of a dataset whose YAML is not sound: by its section, where that can still be read."""
        try:
            raw = read_yaml(self.workspace.dataset_path(dataset))
            section = raw.get("alerts") if isinstance(raw, dict) else None
            return None if section is None else AlertsConfig.model_validate(section)
        except (AuditError, ValidationError):
            self.context.log.warning("%s: its alerts go to this log only, since %s", dataset, error)
            return AlertsConfig()

    # ---- one run

    def _look(self, record: dg.EventLogRecord) -> list[Alert]:
        """Note in the journal what a run shows; returns the alerts that are open by it."""
        run = self.context.instance.get_run_by_id(record.run_id)
        if run is None:
            return []  # deleted since
        end = record.event_log_entry.dagster_event
        seen = _Seen(self.datasets, run)
        for entry in self.context.instance.all_logs(run.run_id, of_type=_READ):
            seen.add(entry.dagster_event)
        at = datetime.fromtimestamp(record.timestamp, UTC)

        found = []
        for dataset in sorted(seen.datasets()):
            config = self._config(dataset)
            kinds = config.kinds if config else ()
            faults = [
                (c.kind, c.subject, c.message)
                for c in seen.checks.values()
                if c.dataset == dataset and not c.passed
            ]
            steps: list[str] = []
            if end.event_type == _FAILURE:
                problems = seen.problems(dataset, kinds)
                if problems or not seen.failures:
                    steps = [s for s, _ in problems]
                    faults.append(("run_failed", RUN, _message(problems, end)))
            for kind, subject, message in faults:
                if kind in kinds:
                    address = _address(self.workspace, run.run_id)
                    alert = Alert(dataset, kind, subject, message, at, run.run_id, address)
                    of_run = {"steps": steps, "planned": seen.planned} if subject == RUN else {}
                    found.append(self.journal.open(alert, **of_run))
            for alert in self._over(dataset, seen, end.event_type == _SUCCESS, at):
                log_resolved(alert, self.context.log)
        return found

    def _over(self, dataset: str, seen: "_Seen", succeeded: bool, at: datetime) -> list[Alert]:
        over = []
        for check in seen.checks.values():
            if check.dataset == dataset and check.passed:
                over += self.journal.resolve(dataset, check.subject, at)
        if succeeded:
            over += self.journal.resolve_run(dataset, RUN, at, done=seen.done, made=seen.planned)
            # a check that is gone, such as a gate taken out of the YAML, can pass no more
            subjects = {c.subject for c in seen.checks.values() if c.dataset == dataset}
            made = {a.split("/", 1)[-1] for a in seen.planned}
            for fault in self.journal.open_faults(dataset):
                subject = fault.alert.subject
                if subject != RUN and subject.rsplit(":", 1)[0] in made and subject not in subjects:
                    over += self.journal.resolve(dataset, subject, at)
        return over


@dataclass(frozen=True)
class _Check:
    dataset: str
    subject: str
    kind: AlertKind
    passed: bool
    message: str
    step: str | None
    blocks: bool


class _Seen:
    """What the events of one run say."""

    def __init__(self, datasets: dict[str, str], run: dg.DagsterRun) -> None:
        self._by_graph = datasets
        tag = run.tags.get(DATASET)
        self._tagged = tag if tag in datasets.values() else datasets.get(tag or "")
        self._keys = set(run.asset_selection or ())
        self.checks: dict[tuple[dg.AssetKey, str], _Check] = {}
        self.failures: list[tuple[str, str, bool]] = []  # step, message, whether by a check that blocks
        self.done: set[str] = set()
        self.planned: set[str] = set()

    def add(self, event: dg.DagsterEvent) -> None:
        if event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            self._add_check(event)
        elif event.event_type == dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED:
            self._keys.add(event.asset_key)
            self.planned.add("/".join(event.asset_key.path))
        elif event.is_step_failure:
            error = event.step_failure_data.error
            by_check = error is not None and error.cls_name == _BY_CHECK
            self.failures.append((event.step_key or RUN, _step_message(event), by_check))
        elif event.step_key:
            self.done.add(event.step_key)

    def _add_check(self, event: dg.DagsterEvent) -> None:
        found = event.asset_check_evaluation_data
        self._keys.add(found.asset_key)
        dataset = self._tagged or self._by_graph.get(found.asset_key.path[0])
        if dataset is None:
            return
        path = found.asset_key.path
        # the last evaluation in a run counts: a step may have been tried again
        self.checks[found.asset_key, found.check_name] = _Check(
            dataset=dataset,
            subject=f"{'/'.join(path[1:] or path)}:{found.check_name}",
            kind="gate_failed" if found.check_name.startswith(GATE_PREFIX) else "check_failed",
            passed=found.passed,
            message=found.description or "the check did not pass",
            step=event.step_key,
            blocks=found.severity == dg.AssetCheckSeverity.ERROR,
        )

    def datasets(self) -> set[str]:
        if self._tagged:
            return {self._tagged}
        return {self._by_graph[k.path[0]] for k in self._keys if k.path[0] in self._by_graph}

    def problems(self, dataset: str, kinds: tuple[AlertKind, ...]) -> list[tuple[str, str]]:
        """Steps of a dataset that failed, with why; without those whose check is told by itself."""
        found = []
        for step, message, by_check in self.failures:
            if self._dataset_of(step) not in (None, dataset):
                continue
            checks = [c for c in self.checks.values() if c.step == step and c.blocks and not c.passed]
            if by_check and checks and all(c.kind in kinds for c in checks):
                continue
            found.append((step, "; ".join(c.message for c in checks) if by_check and checks else message))
        return found

    def _dataset_of(self, step: str) -> str | None:
        graphs = [g for g in self._by_graph if step.startswith(f"{g}__")]
        return self._tagged or (self._by_graph[max(graphs, key=len)] if graphs else None)


def _message(problems: list[tuple[str, str]], end: dg.DagsterEvent) -> str:
    if not problems:
        # no step failed: the process died, or the run could not begin
        error = end.job_failure_data.error if end.job_failure_data else None
        return _innermost(error) or end.message or "the run failed"
    lines = [f"{step.split('__', 1)[-1]}: {text}" for step, text in problems[:_PROBLEMS_SHOWN]]
    rest = len(problems) - _PROBLEMS_SHOWN
    return "\n".join([*lines, *([f"and {rest} more steps"] if rest > 0 else [])])


def _step_message(event: dg.DagsterEvent) -> str:
    data = event.step_failure_data
    if data.user_failure_data is not None and data.user_failure_data.description:
        return data.user_failure_data.description
    return _innermost(data.error) or "failed"


def _innermost(error: object) -> str:
    """Words of the error that all others came from."""
    while (cause := getattr(error, "cause", None)) is not None:
        error = cause
    return str(getattr(error, "message", "")).strip()


def _address(workspace: Workspace, run_id: str) -> str | None:
    """URL of a run's page, where `labelaudit up` serves one."""
    try:
        served = json.loads((workspace.state / "up.json").read_text(encoding="utf-8"))["address"]
    except (OSError, ValueError, TypeError, LookupError):
        return None
    return f"{served.rstrip('/')}/runs/{run_id}" if isinstance(served, str) and served else None


# ---- the event log


def _last(instance: dg.DagsterInstance) -> dg.EventLogRecord | None:
    tops = [r for kind in _ENDS for r in instance.fetch_run_status_changes(kind, limit=1).records]
    return max(tops, key=lambda r: r.storage_id, default=None)


def _ended_since(instance: dg.DagsterInstance, position: _Position) -> list[dg.EventLogRecord]:
    """Ends of runs after a position, in the order they were recorded, `RUNS_AT_ONCE` at most."""
    top = _last(instance)
    if top is None:
        return []
    if _is_there(instance, position):
        after = {"after_storage_id": position.id}
    else:
        # its run was deleted, and SQLite gives the numbers of deleted rows anew: the time has to do, with a
        # margin; the journal knows the runs that were looked at
        after = {"after_timestamp": position.time - 1.0}
    found = []
    for kind in _ENDS:
        wanted = dg.RunStatusChangeRecordsFilter(kind, **after)
        found += instance.fetch_run_status_changes(wanted, limit=RUNS_AT_ONCE, ascending=True).records
    # one kind is asked for after the other: what ended in between is left for the next time, or a later
    # end would move the position beyond an earlier one
    found = [r for r in found if r.storage_id <= top.storage_id]
    return sorted(found, key=lambda r: r.storage_id)[:RUNS_AT_ONCE]


def _is_there(instance: dg.DagsterInstance, position: _Position) -> bool:
    if position.id == 0:
        return True  # the log was empty: all that it holds came later
    kind = next((k for k in _ENDS if k.value == position.type), None)
    if kind is None:
        return False
    wanted = dg.RunStatusChangeRecordsFilter(kind, storage_ids=[position.id])
    return any(r.run_id == position.run for r in instance.fetch_run_status_changes(wanted, limit=1).records)
