from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

import audits.review.database as database
from audits.errors import StoreError
from audits.review.schema import HEAD, metadata
from audits.review.store import ReviewStore

MIGRATIONS = Path(database.__file__).parent / "migrations"


def dump(path: Path) -> dict[str, str]:
    connection = sqlite3.connect(path)
    rows = connection.execute(
        "SELECT type || ' ' || name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name != 'alembic_version'"
    ).fetchall()
    connection.close()
    return {name: " ".join(sql.split()).replace('"', "") for name, sql in rows}


def clauses(sql: str) -> list[str]:
    """The parts of a CREATE statement, in no order: constraints are not in the same one."""
    depth, part, parts = 0, "", []
    body = sql[sql.index("(") + 1 : sql.rindex(")")] if sql.startswith("CREATE TABLE") else sql
    for c in body:
        depth += (c == "(") - (c == ")")
        if c == "," and depth == 0:
            parts.append(part.strip())
            part = ""
        else:
            part += c
    return sorted([*parts, part.strip()])


def test_head_is_the_newest_revision():
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_alembic_finds_nothing_to_change_in_a_migrated_database(url, store):
    engine = create_engine(url)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def test_migrated_tables_checks_and_triggers_are_those_of_the_schema(tmp_path, store):
    engine = create_engine(f"sqlite:///{tmp_path / 'direct.sqlite'}")
    metadata.create_all(engine)
    engine.dispose()
    migrated, direct = dump(tmp_path / "review.sqlite"), dump(tmp_path / "direct.sqlite")
    assert migrated.keys() == direct.keys()
    assert len([name for name in direct if name.startswith("trigger")]) == 6
    for name, sql in direct.items():
        assert clauses(migrated[name]) == clauses(sql)


def test_opening_again_changes_nothing(url, tmp_path):
    ReviewStore(url).close()
    before = dump(tmp_path / "review.sqlite")
    ReviewStore(url).close()
    assert dump(tmp_path / "review.sqlite") == before


def test_there_is_no_way_back_from_the_first_tables(url, store):
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    engine = create_engine(url)
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        with pytest.raises(StoreError, match="delete every verdict"):
            command.downgrade(config, "base")
    engine.dispose()
    assert store.verdicts("pets") == []


def test_a_folder_with_a_percent_sign(tmp_path):
    folder = tmp_path / "100%s done"
    folder.mkdir()
    ReviewStore(f"sqlite:///{folder / 'review.sqlite'}").close()


def test_store_of_a_newer_version_is_refused(url, tmp_path):
    ReviewStore(url).close()
    connection = sqlite3.connect(tmp_path / "review.sqlite")
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    with pytest.raises(StoreError, match=r"'9999'.*newer"):
        ReviewStore(url)


def test_revision_table_without_a_revision(url, tmp_path):
    connection = sqlite3.connect(tmp_path / "review.sqlite")
    connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
    connection.commit()
    connection.close()
    with pytest.raises(StoreError, match="expected one revision"):
        ReviewStore(url)
