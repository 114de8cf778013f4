"""The re-score of a dataset that somebody asked for last: by whom, when, in which state of the verdicts, and its end.

It lies in `state/rescore/NAME.json`. The review app writes it; the verdict sensor reads it, so that a wish reaches a
daemon in another process.
"""

from __future__ import annotations

import json
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import Literal, get_args

from audits.disk import made, write_atomic, writing
from audits.errors import DamagedError
from audits.workspace import Workspace

#: Who does it. sensor: that of a running `labelaudit up`; process: one that the review app starts.
How = Literal["sensor", "process"]


@dataclass(frozen=True)
class RescoreRecord:
    """A re-score that was asked for.

    Attributes
    ----------
    by : str
        Who asked, or what.
    at : str
        When, ISO 8601 in UTC.
    how : {"sensor", "process"}
        Who does it.
    verdicts, withdrawals : int
        How many of the dataset there were then.
    ended_at : str or None
        When it ended; None while it goes on, where the sensor does it, and where nobody was there to see its end.
    exit_status : int or None
        That of the process: 0, or 3 where a gate does not hold, when the scores are there.
    """

    by: str
    at: str
    how: How
    verdicts: int
    withdrawals: int
    ended_at: str | None = None
    exit_status: int | None = None


def folder(workspace: Workspace) -> Path:
    """Where records and logs of re-scores lie."""
    return made(workspace.state / "rescore")


def write_record(workspace: Workspace, dataset: str, record: RescoreRecord) -> None:
    """Keep what was asked last; raises DiskError when the disk does not take it."""
    path = folder(workspace) / f"{dataset}.json"
    with writing(path):
        write_atomic(path, json.dumps(asdict(record), indent=1).encode() + b"\n")


def read_record(workspace: Workspace, dataset: str) -> RescoreRecord | None:
    """What was asked last; None where nobody ever did.

    Raises
    ------
    DamagedError
        When the file is not one of ours.
    """
    path = workspace.state / "rescore" / f"{dataset}.json"
    try:
        found = RescoreRecord(**json.loads(path.read_text(encoding="utf-8")))
        expected = (str, str, str, int, int, str | None, int | None)
        sound = found.how in get_args(How) and all(map(isinstance, astuple(found), expected))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError):
        sound = False
    if not sound:
        raise DamagedError(
            f"{path} is damaged: it does not say what was asked; remove it, and ask for new scores again"
        )
    return found


def awaited(workspace: Workspace, dataset: str) -> RescoreRecord | None:
    """The wish that the sensor is to fulfil; None without one, and once the scores are as new as it."""
    record = read_record(workspace, dataset)
    if record is None or record.how != "sensor":
        return None
    scored = workspace.scored_mark(dataset)
    if scored is not None and scored[0] >= record.verdicts and scored[1] >= record.withdrawals:
        return None
    return record
