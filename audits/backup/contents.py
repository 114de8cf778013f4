"""What of a workspace goes into a backup: which files, in which order they are found, and what stays out.

Left out are drafts, locks, temporary files (names that begin with a dot), what says which processes run, and
the files that SQLite keeps beside a database. A link to a file inside the workspace counts as that file; one
that leads out of it, to nothing or to a folder is left out and told.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

from audits.backup.databases import belongs_to_database
from audits.config import DatasetConfig, resolve_from
from audits.disk import intact
from audits.errors import AuditError, ConfigError
from audits.workspace import Workspace
from audits.workspace_config import FILE
from audits.yaml_files import read_config

#: What in the state folder is of this moment only, or must not be copied: `web` holds what sessions are signed with.
_PASSING = ("locks", "up", "web", "up*.json", "tables/*/drafts", "*.lock", "*.owner.json")


#: Files that name the versions of tables that are in force, or wait to be.
POINTERS = ("candidate.json", "current.json")


@dataclass(frozen=True)
class Found:
    """A file to store: its name in the backup, and where it is read."""

    name: str
    path: Path


@dataclass
class Contents:
    """Finds the files of a workspace, and notes what it leaves out.

    Attributes
    ----------
    workspace : Workspace
    outside : list of str
        Files that the YAML files name, and links, that lead out of the workspace.
    warnings : list of str
        What else is not in the backup, or not as it should be, a sentence each.
    """

    workspace: Workspace
    outside: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def state(self) -> Iterator[Found]:
        """Everything in the state folder but the tables."""
        for path in _listed(self.workspace.state):
            if path.name != "tables":
                for found in self._entry(path, f"state/{path.name}"):
                    if not belongs_to_database(found.path):
                        yield found

    def datasets_with_tables(self) -> list[str]:
        """Names of the datasets that have tables, also of those whose YAML is gone, sorted."""
        folder = self.workspace.state / "tables"
        return sorted(p.name for p in _listed(folder) if p.is_dir() and not p.name.startswith("."))

    def beside_versions(self, dataset: str) -> list[Found]:
        """Files of a dataset's tables that are no version: pointers, histories, results."""
        name = f"state/tables/{dataset}"
        found: list[Found] = []
        for path in _listed(self.workspace.root / name):
            below = f"{name}/{path.name}"
            if path.name == "results" or not path.is_dir():
                found += self._entry(path, below)
        return found

    @staticmethod
    def is_pointer(found: Found, dataset: str) -> bool:
        """Whether a file names the versions of a dataset's tables that are in force, or wait to be."""
        return found.name in {f"state/tables/{dataset}/{name}" for name in POINTERS}

    def versions(self, dataset: str) -> list[tuple[str, str]]:
        """Versions of a dataset's tables that there are: (table, version), sorted."""
        found = []
        for table in _listed(self.workspace.state / "tables" / dataset):
            if table.is_dir() and table.name not in ("results", "drafts") and not table.name.startswith("."):
                found += [(table.name, v.name) for v in _listed(table) if not v.name.startswith(".")]
        return found

    def version_files(self, dataset: str, table: str, version: str) -> list[Found]:
        """Files of one version; empty when it is not there."""
        name = f"state/tables/{dataset}/{table}/{version}"
        return list(self._below(self.workspace.root / name, name))

    def table_files(self, dataset: str) -> Iterator[Found]:
        """All files of a dataset's tables."""
        yield from self._below(self.workspace.state / "tables" / dataset, f"state/tables/{dataset}")

    def data(self) -> Iterator[Found]:
        """Everything in `datasets`, the workspace's settings, and what the YAML files name elsewhere in it."""
        root = self.workspace.root
        seen = set()
        for found in self._below(self.workspace.datasets_dir, "datasets"):
            seen.add(found.name)
            yield found
        for name in ("example-dataset.yaml", FILE):
            yield from self._entry(root / name, name)
        for path in self._named():
            if not path.is_relative_to(root):
                # `datasets` itself may be a link; the file was found above then
                if not path.is_relative_to(self.workspace.datasets_dir.resolve()):
                    self.outside.append(str(path))
                continue
            name = path.relative_to(root).as_posix()
            if name not in seen and not name.startswith("state/") and path.is_file():
                seen.add(name)
                yield from self._entry(path, name)

    def _named(self) -> Iterator[Path]:
        """Paths that the YAML files name."""
        for name in self.workspace.dataset_names():
            yaml = self.workspace.datasets_dir / f"{name}.yaml"
            try:
                config = read_config(yaml)
                named = [resolve_from(yaml.parent, p) for p in _paths(config)]
            except ConfigError as e:
                self.warnings.append(f"which files dataset {name!r} is read from is not known: {e}")
                continue
            if config.items.files:
                self.warnings.append(
                    f"the files that the items of dataset {name!r} name are in the backup only where they lie "
                    "in 'datasets'"
                )
            yield from named

    def _below(self, folder: Path, name: str) -> Iterator[Found]:
        for path in _listed(folder):
            yield from self._entry(path, f"{name}/{path.name}")

    def _entry(self, path: Path, name: str) -> Iterator[Found]:
        if path.name.startswith(".") or (name.startswith("state/") and _passing(name.removeprefix("state/"))):
            return
        try:
            mode = path.lstat().st_mode
            if stat.S_ISLNK(mode):
                yield from self._link(path, name)
                return
        except FileNotFoundError:
            return  # gone since the folder was listed
        if not name.isprintable() and _no_text(name):
            self.warnings.append(f"{path!a} is left out: its name is no valid text")
        elif stat.S_ISDIR(mode):
            yield from self._below(path, name)
        elif stat.S_ISREG(mode):
            yield Found(name, path)

    def _link(self, path: Path, name: str) -> Iterator[Found]:
        workspace = self.workspace
        inside = (workspace.root, workspace.datasets_dir.resolve(), workspace.state.resolve())
        # unlike `resolve`, this does not fail on a link to itself
        target = Path(os.path.realpath(path))
        if not target.exists():
            self.warnings.append(f"{path} is left out: the link leads nowhere")
        elif not any(target.is_relative_to(folder) for folder in inside):
            self.outside.append(f"{path} -> {target}")
        elif target.is_file():
            yield Found(name, target)
        else:
            self.warnings.append(f"{path} is left out: it is a link to a folder")


def named_versions(path: Path, data: bytes) -> set[tuple[str, str]]:
    """Versions that a file of pointers names, with all they were made from: (table, version).

    Raises
    ------
    AuditError
        When it is damaged.
    """
    with intact(path):
        refs = json.loads(data)
        return {v for name, r in refs.items() for v in ((name, r["version"]), *r["inputs"].items())}


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as e:
        raise AuditError(f"{folder} cannot be read: {e}") from e


def _passing(name: str) -> bool:
    # fnmatch's star takes '/' too, which suits endings and must not let 'up*.json' reach below
    return any(
        fnmatch(name, pattern) and (pattern.startswith("*") or name.count("/") == pattern.count("/"))
        for pattern in _PASSING
    )


def _no_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return True
    return False


def _paths(config: DatasetConfig) -> Iterator[str]:
    yield config.items.path
    for model in config.models:
        yield from (p for p in (model.outputs.path, model.outputs.probs) if p)
    for section in (config.annotations, config.review.gold):
        if section is not None:
            yield section.path
    if config.classes_file is not None:
        yield config.classes_file
