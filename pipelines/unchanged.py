"""A dataset in which nothing changed: no run is launched, and its stages are recorded as they stand."""

from datetime import UTC, datetime

import dagster as dg

from assets.checks import evaluations
from assets.naming import key
from assets.stage import metadata
from audits.review.store import ReviewStore
from audits.run_log import RunRecord
from audits.stages.graph import Standing, standing
from audits.work import Work
from audits.workspace import Workspace


def look_over(
    workspace: Workspace, dataset: str, *, verify: bool = False, store: ReviewStore | None = None
) -> Standing | str:
    """Find out whether a run of a dataset would have anything to do.

    Parameters
    ----------
    workspace : Workspace
    dataset : str
    verify : bool
        Hash every file, also those that look unchanged from outside.
    store : ReviewStore, optional
        The open review store, where there is one.

    Returns
    -------
    Standing or str
        What is there while nothing changed; else what did, in words.

    Raises
    ------
    AuditError
        When something is wrong that a run would stumble over too.
    """
    with Work(workspace, dataset, planning=True, verify=verify, store=store) as work:
        found = standing(work)
        if isinstance(found, str):
            return found
        # a run that ends well is what tells that a fault has passed, also where it computes nothing
        last = workspace.run_log(dataset).last(whole=True)
        if last is not None and last.status in ("failed", "killed"):
            return "the last run was killed" if last.status == "killed" else "the last run failed"
        if last is not None and last.config not in ("", workspace.config_hash(dataset)):
            return f"{work.dataset.path.name} changed"
        return found


def record_unchanged(
    instance: dg.DagsterInstance, workspace: Workspace, dataset: str, found: Standing, launched_by: str
) -> None:
    """Record that every stage of a dataset stands as it was, without a run.

    Each stage materializes with what it came to when it was computed, so that its trend has no gap and the
    dataset is fresh; each check comes to what it came to.
    """
    began = datetime.now(UTC).isoformat(timespec="seconds")
    for stage, outcome in found.outcomes.items():
        instance.report_runless_asset_event(
            dg.AssetMaterialization(
                asset_key=key(dataset, stage),
                description="Nothing changed; not computed again.",
                metadata=metadata(outcome),
                tags={"dagster/data_version": outcome.version},
            )
        )
    for evaluation in evaluations(dataset, found):
        # after the materializations, or the page takes the stages for not checked, and a gate for one that holds
        instance.report_runless_asset_event(evaluation)
    ended = datetime.now(UTC).isoformat(timespec="seconds")
    workspace.run_log(dataset).add(
        RunRecord(None, "unchanged", began, ended, launched_by, 0, workspace.config_hash(dataset))
    )
