"""A workspace: a folder with `datasets/*.yaml` and a state folder.

Layout of a workspace::

    datasets/NAME.yaml                        one file a dataset
    state/tables/NAME/TABLE/VERSION/          a version of a table; VERSION is the hash of its files
    state/tables/NAME/candidate.json          ingested, not judged yet
    state/tables/NAME/current.json            the tables in force, with the versions they were made from
    state/tables/NAME/history.jsonl           every change of current.json, append-only
    state/review.sqlite                       the review store
    state/dagster/                            the Dagster instance
"""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from filelock import FileLock, Timeout

from audits.config import Dataset
from audits.disk import made, writing
from audits.errors import ConfigError, UsageError
from audits.table_store import TableStore
from audits.yaml_files import load_dataset


class Workspace:
    """A folder with `datasets/*.yaml` and a `state` folder.

    Parameters
    ----------
    root : Path or str
        An existing workspace.

    Raises
    ------
    ConfigError
        When there is no `datasets` folder in it.
    """

    def __init__(self, root: Path | str) -> None:
        self.root = Path(root).resolve()
        if not self.datasets_dir.is_dir():
            raise ConfigError(
                f"{self.root} is not a workspace: it has no 'datasets' folder; 'labelaudit init' makes one"
            )

    @property
    def datasets_dir(self) -> Path:
        """Folder of the datasets' YAML files."""
        return self.root / "datasets"

    @property
    def state(self) -> Path:
        """Folder of everything labelaudit writes, created when first asked for."""
        return made(self.root / "state")

    @property
    def dagster_home(self) -> Path:
        """Folder of the Dagster instance, created when first asked for."""
        return made(self.state / "dagster")

    @cached_property
    def store_url(self) -> str:
        """SQLAlchemy URL of the review store."""
        path = str(self.state / "review.sqlite").replace("%", "%25").replace("?", "%3F")
        return f"sqlite:///{path}"

    def dataset_names(self) -> list[str]:
        """Names of the datasets, sorted."""
        # files that begin with a dot are an editor's or the system's
        return sorted(p.stem for p in self.datasets_dir.glob("*.yaml") if not p.name.startswith("."))

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
        return load_dataset(self.dataset_path(name))

    def tables(self, dataset: str) -> TableStore:
        """The table store of a dataset."""
        return TableStore(self.state / "tables" / dataset, dataset)

    @contextlib.contextmanager
    def run_lock(self, dataset: str) -> Iterator[None]:
        """Hold a dataset for one run, so that two runs cannot mix their candidates.

        Raises
        ------
        UsageError
            When another process holds it.
        """
        path = made(self.state / "locks") / f"{dataset}.lock"
        lock = FileLock(path, timeout=0)
        try:
            with writing(path):
                lock.acquire()
        except Timeout as e:
            raise UsageError(f"dataset {dataset!r} is being run by another process") from e
        try:
            self.tables(dataset).clear_drafts()
            yield
        finally:
            lock.release()
