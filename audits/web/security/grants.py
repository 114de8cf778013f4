"""Which datasets a person sees: what their account is granted, and whom a dataset's YAML names as its reviewers."""

from __future__ import annotations

import os
import threading
import time
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from audits.errors import ConfigError
from audits.review.accounts import Account
from audits.review_config import ReviewConfig
from audits.workspace import Workspace
from audits.yaml_files import read_yaml

#: How long what a file said counts before it is looked at again, in seconds: there may be hundreds, and each request
#: asks for all of them.
FRESH_SECONDS = 1.0


@dataclass
class _Read:
    mark: tuple[int, int]
    named: frozenset[str] | None
    looked: float


class Grants:
    """Which datasets a person sees. Files are read again when they change. Safe to use from several threads.

    Parameters
    ----------
    workspace : Workspace
    fresh : float
        How long what a file said counts before it is looked at again, in seconds.
    now : callable, optional
        Seconds of a clock that only goes forward.
    """

    def __init__(
        self,
        workspace: Workspace,
        fresh: float = FRESH_SECONDS,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._workspace, self._fresh, self._now = workspace, fresh, now
        self._guard = threading.Lock()
        self._read: dict[str, _Read] = {}

    def reviewers(self, dataset: str) -> frozenset[str] | None:
        """Whom a dataset's YAML names as its reviewers, empty for nobody; None where it cannot be read."""
        with self._guard:
            kept, now = self._read.get(dataset), self._now()
            if kept is not None and now - kept.looked < self._fresh:
                return kept.named
            path = self._workspace.datasets_dir / f"{dataset}.yaml"
            try:
                stat = os.stat(path)
            except OSError:
                self._read.pop(dataset, None)
                return None
            mark = (stat.st_mtime_ns, stat.st_size)
            if kept is None or kept.mark != mark:
                kept = self._read[dataset] = _Read(mark, _named(path), now)
            kept.looked = now
            return kept.named

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
