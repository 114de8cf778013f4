"""What people decided, as arrays that a model can learn from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from audits.classes import ClassList
from audits.outputs import Ints
from audits.review.consensus import Rule
from audits.review.questions import questions_of
from audits.review.records import Task
from audits.review.reopening import FOUND_WRONG, decisions
from audits.review.store import ReviewStore
from audits.review.verdicts_of import by_question

#: Stratum of an item that people decided without having been asked, such as one whose verdicts were imported.
NOT_ASKED = "none"


@dataclass(frozen=True)
class Reviewed:
    """Items that people decided, m of them, in items order.

    Attributes
    ----------
    rows : intp array, shape (m,)
        Row of each item in the dataset.
    wrong : bool array, shape (m,)
        Whether the given label was found wrong: the decision is anything but keep.
    inclusion_probability : float array, shape (m,)
        Probability in (0, 1] with which the item was routed to people: 1 for flagged items; for items drawn at random
        that of being drawn into the control sample or the exploration. NaN for items that were never routed.
    stratum : tuple of str, length m
        `flagged`, `control`, `exploration`, `gold`, or `none` for an item that was never routed.
    label : int32 array, shape (m,)
        Class index that the item ends up with; -1 where it has none or several.
    """

    rows: npt.NDArray[np.intp]
    wrong: npt.NDArray[np.bool_]
    inclusion_probability: npt.NDArray[np.float64]
    stratum: tuple[str, ...]
    label: Ints

    def __len__(self) -> int:
        return len(self.rows)


def reviewed_items(
    store: ReviewStore, dataset: str, items: pa.Table, classes: ClassList, rule: Rule, *, gold: bool = False
) -> Reviewed:
    """Gather the items whose given label people found right or wrong, on the question that they pose today.

    Left out are items that are pending, contested, unusable or without agreement, and votes of `unsure`; withdrawn
    verdicts do not count. A decision that was reopened stands until a newer verdict.

    Parameters
    ----------
    store : ReviewStore
    dataset : str
        Name of the dataset.
    items : pyarrow.Table
        `contracts.ITEMS`.
    classes : ClassList
        The class list of the items.
    rule : Rule
        When verdicts agree.
    gold : bool
        Take in gold items: they were chosen since their right label is known, and are no sample of anything.

    Returns
    -------
    Reviewed

    Raises
    ------
    InputError
        When an item has no given label.
    """
    tasks = store.tasks(dataset)
    asked = {t.question.hash: t for t in tasks}
    drawn = _drawn_at_random(tasks)
    decided = decisions(by_question(store.verdicts(dataset)), rule)
    rows, wrong, inclusion, strata, labels = [], [], [], [], []
    for row, question in enumerate(questions_of(items, dataset, classes)):
        decision, task = decided.get(question.hash), asked.get(question.hash)
        if decision is None or (task is not None and task.stratum == "gold" and not gold):
            continue
        rows.append(row)
        wrong.append(FOUND_WRONG[decision.consensus.outcome])
        strata.append(NOT_ASKED if task is None else task.stratum)
        inclusion.append(float("nan") if task is None else _inclusion(task, drawn))
        label = decision.consensus.label
        labels.append(-1 if label is None else classes.positions.get(label, -1))
    return Reviewed(
        np.array(rows, dtype=np.intp),
        np.array(wrong, dtype=np.bool_),
        np.array(inclusion, dtype=np.float64),
        tuple(strata),
        np.array(labels, dtype=np.int32),
    )


def _drawn_at_random(tasks: Sequence[Task]) -> dict[bool, float]:
    """The highest probability with which any item was drawn at random, by whether it was flagged then.

    An item is drawn where its own hash, a number in [0, 1), is below the probability. So whatever the rates were on
    different nights, all that were drawn by now are those below the highest.
    """
    highest: dict[bool, float] = {}
    for t in tasks:
        if t.stratum in ("control", "exploration"):
            flagged = t.rank is not None
            highest[flagged] = max(highest.get(flagged, 0.0), t.inclusion_probability)
    return highest


def _inclusion(task: Task, drawn: Mapping[bool, float]) -> float:
    if task.stratum in ("control", "exploration"):
        return drawn[task.rank is not None]
    return task.inclusion_probability
