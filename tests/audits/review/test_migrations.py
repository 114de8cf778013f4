from __future__ import annotations

import re
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.exc import SQLAlchemyError

import audits.review.database as database
from audits.errors import StoreError, StoreVersionError
from audits.review.backends import resolve
from audits.review.records import DecidedOn, NewTask, NewVerdict, Priority, Question, Reopening
from audits.review.schema import APPEND_ONLY, CHANGING, DERIVED, HEAD, metadata
from audits.review.store import ReviewStore
from audits.review.store_copy import check_store

MIGRATIONS = Path(database.__file__).parent / "migrations"

#: What the first release's store held: written as that release did, past today's code.
FIRST_ROWS = """
INSERT INTO question VALUES ('h1', 'pets', 'i1', 'x1', 'c', 'k'), ('h2', 'zoo', '\u00fc \u2028', 'x2', 'd', 'k');
INSERT INTO review_task VALUES
  (1, 'h1', 'flagged', 1.0, 1, 'd', '["one", "two"]', NULL, '2024-05-06 07:08:09.123456'),
  (2, 'h2', 'control', 0.125, NULL, NULL, '[]', NULL, '2024-05-06 07:08:09.000000');
INSERT INTO verdict VALUES
  (1, 'v1', 'h1', 'ann', 'relabel', '["d"]', 'it''s a dog', 1.5, '2024-03-31 01:30:00.000000',
   '2024-03-31 01:30:00.000001', 'queue.csv'),
  (2, 'v2', 'h1', NULL, 'unsure', '[]', '', NULL, '2024-05-06 07:08:09', '2024-05-06 07:08:09', 'web'),
  (3, 'v3', 'h2', 'bob', 'multiple', '["d", "h"]', '', 0.0, '2024-05-06 07:08:09', '2024-05-06 07:08:09', 'web');
INSERT INTO withdrawal VALUES (1, 'w1', 2, 'ann', 'a slip', '2024-05-07 00:00:00');
"""


def config() -> Config:
    found = Config()
    found.set_main_option("script_location", str(MIGRATIONS))
    return found


def migrated(url: str, revision: str) -> None:
    engine = create_engine(resolve(url)[0])
    try:
        with engine.begin() as connection:
            alembic = config()
            alembic.attributes["connection"] = connection
            (command.downgrade if revision == "base" else command.upgrade)(alembic, revision)
    finally:
        engine.dispose()


def downgraded(url: str, revision: str) -> None:
    engine = create_engine(resolve(url)[0])
    try:
        with database.writing(engine).begin() as connection:
            alembic = config()
            alembic.attributes["connection"] = connection
            command.downgrade(alembic, revision)
    finally:
        engine.dispose()


def fill(url: str, raw, rows: str = FIRST_ROWS) -> None:
    for statement in rows.strip().removesuffix(";").split(";\n"):
        raw(url, re.sub(r":(?=\d)", r"\:", statement))  # a colon would begin a parameter's name


@pytest.fixture
def first(url, raw):
    """A store of the first revision, with rows in it."""
    migrated(url, "0001")
    fill(url, raw)
    return url


def everything(url: str) -> tuple[object, ...]:
    with ReviewStore(url) as store:
        names = ("pets", "zoo")
        return [store.tasks(n) for n in names], [store.verdicts(n) for n in names], store.marks()


def test_head_is_the_newest_revision():
    assert ScriptDirectory.from_config(config()).get_heads() == [HEAD]


def test_alembic_finds_nothing_to_change_in_a_migrated_database(url):
    ReviewStore(url).close()
    engine = create_engine(resolve(url)[0])
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def test_every_table_is_append_only(url, raw):
    ReviewStore(url).close()
    if url.startswith("sqlite"):
        found = {name for (name,) in raw(url, "SELECT name FROM sqlite_master WHERE type = 'trigger'")}
        assert found == {f"{t.name}_no_{change}" for t in APPEND_ONLY for change in ("update", "delete")}
    else:
        found = {name for (name,) in raw(url, "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")}
        assert found == {f"{t.name}_append_only" for t in APPEND_ONLY}
    assert {t.name for t in (*APPEND_ONLY, *DERIVED, *CHANGING)} == set(metadata.tables)


