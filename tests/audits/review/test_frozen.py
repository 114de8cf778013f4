from __future__ import annotations

import pytest
from sqlalchemy.exc import SQLAlchemyError

from audits.errors import UsageError, VerdictsError
from audits.review.activity import read
from audits.review.frozen import freeze, frozen


def test_a_slice_grows_and_keeps_what_it_has(queued, questions):
    hashes = [q.hash for q in questions]
    assert frozen(queued, "pets") == {}
    assert freeze(queued, "pets", "major", [hashes[2], hashes[0], hashes[2]], "dora") == 2
    assert freeze(queued, "pets", "major", hashes[:3], "dora", address="::1") == 1
    assert freeze(queued, "pets", "major", hashes[:3], "dora") == 0
    assert freeze(queued, "pets", "other <b>", hashes[3:], "dora") == 1
    assert frozen(queued, "pets") == {
        "major": [hashes[2], hashes[0], hashes[1]],
        "other <b>": [hashes[3]],
    }
    assert frozen(queued, "zoo") == {}
    assert [(a.who, a.action, a.detail["questions"]) for a in read(queued)] == [
        ("dora", "freeze", 1),
        ("dora", "freeze", 1),
        ("dora", "freeze", 2),
    ]


def test_what_is_refused(queued, questions):
    with pytest.raises(UsageError, match=r"never asked 1 of 2 questions \(nothing\)"):
        freeze(queued, "pets", "major", [questions[0].hash, "nothing"], "dora")
    with pytest.raises(UsageError, match="never asked 1 of 1"):
        freeze(queued, "zoo", "major", [questions[0].hash], "dora")
    with pytest.raises(UsageError, match="needs a name"):
        freeze(queued, "pets", " ", [questions[0].hash], "dora")
    with pytest.raises(VerdictsError, match="NUL"):
        freeze(queued, "pets", "a\0", [questions[0].hash], "dora")
    assert frozen(queued, "pets") == {}


def test_nobody_thaws(queued, questions, url, raw):
    freeze(queued, "pets", "major", [questions[0].hash], "dora")
    with pytest.raises(SQLAlchemyError, match="append-only"):
        raw(url, "DELETE FROM frozen_item")
