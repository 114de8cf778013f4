from __future__ import annotations

import contextlib
import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import insert, select

import audits.review.store_copy as store_copy
from audits.errors import StoreError, StoreVersionError, UsageError
from audits.review.records import (
    ROLES,
    DecidedOn,
    NewTask,
    NewVerdict,
    Priority,
    Question,
    Reopening,
)
from audits.review.schema import (
    account,
    activity,
    api_token,
    frozen_item,
    lease,
    queue_mark,
    sent_back,
    skipping,
    tally,
    task_state,
)
from audits.review.store import ReviewStore
from audits.review.store_copy import check_store, copy_store
from audits.review.store_digest import TableDigest
from tests.postgres import database

ROOM = (
    *(task_state, queue_mark, tally, lease, skipping, sent_back, frozen_item),
    activity,
    account,
    api_token,
)


def ask(item: str, dataset: str = "pets") -> Question:
    return Question(dataset, item, "x", "c", "abc")


def fill(url: str, n: int = 12) -> None:
    """Everything that a store can hold: texts, moments and numbers that the two kinds write differently."""
    with ReviewStore(url) as store:
        reasons = ("a 'b' \u2028", "\U0001f4a9")
        store.queue([NewTask(ask(f"i{k}"), "control", 1 / 3, reasons=reasons) for k in range(n)])
        store.queue([NewTask(ask("gold"), "gold", 1e-300, 2**31 - 1, "d", (), "d")])
        odd = "=1+1 \\ \" ' \t\r\n \u00fc e\u0301"
        at = [datetime.min, datetime.max, datetime(2024, 2, 29, 1, 2, 3, 4)]
        store.add_verdicts(
            NewVerdict(
                f"v{k}",
                ask(f"i{k}"),
                [None, "ann"][k % 2],
                "multiple",
                ("d", odd),
                odd,
                k / 7,
                at[k % 3].replace(tzinfo=UTC),
                "",
                ROLES[k % 4],
                [None, odd][k % 2],
                [odd, None][k % 2],
                [None, "open", "blind"][k % 3],
                [None, odd][k % 2],
            )
            for k in range(n)
        )
        store.withdraw(2, "ann", odd, "w1")
        store.renew_queue(
            "pets",
            [],
            [Priority(ask("i1").hash, 2**31 - 1, 1 / 3, "d", (odd,)), Priority(ask("gold").hash)][: n - 1],
            [DecidedOn(ask("i0").hash, 1, 1e-300)],
            [Reopening(ask("i0").hash, 1, 1 / 3, odd, datetime.max.replace(tzinfo=UTC))],
        )
        fill_room(store, odd)


def fill_room(store: ReviewStore, odd: str) -> None:
    """A row in each table of the review room, and a verdict with all that it may say."""
    hash_, now = ask("i0").hash, datetime(2026, 3, 4, 5, 6, 7, 8, tzinfo=UTC)
    question = {"question_hash": hash_, "reviewer": "ann", "at": now}
    state = {
        "question_hash": hash_,
        "dataset": "pets",
        "state": "open",
        "position": 1 / 3,
        "mixed": 2**31 - 2,
    }
    state |= {"leaf": 1023, "wants": 2, "since": 1, "look": "repeat", "first_by": odd, "given_label": "c"}
    numbers = dict.fromkeys(("last_task", "last_verdict", "last_withdrawal", "last_reopening"), 1)
    numbers |= dict.fromkeys(("open", "disputed", "decided"), 2)
    held = {"question_hash": hash_, "reviewer": "ann", "dataset": "pets", "role": "second", "token": "t"}
    person = {
        "name": "ann",
        "role": "admin",
        "active": True,
        "epoch": 3,
        "created_at": now,
        "changed_at": now,
    }
    rows = {
        task_state: state | {"audits": "|a|", "models": "", "probability": 1 / 7},
        tally: {"dataset": "pets", "reviewer": odd, "verdicts": 3},
        lease: held | {"taken_at": now, "expires_at": now},
        skipping: question,
        sent_back: question | {"client_id": "s", "verdict_id": 1, "sent_by": "dora", "note": odd},
        frozen_item: {"slice": odd, "question_hash": hash_, "frozen_by": "dora", "at": now},
        activity: {"at": now, "who": None, "action": "undo", "detail": {odd: [1, None, 0.1]}},
        account: person | {"datasets": ["pets", odd], "password_hash": None},
        api_token: {"account": "ann", "name": odd, "token_hash": "h", "created_at": now},
    }
    with store.writing() as connection:
        for table, row in rows.items():
            connection.execute(insert(table), row)
        whose = {"dataset": "zoo", "made_of": odd, "token": "t"}
        connection.execute(insert(queue_mark), whose | numbers)


