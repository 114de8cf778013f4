"""Verdicts as pages tell them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from audits.review.records import Decision, Role, StoredVerdict
from audits.room_config import RoomConfig
from audits.web.content.named import Named, named_id
from audits.web.loaded import Loaded
from audits.web.people import Person

#: What a decision is called before its labels.
WORDS: dict[Decision, str] = {
    "keep": "Kept",
    "relabel": "Changed to",
    "multiple": "Several are right:",
    "none": "None of the classes",
    "unsure": "Unsure",
    "unusable": "Unusable",
}

#: As whom a person decided, where that is worth a word.
ROLE_WORDS: dict[Role, str] = {
    "reviewer": "",
    "second": "second look",
    "repeat": "second look at one's own",
    "adjudicator": "adjudicator",
}


@dataclass(frozen=True)
class Said:
    """A verdict as pages tell it.

    Attributes
    ----------
    verdict : StoredVerdict
    words : str
        The decision; `labels` come after it.
    labels : tuple of Named
        The given label of a verdict that kept it, else those that were named.
    role : str
        As whom; empty for a reviewer in turn, and where the reader is not to know.
    mine : bool
        Whether it is the person's own who looks at it.
    """

    verdict: StoredVerdict
    words: str
    labels: tuple[Named, ...]
    role: str
    mine: bool


def said(loaded: Loaded, verdict: StoredVerdict, reader: Person) -> Said:
    """A verdict as the page of a reader tells it.

    Reviewers are not told which verdicts were second looks: what is drawn for one would be known by it.
    """
    ids = (verdict.question.given_label,) if verdict.decision == "keep" else verdict.labels
    labels = tuple(named_id(loaded, id_) for id_ in ids)
    told = verdict.role == "adjudicator" or reader.may("adjudicator")
    role = ROLE_WORDS[verdict.role] if told else ""
    return Said(verdict, WORDS[verdict.decision], labels, role, verdict.reviewer == reader.name)


def standing(verdicts: Iterable[StoredVerdict], reviewer: str) -> list[StoredVerdict]:
    """A reviewer's verdicts that are not withdrawn, the one that counts last."""
    return sorted((v for v in verdicts if v.reviewer == reviewer and not v.withdrawn), key=lambda v: v.id)


def keeps_back(room: RoomConfig) -> bool:
    """Whether others' verdicts are kept from people who have not decided: in blind mode, and for second looks."""
    return room.blind or room.second_look > 0


def to_be_seen(verdicts: Sequence[StoredVerdict], reader: str, *, kept_back: bool) -> list[StoredVerdict]:
    """The verdicts on one question that a reader may see, the newest first.

    Where others' are kept back, they are until the reader has a verdict that stands.
    """
    hidden = kept_back and not standing(verdicts, reader)
    return sorted(
        (v for v in verdicts if not hidden or v.reviewer == reader), key=lambda v: v.id, reverse=True
    )
