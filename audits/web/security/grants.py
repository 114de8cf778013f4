"""Which datasets a person sees: what their account is granted, and whom a dataset's YAML names as its reviewers."""

from __future__ import annotations

import os
import threading
import unicodedata
from pathlib import Path

from pydantic import ValidationError

from audits.errors import ConfigError
from audits.review.accounts import Account
from audits.review_config import ReviewConfig
from audits.workspace import Workspace
from audits.yaml_files import read_yaml


class Grants:
    """Which datasets a person sees. Files are read again when they change. Safe to use from several threads.

    Parameters
    ----------
    workspace : Workspace
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._guard = threading.Lock()
        self._read: dict[str, tuple[tuple[int, int], frozenset[str] | None]] = {}

    def reviewers(self, dataset: str) -> frozenset[str] | None:
        """Whom a dataset's YAML names as its reviewers, empty for nobody; None where it cannot be read."""
        path = self._workspace.datasets_dir / f"{dataset}.yaml"
        try:
            stat = os.stat(path)
        except OSError:
            return None
        mark = (stat.st_mtime_ns, stat.st_size)
        with self._guard:
            kept = self._read.get(dataset)
            if kept is None or kept[0] != mark:
                kept = self._read[dataset] = mark, _named(path)
            return kept[1]

    def naming(self, datasets: tuple[str, ...] | None = None) -> list[str]:
        """Those of the datasets, or of all, whose YAML names reviewers; these need accounts."""
        names = self._workspace.dataset_names()
        return [n for n in names if (datasets is None or n in datasets) and self.reviewers(n)]

    def of(self, account: Account) -> frozenset[str] | None:
        """The datasets that an account sees; None: all.

        A dataset that names its reviewers is seen by these, whatever else they are granted. Where its YAML cannot be
        read, nobody knows whom it names: reviewers do not see it until it is mended.
        """
        if account.role == "admin":
            return None
        reviews = account.role == "reviewer"
        if account.datasets is None and not reviews:
            return None
        seen = set()
        for name in self._workspace.dataset_names():
            named = self.reviewers(name)
            granted = account.datasets is None or name in account.datasets
            if account.name in (named or ()) or (granted and not (reviews and (named is None or named))):
                seen.add(name)
        return frozenset(seen)


def _named(path: Path) -> frozenset[str] | None:
    try:
        raw = read_yaml(path)
        if not isinstance(raw, dict):
            return None
        section = raw.get("review")
        review = ReviewConfig.model_validate({} if section is None else section)
    except (ConfigError, ValidationError):
        return None
    # as accounts have their names
    return frozenset(unicodedata.normalize("NFC", name).strip() for name in review.room.reviewers)
