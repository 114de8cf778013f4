"""The log of a dataset's runs: a line when one ends, so that `status` needs no orchestrator to tell."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from audits.disk import append_line

#: How much of the end of the file is read for the last lines, in bytes.
_TAIL = 1 << 16

RunStatus = Literal["done", "scored", "failed", "killed", "unchanged"]


@dataclass(frozen=True)
class RunRecord:
    """One run that came to an end.

    Attributes
    ----------
    run_id : str or None
        The run; None where nothing had changed and no run was needed.
    status : {"done", "scored", "failed", "killed", "unchanged"}
        scored: only label versions, scores and comparison were brought up to the verdicts; killed: its process
        ended before it could say anything, which the next one says for it.
    began_at, ended_at : str
        ISO 8601 in UTC.
    launched_by : str
        `command`, `schedule`, `rescore` or `dagster` (somebody in Dagster's own page).
    computed : int
        How many stages and parts of stages were computed, not taken from an earlier run.
    config : str
        Hash of the YAML file at its end; empty where that is not known.
    """

    run_id: str | None
    status: RunStatus
    began_at: str
    ended_at: str
    launched_by: str
    computed: int
    config: str = ""


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

    def began(self, back: int) -> datetime | None:
        """When the run began that is so many back among those that did all of their work; None without so many.

        Runs long ago, beyond the end of the file that is read, count as none.
        """
        done = [r for r in self._latest() if r.status == "done"]
        return datetime.fromisoformat(done[back - 1].began_at) if len(done) >= back else None

    def last(self, *, whole: bool = False) -> RunRecord | None:
        """The run that ended last; a line that was not written to its end does not count.

        Parameters
        ----------
        whole : bool
            Pass over runs that only brought scores up to the verdicts: they say nothing of the data.
        """
        return next((r for r in self._latest() if not (whole and r.status == "scored")), None)

    def _latest(self) -> Iterator[RunRecord]:
        """The runs that ended, the last one first."""
        try:
            with self.path.open("rb") as f:
                size = f.seek(0, 2)
                f.seek(max(0, size - _TAIL))
                lines = f.read().splitlines()
        except OSError:
            return
        for line in reversed(lines):
            with contextlib.suppress(ValueError, TypeError):
                yield RunRecord(**json.loads(line))