def everything(url: str) -> object:
    with ReviewStore(url) as store:
        return (
            store.tasks("pets"),
            store.verdicts("pets"),
            store.marks(),
            store.priorities("pets"),
            store.decided_on("pets"),
            store.reopenings("pets"),
            room_rows(store),
        )


def room_rows(store: ReviewStore) -> dict[str, list[tuple[object, ...]]]:
    with store.reading() as connection:
        return {t.name: sorted(map(tuple, connection.execute(select(t))), key=repr) for t in ROOM}


@pytest.mark.parametrize("first", ["sqlite", "postgres"])
@pytest.mark.parametrize("second", ["sqlite", "postgres"])
def test_there_and_back_every_row_is_as_it_was(first, second, tmp_path, postgres_server):
    with contextlib.ExitStack() as opened:
        one, two, three = (
            f"sqlite:///{tmp_path / f'{n}.sqlite'}"
            if kind == "sqlite"
            else opened.enter_context(database(postgres_server))
            for n, kind in enumerate((first, second, first))
        )
        fill(one)
        there = copy_store(one, two)
        back = copy_store(two, three)
        assert there == back
        assert {name: t.rows for name, t in there.items()} == {
            "question": 13,
            "review_task": 13,
            "verdict": 12,
            "withdrawal": 1,
            "decided_on": 1,
            "reopening": 1,
            **dict.fromkeys(("skipping", "sent_back", "frozen_item", "activity", "account", "api_token"), 1),
        }
        assert everything(one) == everything(two) == everything(three)
        for copied in (one, two, three):
            found = check_store(copied)
            assert (found.tables, found.faults) == (there, [])
        # life goes on in the copy: ids go on where they were
        for copied in (two, three):
            with ReviewStore(copied) as store:
                assert store.add_verdicts([NewVerdict("new", ask("i0"), "bob", "keep")]) == (1, 0)
                assert store.verdicts("pets")[-1].id == 13
                assert store.queue([NewTask(ask("new"), "flagged", 1.0)]) == 1
                assert store.tasks("pets")[-1].id == 14
                assert store.withdraw(1, "ann", "", "w2")


def test_the_hash_is_of_the_history_and_not_of_the_newest_order(url, tmp_path):
    fill(url)
    before = check_store(url)
    with ReviewStore(url) as store:
        store.renew_queue("pets", [], [Priority(ask("i3").hash, 1, 0.5)])
    after = check_store(url)
    assert (after.tables, after.faults) == (before.tables, [])
    assert "task_priority" not in after.tables
    # the copy has the order all the same
    copied = f"sqlite:///{tmp_path / 'copy.sqlite'}"
    copy_store(url, copied)
    assert everything(copied) == everything(url)
    with ReviewStore(url) as store:
        store.renew_queue("pets", [], [], [DecidedOn(ask("i1").hash, 4, 0.5)])
    changed = {t for t, d in check_store(url).tables.items() if d != before.tables[t]}
    assert changed == {"decided_on"}


def test_an_empty_store_is_copied_too(sqlite_url, postgres_url):
    ReviewStore(sqlite_url).close()
    assert {t.rows for t in copy_store(sqlite_url, postgres_url).values()} == {0}
    with ReviewStore(postgres_url) as store:
        store.add_verdicts([NewVerdict("v1", ask("i0"), "bob", "keep")])
        assert store.verdicts("pets")[0].id == 1


