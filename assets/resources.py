"""The resource through which assets reach the workspace, and which holds its locks while a run lasts."""

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime

import dagster as dg
from pydantic import PrivateAttr

from assets.naming import DATASET, FORCE, LAUNCHED_BY, VERIFY, graph_name
from audits.errors import AuditError
from audits.locks import held
from audits.retention import leftovers_of, remove
from audits.run_log import RunRecord
from audits.work import Work
from audits.workspace import Workspace

#: How long a run that Dagster launched waits for another run of the same dataset.
_PATIENCE_SECONDS = 6 * 3600.0

#: Where every whole audit begins; a run without it only brings scores up to the verdicts.
_FIRST = "items_candidate"


class WorkspaceResource(dg.ConfigurableResource):
    """The workspace whose datasets are audited.

    While a run lasts it holds the lock of every dataset that the run is of, and one of the run itself, by
    which others see that its process is alive.
    """

    path: str

    _run: dg.DagsterRun | None = PrivateAttr(default=None)
    _failed: set[str] = PrivateAttr(default_factory=set)
    _stages: dict[str, dict[str, int]] = PrivateAttr(default_factory=dict)

    @contextlib.contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["WorkspaceResource"]:
        """Hold the locks of the run; a dataset that another run holds is waited for."""
        run, workspace = context.run, self.open()
        if run is None:  # outside of a run there is nothing to hold
            yield self
            return
        self._run = run
        began = _now()
        names = datasets_of(run, workspace)
        with contextlib.ExitStack() as locks:
            locks.enter_context(run_alive(workspace, run.run_id))
            for name in names:  # in the order of names, so that two runs of several never wait for each other
                locks.enter_context(
                    workspace.run_lock(name, f"run {run.run_id[:8]}", wait_seconds=_PATIENCE_SECONDS)
                )
            try:
                yield self
            finally:
                for name in names:
                    self._end(workspace, name, began)

    def _end(self, workspace: Workspace, name: str, began: str) -> None:
        if self._run is None:
            return
        record = RunRecord(
            run_id=self._run.run_id,
            status="failed"
            if name in self._failed
            else "done"
            if _FIRST in self._stages.get(name, {_FIRST})
            else "scored",
            began_at=began,
            ended_at=_now(),
            launched_by=self._run.tags.get(LAUNCHED_BY, "dagster"),
            computed=sum(self._stages.get(name, {}).values()),
            config=workspace.config_hash(name),
        )
        with contextlib.suppress(AuditError):  # a full disk, a broken YAML: the run has failed already
            workspace.run_log(name).add(record)
            if name not in self._failed:
                remove(workspace.tables(name), leftovers_of(workspace, workspace.dataset(name)))

    def open(self) -> Workspace:
        """Open the workspace; raises ConfigError when it is none."""
        return Workspace(self.path)

    def work(self, dataset: str) -> Work:
        """Open a dataset for a stage of the run; the caller leaves it as a context manager."""
        run, tags = self._run, self._run.tags if self._run is not None else {}
        return Work(
            self.open(),
            dataset,
            run_id="" if run is None else run.run_id,
            force=tags.get(FORCE) == "true",
            verify=tags.get(VERIFY) == "true",
        )

    def failed(self, dataset: str) -> None:
        """Note that a stage or a blocking check of a dataset failed, for the log of its runs."""
        self._failed.add(dataset)

    def computed(self, dataset: str, stage: str, parts: int) -> None:
        """Note how much a stage of a dataset computed, for the log of its runs."""
        self._stages.setdefault(dataset, {})[stage] = parts


def datasets_of(run: dg.DagsterRun, workspace: Workspace) -> list[str]:
    """Names of the datasets that a run is of, sorted."""
    names = workspace.dataset_names()
    if (tagged := run.tags.get(DATASET)) in names:
        return [tagged]
    selected = {k.path[0] for k in run.asset_selection or ()}
    selected |= {c.asset_key.path[0] for c in run.asset_check_selection or ()}
    return [n for n in names if not selected or graph_name(n) in selected]


@contextlib.contextmanager
def run_alive(workspace: Workspace, run_id: str) -> Iterator[None]:
    """Hold the lock by which others see that a run's process is alive."""
    path = workspace.run_alive_file(run_id)
    with held(path, f"run {run_id[:8]}", f"run {run_id} is being executed"):
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
