from __future__ import annotations

import csv
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audits.errors import InputError, UsageError
from audits.formulas import guarded
from audits.review.consensus import Rule
from audits.review.exchange import export_queue
from audits.review.open_queue import open_tasks
from audits.review.questions import questions_of
from audits.review.records import NewTask, NewVerdict, Priority, Reopening
from audits.review.store import ReviewStore
from audits.review.verdict_import import import_verdicts

COLUMNS = [
    *("item_id", "question", "given_label", "given_name", "suggested_label", "suggested_name", "reasons"),
    "reopened",
    *("decision", "labels", "reviewer", "comment", "seconds"),
]

ITEM_COLUMNS = ["item_id", "label", "given_label", "content_hash"]
ONE = Rule(1, 1)

CONTENT = pa.table(
    {
        "text": ["=HYPERLINK(1)", 'a\r\nb, "c"', "\tx", "\N{PILE OF POO}\u2028"],
        "item_id": ["i3", "i2", "i1", "i0"],
        "size": pa.array([-1.5, float("nan"), None, 2.0]),
        "tags": [["a", "b"], [], None, ["=c"]],
        "image": [b"123", None, b"", b"1"],
        "day": [date(2024, 1, 2), None, None, None],
        "price": [Decimal("1.50"), None, None, None],
        "box": [{"at": datetime(2024, 1, 2, tzinfo=UTC)}, None, None, None],
    }
)


def rows_of(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:-1]]
    with path.open(encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f))


def fill_in(path: Path, **answers: dict[str, Any]) -> None:
    """Answer items of an exported CSV file, by item id."""
    rows = rows_of(path)
    with path.open("w", encoding="utf-8", newline="") as f:
        out = csv.DictWriter(f, rows[0].keys())
        out.writeheader()
        out.writerows({**row, **answers.get(row["item_id"], {})} for row in rows)


def test_csv_columns_and_order(export):
    rows = rows_of(export())
    assert list(rows[0]) == COLUMNS
    ranked = [r["item_id"] for r in rows if r["item_id"] in ("i0", "i1")]
    assert ranked == ["i0", "i1"]
    first = next(r for r in rows if r["item_id"] == "i0")
    assert (first["given_label"], first["given_name"]) == ("c", "cat")
    assert (first["suggested_label"], first["suggested_name"]) == ("k1", "crane (k1)")
    assert first["reasons"] == "12 of 13 models say crane | low margin"
    assert {r[c] for r in rows for c in COLUMNS[-5:]} == {""}


def test_jsonl_has_lists_and_the_same_rows(export):
    rows, as_csv = rows_of(export("queue.jsonl")), rows_of(export())
    assert list(rows[0]) == COLUMNS
    assert [r["item_id"] for r in rows] == [r["item_id"] for r in as_csv]
    first = next(r for r in rows if r["item_id"] == "i0")
    assert first["reasons"] == ["12 of 13 models say crane", "low margin"]
    assert (first["labels"], first["decision"], first["suggested_label"]) == ([], None, "k1")


def test_gold_and_control_cannot_be_told_from_the_file(export):
    for name in ("queue.csv", "queue.jsonl"):
        text = export(name).read_text(encoding="utf-8")
        assert "gold" not in text
        assert "control" not in text
        assert "0.1" not in text


def test_a_blind_export_has_the_same_items_without_evidence_or_rank(export):
    seeing, blind = rows_of(export()), rows_of(export("blind.csv", blind=True))
    assert {r["item_id"] for r in blind} == {r["item_id"] for r in seeing}
    assert [r["question"] for r in blind] == sorted(r["question"] for r in seeing)
    assert not [r for r in blind if r["reasons"] or r["suggested_label"] or r["suggested_name"]]
    assert [r for r in seeing if r["reasons"] and r["suggested_label"]]