def test_more_rows_than_are_held_at_a_time(tmp_path, sqlite_url, postgres_url):
    with ReviewStore(sqlite_url) as store:
        store.add_verdicts(NewVerdict(f"v{k}", ask(f"i{k}"), None, "keep") for k in range(12_345))
    assert copy_store(sqlite_url, postgres_url)["verdict"].rows == 12_345
    assert everything(sqlite_url) == everything(postgres_url)


def test_a_target_that_holds_anything_is_left_as_it_is(url, tmp_path):
    source = f"sqlite:///{tmp_path / 'source.sqlite'}"
    fill(source, 3)
    with ReviewStore(url) as store:
        store.add_verdicts([NewVerdict("mine", ask("i0"), "bob", "keep")])
    before = everything(url)
    with pytest.raises(
        StoreError, match=r"is not empty: 1 rows in question, 1 rows in verdict; nothing was copied"
    ):
        copy_store(source, url)
    assert everything(url) == before


def test_a_row_that_the_target_does_not_take_is_told_with_where_to_look(sqlite_url, postgres_url, raw):
    fill(sqlite_url, 3)
    raw(sqlite_url, "DROP TRIGGER verdict_no_update")
    raw(sqlite_url, "UPDATE verdict SET comment = 'a' || char(0) || 'b' WHERE id = 2")
    with pytest.raises(
        StoreError, match=r"table 'verdict' does not take rows of .*; nothing was kept; 'labelaudit"
    ):
        copy_store(sqlite_url, postgres_url)
    assert {t.rows for t in check_store(postgres_url).tables.values()} == {0}


def test_a_copy_that_differs_is_not_kept(url, tmp_path, monkeypatch):
    source = f"sqlite:///{tmp_path / 'source.sqlite'}"
    fill(source, 3)
    real, calls = store_copy.digests, []

    def lies(connection, **options):
        calls.append(1)
        found = real(connection, **options)
        return found | {"verdict": TableDigest(3, "0" * 32)} if len(calls) == 3 else found

    monkeypatch.setattr(store_copy, "digests", lies)
    with pytest.raises(StoreError, match=r"tables verdict\); nothing was kept"):
        copy_store(source, url)
    monkeypatch.undo()
    assert {t.rows for t in check_store(url).tables.values()} == {0}
    copy_store(source, url)


def test_onto_itself_and_from_nowhere(url, tmp_path):
    with pytest.raises(UsageError, match="onto itself"):
        copy_store(url, url)
    with pytest.raises(UsageError, match="no review store at"):
        copy_store(f"sqlite:///{tmp_path / 'nowhere.sqlite'}", url)
    assert not Path(tmp_path / "nowhere.sqlite").exists()
    assert check_store(url).revision is None


def test_a_row_that_somebody_changed_is_told(url, raw):
    fill(url, 3)
    if url.startswith("sqlite"):
        for table in ("question", "verdict", "review_task"):
            raw(url, f"DROP TRIGGER {table}_no_update")
    else:
        for table in ("question", "verdict", "review_task"):
            raw(url, f"DROP TRIGGER {table}_append_only ON {table}")
    before = check_store(url)
    guards = len(before.faults)
    assert guards == 3, "the triggers that were dropped"
    raw(url, "UPDATE question SET given_label = 'd' WHERE item_id = 'i0'")
    raw(url, "UPDATE verdict SET labels = '[\"d\"]' WHERE client_id = 'v1'")
    raw(url, "UPDATE review_task SET gold_label = NULL WHERE stratum = 'gold'")
    found = check_store(url)
    assert len(found.faults) == guards + 3
    for told, (table, words) in zip(
        found.faults[guards:],
        [("question", "was changed"), ("review task 4", "gold label"), ("verdict 2", "at least two labels")],
        strict=True,
    ):
        assert told.startswith(table)
        assert words in told
    assert all(found.tables[t] != before.tables[t] for t in ("question", "verdict", "review_task"))
    assert found.tables["withdrawal"] == before.tables["withdrawal"]
    raw(url, "UPDATE question SET given_label = 'q'")
    raw(url, "UPDATE verdict SET decision = 'keep'")
    assert len(check_store(url).faults) <= guards + 21


