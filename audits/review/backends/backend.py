"""What the review store asks of a database."""

from __future__ import annotations

from abc import ABC, abstractmethod

from sqlalchemy import URL, Connection, Engine

#: How long a writer waits for another one, in seconds.
BUSY_SECONDS = 30.0


class Backend(ABC):
    """One kind of database.

    Attributes
    ----------
    name : str
        For messages.
    migrates_itself : bool
        Whether whoever opens an older store brings it to the newest tables. Not where other machines, with an
        older labelaudit, may be using it.
    """

    name: str
    migrates_itself: bool

    @abstractmethod
    def checked(self, url: URL) -> URL:
        """The URL as it is used; raises StoreError when no store can be there."""

    @abstractmethod
    def where(self, url: URL) -> str:
        """How messages call the store; never with a password."""

    @abstractmethod
    def engine(self, url: URL) -> Engine:
        """An engine whose connections are set up; nothing is connected yet."""

    @abstractmethod
    def looking(self, url: URL) -> Engine | None:
        """An engine that changes nothing, not even a file's name; None where there is no database."""

    @abstractmethod
    def begin(self, connection: Connection, writes: bool, lightly: bool = False) -> None:
        """Start a transaction. One that writes waits for others that do; one that only reads sees one state.

        What is written lightly need not be on disk when it is committed: a power cut may undo it, with all that was
        written lightly after it, but nothing else.
        """

    @abstractmethod
    def unsound(self, connection: Connection) -> list[str]:
        """What the database itself finds wrong with what it keeps; the first few."""
