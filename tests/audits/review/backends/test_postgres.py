from __future__ import annotations

import sys
import threading
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from audits.errors import StoreError
from audits.review.backends import backend, postgres, resolve, where
from audits.review.database import look_at
from audits.review.records import Mark, NewTask, NewVerdict, Question
from audits.review.store import ReviewStore
from tests.postgres import database


def ask(item: str = "i0") -> Question:
    return Question("pets", item, "x", "c", "abc")


def keep(client_id: str, item: str = "i0", **more) -> NewVerdict:
    return NewVerdict(client_id, ask(item), "ann", "keep", **more)


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "America/St_Johns", "Pacific/Kiritimati"])
@pytest.mark.parametrize(
    "moment",
    [
        datetime(2024, 3, 31, 1, 30, tzinfo=UTC),
        datetime.max.replace(tzinfo=UTC),
        datetime.min.replace(tzinfo=UTC),
        datetime(2024, 7, 1, tzinfo=UTC).astimezone(),
    ],
)
def test_a_moment_is_the_same_whatever_the_time_zone_of_the_server(postgres_url, raw, zone, moment):
    name = make_url(postgres_url).database
    raw(postgres_url, f"ALTER DATABASE {name} SET timezone = '{zone}'")
    with ReviewStore(postgres_url) as store:
        store.add_verdicts([keep("v1", decided_at=moment)])
        (v,) = store.verdicts("pets")
        assert v.decided_at == moment
        assert v.decided_at.utcoffset() == v.stored_at.utcoffset() == timedelta(0)
        assert store.add_verdicts([keep("v1", decided_at=moment)]) == (0, 1)


def test_what_was_said_cannot_be_truncated(postgres_url, raw):
    with ReviewStore(postgres_url) as store:
        store.add_verdicts([keep("v1")])
        for table in ("question", "review_task", "verdict", "withdrawal"):
            with pytest.raises(SQLAlchemyError, match="is append-only"):
                raw(postgres_url, f"TRUNCATE {table} CASCADE")
        assert len(store.verdicts("pets")) == 1


def test_readers_do_not_wait_for_a_writer_and_writers_wait_for_each_other(postgres_url, monkeypatch):
    monkeypatch.setattr(backend, "BUSY_SECONDS", 0.2)
    with ReviewStore(postgres_url) as store:
        store.add_verdicts([keep("v1")])
        with psycopg.connect(postgres_url) as other:
            other.execute(f"SELECT pg_advisory_xact_lock({postgres._WRITER})")
            assert len(store.verdicts("pets")) == 1
            with pytest.raises(StoreError, match="another process has been writing to it for"):
                store.add_verdicts([keep("v2")])
        assert store.add_verdicts([keep("v2")]) == (1, 0)


def test_a_reading_transaction_sees_one_state(postgres_url):
    with ReviewStore(postgres_url) as store:
        store.queue([NewTask(ask(), "flagged", 1.0)])
        with store.reading() as connection:
            count = lambda: connection.exec_driver_sql("SELECT count(*) FROM verdict").scalar()  # noqa: E731
            assert count() == 0
            writer = threading.Thread(target=store.add_verdicts, args=([keep("v1")],))
            writer.start()
            writer.join(20)
            assert not writer.is_alive()
            assert count() == 0
            with pytest.raises(SQLAlchemyError, match="read-only transaction"):
                connection.exec_driver_sql("INSERT INTO question VALUES ('h', 'd', 'i', 'c', 'g', 'k')")
        assert store.marks()["pets"].verdicts == 1


def test_a_server_that_acknowledges_early_is_asked_to_wait(postgres_url, raw):
    name = make_url(postgres_url).database
    for server, ours in (("off", "on"), ("local", "local"), ("remote_apply", "remote_apply")):
        raw(postgres_url, f"ALTER DATABASE {name} SET synchronous_commit = '{server}'")
        with ReviewStore(postgres_url) as store, store.writing() as connection:
            assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == ours


def test_a_connection_that_the_server_ended_is_made_again(postgres_url, postgres_server):
    with ReviewStore(postgres_url) as store:
        store.add_verdicts([keep("v1")])
        with psycopg.connect(postgres_server, autocommit=True) as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                (make_url(postgres_url).database,),
            )
        assert store.add_verdicts([keep("v2")]) == (1, 0)


def test_a_database_of_another_encoding_is_refused(postgres_server):
    options = "ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0"
    with database(postgres_server, options) as url, pytest.raises(StoreError, match="LATIN1; expected UTF8"):
        ReviewStore(url)


def test_a_schema_of_its_own_in_a_shared_database(postgres_url, raw):
    raw(postgres_url, "CREATE TABLE recipe (name TEXT)")
    with pytest.raises(StoreError, match=r"recipe\); a review store has a database of its own"):
        ReviewStore(postgres_url)
    raw(postgres_url, "CREATE SCHEMA reviews")
    with ReviewStore(f"{postgres_url}&options=-csearch_path%3Dreviews") as store:
        assert store.add_verdicts([keep("v1")]) == (1, 0)
    assert raw(postgres_url, "SELECT count(*) FROM reviews.verdict") == [(1,)]


def test_a_server_that_is_not_there_is_one_line_without_the_password():
    url = "postgresql://ann:geheim@127.0.0.1:1/reviews"
    for opened in (ReviewStore, look_at):
        with pytest.raises(StoreError) as refused:
            opened(url)
        message = str(refused.value)
        assert message.startswith("review store postgresql://ann@127.0.0.1:1/reviews: ")
        assert "refused" in message
        assert "\n" not in message
        assert "geheim" not in message


