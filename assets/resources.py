"""The resource through which assets reach the workspace."""

import dagster as dg

from audits.review.store import ReviewStore
from audits.workspace import Workspace


class WorkspaceResource(dg.ConfigurableResource):
    """The workspace whose datasets are audited."""

    path: str

    def open(self) -> Workspace:
        """Open the workspace; raises ConfigError when it is none."""
        return Workspace(self.path)

    def open_store(self) -> ReviewStore:
        """Open the review store of the workspace; the caller closes it."""
        return ReviewStore(self.open().store_url)
