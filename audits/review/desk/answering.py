"""Answers as verdicts: what a person said, checked against the questions that the items pose today."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from audits.errors import VerdictsError, first_few
from audits.review.desk.records import Answer
from audits.review.desk.task_states import TaskStates
from audits.review.record_checks import text_problems, verdict_problems
from audits.review.records import NewVerdict, Question, Role, Shown
from audits.review.store_verdicts import raise_all

#: Longest name of a reviewer, in characters.
LONGEST_REVIEWER = 200


def checked_reviewer(reviewer: str) -> str:
    """The name as it is.

    Raises
    ------
    VerdictsError
        When it is empty, too long or cannot be stored.
    """
    raise_all("reviewer", text_problems([("reviewer", reviewer)]))
    if not reviewer.strip():
        raise VerdictsError("the reviewer's name is empty")
    if len(reviewer) > LONGEST_REVIEWER:
        raise VerdictsError(
            f"the reviewer's name has {len(reviewer)} characters; at most {LONGEST_REVIEWER} are possible"
        )
    return reviewer


def checked_texts(**texts: str | None) -> None:
    """Refuse texts that no database can be asked for.

    Raises
    ------
    VerdictsError
        With those that hold a NUL character or half a character.
    """
    named = ((name.replace("_", " "), text) for name, text in texts.items() if text is not None)
    raise_all("request", text_problems(named))


def within(number: int) -> int:
    """The number, or the nearest one that every database can compare ids with."""
    return max(min(number, 2**31 - 1), 0)


def new_verdicts(
    states: TaskStates,
    reviewer: str,
    answers: Sequence[Answer],
    questions: Mapping[str, Question],
    *,
    roles: Mapping[str, Role],
    suggested: Mapping[str, str | None],
    source: str,
    shown: Shown | None,
) -> list[NewVerdict]:
    """What is to be stored of some answers, all of which must fit.

    Parameters
    ----------
    states : TaskStates
    reviewer : str
    answers : sequence of Answer
    questions : mapping of str to Question
        By hash, those of the questions that the store knows.
    roles : mapping of str to Role
        By question; `reviewer` where it is not there.
    suggested : mapping of str to str or None
        What the newest run suggests, by question.
    source : str
    shown : {"open", "blind"} or None

    Raises
    ------
    VerdictsError
        With every answer that does not fit.
    """
    twice = [h for h, times in Counter(a.question_hash for a in answers).items() if times > 1]
    problems = [f"{len(twice)} questions are answered twice at once ({first_few(twice)})"] if twice else []
    found = []
    for a in answers:
        asked = questions.get(a.question_hash)
        if asked is None or asked.dataset != states.dataset:
            problems.append(f"question {a.question_hash!r}: dataset {states.dataset!r} never asked it")
            continue
        where = f"item {asked.item_id!r}"
        if not states.posed(asked):
            problems.append(
                f"{where}: the question is another one by now: its content, its given label or the class list "
                "changed since it was shown; look at it again"
            )
            continue
        new = NewVerdict(
            client_id=a.client_id,
            question=asked,
            reviewer=reviewer,
            decision=a.decision,
            labels=tuple(a.labels),
            comment=a.comment,
            seconds=a.seconds,
            source=source,
            role=roles.get(a.question_hash, "reviewer"),
            category=a.category,
            severity=a.severity,
            shown=shown,
            suggested=suggested.get(a.question_hash),
        )
        problems += [f"{where}: {p}" for p in (*verdict_problems(new), *_class_problems(states, new))]
        problems += [f"{where}: {p}" for p in _mistake_problems(states, new)]
        found.append(new)
    raise_all("answers", problems)
    return found


def _class_problems(states: TaskStates, new: NewVerdict) -> list[str]:
    known = states.items.classes.positions
    unknown = [label for label in new.labels if label not in known]
    return [f"{len(unknown)} labels are not in the class list ({first_few(unknown)})"] if unknown else []


def _mistake_problems(states: TaskStates, new: NewVerdict) -> list[str]:
    asked = states.review.room.mistakes
    told = {"category": new.category, "severity": new.severity}
    allowed = {
        "category": () if asked is None else asked.categories,
        "severity": () if asked is None else asked.severities,
    }
    problems = []
    for name, value in told.items():
        if value is None:
            continue
        if asked is None:
            problems.append(f"the dataset asks for no {name} of mistakes, got {value!r}")
        elif new.decision == "keep":
            problems.append(f"'keep' finds no mistake, so it takes no {name}, got {value!r}")
        elif value not in allowed[name]:
            problems.append(f"the {name} must be one of {', '.join(allowed[name])}, got {value!r}")
    return problems