def test_unranked_items_are_spread_among_the_ranked(store, build_items, classes):
    items = build_items(2000)
    tasks = [
        NewTask(q, "control", 0.1) if k % 4 == 0 else NewTask(q, "flagged", 1.0, k)
        for k, q in enumerate(questions_of(items, "pets", classes))
    ]
    store.queue(tasks)
    order = open_tasks(store, "pets", items, classes, ONE)
    ranks = [t.rank for t in order if t.rank is not None]
    assert ranks == sorted(ranks)
    unranked = [i for i, t in enumerate(order) if t.rank is None]
    for quarter in range(4):
        inside = sum(quarter * 500 <= i < (quarter + 1) * 500 for i in unranked)
        assert 85 < inside < 165  # 125 expected


def test_unranked_items_alone(store, build_items, classes):
    items = build_items(50)
    store.queue([NewTask(q, "control", 0.1) for q in questions_of(items, "pets", classes)])
    order = open_tasks(store, "pets", items, classes, ONE)
    assert len(order) == 50
    assert [t.question.hash for t in order] == sorted(t.question.hash for t in order)


def test_decided_items_leave_the_queue(export, queued, questions):
    queued.add_verdicts(
        [
            NewVerdict("1", questions[0], "ann", "keep"),
            NewVerdict("2", questions[0], "bob", "keep"),
            NewVerdict("3", questions[1], "ann", "keep"),
            NewVerdict("4", questions[2], None, "none"),
            NewVerdict("5", questions[2], None, "unsure"),
            NewVerdict("6", questions[2], None, "keep"),
        ]
    )
    # i0 is decided, i2 complete without agreement, i1 waits for a second verdict
    assert {r["item_id"] for r in rows_of(export(rule=Rule(2, 3)))} == {"i1", "i3"}
    one = queued.verdicts("pets")[0]
    queued.withdraw(one.id, "ann", "", "w")
    assert {r["item_id"] for r in rows_of(export(rule=Rule(2, 3)))} == {"i0", "i1", "i3"}


def test_the_export_follows_the_newest_run(export, queued, questions):
    newest = [
        Priority(questions[1].hash, 1, 0.9, "k2", ("new reason",)),
        Priority(questions[0].hash, 2, 0.2, "d", ()),
        Priority(questions[3].hash, None, 0.1, "h", ("spread",)),
    ]
    queued.renew_queue("pets", [], newest)
    rows = {r["item_id"]: r for r in rows_of(export("q.jsonl"))}
    assert [i for i in rows if i in ("i0", "i1")] == ["i1", "i0"]
    assert (rows["i1"]["suggested_label"], rows["i1"]["reasons"]) == ("k2", ["new reason"])
    assert (rows["i3"]["suggested_label"], rows["i3"]["reasons"]) == ("h", ["spread"])
    # what the newest run knows nothing of is as it was routed
    assert rows["i2"]["suggested_label"] == "d"
    assert {r["reopened"] for r in rows.values()} == {None}


def test_a_reopened_item_shows_the_old_verdict_unless_blind(export, queued, questions, take_back):
    queued.add_verdicts([NewVerdict("1", questions[0], "ann", "keep")])
    assert "i0" not in {r["item_id"] for r in rows_of(export())}
    again = Reopening(questions[0].hash, 1, 0.97, "asked again: kept", datetime(2026, 1, 2, tzinfo=UTC))
    queued.renew_queue(
        "pets", [], [Priority(questions[0].hash, 1, 0.97, "d", ("models differ",))], [], [again]
    )
    row = next(r for r in rows_of(export()) if r["item_id"] == "i0")
    assert row["reasons"] == "asked again: kept | models differ"
    assert row["reopened"] == "2026-01-02T00:00:00+00:00"
    blind = next(r for r in rows_of(export("blind.csv", blind=True)) if r["item_id"] == "i0")
    assert (blind["reasons"], blind["reopened"]) == ("", "")
    # the file comes back as any other
    path = export("filled.csv")
    fill_in(path, i0={"decision": "relabel", "labels": "dog"})
    assert take_back(path, reviewer="bob").stored == 1
    assert "i0" not in {r["item_id"] for r in rows_of(export())}