def test_looking_through_a_store_that_is_not_there_or_older(url, raw):
    assert check_store(url).revision is None
    ReviewStore(url).close()
    raw(url, "UPDATE alembic_version SET version_num = '0001'")
    found = check_store(url)
    assert (found.revision, found.tables) == ("0001", {})
    assert "wants 0004" in found.faults[0]


def test_looking_and_copying_leave_the_source_as_it_is(tmp_path, sqlite_url):
    fill(sqlite_url, 3)
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    before = path.read_bytes()
    check_store(sqlite_url)
    copy_store(sqlite_url, f"sqlite:///{tmp_path / 'other.sqlite'}")
    assert path.read_bytes() == before


def test_an_older_source_is_refused_and_not_migrated(url, tmp_path, raw):
    fill(url, 3)
    raw(url, "UPDATE alembic_version SET version_num = '0001'")
    with pytest.raises(StoreVersionError, match="'labelaudit store migrate'"):
        copy_store(url, f"sqlite:///{tmp_path / 'other.sqlite'}")
    assert raw(url, "SELECT version_num FROM alembic_version") == [("0001",)]
    assert not (tmp_path / "other.sqlite").exists()


def test_a_store_of_a_newer_version_is_not_copied(url, tmp_path, raw):
    ReviewStore(url).close()
    raw(url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreVersionError):
        copy_store(url, f"sqlite:///{tmp_path / 'other.sqlite'}")


def change(path: Path, sql: str) -> None:
    """Change a store as no labelaudit does."""
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in triggers:
            connection.execute(f'DROP TRIGGER "{name}"')
        connection.execute(sql)


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("UPDATE review_task SET reasons = '5' WHERE id = 1", "review task 1: it holds what none writes"),
        (
            "UPDATE verdict SET question_hash = 'x' WHERE id = 2",
            "verdict 2: it is about a question that is not there",
        ),
        ("UPDATE verdict SET labels = 'null' WHERE id = 2", "verdict 2: it holds what none writes"),
        ("UPDATE task_priority SET reasons = '5'", "priority "),
        (
            "UPDATE task_priority SET question_hash = 'x' WHERE position IS NOT NULL",
            "priority x: it is about a question that is not there",
        ),
        (
            "UPDATE decided_on SET question_hash = 'x'",
            "evidence of a decision 1: it is about a question that is not there",
        ),
        ("UPDATE reopening SET question_hash = 'x'", "reopening 1: it is about a question that is not there"),
        ("UPDATE reopening SET reason = 'a' || char(0)", "reopening 1: the reason holds a NUL character"),
    ],
)
def test_a_row_that_none_writes_is_a_fault_of_the_store(tmp_path, sql, says):
    path = tmp_path / "review.sqlite"
    fill(f"sqlite:///{path}")
    change(path, sql)
    assert any(says in fault for fault in check_store(f"sqlite:///{path}").faults)


@pytest.mark.parametrize("sql", ["UPDATE verdict SET labels = '['", "UPDATE verdict SET labels = X'FF'"])
def test_a_store_that_cannot_be_read_through_is_named_and_leaves_nothing_at_the_target(tmp_path, sql):
    path, target = tmp_path / "review.sqlite", tmp_path / "copy.sqlite"
    fill(f"sqlite:///{path}")
    change(path, sql)
    with pytest.raises(StoreError, match="table 'verdict' of the review store holds what none writes"):
        check_store(f"sqlite:///{path}")
    with pytest.raises(StoreError, match="table 'verdict'"):
        copy_store(f"sqlite:///{path}", f"sqlite:///{target}")
    assert not target.exists()
    change(path, "ALTER TABLE verdict RENAME COLUMN labels TO x")
    with pytest.raises(StoreError, match=r"review\.sqlite: no such column"):
        copy_store(f"sqlite:///{path}", f"sqlite:///{target}")
    assert not target.exists()


def test_a_named_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "review.sqlite")
    with pytest.raises(StoreError, match="is no regular file"):
        check_store(f"sqlite:///{tmp_path / 'review.sqlite'}")