def test_a_store_of_the_first_revision_keeps_every_row(first, raw):
    counts = ", ".join(
        f"(SELECT count(*) FROM {t})"  # noqa: S608
        for t in ("question", "review_task", "verdict", "withdrawal")
    )
    before = raw(first, f"SELECT {counts}")
    if first.startswith("postgresql"):
        with pytest.raises(StoreVersionError, match=r"at revision '0001'.*'labelaudit store migrate'"):
            ReviewStore(first)
        database.open_engine(first, migrate=True).dispose()
    tasks, verdicts, marks = everything(first)
    assert raw(first, f"SELECT {counts}") == before == [(2, 2, 3, 1)]
    assert [(t.id, t.question.item_id, t.inclusion_probability, t.reasons) for d in tasks for t in d] == [
        (1, "i1", 1.0, ("one", "two")),
        (2, "\u00fc \u2028", 0.125, ()),
    ]
    assert [(v.id, v.client_id, v.labels, v.seconds, v.withdrawn) for d in verdicts for v in d] == [
        (1, "v1", ("d",), 1.5, False),
        (2, "v2", (), None, True),
        (3, "v3", ("d", "h"), 0.0, False),
    ]
    assert verdicts[0][0].decided_at.isoformat() == "2024-03-31T01:30:00+00:00"
    assert verdicts[0][0].stored_at.isoformat() == "2024-03-31T01:30:00.000001+00:00"
    assert (marks["pets"].verdicts, marks["pets"].withdrawals, marks["zoo"].tasks) == (2, 1, 1)
    with pytest.raises(SQLAlchemyError, match="append-only"):
        raw(first, "DELETE FROM review_task")


def test_both_kinds_come_to_the_same_rows(sqlite_url, postgres_url, raw):
    for url in (sqlite_url, postgres_url):
        migrated(url, "0001")
        fill(url, raw)
        database.open_engine(url, migrate=True).dispose()
    assert everything(sqlite_url) == everything(postgres_url)


def test_a_migration_that_fails_leaves_the_store_as_it_was(first, raw, monkeypatch):
    real = command.upgrade

    def fails_at_the_end(alembic: Config, revision: str) -> None:
        real(alembic, revision)
        raise StoreError("no")

    before = raw(first, "SELECT version_num FROM alembic_version")
    monkeypatch.setattr(command, "upgrade", fails_at_the_end)
    with pytest.raises(StoreError, match="no"):
        database.open_engine(first, migrate=True)
    monkeypatch.undo()
    assert raw(first, "SELECT version_num FROM alembic_version") == before == [("0001",)]
    raw(first, "DELETE FROM review_task WHERE id = 0")  # the triggers are not there either
    database.open_engine(first, migrate=True).dispose()
    assert raw(first, "SELECT version_num FROM alembic_version") == [(HEAD,)]