def test_questions_that_no_item_poses_any_more_are_left_out(queued, build_items, classes, tmp_path):
    changed = build_items(4, labels=[0, 1, 2, 1])
    path = tmp_path / "q.csv"
    assert export_queue(queued, "pets", changed, None, classes, ONE, path) == 3
    assert {r["item_id"] for r in rows_of(path)} == {"i0", "i1", "i2"}


def test_content_is_joined_by_id(export):
    rows = {r["item_id"]: r for r in rows_of(export(content=CONTENT))}
    assert list(rows["i0"]) == [
        *COLUMNS[:8],
        *(f"content_{c}" for c in ("text", "size", "tags", "image", "day", "price", "box")),
        *COLUMNS[8:],
    ]
    assert rows["i3"]["content_text"] == "'=HYPERLINK(1)"
    assert rows["i2"]["content_text"] == 'a\r\nb, "c"'
    assert rows["i1"]["content_text"] == "'\tx"
    assert rows["i0"]["content_text"] == "\N{PILE OF POO}\u2028"
    assert [rows[i]["content_size"] for i in ("i3", "i2", "i1")] == ["-1.5", "", ""]
    assert [rows["i3"][f"content_{c}"] for c in ("tags", "image", "day", "price")] == [
        '["a", "b"]',
        "(3 bytes)",
        "2024-01-02",
        "1.50",
    ]
    as_json = {r["item_id"]: r for r in rows_of(export("q.jsonl", content=CONTENT))}
    assert as_json["i3"]["content_text"] == "=HYPERLINK(1)"
    assert as_json["i2"]["content_size"] is None
    assert as_json["i3"]["content_box"] == {"at": "2024-01-02T00:00:00+00:00"}


def test_content_without_an_open_item(export):
    with pytest.raises(InputError, match=r"no row for 1 of 4 open items \(item_id i0\)"):
        export(content=CONTENT.slice(0, 3))


def test_an_empty_queue_is_a_file_with_a_header(store, items, classes, tmp_path):
    for name, text in (
        ("q.csv", ",".join([*COLUMNS[:8], "content_text", *COLUMNS[8:]]) + "\r\n"),
        ("q.jsonl", ""),
    ):
        content = CONTENT.select(["item_id", "text"])
        assert export_queue(store, "pets", items, content, classes, ONE, tmp_path / name) == 0
        assert (tmp_path / name).read_bytes().decode() == text


@pytest.mark.parametrize("name", ["q.xlsx", "q", "q.json"])
def test_other_suffixes_are_refused(export, take_back, tmp_path, name):
    with pytest.raises(UsageError, match=r"\.csv or \.jsonl"):
        export(name)
    if name != "q.json":  # what Label Studio exports
        with pytest.raises(UsageError, match=r"\.csv or \.jsonl"):
            take_back(tmp_path / name)


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\tx", "\rx"])
def test_formulas_are_guarded(text):
    assert guarded(text) == "'" + text
    assert guarded("a" + text) == "a" + text


def test_ids_that_look_like_formulas_come_back(tmp_path, classes):
    items = pa.table(
        [["=cmd()", "-7", "@a", "'b"], [0] * 4, ["cat"] * 4, ["x"] * 4],
        names=ITEM_COLUMNS,
    )
    with ReviewStore(f"sqlite:///{tmp_path / 'r.sqlite'}") as store:
        store.queue([NewTask(q, "flagged", 1.0, 1) for q in questions_of(items, "pets", classes)])
        path = tmp_path / "q.csv"
        export_queue(store, "pets", items, None, classes, ONE, path)
        ids = {r["item_id"] for r in rows_of(path)}
        assert ids == {"'=cmd()", "-7", "'@a", "'b"}
        fill_in(path, **{i: {"decision": "keep"} for i in ids})
        assert import_verdicts(store, "pets", classes, path, "ann", items).stored == 4


