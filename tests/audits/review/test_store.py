from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from audits.errors import InputError, StoreError, UsageError
from audits.review.consensus import counting
from audits.review.records import Mark, NewTask, NewVerdict, Question
from audits.review.store import ReviewStore

ROOT = Path(__file__).parents[3]


def ask(item: str = "i0", dataset: str = "pets", given_label: str = "c") -> Question:
    return Question(dataset, item, "x", given_label, "abc")


def keep(client_id: str, item: str = "i0", reviewer: str | None = "ann", **more) -> NewVerdict:
    return NewVerdict(client_id, ask(item), reviewer, "keep", **more)


def test_a_verdict_comes_back_as_it_went_in(store):
    at = datetime(2024, 5, 6, 7, 8, 9, 123456, tzinfo=timezone(timedelta(hours=2)))
    hostile = "=1+1; 'DROP TABLE verdict' \u2028 \N{PILE OF POO}\r\n"
    new = NewVerdict("v1", ask(), "ann", "multiple", ("d", "c"), hostile, 1.5, at, "web")
    assert store.add_verdicts([new]) == (1, 0)
    (v,) = store.verdicts("pets")
    assert (v.client_id, v.question, v.reviewer, v.decision) == ("v1", ask(), "ann", "multiple")
    assert (v.labels, v.comment, v.seconds, v.source, v.withdrawn) == (("d", "c"), hostile, 1.5, "web", False)
    assert v.decided_at == at
    assert v.decided_at.utcoffset() == v.stored_at.utcoffset() == timedelta(0)
    assert abs(v.stored_at - datetime.now(UTC)) < timedelta(minutes=5)


def test_a_task_comes_back_as_it_went_in(store):
    new = NewTask(ask(), "gold", 0.25, 3, "d", ("one", "two"), "d")
    assert store.queue([new]) == 1
    (t,) = store.tasks("pets")
    assert (t.question, t.stratum, t.inclusion_probability, t.rank) == (ask(), "gold", 0.25, 3)
    assert (t.suggested_label, t.reasons, t.gold_label, t.verdicts) == ("d", ("one", "two"), "d", 0)
    assert t.created_at.utcoffset() == timedelta(0)


def test_a_time_that_is_not_given_is_now(store):
    store.add_verdicts([keep("v1")])
    (v,) = store.verdicts("pets")
    assert v.decided_at == v.stored_at


def test_queueing_again_changes_nothing(store):
    first = [NewTask(ask(f"i{k}"), "flagged", 1.0, k) for k in range(3)]
    assert store.queue(first) == 3
    before = store.tasks("pets")
    again = [replace(t, stratum="control", inclusion_probability=0.5, rank=None) for t in first]
    assert store.queue([*again, NewTask(ask("i9"), "flagged", 1.0), NewTask(ask("i9"), "flagged", 0.5)]) == 1
    assert store.tasks("pets")[:3] == before
    assert store.tasks("pets")[3].inclusion_probability == 1.0
    assert store.queue([]) == 0


def test_a_changed_question_is_queued_again(store):
    store.queue([NewTask(ask(), "flagged", 1.0)])
    assert store.queue([NewTask(ask(given_label="d"), "flagged", 1.0)]) == 1
    assert [t.question.given_label for t in store.tasks("pets")] == ["c", "d"]


def test_sending_again_stores_nothing(store):
    two = [keep("v1"), keep("v2", "i1")]
    assert store.add_verdicts(two) == (2, 0)
    assert store.add_verdicts([*two, keep("v3", "i2")]) == (1, 2)
    # twice in one request, and later from a file of another name
    assert store.add_verdicts([keep("v4"), keep("v4", source="other")]) == (1, 1)
    (v1, *_) = store.verdicts("pets")
    assert store.add_verdicts([keep("v1", decided_at=v1.decided_at)]) == (0, 1)
    assert [v.client_id for v in store.verdicts("pets")] == ["v1", "v2", "v3", "v4"]
    assert store.add_verdicts([]) == (0, 0)


def test_the_labels_of_multiple_are_a_set(store):
    one = NewVerdict("v1", ask(), "ann", "multiple", ("c", "d"))
    assert store.add_verdicts([one]) == (1, 0)
    assert store.add_verdicts([replace(one, labels=("d", "c"))]) == (0, 1)