def test_a_database_or_a_user_that_is_not_there(postgres_url):
    with pytest.raises(StoreError, match="does not exist"):
        ReviewStore(postgres_url.replace(str(make_url(postgres_url).database), "nowhere"))
    with pytest.raises(StoreError, match="does not exist"):
        ReviewStore(postgres_url.replace("postgres:@", "nobody:@"))


def test_without_the_driver_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError, match=r"pip install 'labelaudit\[postgres\]'"):
        ReviewStore("postgresql://ann@host/reviews")


@pytest.mark.parametrize("name", ["postgres", "postgresql", "postgresql+psycopg"])
def test_a_url_is_named_without_its_password(name):
    url = f"{name}://ann:geheim@db.example.org:5433/reviews?sslmode=require&password=geheim"
    assert where(url) == "postgresql://ann@db.example.org:5433/reviews"
    assert resolve(url)[0].drivername == "postgresql+psycopg"


def test_looking_counts_as_the_store_does(postgres_url):
    assert look_at(postgres_url) is None
    with ReviewStore(postgres_url) as store:
        store.queue([NewTask(ask("i0"), "flagged", 1.0), NewTask(ask("i1"), "flagged", 1.0)])
        store.add_verdicts([keep("v1"), keep("v2")])
        store.withdraw(1, "ann", "", "w1")
    look = look_at(postgres_url)
    assert look is not None
    assert (look.unsound, look.verdicts, look.marks) == ([], 2, {"pets": Mark(tasks=2, verdicts=2)})


SERVERS = [
    "default_transaction_isolation = 'serializable'",
    "default_transaction_isolation = 'repeatable read'",
    "default_transaction_read_only = on",
    "datestyle = 'German, DMY'",
    "client_encoding = 'LATIN1'",
    "extra_float_digits = 0",
]


@pytest.mark.parametrize("setting", SERVERS)
def test_the_settings_of_a_server_change_nothing(postgres_url, raw, setting):
    raw(postgres_url, f"ALTER DATABASE {make_url(postgres_url).database} SET {setting}")
    new = keep(
        "v1",
        seconds=0.30000000000000004,
        comment="\u732b \u00e4",
        decided_at=datetime(2024, 2, 29, tzinfo=UTC),
    )
    with ReviewStore(postgres_url) as store, ReviewStore(postgres_url) as second:
        threads = [
            threading.Thread(target=s.add_verdicts, args=([keep(f"{n}-{k}") for k in range(5)],))
            for n, s in enumerate((store, second) * 3)
        ]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert len(store.verdicts("pets")) == 30
        assert store.add_verdicts([new]) == (1, 0)
        assert store.add_verdicts([new]) == (0, 1)
        v = store.verdicts("pets")[-1]
        assert (v.seconds, v.comment, v.decided_at) == (new.seconds, new.comment, new.decided_at)
    assert look_at(postgres_url).verdicts == 31


def test_a_writer_that_hangs_is_ended_by_the_server(postgres_url, monkeypatch):
    monkeypatch.setattr(postgres, "_IDLE_SECONDS", 1)
    with ReviewStore(postgres_url) as hanging, ReviewStore(postgres_url) as other:

        def hangs() -> None:
            with hanging.writing() as connection:
                assert other.add_verdicts([keep("v1")]) == (1, 0), "it waits for no longer than that"
                connection.exec_driver_sql("SELECT 1")

        with pytest.raises(StoreError):
            hangs()
        assert hanging.add_verdicts([keep("v2")]) == (1, 0)


def test_a_database_without_an_encoding_is_refused_in_words(postgres_server):
    options = "ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0"
    with database(postgres_server, options) as url:
        assert "SQL_ASCII" in look_at(url).unsound[0]
        with pytest.raises(StoreError, match="SQL_ASCII; expected UTF8"):
            ReviewStore(url)


def test_a_user_without_rights_and_a_schema_that_is_not_there(postgres_url, raw):
    name = f"u{make_url(postgres_url).database}"
    raw(postgres_url, f"CREATE ROLE {name} LOGIN")
    try:
        with pytest.raises(StoreError, match="needs the right to create tables"):
            ReviewStore(postgres_url.replace("postgres:@", f"{name}:@"))
        look = look_at(f"{postgres_url}&options=-csearch_path%3Dnowhere")
        assert look is not None
        assert "search_path" in look.unsound[0]
    finally:
        raw(postgres_url, f"DROP ROLE {name}")


@pytest.mark.parametrize(
    "url", ["postgresql://ann:ge@heim@host/db", "postgresql://ann:x@y@host:1/db", "postgresql://ann@host/d@b"]
)
def test_a_url_with_an_at_sign_too_many_is_refused_and_not_repeated(url):
    with pytest.raises(StoreError, match="one '@' too many") as refused:
        where(url)
    assert "heim" not in str(refused.value)


def test_addresses_of_all_kinds_are_named():
    assert where("postgresql://u@[::1]:5432/d") == "postgresql://u@[::1]:5432/d"
    assert where("postgresql:///d") == "postgresql://localhost/d"
    assert where("postgresql:///d?options=-csearch_path%3Dr").endswith("/d (-csearch_path=r)")


def test_the_version_table_of_another_program(postgres_url, raw):
    raw(postgres_url, "CREATE TABLE alembic_version (version_num TEXT)")
    raw(postgres_url, "INSERT INTO alembic_version VALUES ('a1b2')")
    with pytest.raises(StoreError, match="is not a review store: its only table is alembic_version"):
        ReviewStore(postgres_url)
