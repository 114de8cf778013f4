"""The log of a dataset's runs: a line when one ends, so that `status` needs no orchestrator to tell."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from audits.disk import append_line

#: How much of the end of the file is read for the last lines, in bytes.
_TAIL = 1 << 16

RunStatus = Literal["done", "failed", "unchanged"]


@dataclass(frozen=True)
class RunRecord:
    """One run that came to an end.

    Attributes
    ----------
    run_id : str or None
        The run; None where nothing had changed and no run was needed.
    status : {"done", "failed", "unchanged"}
    began_at, ended_at : str
        ISO 8601 in UTC.
    launched_by : str
        `command`, `schedule`, `rescore` or `dagster` (somebody in Dagster's own page).
    computed : int
        How many stages and parts of stages were computed, not taken from an earlier run.
    """

    run_id: str | None
    status: RunStatus
    began_at: str
    ended_at: str
    launched_by: str
    computed: int


class RunLog:
    """The log of one dataset, in a JSON-lines file that is only ever added to.

    Parameters
    ----------
    path : Path
        Made when first written to.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, record: RunRecord) -> None:
        """Add a run; raises AuditError when the disk does not take it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        append_line(self.path, json.dumps(asdict(record)))

    def last(self) -> RunRecord | None:
        """The run that ended last; a line that was not written to its end does not count."""
        try:
            with self.path.open("rb") as f:
                size = f.seek(0, 2)
                f.seek(max(0, size - _TAIL))
                lines = f.read().splitlines()
        except OSError:
            return None
        for line in reversed(lines):
            try:
                return RunRecord(**json.loads(line))
            except (ValueError, TypeError):
                continue
        return None
