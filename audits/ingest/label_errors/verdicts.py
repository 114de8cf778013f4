"""Each vote of the study as one verdict."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pyarrow as pa

from audits.classes import ClassList
from audits.ingest.content import content_hashes
from audits.ingest.label_errors.sets import BOTH, GIVEN, GUESSED, NO_CLASS, KnownSet
from audits.ingest.label_errors.votes import VotedItem
from audits.review.records import Decision, NewVerdict, Question

SOURCE = "label-errors"

#: The public files carry no times. This stands in for them: the day of the study's preprint.
DECIDED_AT = datetime(2021, 3, 26, tzinfo=UTC)


def verdicts_of(
    known: KnownSet, votes: Sequence[VotedItem], items: pa.Table, classes: ClassList
) -> list[NewVerdict]:
    """Turn counts of votes into verdicts, one a vote.

    Parameters
    ----------
    known : KnownSet
        The set.
    votes : sequence of VotedItem
        Votes on items of the set.
    items : pyarrow.Table
        The items file, without content columns.
    classes : ClassList
        The set's class list.

    Returns
    -------
    list of NewVerdict
        In the order of the votes. The reviewer is None: the files do not tell people apart. The client id
        follows from set, item, answer, count and question, so that importing twice stores once, and a
        changed question takes its own verdicts.
    """
    hashes = dict(zip(items["item_id"].to_pylist(), content_hashes(items, []), strict=True))
    out: list[NewVerdict] = []
    for vote in votes:
        given = str(vote.given)
        question = Question(known.name, vote.item_id, hashes[vote.item_id], given, classes.fingerprint)
        for kind, count in vote.counts.items():
            decision, labels = _decide(known, kind, vote)
            for i in range(count):
                client_id = f"{SOURCE}:{known.name}:{vote.item_id}:{kind}:{i}:{question.hash[:12]}"
                out.append(
                    NewVerdict(
                        client_id, question, None, decision, labels, decided_at=DECIDED_AT, source=SOURCE
                    )
                )
    return out


def _decide(known: KnownSet, kind: str, vote: VotedItem) -> tuple[Decision, tuple[str, ...]]:
    meaning = known.votes[kind]
    if meaning == NO_CLASS:
        return "none", ()
    if meaning == GIVEN:
        return "keep", ()
    # a meaning other than these names a class
    answer = vote.guessed if meaning in (GUESSED, BOTH) else known.class_names.index(meaning)
    # MNIST's file has items whose guess is the given label: whoever chose the guess kept the label
    if answer == vote.given:
        return "keep", ()
    if meaning == BOTH:
        return "multiple", (str(vote.given), str(answer))
    return "relabel", (str(answer),)
