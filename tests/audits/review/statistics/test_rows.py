from __future__ import annotations

import gc
from datetime import UTC, datetime

import pytest

from audits.errors import StoreError
from audits.review.records import NewVerdict, Priority, Reopening
from audits.review.statistics.rows import QuestionRow, read_rows

ODD = ('<b>"x"</b>', "مرحبا", "🙂" * 3, "a\nb", "x" * 2_000)


@pytest.fixture
def answered(queued, questions):
    """Three verdicts, one of them withdrawn, on two of the four items; one item reopened twice."""
    store = queued
    store.renew_queue("pets", [], [Priority(questions[0].hash, 1, 0.75), Priority(questions[3].hash)])
    store.add_verdicts(
        [
            NewVerdict("v1", questions[0], "ann", "multiple", ("h", "c"), seconds=1.5, shown="blind"),
            NewVerdict("v2", questions[0], None, "keep", role="second", suggested="d"),
            NewVerdict("v3", questions[1], ODD[0], "relabel", ("k1",)),
        ]
    )
    ids = [v.id for v in store.verdicts("pets")]
    store.withdraw(ids[1], None, "slip", "w1")
    again = [Reopening(questions[1].hash, i, 0.9, "odd", datetime.now(UTC)) for i in (ids[0], ids[2])]
    store.renew_queue("pets", [], store.priorities("pets").values(), [], again)
    return store


def test_verdicts_are_those_of_the_store(answered):
    rows = read_rows(answered, "pets")
    stored = answered.verdicts("pets")
    assert len(rows.verdicts) == 3
    for row, v in zip(rows.verdicts, stored, strict=True):
        same = ("id", "reviewer", "decision", "labels", "seconds", "role", "shown", "suggested", "stored_at")
        assert all(getattr(row, name) == getattr(v, name) for name in same)
        assert (row.question_hash, row.item_id) == (v.question.hash, v.question.item_id)
        assert row.given_label == v.question.given_label
        assert (row.withdrawn_at is not None) == v.withdrawn
    assert [v.id for v in rows.standing] == [stored[0].id, stored[2].id]


def test_questions_are_told_with_their_task_and_priority(answered, questions):
    tasks = {t.question.hash: t for t in answered.tasks("pets")}
    found = {q.hash: q for q in read_rows(answered, "pets").questions}
    assert set(found) == set(tasks)
    for hash_, q in found.items():
        t = tasks[hash_]
        assert (q.item_id, q.given_label) == (t.question.item_id, t.question.given_label)
        assert (q.stratum, q.rank, q.gold_label, q.task_id) == (t.stratum, t.rank, t.gold_label, t.id)
    ranked = {hash_: (q.ranked, q.position, q.probability) for hash_, q in found.items()}
    assert ranked[questions[0].hash] == (True, 1, 0.75)
    assert ranked[questions[3].hash] == (True, None, None)
    assert ranked[questions[1].hash] == (False, None, None)
    assert read_rows(answered, "pets").gold == {questions[2].hash: "d"}


def test_the_last_reopening_of_a_question_and_when_tasks_were_queued(answered, questions):
    rows = read_rows(answered, "pets")
    assert rows.reopened == {questions[1].hash: answered.verdicts("pets")[2].id}
    last = max(t.id for t in answered.tasks("pets"))
    assert [task for _, task in rows.queued] == [last]
    assert rows.queued[0][0] == answered.tasks("pets")[0].created_at


def test_a_question_nobody_was_asked_has_no_task(store, questions):
    store.add_verdicts([NewVerdict("v1", questions[0], "ann", "keep")])
    (q,) = read_rows(store, "pets").questions
    assert q == QuestionRow(questions[0].hash, "i0", "c", None, None, None, None, False, None, None)
    assert read_rows(store, "pets").queued == ()


def test_other_datasets_are_left_out(answered):
    rows = read_rows(answered, "others")
    assert (rows.questions, rows.verdicts, rows.reopened, rows.queued) == ((), (), {}, ())


@pytest.mark.parametrize("text", ODD)
def test_odd_texts_come_back_as_they_are(store, questions, text):
    store.add_verdicts([NewVerdict("v1", questions[0], text, "relabel", (text,), suggested=text)])
    (v,) = read_rows(store, "pets").verdicts
    assert (v.reviewer, v.labels, v.suggested) == (text, (text,), text)


def test_garbage_is_collected_again_whether_reading_succeeds_or_not(store):
    assert gc.isenabled()
    read_rows(store, "pets")
    assert gc.isenabled()
    store.close()
    with pytest.raises(StoreError):
        read_rows(store, "pets")
    assert gc.isenabled()
