"""All that a page shows of one item before and while a person decides."""

from __future__ import annotations

from dataclasses import dataclass

from audits.errors import UsageError
from audits.review.open_queue import OpenTask
from audits.review.records import Question
from audits.web.content.named import Named, named, named_id
from audits.web.content.nearby import nearest_of
from audits.web.content.parts import parts_of
from audits.web.content.says import ClassSays, ModelSays, by_class, by_model, likely, said_of
from audits.web.content.thumb import Thumb
from audits.web.content.twin import Twin, twin_of
from audits.web.content.values import Part
from audits.web.loaded import Loaded

#: Signs that turn the direction of all text behind them; a class name that holds one would turn the reason around it.
_TURNING = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])


@dataclass(frozen=True)
class Card:
    """All that a page shows of one item. In blind mode only what stands above `blind` is filled.

    Attributes
    ----------
    item_id, question_hash : str
    current : bool
        Whether the item still poses this question; where not, its content is that of today.
    parts : tuple of Part
        Its content, a part a column.
    given : Named
        The label that is asked about.
    likely : tuple of Named
        Classes to offer first, at most nine, the given one never: the suggestion and then the likeliest. In blind mode
        those of the class list in its order, or none where it is longer.
    blind : bool
    suggested : Named or None
    reasons : tuple of str
        Why the label is doubted, in words.
    probability : float or None
        Estimated probability in [0, 1] that the given label is wrong.
    models : tuple of ModelSays
        Model by model.
    shares : tuple of ClassSays
        Class by class.
    neighbours_given, neighbours_suggested : tuple of Thumb
        The nearest items of the two classes.
    twin : Twin or None
        A duplicate that has another label.
    """

    item_id: str
    question_hash: str
    current: bool
    parts: tuple[Part, ...]
    given: Named
    likely: tuple[Named, ...]
    blind: bool
    suggested: Named | None = None
    reasons: tuple[str, ...] = ()
    probability: float | None = None
    models: tuple[ModelSays, ...] = ()
    shares: tuple[ClassSays, ...] = ()
    neighbours_given: tuple[Thumb, ...] = ()
    neighbours_suggested: tuple[Thumb, ...] = ()
    twin: Twin | None = None


def card(loaded: Loaded, question: Question | str, *, blind: bool, task: OpenTask | None = None) -> Card:
    """All that a page shows of one item.

    Parameters
    ----------
    loaded : Loaded
    question : Question or str
        What is asked, or the id of the item: then what is asked of it today.
    blind : bool
        Whether to leave out suggestion, evidence, models and neighbours; nothing of them is then worked out.
    task : OpenTask, optional
        The task, whose reasons and suggestion are newer than those of the findings.

    Raises
    ------
    UsageError
        When the dataset has no such item any more.
    """
    item_id = question if isinstance(question, str) else question.item_id
    row = loaded.items.rows.get(item_id)
    if row is None:
        raise UsageError(f"dataset {loaded.name!r} has no item {item_id!r} any more")
    today = loaded.questions[row]
    asked = today if isinstance(question, str) else question
    given = loaded.classes.positions.get(asked.given_label)
    shown = Card(
        item_id=item_id,
        question_hash=asked.hash,
        current=asked.hash == today.hash,
        parts=parts_of(loaded, row),
        given=named_id(loaded, asked.given_label),
        likely=() if given is None else likely(loaded, given, None, None),
        blind=blind,
    )
    if blind or given is None:
        return shown
    return _with_evidence(loaded, shown, row, given, task)


def _with_evidence(loaded: Loaded, shown: Card, row: int, given: int, task: OpenTask | None) -> Card:
    finding = loaded.findings.slice(loaded.finding_rows[shown.item_id], 1).to_pylist()[0]
    suggested: int | None = finding["suggested_label"]
    reasons, probability = tuple(finding["reasons"] or ()), finding["probability"]
    if task is not None:
        suggested = loaded.classes.positions.get(task.suggested_label or "")
        reasons, probability = task.reasons, task.probability
    suggested = None if suggested == given else suggested
    reasons = tuple(r.translate(_TURNING) for r in reasons)
    said = said_of(loaded, row)
    return Card(
        item_id=shown.item_id,
        question_hash=shown.question_hash,
        current=shown.current,
        parts=shown.parts,
        given=shown.given,
        likely=likely(loaded, given, suggested, said),
        blind=False,
        suggested=named(loaded, suggested),
        reasons=reasons,
        probability=probability,
        models=by_model(loaded, row, said),
        shares=by_class(loaded, given, suggested, said) if said.models else (),
        neighbours_given=nearest_of(loaded, row, given),
        neighbours_suggested=() if suggested is None else nearest_of(loaded, row, suggested),
        twin=twin_of(loaded, row),
    )
