"""Telling a review store that lost what people decided from one that is new."""

from __future__ import annotations

from audits.results import ResultStore
from audits.review.records import Mark


def lost(results: ResultStore, mark: Mark, dataset: str) -> str | None:
    """Say in words that the store holds less of a dataset than it did; None when it does not.

    Tasks and verdicts are only ever added, so fewer than earlier runs found mean that this is another store:
    an empty one, or an older one put in its place. Scores made from it would silently forget decisions.

    Parameters
    ----------
    results : ResultStore
        Of the dataset's earlier runs.
    mark : Mark
        How far the store has come.
    dataset : str
    """
    queued, scored = results.latest("review_queue", ""), results.latest("label_versions", "")
    tasks = int(queued.facts.get("tasks in the store", 0)) if queued is not None else 0
    counts = scored.inputs.get("verdicts") if scored is not None else None
    verdicts = int(counts.get("verdicts", 0)) if isinstance(counts, dict) else 0
    gone = [
        f"{there} of {before} {what}"
        for what, there, before in (
            ("review tasks", mark.tasks, tasks),
            ("verdicts", mark.verdicts, verdicts),
        )
        if there < before
    ]
    if not gone:
        return None
    return (
        f"dataset {dataset!r}: the review store holds only {' and '.join(gone)}, so it is not the one it was. Put "
        f"it back from a backup; or go on with what there is: 'labelaudit run {dataset} --force'"
    )
