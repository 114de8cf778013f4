"""How far the review store has come, checked against what earlier runs found."""

from __future__ import annotations

from audits.errors import StoreError
from audits.review.records import Mark
from audits.review.store_loss import lost
from audits.work import Work


def mark(work: Work) -> Mark:
    """How far the review store has come for the dataset.

    Raises
    ------
    StoreError
        When it holds less than earlier runs found, unless everything is to be computed anew.
    """
    name = work.dataset.name
    found = work.store.marks(name).get(name, Mark())
    if not work.force and (loss := lost(work.results, found, name)) is not None:
        raise StoreError(loss)
    return found
