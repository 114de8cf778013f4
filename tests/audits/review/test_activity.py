from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import SQLAlchemyError

from audits.errors import VerdictsError
from audits.review.activity import Act, read, record


def log(store, *acts):
    with store.writing() as connection:
        record(connection, acts)


def test_what_was_done_is_told_the_newest_first(store):
    at = datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC)
    log(store, Act("ann", "decide", "pets", "h", 3, "::1", {"decision": "keep"}, at))
    log(store, Act(None, "sign in", address="10.0.0.7"), Act("bob", "skip", "zoo"))
    assert [(a.who, a.action) for a in read(store)] == [
        ("bob", "skip"),
        (None, "sign in"),
        ("ann", "decide"),
    ]
    (first,) = read(store, dataset="pets")
    assert first == Act("ann", "decide", "pets", "h", 3, "::1", {"decision": "keep"}, at, first.id)
    assert [a.action for a in read(store, who="bob")] == ["skip"]
    page = read(store, limit=2)
    assert [a.action for a in read(store, before=page[-1].id)] == ["decide"]
    assert abs(page[0].at - datetime.now(UTC)) < timedelta(minutes=5)


def test_it_is_only_ever_added_to(store, url, raw):
    log(store, Act("ann", "decide"))
    for change in ("UPDATE activity SET who = 'bob'", "DELETE FROM activity"):
        with pytest.raises(SQLAlchemyError, match="append-only"):
            raw(url, change)
    assert [a.who for a in read(store)] == ["ann"]


def test_texts_that_cannot_be_stored(store):
    with pytest.raises(VerdictsError, match="NUL"):
        log(store, Act("a\0b", "decide"))
    assert read(store) == []


def test_nothing_of_a_transaction_that_fails_is_kept(store):
    def fails():
        with store.writing() as connection:
            record(connection, [Act("ann", "decide")])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    assert read(store) == []
