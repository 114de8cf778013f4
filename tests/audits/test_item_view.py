from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest

from audits.errors import UsageError
from audits.item_view import finding_rows, item_view
from audits.review.consensus import Rule
from audits.review.records import Priority, Reopening
from audits.review.store import ReviewStore
from tests.audits.stages.rich import RichWorkspace

TWO = Rule(2, 2)


def view(small, store, item_id: str, rule: Rule = TWO) -> dict:
    out = item_view(small.tables, store, rule, item_id)
    # what is shown must be JSON without NaN, as the command prints it
    assert json.loads(json.dumps(out, allow_nan=False)) == out
    return out


def test_finding_rows_are_ranked_and_in_words(small, verdict_store):
    small.night(verdict_store)
    rows = finding_rows(small.tables)
    assert [r["rank"] for r in rows] == list(range(1, 13))
    assert sorted(r["item_id"] for r in rows) == sorted(i["item_id"] for i in small.items)
    assert [r["score"] for r in rows] == sorted(r["score"] for r in rows)
    assert {r["item_id"] for r in rows[:2]} == {"i1", "i5"}
    assert [r["flagged"] for r in rows] == [True] * 2 + [False] * 10
    (i1,) = [r for r in rows if r["item_id"] == "i1"]
    assert (i1["given_label"], i1["given_name"]) == ("h", "horse")
    assert (i1["suggested_label"], i1["suggested_name"]) == ("d", "dog")
    # linear gives horse (1 - 0.89) / 2, tree 0.2
    assert i1["reasons"][0] == "3 of 3 models say dog; given label horse has mean probability 0.13"
    assert json.loads(json.dumps(rows, allow_nan=False)) == rows
    clean = [r for r in rows if r["item_id"] == "i0"]
    assert (clean[0]["suggested_label"], clean[0]["suggested_name"], clean[0]["reasons"]) == (None, None, [])


def test_finding_rows_can_be_limited(small, verdict_store):
    small.night(verdict_store)
    rows = finding_rows(small.tables)
    assert finding_rows(small.tables, flagged_only=True) == rows[:2]
    assert finding_rows(small.tables, limit=1) == rows[:1]
    assert finding_rows(small.tables, limit=0) == []
    assert finding_rows(small.tables, limit=99) == rows
    assert finding_rows(small.tables, flagged_only=True, limit=5) == rows[:2]


def test_before_the_first_run(small, verdict_store):
    small.write()
    with pytest.raises(UsageError, match="pets"):
        finding_rows(small.tables)
    with pytest.raises(UsageError, match="pets"):
        item_view(small.tables, verdict_store, TWO, "i1")


def test_an_unknown_item_names_the_nearest(small, verdict_store):
    small.night(verdict_store)
    with pytest.raises(UsageError, match=r"dataset 'pets' has no item 'i111'; the nearest id is 'i11'"):
        item_view(small.tables, verdict_store, TWO, "i111")


def test_all_that_is_known_of_an_item(small, verdict_store):
    small.night(verdict_store)
    at = datetime(2024, 5, 1, 12, tzinfo=UTC)
    small.say(
        verdict_store, "i1", "ann", "relabel", "d", comment="a bark", seconds=4.5, decided_at=at, source="x"
    )
    small.say(verdict_store, "i1", None, "multiple", "d", "h")
    out = view(small, verdict_store, "i1")
    (row,) = [r for r in finding_rows(small.tables) if r["item_id"] == "i1"]
    assert (out["dataset"], out["item_id"], out["content"]) == ("pets", "i1", {"text": "text 1"})
    assert (out["given_label"], out["given_name"]) == ("h", "horse")
    assert out["finding"] == {
        **{k: row[k] for k in ("rank", "score", "flagged", "suggested_label", "suggested_name", "reasons")},
        "probability": None,  # nothing is learned from so few verdicts
        "held_out": None,
    }
    models = {m["model"]: m for m in out["models"]}
    assert models["linear"] == {
        "model": "linear",
        "predicted_label": "d",
        "predicted_name": "dog",
        "p_predicted": pytest.approx(0.89),
        "p_given": pytest.approx(0.055),
        "agrees": False,
    }
    assert (models["tree"]["p_predicted"], models["tree"]["p_given"]) == (
        pytest.approx(0.7),
        pytest.approx(0.2),
    )
    assert (models["prompted"]["predicted_label"], models["prompted"]["p_predicted"]) == ("d", None)
    assert models["prompted"]["p_given"] is None
    assert {(s["signal"], s["model"]) for s in out["signals"]} == {
        ("confident_learning", "linear"),
        ("model_agreement", None),
    }
    assert all(s["suggested_label"] == "d" for s in out["signals"])
    (agreement,) = [s for s in out["signals"] if s["model"] is None]
    assert agreement["flagged"]
    assert agreement["rank"] in (1, 2)
    assert (out["task"]["stratum"], out["task"]["inclusion_probability"], out["task"]["verdicts"]) == (
        "flagged",
        1.0,
        2,
    )
    assert datetime.fromisoformat(out["task"]["queued_at"]).tzinfo is not None
    assert out["task"]["position"] in (1, 2), "as ranked by the newest run"
    assert (out["task"]["probability"], out["task"]["reopened"]) == (None, None)
    first, second = out["verdicts"]
    assert {k: v for k, v in first.items() if k != "id"} == {
        "reviewer": "ann",
        "decision": "relabel",
        "labels": ["d"],
        "label_names": ["dog"],
        "comment": "a bark",
        "seconds": 4.5,
        "decided_at": "2024-05-01T12:00:00+00:00",
        "source": "x",
        "role": "reviewer",
        "category": None,
        "severity": None,
        "withdrawn": False,
        "answers_current_question": True,
    }
    assert (second["reviewer"], second["label_names"]) == (None, ["dog", "horse"])
    assert out["consensus"] == {
        "rule": "2 of 2",
        "outcome": "no_agreement",
        "label": None,
        "label_name": None,
        "labels": [],
        "votes": 2,
        "agreeing": 0,
    }
    versions = out["label_versions"]
    assert {v["version"]: (v["label"], v["labels"], v["state"], v["reason"]) for v in versions} == {
        "original": ("h", ["h"], "given", None),
        "corrected": (None, [], "left_out", "no_agreement"),
        "flagged-removed": (None, [], "left_out", "flagged"),
    }
    assert [v["label_names"] for v in versions] == [["horse"], [], []]