@pytest.mark.parametrize(
    "change",
    [
        {"decision": "none"},
        {"reviewer": "bob"},
        {"reviewer": None},
        {"comment": "no"},
        {"seconds": 2.0},
        {"question": ask("i1")},
        {"decided_at": datetime(2000, 1, 1, tzinfo=UTC)},
    ],
)
def test_one_client_id_for_two_verdicts_is_refused_and_nothing_stored(store, change):
    store.add_verdicts([keep("v1")])
    with pytest.raises(InputError, match=r"'v1' on item 'i.': the client id is stored with another"):
        store.add_verdicts([keep("v2", "i7"), replace(keep("v1"), **change)])
    assert len(store.verdicts("pets")) == 1
    base = keep("v3", decided_at=datetime(2001, 1, 1, tzinfo=UTC))
    with pytest.raises(InputError, match="given twice"):
        store.add_verdicts([base, replace(base, **change)])
    assert len(store.verdicts("pets")) == 1


BAD = [
    ({"decision": "relabel"}, "exactly one label, got 0"),
    ({"decision": "relabel", "labels": ("d", "h")}, "exactly one label, got 2"),
    ({"decision": "relabel", "labels": ("c",)}, "is the given label"),
    ({"decision": "multiple", "labels": ("d",)}, "at least two labels, got 1"),
    ({"decision": "multiple", "labels": ("d", "d")}, "repeats a label"),
    *(({"decision": d, "labels": ("d",)}, "takes no labels") for d in ("keep", "none", "unsure", "unusable")),
    ({"decision": "maybe"}, "the decision must be one of keep, "),
    ({"seconds": -0.1}, "finite number of at least 0, got -0.1"),
    ({"seconds": float("nan")}, "got nan"),
    ({"seconds": float("inf")}, "got inf"),
    ({"decided_at": datetime(2024, 1, 1)}, "no time zone"),
    ({"decided_at": datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))}, "out of range"),
    ({"client_id": ""}, "client id is empty"),
    ({"reviewer": " "}, "reviewer is empty"),
    ({"comment": "\ud800"}, "half a character"),
    ({"comment": "a\0b"}, "NUL"),
    ({"question": ask("a\0b")}, "item_id holds a NUL"),
]


@pytest.mark.parametrize(("change", "message"), BAD)
def test_what_does_not_fit_together_is_refused(store, change, message):
    with pytest.raises(InputError, match=message):
        store.add_verdicts([keep("fine", "i1"), replace(keep("bad"), **change)])
    assert store.verdicts("pets") == []


def test_all_problems_are_named_up_to_a_number(store):
    with pytest.raises(InputError) as caught:
        store.add_verdicts([keep(f"v{k}", seconds=-1) for k in range(60)])
    assert "'v49'" in str(caught.value)
    assert "'v50'" not in str(caught.value)
    assert "and 10 more" in str(caught.value)


@pytest.mark.parametrize(
    ("task", "message"),
    [
        (NewTask(ask(), "flagged", 0.0), r"in \(0, 1\], got 0.0"),
        (NewTask(ask(), "flagged", float("nan")), "got nan"),
        (NewTask(ask(), "other", 1.0), "stratum must be one of"),
        (NewTask(ask(), "gold", 1.0), "gold label exactly when"),
        (NewTask(ask(), "control", 1.0, gold_label="d"), "gold label exactly when"),
    ],
)
def test_bad_tasks_are_refused(store, task, message):
    with pytest.raises(InputError, match=message):
        store.queue([NewTask(ask("fine"), "flagged", 1.0), task])
    assert store.tasks("pets") == []


def test_withdrawing(store):
    store.add_verdicts([keep("v1"), keep("v2", "i1")])
    one, two = store.verdicts("pets")
    assert store.withdraw(one.id, "ann", "slip", "w1")
    assert not store.withdraw(one.id, "ann", "slip", "w1")
    assert [v.withdrawn for v in store.verdicts("pets")] == [True, False]
    with pytest.raises(UsageError, match="withdrawn already"):
        store.withdraw(one.id, "bob", "again", "w2")
    with pytest.raises(InputError, match="'w1' is stored with another"):
        store.withdraw(two.id, "ann", "slip", "w1")
    with pytest.raises(UsageError, match="no verdict 999"):
        store.withdraw(999, "ann", "", "w3")
    with pytest.raises(InputError, match="client id is empty"):
        store.withdraw(two.id, "ann", "", "")


