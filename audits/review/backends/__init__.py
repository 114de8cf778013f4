"""The databases that can hold a review store: SQLite in a file, PostgreSQL on a server."""

from __future__ import annotations

from sqlalchemy import URL, make_url
from sqlalchemy.exc import SQLAlchemyError

from audits.errors import StoreError
from audits.review.backends import postgres, sqlite
from audits.review.backends.backend import Backend

_EXPECTED = "expected sqlite:///PATH or postgresql://USER@HOST/DATABASE"

#: Backend by the name in a URL before `://`. Another database is one module and one line here.
BACKENDS: dict[str, Backend] = {
    "sqlite": sqlite.BACKEND,
    "sqlite+pysqlite": sqlite.BACKEND,
    "postgres": postgres.BACKEND,
    "postgresql": postgres.BACKEND,
    "postgresql+psycopg": postgres.BACKEND,
    "postgresql+psycopg2": postgres.BACKEND,  # as Dagster wants it; the driver is ours all the same
}


def resolve(url: str | URL) -> tuple[URL, Backend]:
    """A URL in parts, and the backend that it is of.

    Raises
    ------
    StoreError
        When it is no URL of a database that can hold a review store. The message shows no password.
    """
    try:
        parsed = make_url(url)
    except (SQLAlchemyError, ValueError) as e:
        # not repeated: what cannot be parsed may have a password anywhere
        raise StoreError(f"review store: not a database URL; {_EXPECTED}") from e
    backend = BACKENDS.get(parsed.drivername)
    if backend is None:
        raise StoreError(f"review store: {parsed.drivername} databases are not supported; {_EXPECTED}")
    return backend.checked(parsed), backend


def where(url: str | URL) -> str:
    """How messages call the store behind a URL: its file, or its address without a password."""
    parsed, backend = resolve(url)
    return backend.where(parsed)
