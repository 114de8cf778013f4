"""What was sent back to reviewers of a dataset and is not answered yet."""

from __future__ import annotations

from sqlalchemy import select

from audits.review.desk.records import SentBack
from audits.review.desk.sending_back import open_sent_back
from audits.review.schema import question, sent_back
from audits.review.store import ReviewStore


def waiting(store: ReviewStore, dataset: str) -> list[SentBack]:
    """What was sent back to anybody and is not answered yet, the first sent first.

    Parameters
    ----------
    store : ReviewStore
    dataset : str
        Name of the dataset.
    """
    to = (
        select(sent_back.c.reviewer)
        .join(question, question.c.hash == sent_back.c.question_hash)
        .where(question.c.dataset == dataset)
        .distinct()
    )
    with store.reading() as connection:
        reviewers = connection.execute(to).scalars().all()
        found = [s for who in reviewers for s in open_sent_back(connection, dataset, who).values()]
    return sorted(found, key=lambda s: s.id)
