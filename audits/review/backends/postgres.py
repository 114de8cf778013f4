"""The review store on a PostgreSQL server, which several machines share."""

from __future__ import annotations

from sqlalchemy import URL, Connection, Engine, create_engine

from audits.errors import StoreError
from audits.review.backends import backend
from audits.review.backends.backend import Backend

#: Key of the lock that whoever writes holds: the text `labelaudit` as a number, the same on every machine.
_WRITER = int.from_bytes(b"labelaud", "big") >> 1

_CONNECT_SECONDS = 10

#: How long a writer may do nothing within its transaction before the server ends it.
_IDLE_SECONDS = 120


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
        if "@" in f"{url.host}{url.database}":
            # where the parts are is not known then, so none is repeated
            raise StoreError("review store: the URL has one '@' too many; in a password it is written %40")
        if not url.database:
            raise StoreError(
                "review store: the URL names no database; expected postgresql://USER@HOST/DATABASE"
            )
        return url.set(drivername="postgresql+psycopg")

    def where(self, url: URL) -> str:
        host = url.host or url.query.get("host", "") or "localhost"
        host = f"[{host}]" if ":" in host else host
        port = f":{url.port}" if url.port else ""
        user = f"{url.username}@" if url.username else ""
        options = url.query.get("options", "")
        schema = f" ({options})" if "search_path" in options else ""
        return f"postgresql://{user}{host}{port}/{url.database}{schema}"

    def engine(self, url: URL) -> Engine:
        given = {
            "connect_timeout": _CONNECT_SECONDS,
            "application_name": "labelaudit",
            "client_encoding": "utf8",
            # a pooler between us and the server gives each transaction another connection
            "prepare_threshold": None,
        }
        # what the URL says itself goes before
        arguments = {k: v for k, v in given.items() if k not in url.query}
        # a server that was restarted is asked once more before a transaction begins
        return create_engine(url, connect_args=arguments, pool_pre_ping=True)

    def looking(self, url: URL) -> Engine | None:
        return self.engine(url)

    def begin(self, connection: Connection, writes: bool, lightly: bool = False) -> None:
        # Settings of the transaction alone, so that they hold behind a pooler too; whatever the server's own are.
        # A writer must see what was committed while it waited for its turn.
        how = "READ COMMITTED, READ WRITE" if writes else "REPEATABLE READ, READ ONLY"
        connection.exec_driver_sql(f"SET TRANSACTION ISOLATION LEVEL {how}")
        # Moments are told in UTC, or one at the end of the year 9999 could not be read where the server's time
        # zone is ahead; and in the form that the driver reads. Numbers come back as they went in.
        connection.exec_driver_sql("SET LOCAL TIME ZONE 'UTC'")
        connection.exec_driver_sql("SET LOCAL datestyle = 'ISO'")
        connection.exec_driver_sql("SET LOCAL extra_float_digits = 1")
        if not writes:
            return
        # a client that hangs with the lock below must not keep everybody from writing
        connection.exec_driver_sql(f"SET LOCAL idle_in_transaction_session_timeout = '{_IDLE_SECONDS}s'")
        if lightly:
            connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
        else:
            # Where the server acknowledges what is not on disk yet, it is asked to wait here.
            connection.exec_driver_sql(
                "SELECT set_config('synchronous_commit', 'on', true) "
                "WHERE current_setting('synchronous_commit') = 'off'"
            )
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {round(backend.BUSY_SECONDS * 1000)}")
        # One writer at a time, as in SQLite: what is looked up before it is written cannot change in between, and
        # ids are given in the order of commits.
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER})")

    def unsound(self, connection: Connection) -> list[str]:
        found = connection.exec_driver_sql("SHOW server_encoding").scalar()
        if found != "UTF8":
            return [f"its encoding is {found}; expected UTF8"]
        if connection.exec_driver_sql("SELECT current_schema()").scalar() is None:
            return ["none of the schemas in its search_path is there, or this user has no right to use it"]
        return []


BACKEND: Backend = _Postgres()