@pytest.mark.parametrize("revision", ["0001", "0002", "0003"])
def test_a_filled_store_of_any_revision_takes_all_that_is_new(url, raw, revision):
    migrated(url, revision)
    fill(url, raw)
    database.open_engine(url, migrate=True).dispose()
    before = everything(url)
    assert check_store(url).faults == [
        f"question {h}: its hash is not that of its parts; it was changed" for h in ("h1", "h2")
    ]
    if url.startswith("postgresql"):  # rows that brought their own ids did not count them
        raw(url, "SELECT setval('review_task_id_seq', 2)")
    new = Question("pets", "i9", "x", "c", "k")
    with ReviewStore(url) as store:
        tasks = [NewTask(new, "exploration", 0.25)]
        assert store.renew_queue(
            "pets", tasks, [Priority("h1", 2, 0.5), Priority(new.hash, 1)], [DecidedOn("h1", 1, 0.25)]
        ) == (1, 0)
        assert [(t.id, t.stratum) for t in store.tasks("pets")] == [(1, "flagged"), (3, "exploration")]
        assert store.priorities("pets")["h1"].position == 2
        assert store.decided_on("pets") == {1: DecidedOn("h1", 1, 0.25)}
    assert everything(url)[1] == before[1]
    with pytest.raises(SQLAlchemyError, match="stratum"):
        raw(
            url,
            "INSERT INTO review_task VALUES (9, 'h1', 'other', 1.0, 1, 'd', '[]', NULL, '2024-05-06 07:08:09')",
        )
    with pytest.raises(SQLAlchemyError, match="append-only"):
        raw(url, "UPDATE review_task SET rank = 5")


def test_going_back_from_reopenings_or_exploration_is_refused(first, raw):
    database.open_engine(first, migrate=True).dispose()
    with ReviewStore(first) as store:
        store.renew_queue("pets", [], [Priority("h1", 1)], [], [Reopening("h1", 1, 0.9, "why")])
    with pytest.raises(StoreError, match="no place for 1 reopenings and 0 tasks"):
        downgraded(first, "0002")
    with ReviewStore(first) as store:
        assert [r.reason for r in store.reopenings("pets")] == ["why"]


def test_going_back_one_revision_and_on_again(url):
    ReviewStore(url).close()
    downgraded(url, "0003")
    downgraded(url, "0002")
    downgraded(url, "0001")
    database.open_engine(url, migrate=True).dispose()
    ReviewStore(url).close()


#: What a store of the release before the review room held beside the first release's rows.
THIRD_ROWS = """
INSERT INTO decided_on VALUES (1, 'h1', 1, 0.25, '2024-05-08 00:00:00');
INSERT INTO reopening VALUES (1, 'h2', 3, 0.75, 'asked again: \u2028', '2024-05-08 00:00:00.000007');
INSERT INTO task_priority VALUES ('h1', 2, 0.5, 'd', '["why"]'), ('h2', NULL, NULL, NULL, '[]');
"""

#: A row in each table of the review room.
ROOM_ROWS = {
    "skipping": "(1, 'h1', 'ann', '2026-01-02 03:04:05')",
    "sent_back": "(1, 's1', 'h1', 1, 'ann', 'dora', 'look', '2026-01-02 03:04:05')",
    "frozen_item": "(1, 'major', 'h1', 'dora', '2026-01-02 03:04:05')",
    "activity": "(1, '2026-01-02 03:04:05', 'ann', 'skip', 'pets', 'h1', NULL, NULL, '{}')",
    "account": "('ann', 'reviewer', NULL, NULL, TRUE, 1, '2026-01-02 03:04:05', '2026-01-02 03:04:05')",
}


@pytest.fixture
def third(url, raw):
    """A store of the revision before the review room, with rows in every table."""
    migrated(url, "0003")
    fill(url, raw)
    fill(url, raw, THIRD_ROWS)
    return url


