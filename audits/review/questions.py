"""The question that each item of a dataset poses today."""

from __future__ import annotations

import pyarrow as pa

from audits.classes import ClassList
from audits.errors import InputError, first_few
from audits.review.records import Question


def questions_of(items: pa.Table, dataset: str, classes: ClassList) -> list[Question]:
    """Build the question of every item, aligned to the items' rows.

    Parameters
    ----------
    items : pyarrow.Table, n rows
        `contracts.ITEMS`; `label` holds class indices.
    dataset : str
        Name of the dataset.
    classes : ClassList
        The class list that `label` refers to.

    Returns
    -------
    list of Question, length n

    Raises
    ------
    InputError
        When an item has no given label in the class list.
    """
    ids = items["item_id"].to_pylist()
    labels = items["label"].to_pylist()
    outside = [
        i for i, label in zip(ids, labels, strict=True) if label is None or not 0 <= label < len(classes)
    ]
    if outside:
        raise InputError(
            f"dataset {dataset!r}: {len(outside)} of {len(ids)} items have no given label among the "
            f"{len(classes)} classes (item_id {first_few(outside)})"
        )
    contents = items["content_hash"].to_pylist()
    fingerprint = classes.fingerprint
    return [
        Question(dataset, item_id, content or "", classes.ids[label], fingerprint)
        for item_id, label, content in zip(ids, labels, contents, strict=True)
    ]
