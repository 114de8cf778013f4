"""Gold items: the known right labels that a dataset's YAML names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from audits.config import Dataset
from audits.errors import IdsError, LabelsError, first_few
from audits.ingest.faults import Faults
from audits.ingest.tables import id_texts, read_table
from audits.review.consensus import counting
from audits.review.records import StoredVerdict, Task
from audits.review_config import GoldConfig


def read_gold(dataset: Dataset, config: GoldConfig) -> dict[str, str]:
    """Read the gold items' right labels.

    Parameters
    ----------
    dataset : Dataset
    config : GoldConfig
        `dataset.config.review.gold`.

    Returns
    -------
    dict of str to str
        Class id by item id.

    Raises
    ------
    InputError
        When the file cannot be read, an id is missing or repeats, or a label is in no class.
    """
    path = dataset.resolve(config.path)
    faults = Faults(path)
    table = read_table(path, [config.id, config.label], [config.id, config.label], faults)
    ids: list[str | None] = []
    encoded = None
    if config.id in table.column_names:
        with faults.noted():
            ids = id_texts(table, config.id, path).to_pylist()
    if config.label in table.column_names:
        with faults.noted(f"column {config.label!r}"):
            encoded = dataset.classes.encode(table[config.label], config.labels_as)
    if missing := sum(not i for i in ids):
        faults.add(IdsError, f"gold items: {missing} of {len(ids)} ids are missing")
    if twice := sorted(i for i, times in Counter(ids).items() if i and times > 1):
        faults.add(IdsError, f"gold items: {len(twice)} ids repeat ({first_few(twice)})")
    if encoded is not None and (unknown := [i for i, c in zip(ids, encoded.index, strict=False) if c < 0]):
        words = f"{len(unknown)} labels are missing or not in the class list ({first_few(unknown)})"
        faults.add(LabelsError, f"gold items: {words}")
    if faults or encoded is None:
        raise faults.error()
    return {str(i): dataset.classes.ids[c] for i, c in zip(ids, encoded.index, strict=True)}


def gold_results(tasks: Iterable[Task], verdicts: Iterable[StoredVerdict]) -> list[dict[str, object]]:
    """How each identified reviewer did on gold items.

    Parameters
    ----------
    tasks : iterable of Task
        Those without a gold label are passed over.
    verdicts : iterable of StoredVerdict
        Withdrawn and superseded ones do not count.

    Returns
    -------
    list of dict
        `reviewer`, `answered` (gold items with a verdict), `right` (verdicts that leave the item with its
        gold label), by reviewer.
    """
    gold = {t.question.hash: t.gold_label for t in tasks if t.gold_label is not None}
    answered: dict[str, int] = {}
    right: dict[str, int] = {}
    for v in counting(verdicts):
        if v.reviewer is None or v.question.hash not in gold:
            continue
        label = (
            v.question.given_label
            if v.decision == "keep"
            else v.labels[0]
            if v.decision == "relabel"
            else None
        )
        answered[v.reviewer] = answered.get(v.reviewer, 0) + 1
        right[v.reviewer] = right.get(v.reviewer, 0) + (label == gold[v.question.hash])
    return [{"reviewer": r, "answered": answered[r], "right": right[r]} for r in sorted(answered)]
