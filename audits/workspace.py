"""A workspace: a folder with `datasets/*.yaml` and a state folder.

Layout of a workspace::

    datasets/NAME.yaml                        one file a dataset
    state/tables/NAME/TABLE/VERSION/          a version of a table; VERSION is the hash of its files
    state/tables/NAME/candidate.json          ingested, not judged yet
    state/tables/NAME/current.json            the tables in force, with the versions they were made from
    state/tables/NAME/history.jsonl           every change of current.json, append-only
    state/tables/NAME/results/                what stages came to, under the fingerprint of their inputs
    state/tables/NAME/sources.json            fingerprints of the files that the dataset is read from
    state/tables/NAME/runs.jsonl              a line for each run that ended, append-only
    state/locks/                              locks of datasets and runs, and who holds them
    state/review.sqlite                       the review store
    state/dagster/                            the Dagster instance
    state/version                             version of this layout
    labelaudit.yaml                           settings of the whole workspace; may be absent
"""

from __future__ import annotations

import contextlib
import difflib
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from audits.config import Dataset, resolve_from
from audits.disk import made, write_atomic, writing
from audits.errors import UsageError, VersionError, WorkspaceError
from audits.fingerprints import digest
from audits.locks import held, is_held_here
from audits.night_config import AlertsConfig, ScheduleConfig
from audits.results import ResultStore
from audits.run_log import RunLog, RunRecord
from audits.table_store import TableStore
from audits.workspace_config import FILE, WorkspaceConfig
from audits.yaml_files import load_dataset, read_workspace_config, readable_section

#: Version of the layout above. A workspace of a newer one is refused.
LAYOUT = 1

#: What a lock is held for when it is a run: one that dies is told in the log of runs.
_RUNS = ("labelaudit run", "run ")


