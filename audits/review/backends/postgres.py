"""The review store on a PostgreSQL server, which several machines share."""

from __future__ import annotations

from sqlalchemy import URL, Connection, Engine, create_engine

from audits.errors import StoreError
from audits.review.backends import backend
from audits.review.backends.backend import Backend

#: Key of the lock that whoever writes holds: the text `labelaudit` as a number, the same on every machine.
_WRITER = int.from_bytes(b"labelaud", "big") >> 1

_CONNECT_SECONDS = 10


class _Postgres(Backend):
    name = "PostgreSQL"
    migrates_itself = False

    def checked(self, url: URL) -> URL:
        try:
            import psycopg  # noqa: F401
        except ImportError as e:
            raise StoreError(
                "review store: PostgreSQL needs a driver that is not installed: pip install 'labelaudit[postgres]'"
            ) from e
        if not url.database:
            raise StoreError(
                "review store: the URL names no database; expected postgresql://USER@HOST/DATABASE"
            )
        return url.set(drivername="postgresql+psycopg")

    def where(self, url: URL) -> str:
        host = url.host or url.query.get("host", "") or "the local server"
        port = f":{url.port}" if url.port else ""
        user = f"{url.username}@" if url.username else ""
        return f"postgresql://{user}{host}{port}/{url.database}"

    def engine(self, url: URL) -> Engine:
        given = {
            "connect_timeout": _CONNECT_SECONDS,
            "application_name": "labelaudit",
            # a pooler between us and the server gives each transaction another connection
            "prepare_threshold": None,
        }
        # what the URL says itself goes before
        arguments = {k: v for k, v in given.items() if k not in url.query}
        # a server that was restarted is asked once more before a transaction begins
        return create_engine(url, connect_args=arguments, pool_pre_ping=True)

    def looking(self, url: URL) -> Engine | None:
        return self.engine(url)

    def begin(self, connection: Connection, writes: bool) -> None:
        # Settings of the transaction alone: they hold behind a pooler too. Moments are told in UTC, or one at
        # the end of the year 9999 could not be read where the server's time zone is ahead.
        if not writes:
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            connection.exec_driver_sql("SET LOCAL TIME ZONE 'UTC'")
            return
        connection.exec_driver_sql("SET LOCAL TIME ZONE 'UTC'")
        # Where the server acknowledges what is not on disk yet, it is asked to wait here.
        connection.exec_driver_sql(
            "SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'"
        )
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {round(backend.BUSY_SECONDS * 1000)}")
        # One writer at a time, as in SQLite: what is looked up before it is written cannot change in between, and
        # ids are given in the order of commits.
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER})")

    def unsound(self, connection: Connection) -> list[str]:
        found = connection.exec_driver_sql("SHOW server_encoding").scalar()
        return [] if found == "UTF8" else [f"its encoding is {found}; expected UTF8"]


BACKEND: Backend = _Postgres()
