"""What is wrong with a verdict or a task before it is stored, in words; and when two verdicts are one."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC

from audits.review.records import (
    DECISIONS,
    ROLES,
    SHOWN,
    STRATA,
    DecidedOn,
    NewTask,
    NewVerdict,
    Priority,
    Question,
    Reopening,
    StoredVerdict,
)

#: Longest free text that is stored, in characters: a comment, or why a verdict is taken back.
LONGEST_TEXT = 10_000

#: Longest name or id that is stored, in bytes of UTF-8: databases index them.
LONGEST_NAME = 2_000

_FREE = ("comment", "reason")


def verdict_problems(verdict: NewVerdict) -> list[str]:
    """Everything about a verdict that does not fit together; empty when it can be stored.

    Whether its labels are classes of the dataset is for the caller to check: the class list is not here.
    """
    problems = _label_problems(verdict) + _question_problems(verdict.question)
    if not verdict.client_id:
        problems.append("the client id is empty")
    if verdict.reviewer is not None and not verdict.reviewer.strip():
        problems.append("the reviewer is empty")
    if verdict.role not in ROLES:
        problems.append(f"the role must be one of {', '.join(ROLES)}, got {verdict.role!r}")
    if verdict.shown not in (None, *SHOWN):
        problems.append(f"what was shown must be one of {', '.join(SHOWN)}, got {verdict.shown!r}")
    seconds = verdict.seconds
    if seconds is not None and not (math.isfinite(seconds) and seconds >= 0):
        problems.append(f"'seconds' must be a finite number of at least 0, got {seconds}")
    if verdict.decided_at is not None:
        if verdict.decided_at.tzinfo is None:
            problems.append(f"'decided_at' has no time zone: {verdict.decided_at.isoformat()}")
        else:
            try:
                verdict.decided_at.astimezone(UTC)
            except OverflowError:
                problems.append(f"'decided_at' is out of range: {verdict.decided_at.isoformat()}")
    texts = {
        "client id": verdict.client_id,
        "reviewer": verdict.reviewer or "",
        "comment": verdict.comment,
        "source": verdict.source,
        "category": verdict.category or "",
        "severity": verdict.severity or "",
        "suggested label": verdict.suggested or "",
    }
    return problems + text_problems([*texts.items(), *(("label", label) for label in verdict.labels)])


def task_problems(task: NewTask) -> list[str]:
    """Everything about a task that does not fit together; empty when it can be queued."""
    problems = _question_problems(task.question)
    if task.stratum not in STRATA:
        problems.append(f"the stratum must be one of {', '.join(STRATA)}, got {task.stratum!r}")
    if not 0 < task.inclusion_probability <= 1:
        problems.append(f"the inclusion probability must be in (0, 1], got {task.inclusion_probability}")
    if (task.stratum == "gold") != (task.gold_label is not None):
        problems.append("a task has a gold label exactly when its stratum is gold")
    return problems


def priority_problems(priority: Priority) -> list[str]:
    """Everything about a priority that does not fit together; empty when it can be stored."""
    problems = []
    if priority.position is not None and priority.position < 1:
        problems.append(f"the position must be at least 1, got {priority.position}")
    if priority.probability is not None and not 0 <= priority.probability <= 1:
        problems.append(f"the probability must be in [0, 1], got {priority.probability}")
    return problems


def evidence_problems(row: DecidedOn | Reopening) -> list[str]:
    """Everything about a decision's evidence or a reopening that cannot be stored; empty when it can."""
    problems = []
    if not 0 <= row.probability <= 1:
        problems.append(f"the probability must be in [0, 1], got {row.probability}")
    if isinstance(row, Reopening):
        if row.at is not None and row.at.tzinfo is None:
            problems.append(f"'at' has no time zone: {row.at.isoformat()}")
        problems += text_problems([("reason", row.reason)])
    return problems


def text_problems(texts: Iterable[tuple[str, str]]) -> list[str]:
    """What keeps named texts from being stored and read back by other programs; empty when nothing does."""
    problems = []
    for name, text in texts:
        if "\0" in text:
            problems.append(f"the {name} holds a NUL character")
        try:
            size = len(text.encode())
        except UnicodeEncodeError:
            problems.append(f"the {name} holds half a character (a lone surrogate)")
            continue
        if name in _FREE and len(text) > LONGEST_TEXT:
            problems.append(f"the {name} has {len(text)} characters; at most {LONGEST_TEXT} are stored")
        elif name not in _FREE and size > LONGEST_NAME:
            problems.append(f"the {name} has {size} bytes; at most {LONGEST_NAME} are stored")
    return problems


def same_content(one: NewVerdict | StoredVerdict, other: NewVerdict | StoredVerdict) -> bool:
    """Whether two verdicts say the same, wherever they came from. A time that is not given fits any time."""
    times = {one.decided_at, other.decided_at} - {None}
    return len(times) <= 1 and _content(one) == _content(other)


def _content(v: NewVerdict | StoredVerdict) -> tuple[object, ...]:
    said = (v.decision, sorted(v.labels), v.comment, v.seconds, v.category, v.severity)
    return v.question, v.reviewer, v.role, *said


def _label_problems(verdict: NewVerdict) -> list[str]:
    decision, labels = verdict.decision, verdict.labels
    if decision not in DECISIONS:
        return [f"the decision must be one of {', '.join(DECISIONS)}, got {decision!r}"]
    if decision == "relabel":
        if len(labels) != 1:
            return [f"'relabel' needs exactly one label, got {len(labels)}"]
        if labels[0] == verdict.question.given_label:
            return [f"'relabel' to {labels[0]!r}, which is the given label; that is 'keep'"]
    elif decision == "multiple":
        if len(set(labels)) != len(labels):
            return ["'multiple' repeats a label"]
        if len(labels) < 2:
            return [f"'multiple' needs at least two labels, got {len(labels)}"]
    elif labels:
        return [f"{decision!r} takes no labels, got {len(labels)}"]
    return []


def _question_problems(question: Question) -> list[str]:
    parts = ("dataset", "item_id", "content_hash", "given_label", "classes_hash")
    return text_problems((name, getattr(question, name)) for name in parts)