class Workspace:
    """A folder with `datasets/*.yaml` and a `state` folder.

    Parameters
    ----------
    root : Path or str
        An existing workspace.

    Raises
    ------
    WorkspaceError
        When there is no `datasets` folder in it, or its path leads in a circle.
    VersionError
        When a newer labelaudit works in it.
    """

    def __init__(self, root: Path | str) -> None:
        try:
            self.root = Path(root).resolve()
            found = self.datasets_dir.is_dir()
        except (OSError, RuntimeError, ValueError) as e:
            raise WorkspaceError(f"{root} is not a workspace: {e}") from e
        if not found:
            raise WorkspaceError(
                f"{self.root} is not a workspace: it has no 'datasets' folder; 'labelaudit init' makes one"
            )
        self._refuse_newer()

    @property
    def datasets_dir(self) -> Path:
        """Folder of the datasets' YAML files."""
        return self.root / "datasets"

    @property
    def state(self) -> Path:
        """Folder of everything labelaudit writes, created when first asked for."""
        folder = self.root / "state"
        if not (folder / "version").exists():
            with writing(folder):
                write_atomic(folder / "version", f"{LAYOUT}\n".encode())
        return folder

    @property
    def dagster_home(self) -> Path:
        """Folder of the Dagster instance, created when first asked for."""
        return made(self.state / "dagster")

    @cached_property
    def config(self) -> WorkspaceConfig:
        """Settings of the whole workspace; raises WorkspaceError when labelaudit.yaml is not sound."""
        return read_workspace_config(self.root / FILE)

    def _refuse_newer(self) -> None:
        path = self.root / "state" / "version"
        try:
            if path.exists() and not path.is_file():  # a named pipe would be waited for without end
                raise WorkspaceError(f"{path}: expected a file with the number of a version")
            with path.open("rb") as f:
                found = f.read(40).decode("utf-8").strip()
        except (FileNotFoundError, NotADirectoryError):
            return  # new, or of a labelaudit that did not write it yet: of version 1 all the same
        except (OSError, UnicodeDecodeError) as e:
            raise WorkspaceError(f"{path}: cannot be read: {e}") from e
        if found.isdecimal() and int(found) > LAYOUT:
            raise VersionError(
                f"{self.root}: a workspace of version {found}, but this labelaudit knows version {LAYOUT}; it was "
                "written by a newer one"
            )
        if found != str(LAYOUT):
            raise WorkspaceError(f"{path}: expected the number of a version, got {found!r}")

    @cached_property
    def store_url(self) -> str:
        """SQLAlchemy URL of the review store. It may hold a password.

        Raises
        ------
        WorkspaceError
            When labelaudit.yaml is not sound, or names an environment variable that is not set.
        """
        if self.config.review_store is not None:
            return self.config.review_store.resolved()
        path = str(self.state / "review.sqlite").replace("%", "%25").replace("?", "%3F")
        return f"sqlite:///{path}"

    def dataset_names(self) -> list[str]:
        """Names of the datasets, sorted."""
        # files that begin with a dot are an editor's or the system's; a plain listing, since every look at a
        # dataset asks for it and a workspace may have hundreds
        files = os.listdir(self.datasets_dir)
        return sorted(f.removesuffix(".yaml") for f in files if f.endswith(".yaml") and f[0] != ".")

    def dataset_path(self, name: str) -> Path:
        """Path of a dataset's YAML file.

        Raises
        ------
        UsageError
            When there is no such dataset; the nearest name is given.
        """
        names = self.dataset_names()
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1, cutoff=0.0)
            hint = f"; the nearest name is {near[0]!r}" if near else "; there is none yet"
            if (self.datasets_dir / f"{name}.yml").is_file():
                hint = f"; rename {name}.yml to {name}.yaml"
            raise UsageError(f"no dataset is named {name!r} in {self.datasets_dir}{hint}")
        return self.datasets_dir / f"{name}.yaml"

    def dataset(self, name: str) -> Dataset:
        """Read a dataset's configuration; raises UsageError or ConfigError."""
        return load_dataset(self.dataset_path(name), self.further_roots)

    @cached_property
    def further_roots(self) -> tuple[Path, ...] | None:
        """Folders, beside this one, that files may be read from; None where the settings do not limit them."""
        named = self.config.roots
        return None if named is None else tuple(resolve_from(self.root, r) for r in named)

    def schedule(self, name: str) -> ScheduleConfig | None:
        """When a dataset is due, also where the rest of its YAML is not sound."""
        return readable_section(self.dataset_path(name), "schedule", ScheduleConfig)

    def alerts(self, name: str) -> AlertsConfig | None:
        """Who is told of a dataset's faults, also where the rest of its YAML is not sound."""
        return readable_section(self.dataset_path(name), "alerts", AlertsConfig)

    def tables(self, dataset: str) -> TableStore:
        """The table store of a dataset."""
        return TableStore(self.state / "tables" / dataset, dataset)

    def config_hash(self, dataset: str) -> str:
        """Hash of a dataset's YAML file; empty where it cannot be read."""
        try:
            path = self.dataset_path(dataset)
            # a named pipe would be waited for, and a device read, without end
            return digest(path.read_bytes().hex()) if path.is_file() else ""
        except (OSError, UsageError):
            return ""

    def run_log(self, dataset: str) -> RunLog:
        """The log of a dataset's runs."""
        return RunLog(self.state / "tables" / dataset / "runs.jsonl")

    def run_lock_file(self, dataset: str) -> Path:
        """File of the lock that a run of a dataset holds."""
        return self.state / "locks" / f"dataset-{dataset}.lock"

    def run_alive_file(self, run_id: str) -> Path:
        """File of the lock that the process of a run holds while it lives."""
        return self.state / "locks" / f"run-{run_id}.lock"

    def scored_mark(self, dataset: str) -> tuple[int, int] | None:
        """How many verdicts and withdrawals the comparison in force was made from; None without any."""
        tables = self.tables(dataset)
        ranks = tables.current().get("ranks")
        if ranks is None:
            return None
        results = ResultStore(tables.root / "results")
        made = results.that_made("label_versions", "label_versions", ranks.inputs["label_versions"])
        if made is None:
            return None
        counts = made.inputs["verdicts"]
        return int(counts["verdicts"]), int(counts["withdrawals"])

    @contextlib.contextmanager
    def run_lock(self, dataset: str, what: str = "a run", wait_seconds: float = 0.0) -> Iterator[None]:
        """Hold a dataset for one run, so that two runs cannot mix their candidates.

        The thread that holds it may take it again.

        Parameters
        ----------
        dataset : str
        what : str
            What it is held for, in a few words, for whoever else wants it.
        wait_seconds : float
            How long to wait for another run; negative: without end.

        Raises
        ------
        UsageError
            When another process holds it for longer than that; who does is named.
        """
        path = self.run_lock_file(dataset)
        again = is_held_here(path)
        with held(path, what, f"dataset {dataset!r} is being run", wait_seconds) as dead:
            if not again:
                self.tables(dataset).clear_drafts()
            if dead is not None and dead.what.startswith(_RUNS):
                now = datetime.now(UTC).isoformat(timespec="seconds")
                self.run_log(dataset).add(RunRecord(None, "killed", dead.since, now, dead.what, 0))
            yield