def test_an_export_filled_in_comes_back(export, take_back, queued):
    path = export(content=CONTENT)
    fill_in(
        path,
        i0={"decision": "Relabel", "labels": "dog", "seconds": "2.5", "comment": " so ", "reviewer": "bob"},
        i1={"decision": "multiple", "labels": "h| c "},
        i2={"decision": "none"},
    )
    result = take_back(path)
    assert (result.stored, result.already, result.unanswered) == (3, 0, 1)
    by_item = {v.question.item_id: v for v in queued.verdicts("pets")}
    v = by_item["i0"]
    assert (v.reviewer, v.decision, v.labels, v.seconds, v.comment) == ("bob", "relabel", ("d",), 2.5, " so ")
    assert (by_item["i1"].labels, by_item["i1"].reviewer) == (("c", "h"), "ann")
    assert by_item["i2"].source == "queue.csv"
    again = take_back(path)
    assert (again.stored, again.already, again.unanswered) == (0, 3, 1)


def test_jsonl_comes_back(export, take_back, queued, said):
    path = export("queue.jsonl", content=CONTENT)
    rows = rows_of(path)
    answers = {
        "i0": {"decision": "relabel", "labels": "k1", "seconds": 3, "reviewer": "bob"},
        "i1": {"decision": "multiple", "labels": ["h", "cat"], "seconds": "1.5"},
        "i2": {"decision": "relabel", "labels": ["crane (k2)"]},
    }
    lines = [json.dumps({**r, **answers.get(r["item_id"], {})}, ensure_ascii=False) for r in rows]
    path.write_bytes(("\ufeff" + "\r\n".join(["", *lines, ""])).encode())
    result = take_back(path)
    assert (result.stored, result.unanswered) == (3, 1)
    assert sorted(said(queued)) == [
        ("i0", "bob", "relabel", ("k1",)),
        ("i1", "ann", "multiple", ("c", "h")),
        ("i2", "ann", "relabel", ("k2",)),
    ]
    assert take_back(path).already == 3


def test_a_place_that_cannot_be_written(export, tmp_path):
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(UsageError, match="is a folder"):
        export("folder.csv")
    with pytest.raises(UsageError, match="there is no folder"):
        export("none/queue.csv")


def test_a_nul_in_the_content_does_not_keep_the_file_from_coming_back(export, take_back):
    content = pa.table({"item_id": ["i0", "i1", "i2", "i3"], "text": ["a\0b"] * 4})
    path = export(content=content)
    assert {r["content_text"] for r in rows_of(path)} == {"a\ufffdb"}
    assert take_back(path).unanswered == 4


@settings(deadline=None)
@given(data=st.data())
def test_hostile_text_goes_through_csv_unharmed(tmp_path_factory, classes, data):
    text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
    ids = data.draw(st.lists(text.filter(bool), min_size=1, max_size=4, unique=True))
    n = len(ids)
    items = pa.table([ids, [0] * n, ["cat"] * n, ids], names=ITEM_COLUMNS)
    shown = data.draw(st.lists(text, min_size=n, max_size=n))
    comments = dict(zip(ids, data.draw(st.lists(text, min_size=n, max_size=n)), strict=True))
    folder = tmp_path_factory.mktemp("hostile")
    with ReviewStore(f"sqlite:///{folder / 'r.sqlite'}") as store:
        questions = {q.hash: q.item_id for q in questions_of(items, "pets", classes)}
        store.queue(
            [NewTask(q, "control", 0.5, reasons=("=x",)) for q in questions_of(items, "pets", classes)]
        )
        path = folder / "q.csv"
        export_queue(store, "pets", items, pa.table({"item_id": ids, "t": shown}), classes, ONE, path)
        rows = rows_of(path)
        assert {questions[r["question"]]: r["content_t"] for r in rows} == dict(
            zip(ids, map(guarded, shown), strict=True)
        )
        fill_in(
            path,
            **{
                r["item_id"]: {"decision": "keep", "comment": comments[questions[r["question"]]]}
                for r in rows
            },
        )
        assert import_verdicts(store, "pets", classes, path, "ann", items).stored == n
        assert {v.question.item_id: v.comment for v in store.verdicts("pets")} == comments