def test_text_that_no_database_takes_is_refused(store):
    store.add_verdicts([keep("v1")])
    with pytest.raises(InputError, match="half a character"):
        store.withdraw(1, "ann", "\ud800", "w1")


@settings(deadline=None)  # a machine may be busy
@given(rows=st.lists(st.tuples(st.sampled_from([None, "a", "b"]), st.booleans()), max_size=6))
def test_votes_of_a_task_are_the_verdicts_that_count(tmp_path_factory, rows):
    with ReviewStore(f"sqlite:///{tmp_path_factory.mktemp('votes') / 'r.sqlite'}") as store:
        store.queue([NewTask(ask(), "flagged", 1.0), NewTask(ask("i1"), "flagged", 1.0)])
        store.add_verdicts([keep(f"v{k}", reviewer=r) for k, (r, _) in enumerate(rows)])
        for v, (_, taken_back) in zip(store.verdicts("pets"), rows, strict=True):
            if taken_back:
                store.withdraw(v.id, None, "", f"w{v.id}")
        assert [t.verdicts for t in store.tasks("pets")] == [len(counting(store.verdicts("pets"))), 0]


def test_datasets_and_questions_are_kept_apart(store):
    changed = ask(given_label="d")
    store.add_verdicts(
        [
            keep("v1"),
            keep("v2", "i1"),
            NewVerdict("v3", ask(dataset="zoo"), None, "none"),
            NewVerdict("v4", changed, None, "none"),
        ]
    )
    assert [v.client_id for v in store.verdicts("pets")] == ["v1", "v2", "v4"]
    assert [v.client_id for v in store.verdicts("pets", [changed.hash, ask("i1").hash])] == ["v2", "v4"]
    assert store.verdicts("pets", [ask(dataset="zoo").hash]) == []
    assert store.verdicts("pets", []) == []
    assert [v.client_id for v in store.item_history("pets", "i0")] == ["v1", "v4"]
    assert store.questions([ask().hash, "unknown", ask(dataset="zoo").hash]) == {
        ask().hash: ask(),
        ask(dataset="zoo").hash: ask(dataset="zoo"),
    }
    assert store.verdicts_by_client_id(["v3", "v9"])["v3"].question.dataset == "zoo"
    store.queue([NewTask(ask(), "flagged", 1.0), NewTask(changed, "flagged", 1.0)])
    assert [t.question for t in store.tasks("pets", [changed.hash])] == [changed]


def test_more_rows_than_one_query_takes(store):
    n = 40_000
    questions = [ask(f"i{k}") for k in range(n)]
    assert store.queue([NewTask(q, "flagged", 1.0, k) for k, q in enumerate(questions)]) == n
    assert store.add_verdicts(NewVerdict(f"v{k}", q, None, "keep") for k, q in enumerate(questions)) == (n, 0)
    hashes = [q.hash for q in questions]
    assert [v.client_id for v in store.verdicts("pets", reversed(hashes))] == [f"v{k}" for k in range(n)]
    assert [t.rank for t in store.tasks("pets", hashes)] == list(range(n))
    assert len(store.questions(hashes)) == n


@pytest.mark.parametrize("table", ["verdict", "withdrawal", "question", "review_task"])
@pytest.mark.parametrize("change", ["UPDATE {} SET {} = 'x'", "DELETE FROM {}"])
def test_what_was_asked_and_said_cannot_be_changed(store, url, raw, table, change):
    store.queue([NewTask(ask(), "flagged", 1.0)])
    store.add_verdicts([keep("v1")])
    store.withdraw(store.verdicts("pets")[0].id, "ann", "", "w1")
    column = {"question": "item_id", "review_task": "suggested_label"}.get(table, "reviewer")
    with pytest.raises(SQLAlchemyError, match="is append-only"):
        raw(url, change.format(table, column))
    assert len(store.tasks("pets")) == 1
    assert [v.reviewer for v in store.verdicts("pets")] == ["ann"]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"decision": "maybe"}, "ck_verdict_decision"),
        ({"seconds": -1}, "ck_verdict_seconds"),
        ({"role": "boss"}, "ck_verdict_role"),
        ({"shown": "half"}, "ck_verdict_shown"),
        ({"question": "nowhere"}, "FOREIGN KEY|fk_verdict_question_hash_question"),
        ({"client": "v1"}, "UNIQUE|uq_verdict_client_id"),
    ],
)
def test_the_database_checks_too(store, url, raw, changed, message):
    store.add_verdicts([keep("v1")])
    insert = (
        "INSERT INTO verdict VALUES (2, :client, :question, NULL, :decision, '[]', '', :seconds, '2024-01-01', "
        "'2024-01-01', '', :role, NULL, NULL, :shown, NULL)"
    )
    values = {"client": "v2", "question": ask().hash, "decision": "keep", "seconds": 0, "role": "second"}
    values |= {"shown": "blind"} | changed
    with pytest.raises(IntegrityError, match=message):
        raw(url, insert, **values)