def test_the_rule_in_force_decides(small, verdict_store):
    small.night(verdict_store)
    small.say(verdict_store, "i1", "ann", "relabel", "d")
    out = view(small, verdict_store, "i1", Rule(1, 1))
    assert out["consensus"] == {
        "rule": "1 of 1",
        "outcome": "relabelled",
        "label": "d",
        "label_name": "dog",
        "labels": ["d"],
        "votes": 1,
        "agreeing": 1,
    }
    (corrected,) = [v for v in out["label_versions"] if v["version"] == "corrected"]
    assert (corrected["label"], corrected["label_name"], corrected["state"]) == ("d", "dog", "relabelled")
    assert view(small, verdict_store, "i1")["consensus"]["outcome"] == "pending"


def test_an_item_that_nobody_was_asked_about(small, verdict_store):
    small.night(verdict_store)
    out = view(small, verdict_store, "i0")
    assert (out["task"], out["verdicts"], out["consensus"]) == (None, [], None)
    assert all(m["agrees"] for m in out["models"])
    assert {v["version"]: v["label"] for v in out["label_versions"]} == {
        "original": "c",
        "corrected": "c",
        "flagged-removed": "c",
    }


def test_a_model_that_gave_no_answer(small, verdict_store):
    small.night(verdict_store)
    (prompted,) = [m for m in view(small, verdict_store, "i3")["models"] if m["model"] == "prompted"]
    assert (prompted["predicted_label"], prompted["predicted_name"], prompted["agrees"]) == (
        None,
        None,
        False,
    )


def test_withdrawn_verdicts_and_those_on_an_earlier_question_stay_in_the_history(small, verdict_store):
    small.night(verdict_store)
    before = view(small, verdict_store, "i1")["question"]
    taken_back = small.say(verdict_store, "i1", "ann", "keep")
    verdict_store.withdraw(taken_back, "ann", "", "w")
    small.items[1]["text"] = "another text"
    small.night(verdict_store)
    small.say(verdict_store, "i1", "bob", "relabel", "d")
    out = view(small, verdict_store, "i1")
    assert out["question"] != before
    history = [(v["reviewer"], v["withdrawn"], v["answers_current_question"]) for v in out["verdicts"]]
    assert history == [("ann", True, False), ("bob", False, True)]
    assert out["content"] == {"text": "another text"}
    assert out["task"]["verdicts"] == 1
    assert (out["consensus"]["outcome"], out["consensus"]["votes"]) == ("pending", 1)


def test_repeated_names_carry_their_ids_and_labels_of_gone_classes_are_shown_as_ids(small, verdict_store):
    small.classes = [{"id": "c", "name": "crane"}, {"id": "d", "name": "crane"}, {"id": "h", "name": "horse"}]
    small.night(verdict_store)
    small.say(verdict_store, "i1", "ann", "relabel", "d")
    out = view(small, verdict_store, "i1")
    assert out["finding"]["suggested_name"] == "crane (d)"
    assert out["verdicts"][0]["label_names"] == ["crane (d)"]
    for item in small.items:
        item["label"] = "h" if item["label"] == "h" else "c"
    small.classes = [{"id": "c", "name": "crane"}, {"id": "h", "name": "horse"}]
    small.models = []
    small.night(verdict_store)
    out = view(small, verdict_store, "i1")
    assert (out["verdicts"][0]["labels"], out["verdicts"][0]["label_names"]) == (["d"], ["d"])
    assert not out["verdicts"][0]["answers_current_question"]
    assert (out["models"], out["signals"], out["finding"]["score"]) == ([], [], None)


