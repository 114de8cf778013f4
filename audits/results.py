"""Results of stages, kept under the fingerprint of everything they were made from.

A stage that finds a result under the fingerprint of its inputs, its parameters and the code takes it
instead of computing it again. A result names versions of tables and holds a few facts; it is not larger
than a page.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from audits.disk import write_atomic, writing
from audits.fingerprints import code_version, digest
from audits.names import folder_name

#: Key of a kept result's own hash.
_DIGEST = "digest"


@dataclass(frozen=True)
class Result:
    """What a stage, or a part of one, came to.

    Attributes
    ----------
    inputs : mapping
        What it was made from: fingerprints and parameters, as plain data.
    tables : mapping of str to str
        Versions of the tables that it made, by name.
    facts : mapping
        What is worth telling of it, as plain data.
    watched : mapping of str to list of int
        Files beyond the inputs that were read, relative to the dataset's YAML file, as `fingerprints.look`
        saw them; an empty list for one that may have changed while it was read.
    run_id, at : str
        The run that computed it, and when, in ISO 8601 and UTC.
    """

    inputs: Mapping[str, Any]
    tables: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    watched: Mapping[str, list[int]] = field(default_factory=dict)
    run_id: str = ""
    at: str = ""


class ResultStore:
    """Results of one dataset's stages.

    Parameters
    ----------
    root : Path
        Folder of the results; made when first written to. Below it a folder a stage, in it a folder a
        part, in it a file a result.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def find(self, stage: str, part: str, inputs: Mapping[str, Any]) -> Result | None:
        """The result that a stage's part came to from these inputs; None where there is none.

        A file that cannot be read, or is of other inputs, counts as none: the result is then computed again.
        """
        found = _load(self._path(stage, part, inputs))
        return found if found is not None and digest(found.inputs) == digest(inputs) else None

    def keep(self, stage: str, part: str, result: Result) -> None:
        """Keep a result; raises AuditError when the disk does not take it."""
        path = self._path(stage, part, result.inputs)
        with writing(path):
            raw = json.loads(json.dumps(asdict(result)))  # as it will be read back
            write_atomic(path, (json.dumps({**raw, _DIGEST: digest(raw)}, indent=1) + "\n").encode())

    def touch(self, stage: str, part: str, inputs: Mapping[str, Any]) -> None:
        """Note that a result was used, so that it outlives those that are not."""
        with contextlib.suppress(OSError):  # only the order of forgetting depends on it
            os.utime(self._path(stage, part, inputs))

    def latest(self, stage: str, part: str) -> Result | None:
        """The result of a part that was used last."""
        newest = max(self._files(self._folder(stage, part)), key=_used, default=None)
        return None if newest is None else _load(newest)

    def that_made(self, stage: str, table: str, version: str) -> Result | None:
        """The result of a stage that made a version of a table, the one used last where several did."""
        files = sorted(self._files(self._folder(stage, "")), key=_used, reverse=True)
        found = (_load(path) for path in files)
        return next((r for r in found if r is not None and r.tables.get(table) == version), None)

    def parts(self) -> Iterator[list[Path]]:
        """The files of each part's results, the one used last first."""
        for folder in sorted({p.parent for p in self.root.glob("*/*/*.json")}):
            yield sorted(self._files(folder), key=_used, reverse=True)

    @staticmethod
    def tables_of(path: Path) -> Mapping[str, str]:
        """Versions that the result in a file names, by table; none where it cannot be read."""
        result = _load(path)
        return {} if result is None else result.tables

    def _files(self, folder: Path) -> list[Path]:
        return [p for p in folder.glob("*.json") if not p.name.startswith(".")]

    def _folder(self, stage: str, part: str) -> Path:
        return self.root / stage / (folder_name(part) or "_")

    def _path(self, stage: str, part: str, inputs: Mapping[str, Any]) -> Path:
        return self._folder(stage, part) / f"{digest([stage, part, code_version(), inputs])}.json"


def _used(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # taken away by a clean-up at this moment
        return 0.0


def _load(path: Path) -> Result | None:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        told = raw.pop(_DIGEST, None)  # none in a result of an older version
        if told is not None and told != digest(raw):
            return None  # damaged, and still JSON
        found = Result(**raw)
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return None
    mappings = (found.inputs, found.tables, found.facts, found.watched)
    return found if all(isinstance(m, dict) for m in mappings) else None