def test_a_database_of_something_else(url, raw):
    raw(url, "CREATE TABLE recipe (name TEXT)")
    with pytest.raises(StoreError, match=r"not a review store \(tables: recipe\)"):
        ReviewStore(url)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("nonsense", "not a database URL"),
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
        ("mysql://ann:secret@host/db", "mysql databases are not supported; expected sqlite:"),
        ("postgresql://ann:secret@host:port/db", "not a database URL"),
        ("postgresql://ann:secret@host", "names no database"),
        ("sqlite:////no/such/folder/review.sqlite", "does not exist"),
    ],
)
def test_urls_that_are_refused(url, message):
    with pytest.raises(StoreError, match=message) as caught:
        ReviewStore(url)
    assert "secret" not in str(caught.value)


def test_a_closed_store_says_so(url):
    store = ReviewStore(url)
    store.close()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.verdicts("pets")


def test_importing_the_store_is_cheap():
    heavy = ("pandas", "cleanlab", "great_expectations", "sklearn", "alembic", "pyarrow")
    code = f"import sys, audits.review.store; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_marks_tell_how_far_each_dataset_has_come(store):
    assert store.marks() == {}
    assert store.marks("pets") == {}
    store.queue([NewTask(ask(f"i{k}"), "flagged", 1.0) for k in range(3)])
    assert store.marks() == {"pets": Mark(tasks=3)}
    store.add_verdicts([keep("v1"), keep("v2", "i1"), NewVerdict("v3", ask(dataset="zoo"), None, "keep")])
    verdicts = {v.client_id: v for name in ("pets", "zoo") for v in store.verdicts(name)}
    pets = Mark(3, 2, verdicts["v2"].id, 0, verdicts["v2"].stored_at)
    zoo = Mark(0, 1, verdicts["v3"].id, 0, verdicts["v3"].stored_at)
    assert store.marks() == {"pets": pets, "zoo": zoo}
    assert store.marks("zoo") == {"zoo": zoo}
    assert pets.last_at.utcoffset() == timedelta(0)
    store.withdraw(verdicts["v1"].id, "ann", "", "w1")
    after = store.marks()
    assert after["zoo"] == zoo
    assert replace(after["pets"], last_at=None) == replace(pets, withdrawals=1, last_at=None)
    assert after["pets"].last_at >= pets.last_at


@settings(deadline=None, max_examples=40)
@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("queue"), st.sampled_from(["pets", "zoo"]), st.integers(0, 2)),
            st.tuples(st.just("verdict"), st.sampled_from(["pets", "zoo"]), st.integers(0, 2)),
            st.tuples(st.just("withdraw"), st.just(""), st.integers(0, 4)),
        ),
        max_size=8,
    )
)
def test_a_mark_moves_exactly_when_something_was_added(tmp_path_factory, steps):
    with ReviewStore(f"sqlite:///{tmp_path_factory.mktemp('marks') / 'r.sqlite'}") as store:
        for n, (what, dataset, k) in enumerate(steps):
            before = {name: store.marks().get(name, Mark()) for name in ("pets", "zoo")}
            touched = dataset
            if what == "queue":
                added = store.queue([NewTask(ask(f"i{k}", dataset), "flagged", 1.0)])
            elif what == "verdict":
                added = store.add_verdicts([NewVerdict(f"v{n}", ask(f"i{k}", dataset), None, "keep")])[0]
            else:
                given_ = [v for name in before for v in store.verdicts(name) if not v.withdrawn]
                added = len(given_) > k
                if added:
                    touched = given_[k].question.dataset
                    store.withdraw(given_[k].id, None, "", f"w{n}")
            for name, mark in before.items():
                after = store.marks(name).get(name, Mark())
                assert (after.inputs() != mark.inputs()) == bool(added and name == touched)
                assert store.marks().get(name, Mark()) == after
