"""What the app holds while it is served: the workspace, the review store, and the datasets as they were run last."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from audits.errors import AuditError, UsageError
from audits.review.desk.desk import Desk
from audits.review.store import ReviewStore
from audits.web.loaded import Loaded, load, version_of
from audits.web.people import Person
from audits.web.settings import RoomSettings
from audits.workspace import Workspace

#: How many datasets are made ready before anybody asks for them. They stay in memory.
_WARMED = 3


class Room:
    """What the app holds while it is served. Safe to use from several threads.

    Parameters
    ----------
    workspace : Workspace
    settings : RoomSettings

    Raises
    ------
    StoreError
        When the review store cannot be opened.
    """

    def __init__(self, workspace: Workspace, settings: RoomSettings) -> None:
        self.workspace, self.settings = workspace, settings
        self.store = ReviewStore(workspace.store_url)
        self._loaded: dict[str, tuple[tuple[str, str], Loaded]] = {}
        self._desks: dict[str, tuple[Loaded, Desk]] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()

    def close(self) -> None:
        """Close the store."""
        self.store.close()

    def warm(self) -> None:
        """Work out what the first pages need, of the few datasets that are served.

        A dataset that cannot be opened is passed over: whoever asks for it is told why.
        """
        everybody = Person("", "admin")
        for name in self.names(everybody)[:_WARMED]:
            with contextlib.suppress(AuditError):
                self.loaded(name, everybody).warm()
                self.desk(name, everybody).progress("")

    def names(self, person: Person) -> list[str]:
        """Names of the datasets that are served and that a person sees, sorted."""
        served = self.settings.datasets
        return [
            n for n in self.workspace.dataset_names() if (served is None or n in served) and person.sees(n)
        ]

    def loaded(self, name: str, person: Person) -> Loaded:
        """A dataset as its newest run left it.

        Raises
        ------
        UsageError
            When there is no such dataset for this person, or it was never run.
        """
        if name not in self.names(person):
            raise UsageError(f"there is no dataset {name!r} here")
        with self._lock(name):
            version = version_of(self.workspace, name)
            if (kept := self._loaded.get(name)) is not None and kept[0] == version:
                return kept[1]
            found = load(self.workspace, name)
            self._loaded[name] = version, found
            return found

    def desk(self, name: str, person: Person) -> Desk:
        """The queue of a dataset, as reviewers work it; raises as `loaded` does."""
        loaded = self.loaded(name, person)
        with self._lock(name):
            if (kept := self._desks.get(name)) is not None and kept[0] is loaded:
                return kept[1]
            desk = Desk(
                self.store,
                name,
                loaded.items,
                loaded.dataset.config.review,
                findings=loaded.findings,
                signals=lambda: loaded.signals,
                version=loaded.version,
            )
            self._desks[name] = loaded, desk
            return desk

    @contextmanager
    def _lock(self, name: str) -> Iterator[None]:
        with self._guard:
            lock = self._locks.setdefault(name, threading.Lock())
        with lock:
            yield
