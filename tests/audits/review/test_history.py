from __future__ import annotations

import csv
import json
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audits.errors import UsageError, VerdictsError
from audits.review.history import COLUMNS, export_history, history
from audits.review.questions import questions_of
from audits.review.records import DECISIONS, ROLES, SHOWN, NewTask, NewVerdict
from audits.review.store import ReviewStore
from audits.review.verdict_import import import_verdicts

AT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


@pytest.fixture
def filled(queued, questions):
    """Verdicts of all kinds, one of them withdrawn, one by nobody in particular."""
    queued.add_verdicts(
        [
            NewVerdict("=1", questions[0], "ann", "keep", (), "=HYPERLINK(1)\r\nb", 1.25, AT, "web"),
            NewVerdict("b", questions[0], "ann", "relabel", ("d",), "", None, AT, "web", category="odd"),
            NewVerdict("c", questions[1], "@bob", "multiple", ("h", "k1"), "", 0.1, AT, "x", "second"),
            NewVerdict("d", questions[2], None, "unsure", (), "", None, AT, ""),
            NewVerdict(
                "e", questions[0], "cem", "none", (), "'=x", 3.0, AT, "web", "adjudicator", None, "major"
            ),
            NewVerdict(
                "f", questions[0], "bob", "keep", (), "", 2.0, AT, "w", "repeat", None, None, "blind", "d"
            ),
        ]
    )
    (first, *_) = queued.verdicts("pets")
    queued.withdraw(first.id, "cem", "misread\n=1", "w1")
    return queued


def bare(verdict):
    """What a verdict says, without where and when it was stored."""
    return {k: v for k, v in vars(verdict).items() if k not in ("id", "stored_at")}


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_a_history_taken_elsewhere_is_the_same_and_twice_is_once(filled, items, classes, tmp_path, suffix):
    path = tmp_path / f"all.{suffix}"
    assert export_history(filled, "pets", path) == 6
    with ReviewStore(f"sqlite:///{tmp_path / 'other.sqlite'}") as other:
        done = import_verdicts(other, "pets", classes, path, "somebody", items)
        assert (done.stored, done.already, done.unanswered, done.withdrawn) == (6, 0, 0, 1)
        assert [bare(v) for v in other.verdicts("pets")] == [bare(v) for v in filled.verdicts("pets")]
        again = import_verdicts(other, "pets", classes, path, None, items)
        assert (again.stored, again.already, again.withdrawn) == (0, 6, 0)
        assert len(other.verdicts("pets")) == 6
        kept = [r for r in history(other, "pets") if r["withdrawn"]]
        assert [(r["withdrawn_by"], r["withdrawn_because"]) for r in kept] == [("cem", "misread\n=1")]
    home = import_verdicts(filled, "pets", classes, path, None, items)
    assert (home.stored, home.already, home.withdrawn) == (0, 6, 0)


def test_columns_and_one_row(filled, tmp_path):
    path = tmp_path / "all.csv"
    export_history(filled, "pets", path)
    with path.open(newline="", encoding="utf-8") as f:
        rows = list(csv.DictReader(f))
    assert tuple(rows[0]) == COLUMNS
    assert [r["withdrawn"] for r in rows] == ["true", *["false"] * 5]
    first = rows[0]
    assert (first["client_id"], first["comment"]) == ("'=1", "'=HYPERLINK(1)\r\nb")
    assert (rows[2]["reviewer"], rows[2]["labels"], rows[2]["role"]) == ("'@bob", "h|k1", "second")
    assert rows[4]["comment"] == "''=x"
    assert [r["withdrawn_by"] for r in rows] == ["cem", *[""] * 5]
    assert first["withdrawn_at"]
    assert first["decided_at"] == "2026-01-02T03:04:05.678901+00:00"
    assert (rows[5]["shown"], rows[5]["suggested"]) == ("blind", "d")


def test_one_reviewers_own(filled, tmp_path):
    path = tmp_path / "ann.jsonl"
    assert export_history(filled, "pets", path, reviewer="ann") == 2
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(r["reviewer"], r["decision"], r["withdrawn"]) for r in rows] == [
        ("ann", "keep", True),
        ("ann", "relabel", False),
    ]