def test_a_dataset_without_content(small, verdict_store):
    for item in small.items:
        del item["text"]
    small.night(verdict_store)
    assert view(small, verdict_store, "i1")["content"] == {}


def test_further_columns_of_any_type_are_shown_as_json_can_hold_them(small, verdict_store):
    small.further = {
        "day": pa.array([date(2024, 1, 2)] * 12),
        "at": pa.array([datetime(2024, 1, 2, 3, tzinfo=UTC)] * 12, pa.timestamp("us", "UTC")),
        "clock": pa.array([time(3, 4)] * 12),
        "lasts": pa.array([timedelta(seconds=90)] * 12),
        "price": pa.array([Decimal("1.50")] * 12),
        "image": pa.array([b"\x00\xff"] * 12),
        "nan": pa.array([float("nan")] * 12),
        "inf": pa.array([float("inf")] * 12),
        "length": pa.array([0.5] * 12),
        "n": pa.array([7] * 12),
        "yes": pa.array([True] * 12),
        "gone": pa.array([None] * 12, pa.string()),
        "boxes": pa.array([[1.0, float("nan")]] * 12),
        "meta": pa.array([{"day": date(2024, 1, 2), "n": 1}] * 12),
    }
    small.more = {"items": {"path": "items.parquet", "content": ["text"]}}
    small.night(verdict_store)
    assert view(small, verdict_store, "i1")["content"] == {
        "text": "text 1",
        "day": "2024-01-02",
        "at": "2024-01-02T03:00:00+00:00",
        "clock": "03:04:00",
        "lasts": "0:01:30",
        "price": "1.50",
        "image": "00ff",
        "nan": None,
        "inf": None,
        "length": 0.5,
        "n": 7,
        "yes": True,
        "gone": None,
        "boxes": [1.0, None],
        "meta": {"day": "2024-01-02", "n": 1},
    }


def test_the_task_is_what_the_newest_run_makes_of_it(small, verdict_store):
    small.night(verdict_store)
    last = small.say(verdict_store, "i1", "ann", "keep")
    newer = small.say(verdict_store, "i1", "bob", "keep")
    question = view(small, verdict_store, "i1")["question"]
    first, second = datetime(2024, 5, 1, tzinfo=UTC), datetime(2024, 5, 2, tzinfo=UTC)
    for verdict, at in ((last, first), (newer, second)):
        again = Reopening(question, verdict, 0.75, "kept, but the evidence contradicts it", at)
        verdict_store.renew_queue("pets", [], [Priority(question, 4, 0.75)], reopenings=[again])
    task = view(small, verdict_store, "i1")["task"]
    assert (task["position"], task["probability"]) == (4, 0.75)
    assert datetime.fromisoformat(task["reopened"]) == second
    other = view(small, verdict_store, "i5")["task"]
    assert (other["position"], other["probability"], other["reopened"]) == (None, None, None)


def test_duplicates_and_what_signals_say_in_words(tmp_path):
    rich = RichWorkspace(tmp_path / "rich")
    rich.write()
    with ReviewStore(rich.workspace.store_url) as store:
        rich.run(store)
        first, second, third = (view(rich, store, i) for i in ("i1", "i7", "i11"))
    own = [d for d in first["duplicates"] if d["features"] == "vectors" and d["exact"]]
    assert own == [
        {
            "item_id": "i7",
            "features": "vectors",
            "exact": True,
            "distance": 0.0,
            "label": "d",
            "label_name": "dog",
            "conflict": True,
            "split": "train",
        }
    ]
    other = [d for d in second["duplicates"] if d["features"] == "vectors" and d["exact"]]
    assert [(d["item_id"], d["label"], d["split"]) for d in other] == [("i1", "h", "train")]
    across = [
        (d["item_id"], d["split"]) for d in third["duplicates"] if d["features"] == "photos" and d["exact"]
    ]
    assert across == [("i5", "train")]
    for shown in (first, second, third):
        conflicts = [d["conflict"] for d in shown["duplicates"]]
        assert conflicts == sorted(conflicts, reverse=True), "those in conflict first"
    said = {s["signal"]: s["reason"] for s in first["signals"]}
    assert "i7" in said["duplicate_conflicts"]
    assert "dog" in said["annotator_consensus"]
    assert said["model_agreement"] is None, "its numbers say it"


def test_an_item_of_a_dataset_without_features_has_no_duplicates(small, verdict_store):
    small.night(verdict_store)
    out = view(small, verdict_store, "i1")
    assert out["duplicates"] == []
    assert {s["reason"] for s in out["signals"]} == {None}