def test_a_store_from_before_the_review_room_keeps_every_row(third, raw):
    told = "reviewer, decision, labels, comment, seconds, decided_at, stored_at, source"
    columns = f"id, client_id, question_hash, {told}"
    kept = {
        "verdict": columns,
        **dict.fromkeys(("question", "review_task", "withdrawal", "decided_on", "reopening"), "*"),
        "task_priority": "*",
    }
    looked = {t: f"SELECT {c} FROM {t} ORDER BY 1" for t, c in kept.items()}  # noqa: S608
    before = {t: raw(third, query) for t, query in looked.items()}
    assert [len(rows) for rows in before.values()] == [3, 2, 2, 1, 1, 1, 2]
    if third.startswith("postgresql"):
        with pytest.raises(StoreVersionError, match=r"at revision '0003'.*'labelaudit store migrate'"):
            ReviewStore(third)
    database.open_engine(third, migrate=True).dispose()
    assert {t: raw(third, query) for t, query in looked.items()} == before
    assert set(raw(third, "SELECT role, category, severity, shown, suggested FROM verdict")) == {
        ("reviewer", None, None, None, None)
    }
    with ReviewStore(third) as store:
        assert [(v.id, v.withdrawn, v.role) for v in store.verdicts("pets")] == [
            (1, False, "reviewer"),
            (2, True, "reviewer"),
        ]
        assert [r.verdict_id for r in store.reopenings("zoo")] == [3]
        assert [t.verdicts for t in store.tasks("pets")] == [1]
    for table in ("verdict", "activity", "skipping", "sent_back", "frozen_item"):
        if table in ROOM_ROWS:
            fill(third, raw, f"INSERT INTO {table} VALUES {ROOM_ROWS[table]};")  # noqa: S608
        with pytest.raises(SQLAlchemyError, match="append-only"):
            raw(third, f"DELETE FROM {table}")  # noqa: S608


def test_both_kinds_come_to_the_same_from_before_the_review_room(sqlite_url, postgres_url, raw):
    for url in (sqlite_url, postgres_url):
        migrated(url, "0003")
        fill(url, raw)
        fill(url, raw, THIRD_ROWS)
        database.open_engine(url, migrate=True).dispose()
    assert everything(sqlite_url) == everything(postgres_url)
    one, two = check_store(sqlite_url), check_store(postgres_url)
    assert (one.tables, one.faults) == (two.tables, two.faults)


@pytest.mark.parametrize("table", [*ROOM_ROWS, "verdict"])
def test_going_back_from_what_was_done_in_the_review_room_is_refused(third, raw, table):
    database.open_engine(third, migrate=True).dispose()
    if table == "verdict":
        new = NewVerdict("v9", Question("pets", "i9", "x", "c", "k"), "ann", "keep", suggested="d")
        if third.startswith("postgresql"):
            raw(third, "SELECT setval('verdict_id_seq', 3)")
        with ReviewStore(third) as store:
            store.add_verdicts([new])
    else:
        fill(third, raw, f"INSERT INTO {table} VALUES {ROOM_ROWS[table]};")  # noqa: S608
    before = everything(third)
    with pytest.raises(StoreError, match=f"no place for 1 rows of {table}"):
        downgraded(third, "0003")
    assert everything(third) == before


def test_going_back_where_nothing_was_done_in_the_review_room_loses_nothing(third, raw):
    query = "SELECT * FROM verdict ORDER BY id"
    before = raw(third, query)
    database.open_engine(third, migrate=True).dispose()
    fill(third, raw, "INSERT INTO queue_mark VALUES ('pets', '', '', 0, 0, 0, 0, 0, 0, 0);")
    downgraded(third, "0003")
    assert raw(third, query) == before
    with pytest.raises(SQLAlchemyError, match="append-only"):
        raw(third, "DELETE FROM verdict")
    database.open_engine(third, migrate=True).dispose()
    assert [v.id for v in everything(third)[1][0]] == [1, 2]


def test_there_is_no_way_back_from_the_first_tables(first):
    with pytest.raises(StoreError, match="delete every verdict"):
        migrated(first, "base")
    database.open_engine(first, migrate=True).dispose()
    assert [len(d) for d in everything(first)[1]] == [2, 1]


def test_store_of_a_newer_version_is_refused(url, raw):
    ReviewStore(url).close()
    raw(url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreVersionError, match=r"'9999'.*newer"):
        ReviewStore(url)


def test_revision_table_without_a_revision(url, raw):
    raw(url, "CREATE TABLE alembic_version (version_num TEXT)")
    with pytest.raises(StoreError, match="expected one revision"):
        ReviewStore(url)
