"""What a task comes to at this moment, as a row of `task_state`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from audits.review.consensus import Rule, counting, decide, ruling
from audits.review.open_queue import waits
from audits.review.records import Look, Reopening, StoredVerdict, TaskState
from audits.review.reopening import asked_again
from audits.room_config import RoomConfig

#: `mixed` is below this prime, so that a number times it plus another one, modulo the prime, is an order of its own.
MIXED = 2**31 - 1

#: How many leaves tasks lie in, by `mixed`; a power of two.
LEAVES = 256


@dataclass(frozen=True)
class Against:
    """What speaks against an item's given label.

    Attributes
    ----------
    score : float or None
        Of the finding, in [0, 1], lower is worse.
    audits, models : str
        Names, sorted, as `barred` writes them.
    """

    score: float | None = None
    audits: str = ""
    models: str = ""


def barred(names: Iterable[str]) -> str:
    """Names between bars, |a|b|, in which `bar(name)` can be looked for; nothing where there are none."""
    found = "".join(bar(n)[:-1] for n in sorted(set(names)))
    return f"{found}|" if found else ""


def bar(name: str) -> str:
    """A name between bars; one that it has itself is written otherwise."""
    return f"|{name.replace('%', '%25').replace('|', '%7C')}|"


def against(findings: pa.Table, signals: pa.Table, item_ids: Iterable[str]) -> dict[str, Against]:
    """What speaks against the given labels of some items.

    Parameters
    ----------
    findings : pyarrow.Table
        `contracts.FINDINGS`.
    signals : pyarrow.Table
        `contracts.SIGNALS`, all of the run.
    item_ids : iterable of str

    Returns
    -------
    dict of str to Against
        By item id; items without a finding or a flag are not there.
    """
    wanted = pa.array(list(item_ids), type=pa.string())
    scored = findings.filter(pc.is_in(findings["item_id"], wanted))
    score = dict(zip(scored["item_id"].to_pylist(), scored["score"].to_pylist(), strict=True))
    flagged = signals.filter(pc.and_(signals["flagged"], pc.is_in(signals["item_id"], wanted)))
    audits: dict[str, set[str]] = {}
    models: dict[str, set[str]] = {}
    columns = (flagged[c].to_pylist() for c in ("item_id", "signal", "model"))
    for item_id, signal, model in zip(*columns, strict=True):
        audits.setdefault(item_id, set()).add(signal)
        if model is not None:
            models.setdefault(item_id, set()).add(model)
    return {
        i: Against(score.get(i), barred(audits.get(i, ())), barred(models.get(i, ())))
        for i in score.keys() | audits.keys()
    }


def look_of(question_hash: str, room: RoomConfig) -> Look | None:
    """Which blind second look a question was drawn for, by its hash; None for none."""
    # other digits than those that place it in the queue, so that one does not tell the other
    if int(question_hash[13:22], 16) / 16**9 >= room.second_look:
        return None
    return "repeat" if int(question_hash[22:31], 16) / 16**9 < room.repeat else "second"


def state_of(
    question_hash: str,
    verdicts: Sequence[StoredVerdict],
    reopened: Reopening | None,
    rule: Rule,
    room: RoomConfig,
) -> dict[str, Any]:
    """What a task comes to: the columns of `task_state` that follow from its verdicts.

    A second look is due once the task has all the verdicts that it wants, and until one is given. Where nobody can be
    asked again, since the first verdict is nobody's that is known, another person is asked.

    Parameters
    ----------
    question_hash : str
    verdicts : sequence of StoredVerdict
        All on its question.
    reopened : Reopening or None
        The last reopening of the question.
    rule : Rule
    room : RoomConfig

    Returns
    -------
    dict
        `state`, `wants`, `since`, `look`, `first_by`.
    """
    votes = counting(verdicts)
    state: TaskState = "decided"
    wants = 0
    if waits(verdicts, reopened, rule):
        state = "open"
        wants = 1 if asked_again(verdicts, reopened) else max(rule.of - len(votes), 1)
    elif decide(verdicts, rule).outcome in ("no_agreement", "contested") and ruling(votes) is None:
        state = "disputed"
    ordinary = [v for v in votes if v.role == "reviewer"]
    first_by = ordinary[0].reviewer or "" if ordinary else ""
    look: Look | None = None
    looked = any(v.role in ("second", "repeat") and not v.withdrawn for v in verdicts)
    if state != "open" and ordinary and not looked:
        look = look_of(question_hash, room)
        if look == "repeat" and not first_by:
            look = "second"
    return {
        "state": state,
        "wants": wants,
        "since": 0 if reopened is None else reopened.verdict_id,
        "look": look,
        "first_by": first_by,
    }


def leaf_of(question_hash: str) -> int:
    """The leaf that a question lies in, in [0, `LEAVES`)."""
    return mixed_of(question_hash) * LEAVES // MIXED


def mixed_of(question_hash: str) -> int:
    """A number in [0, `MIXED`) that follows from the question alone."""
    return int(question_hash[-14:], 16) % MIXED