def test_a_question_that_is_no_longer_posed_comes_along(filled, build_items, classes, tmp_path):
    path = tmp_path / "all.csv"
    export_history(filled, "pets", path)
    changed = build_items(4, labels=[1, 2, 0, 1], content="new")
    with ReviewStore(f"sqlite:///{tmp_path / 'other.sqlite'}") as other:
        assert import_verdicts(other, "pets", classes, path, None, changed).stored == 6
        assert {v.question for v in other.verdicts("pets")} == {v.question for v in filled.verdicts("pets")}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"question_content": "other"}, "line 1: question '.*' is not the one that its parts make"),
        ({"client_id": ""}, "line 1: no 'client_id'; a verdict that was stored has one"),
        ({"withdrawn": "perhaps"}, "line 1: 'withdrawn' must be true or false, got 'perhaps'"),
        ({"labels": ["wolf"], "decision": "relabel"}, "line 1: 'wolf' is the id of no class"),
        ({"labels": [1]}, "line 1: 'labels' must be a list of class ids"),
        ({"labels": "[", "decision": "relabel"}, "line 1: 'labels' is no JSON list"),
        ({"role": "boss"}, "line 1: the role must be one of"),
        ({"shown": "all"}, "line 1: what was shown must be one of"),
        ({"stored_at": None}, "line 1: 'withdrawn' without 'stored_at'"),
    ],
)
def test_a_spoilt_history_is_refused_whole(filled, items, classes, tmp_path, change, message):
    path = tmp_path / "all.jsonl"
    export_history(filled, "pets", path)
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    rows[0] |= change
    path.write_text("".join(json.dumps(r) + "\n" for r in rows))
    with (
        ReviewStore(f"sqlite:///{tmp_path / 'other.sqlite'}") as other,
        pytest.raises(VerdictsError, match=message),
    ):
        import_verdicts(other, "pets", classes, path, None, items)
    with ReviewStore(f"sqlite:///{tmp_path / 'other.sqlite'}") as other:
        assert other.verdicts("pets") == []


def test_a_history_of_another_dataset_is_refused(filled, items, classes, tmp_path):
    path = tmp_path / "all.csv"
    export_history(filled, "pets", path)
    with pytest.raises(VerdictsError, match="belongs to dataset 'pets', not 'zoo'"):
        import_verdicts(filled, "zoo", classes, path, None, items)


def test_another_suffix(filled, tmp_path):
    with pytest.raises(UsageError, match=r"\.csv or \.jsonl"):
        export_history(filled, "pets", tmp_path / "all.json")


TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=20)
NAME = TEXT.filter(str.strip)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), suffix=st.sampled_from(["csv", "jsonl"]))
def test_whatever_was_stored_comes_back(data, suffix, tmp_path, build_items, classes):
    items = build_items(3)
    asked = questions_of(items, "pets", classes)
    new = []
    for i in range(data.draw(st.integers(1, 4))):
        question = data.draw(st.sampled_from(asked))
        decision = data.draw(st.sampled_from(DECISIONS))
        others = [c for c in classes.ids if c != question.given_label]
        labels = {"relabel": others[:1], "multiple": others[:2]}.get(decision, [])
        new.append(
            NewVerdict(
                data.draw(NAME) + str(i),
                question,
                data.draw(st.none() | NAME),
                decision,
                tuple(labels),
                data.draw(TEXT),
                data.draw(st.none() | st.floats(0, 1e9)),
                data.draw(st.datetimes(timezones=st.just(UTC))),
                data.draw(TEXT),
                data.draw(st.sampled_from(ROLES)),
                data.draw(st.none() | NAME),
                data.draw(st.none() | NAME),
                data.draw(st.none() | st.sampled_from(SHOWN)),
                data.draw(st.none() | NAME),
            )
        )
    path = tmp_path / f"all.{suffix}"
    for name in ("one.sqlite", "two.sqlite"):
        (tmp_path / name).unlink(missing_ok=True)
    with (
        ReviewStore(f"sqlite:///{tmp_path / 'one.sqlite'}") as one,
        ReviewStore(f"sqlite:///{tmp_path / 'two.sqlite'}") as two,
    ):
        one.queue([NewTask(q, "control", 0.5) for q in asked])
        one.add_verdicts(new)
        export_history(one, "pets", path)
        assert import_verdicts(two, "pets", classes, path, None, items).stored == len(new)
        assert [bare(v) for v in two.verdicts("pets")] == [bare(v) for v in one.verdicts("pets")]
