"""Requests for runs: of the one job of a workspace, on the assets of one dataset."""

from collections.abc import Iterable, Mapping

import dagster as dg

from assets.naming import DATASET, LAUNCHED_BY, REASON, key

#: The one job of a workspace. Hundreds of jobs, one a dataset, would take Dagster longer to load.
JOB = "audit"

#: How much of a reason is kept in a tag.
_LONGEST = 500


def run_request(
    dataset: str,
    stages: Iterable[str],
    launched_by: str,
    reason: str,
    run_key: str | None = None,
    more_tags: Mapping[str, str] | None = None,
) -> dg.RunRequest:
    """Ask for a run of some stages of a dataset; for one run key it is launched once."""
    return dg.RunRequest(
        run_key=run_key,
        job_name=JOB,
        asset_selection=[key(dataset, s) for s in stages],
        tags={DATASET: dataset, LAUNCHED_BY: launched_by, REASON: reason[:_LONGEST], **(more_tags or {})},
    )
