from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audits.classes import ClassList
from audits.errors import AuditError, InputError, UsageError
from audits.review.consensus import Rule
from audits.review.exchange import export_queue, guarded, import_verdicts, open_tasks
from audits.review.questions import questions_of
from audits.review.records import NewTask, NewVerdict
from audits.review.store import ReviewStore

COLUMNS = [
    *("item_id", "question", "given_label", "given_name", "suggested_label", "suggested_name", "reasons"),
    *("decision", "labels", "reviewer", "comment", "seconds"),
]

ITEM_COLUMNS = ["item_id", "label", "given_label", "content_hash"]
ONE = Rule(1, 1)


@pytest.fixture
def questions(items, classes):
    return questions_of(items, "pets", classes)


@pytest.fixture
def queued(store, questions):
    """A store with all four items in the queue, the last two of them unranked."""
    store.queue(
        [
            NewTask(questions[1], "flagged", 1.0, 2, "h", ("models differ",)),
            NewTask(questions[0], "flagged", 1.0, 1, "k1", ("12 of 13 models say crane", "low margin")),
            NewTask(questions[2], "gold", 1.0, None, "d", (), "d"),
            NewTask(questions[3], "control", 0.1, None, None, ()),
        ]
    )
    return store


@pytest.fixture
def export(queued, items, classes, tmp_path):
    def run(name: str = "queue.csv", content: pa.Table | None = None, rule: Rule = ONE) -> Path:
        path = tmp_path / name
        export_queue(queued, "pets", items, content, classes, rule, path)
        return path

    return run


@pytest.fixture
def take_back(queued, items, classes):
    def run(path: Path, reviewer: str | None = "ann", items: pa.Table = items):
        return import_verdicts(queued, "pets", classes, path, reviewer, items)

    return run


@pytest.fixture
def file(tmp_path, questions):
    """A CSV file with one row per answer to the items in their order, or with given columns."""

    def write(*answers: dict[str, Any], name: str = "back.csv") -> Path:
        columns = list(dict.fromkeys(["item_id", "question", *(k for a in answers for k in a)]))
        buffer = io.StringIO()
        out = csv.DictWriter(buffer, columns, restval="")
        out.writeheader()
        for question, answer in zip(questions, answers, strict=False):
            out.writerow({"item_id": question.item_id, "question": question.hash, **answer})
        path = tmp_path / name
        path.write_bytes(buffer.getvalue().encode())
        return path

    return write


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


def said(store: ReviewStore) -> list[tuple[Any, ...]]:
    return [(v.question.item_id, v.reviewer, v.decision, v.labels) for v in store.verdicts("pets")]


# ---- export


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


def test_questions_that_no_item_poses_any_more_are_left_out(queued, build_items, classes, tmp_path):
    changed = build_items(4, labels=[0, 1, 2, 1])
    path = tmp_path / "q.csv"
    assert export_queue(queued, "pets", changed, None, classes, ONE, path) == 3
    assert {r["item_id"] for r in rows_of(path)} == {"i0", "i1", "i2"}


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


def test_content_is_joined_by_id(export):
    rows = {r["item_id"]: r for r in rows_of(export(content=CONTENT))}
    assert list(rows["i0"]) == [
        *COLUMNS[:7],
        *(f"content_{c}" for c in ("text", "size", "tags", "image", "day", "price", "box")),
        *COLUMNS[7:],
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
        ("q.csv", ",".join([*COLUMNS[:7], "content_text", *COLUMNS[7:]]) + "\r\n"),
        ("q.jsonl", ""),
    ):
        content = CONTENT.select(["item_id", "text"])
        assert export_queue(store, "pets", items, content, classes, ONE, tmp_path / name) == 0
        assert (tmp_path / name).read_bytes().decode() == text


@pytest.mark.parametrize("name", ["q.xlsx", "q", "q.json"])
def test_other_suffixes_are_refused(export, take_back, tmp_path, name):
    with pytest.raises(UsageError, match=r"\.csv or \.jsonl"):
        export(name)
    with pytest.raises(UsageError, match=r"\.csv or \.jsonl"):
        take_back(tmp_path / name)


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\tx", "\rx"])
def test_formulas_are_guarded(text):
    assert guarded(text) == "'" + text
    assert guarded("a" + text) == "a" + text


def test_a_label_copied_with_its_guard_is_the_label(store, tmp_path):
    items = pa.table([["i"], [0], ["cat"], ["x"]], names=ITEM_COLUMNS)
    classes = ClassList(("cat", "=|dog", "'owl"), ("cat", "=|dog", "'owl"))
    (question,) = questions_of(items, "pets", classes)
    store.queue([NewTask(question, "control", 0.5)])
    path = tmp_path / "back.jsonl"
    for label, meant in (("'=|dog", "=|dog"), ("'owl", "'owl")):
        row = {"item_id": "i", "question": question.hash, "decision": "relabel", "labels": label}
        path.write_text(json.dumps(row))
        import_verdicts(store, "pets", classes, path, label, items)
        assert store.verdicts("pets")[-1].labels == (meant,)


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


# ---- import


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


def test_jsonl_comes_back(export, take_back, queued):
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


def test_a_to_b_to_a_is_three_verdicts(file, take_back, queued):
    a, b = file({"decision": "keep"}, name="a.csv"), file({"decision": "none"}, name="b.csv")
    for path, stored in ((a, 1), (a, 0), (b, 1), (b, 0), (a, 1), (a, 0)):
        result = take_back(path)
        assert (result.stored, result.already) == (stored, 1 - stored)
    assert [v.decision for v in queued.verdicts("pets")] == ["keep", "none", "keep"]


def test_another_reviewer_saying_the_same_is_another_verdict(file, take_back, queued):
    path = file({"decision": "keep"})
    assert [take_back(path, who).stored for who in ("ann", "bob", "ann")] == [1, 1, 0]


def test_after_a_withdrawal_the_row_counts_again(file, take_back, queued):
    path = file({"decision": "keep"})
    take_back(path)
    queued.withdraw(queued.verdicts("pets")[0].id, "ann", "", "w")
    assert take_back(path).stored == 1
    assert take_back(path).stored == 0
    assert [v.withdrawn for v in queued.verdicts("pets")] == [True, False]


def test_client_id_and_time(file, take_back, queued):
    row = {"decision": "keep", "client_id": "web-1", "decided_at": "2024-05-06T07:08:09+02:00"}
    assert take_back(file(row)).stored == 1
    assert take_back(file(row)).already == 1
    (v,) = queued.verdicts("pets")
    assert (v.client_id, v.decided_at) == ("web-1", datetime(2024, 5, 6, 5, 8, 9, tzinfo=UTC))
    with pytest.raises(InputError, match="line 2: client_id 'web-1' is stored with another verdict"):
        take_back(file({**row, "decision": "none"}))
    with pytest.raises(InputError, match="line 3: the client_id of line 2 again"):
        take_back(file({**row, "client_id": "new"}, {**row, "client_id": "new"}))


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"decision": "kep"}, "unknown decision 'kep'; the nearest is 'keep'"),
        ({"decision": "", "labels": "dog"}, "unknown decision ''"),
        ({"decision": "relabel", "labels": "wolf"}, "unknown label 'wolf'; the nearest is "),
        ({"decision": "relabel", "labels": "horze"}, "the nearest is 'horse'"),
        (
            {"decision": "relabel", "labels": "crane"},
            "'crane' stands for 2 classes; give one of the ids k1, k2",
        ),
        ({"decision": "relabel", "labels": ""}, "exactly one label, got 0"),
        ({"decision": "relabel", "labels": "d|h"}, "exactly one label, got 2"),
        ({"decision": "relabel", "labels": "cat"}, "is the given label"),
        ({"decision": "multiple", "labels": "d"}, "at least two labels, got 1"),
        ({"decision": "multiple", "labels": "d|dog"}, "repeats a label"),
        ({"decision": "multiple", "labels": "d|"}, "an empty label"),
        ({"decision": "keep", "labels": "c"}, "takes no labels"),
        ({"decision": "keep", "seconds": "1,5"}, "'seconds' must be a number of at least 0, got '1,5'"),
        ({"decision": "keep", "seconds": "-1"}, "at least 0, got -1"),
        ({"decision": "keep", "seconds": "nan"}, "got nan"),
        ({"decision": "keep", "seconds": "1e999"}, "got inf"),
        ({"decision": "keep", "decided_at": "2024-01-01"}, "no time zone"),
        ({"decision": "keep", "decided_at": "yesterday"}, "must be ISO 8601"),
        ({"decision": "keep", "question": "beef"}, "question 'beef' is not known to the review store"),
        ({"decision": "keep", "item_id": "i9"}, "is about item 'i0', not 'i9'"),
    ],
)
def test_bad_rows_are_named_with_their_line_and_nothing_is_stored(file, take_back, queued, answer, message):
    fine = {"decision": "keep"}
    with pytest.raises(InputError) as caught:
        take_back(file(answer, fine))
    assert "1 bad row; nothing was stored\n  - line 2: " in str(caught.value)
    assert message in str(caught.value)
    assert queued.verdicts("pets") == []


def test_all_that_is_wrong_is_said_at_once(file, take_back):
    with pytest.raises(InputError) as caught:
        take_back(file({"decision": "nope", "seconds": "x"}, {"decision": "keep"}, {"decision": "nah"}), None)
    lines = str(caught.value).split("\n")
    assert "3 bad rows" in lines[0]
    assert [line[:10] for line in lines[1:]] == ["  - line 2"] * 3 + ["  - line 3"] + ["  - line 4"] * 2
    assert sum("no reviewer" in line for line in lines) == 3


def test_the_message_is_capped(tmp_path, take_back, questions):
    row = f"i0,{questions[0].hash},no\n"
    path = tmp_path / "many.csv"
    path.write_text("item_id,question,decision\n" + row * 80)
    with pytest.raises(InputError) as caught:
        take_back(path)
    lines = str(caught.value).split("\n")
    assert "80 bad rows" in lines[0]
    assert len(lines) == 52
    assert lines[-1] == "  - ... and 30 more problems"


def test_one_reviewer_twice_on_one_question(tmp_path, take_back, questions):
    row = f"i0,{questions[0].hash},keep,"
    path = tmp_path / "twice.csv"
    path.write_text(f"item_id,question,decision,reviewer\n{row}\n{row}bob\n{row}ann\n")
    with pytest.raises(InputError, match="line 4: 'ann' answers this question on line 2 already"):
        take_back(path)


def test_a_question_of_another_dataset(store, items, classes, tmp_path):
    (other, *_) = questions_of(items, "zoo", classes)
    store.queue([NewTask(other, "flagged", 1.0)])
    path = tmp_path / "zoo.csv"
    path.write_text(f"item_id,question,decision\ni0,{other.hash},keep\n")
    with pytest.raises(InputError, match="belongs to dataset 'zoo', not 'pets'"):
        import_verdicts(store, "pets", classes, path, "ann", items)


def test_a_question_that_is_no_longer_current(file, take_back, build_items):
    path = file({"decision": "keep"}, {"decision": ""})
    changed = build_items(4, labels=[1, 0, 2, 0])
    with pytest.raises(InputError, match=r"line 2: .*no longer current: .*item 'i0'.*export again"):
        take_back(path, "ann", changed)
    with pytest.raises(InputError, match="1 bad row;"):  # the stale but unanswered row is none
        take_back(path, "ann", changed)


def test_line_numbers_count_lines_within_fields(tmp_path, take_back, questions):
    rows = [f'i{k},{q.hash},{"keep" if k else "huh"},"a\nb\r\nc"\n' for k, q in enumerate(questions)]
    path = tmp_path / "lines.csv"
    path.write_bytes(("item_id,question,decision,comment\n\n" + "".join(rows) + "i0,x,wat,\n").encode())
    with pytest.raises(InputError) as caught:
        take_back(path)
    assert "  - line 3: unknown decision 'huh'" in str(caught.value)
    assert "  - line 15: unknown decision 'wat'" in str(caught.value)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_and_byte_order_marks(tmp_path, take_back, questions, end):
    path = tmp_path / "ends.csv"
    text = end.join(["item_id,question,decision", f"i0,{questions[0].hash},keep", ",,", "", ""])
    path.write_bytes(("\ufeff" + text).encode())
    result = take_back(path)
    assert (result.stored, result.unanswered) == (1, 0)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the file is empty"),
        (b"\xef\xbb\xbf", "the file is empty"),
        (b"a,b\n", "line 1: no column 'item_id', 'question', 'decision'"),
        (b"item_id,question,decision,lables\n", "unknown column 'lables'; the nearest known one is 'labels'"),
        (b"item_id;question;decision\n", "columns are separated by ';'; expected ','"),
        (b"item_id,question,decision,decision\n", "columns given twice: decision"),
        (b"item_id,question,decision\n\xff,x,y\n", "line 2: not UTF-8"),
        (b"item_id,question,decision\na,\0,y\n", "line 2: a NUL byte"),
        (b"item_id,question,decision\na,b\n", "line 2: 2 fields, but the header has 3"),
        (b"item_id,question,decision\na,b,,d\n", "line 2: 4 fields, but the header has 3"),
        (b'item_id,question,decision\na,b,\na,"b', "line 2: not valid CSV after this row"),
        (b'"item_id', "line 1: not valid CSV"),
    ],
)
def test_files_that_are_no_such_csv(tmp_path, take_back, data, message):
    path = tmp_path / "bad.csv"
    path.write_bytes(data)
    with pytest.raises(InputError, match=message):
        take_back(path)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("[1]", "expected a JSON object, got list"),
        ("{", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ('{"item_id": 1, "item_id": 2}', "a key is given twice"),
        ('{"item_id": "i0", "question": "x"}', "no 'decision'"),
        (
            '{"item_id": "i0", "question": "x", "decision": "keep", "secnds": 1}',
            "the nearest known one is 'seconds'",
        ),
        ('{"item_id": "i0", "question": "x", "decision": "keep", "seconds": NaN}', "NaN is not JSON"),
        ('{"item_id": "i0", "question": ["x"], "decision": "keep"}', "'question' must be text"),
        ('{"item_id": "i0", "question": "HASH", "decision": true}', "'decision' must be text, got True"),
        (
            '{"item_id": "i0", "question": "HASH", "decision": "keep", "seconds": true}',
            "'seconds' must be text",
        ),
        (
            '{"item_id": "i0", "question": "HASH", "decision": "keep", "seconds": 1' + "0" * 400 + "}",
            "got inf",
        ),
        ('{"item_id": "i0", "question": "HASH", "decision": "relabel", "labels": [null]}', "an empty label"),
        (
            '{"item_id": "i0", "question": "HASH", "decision": "keep", "comment": "\\ud800"}',
            "half a character",
        ),
        ('{"item_id": "i0", "question": "HASH", "decision": "keep", "comment": "\\u0000"}', "NUL"),
        (
            '{"item_id": "i0", "question": "HASH", "decision": "keep", "reviewer": {}}',
            "'reviewer' must be text",
        ),
    ],
)
def test_jsonl_lines_that_are_refused(tmp_path, take_back, questions, queued, line, message):
    path = tmp_path / "bad.jsonl"
    path.write_text("\n" + line.replace("HASH", questions[0].hash))
    with pytest.raises(InputError, match=rf"line 2: .*{message}"):
        take_back(path)
    assert queued.verdicts("pets") == []


def test_blanks_around_a_question_do_no_harm(file, take_back, questions):
    assert take_back(file({"decision": " keep ", "question": f" {questions[0].hash} "})).stored == 1


def test_a_place_that_cannot_be_written(export, tmp_path):
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(AuditError, match="cannot be written"):
        export("folder.csv")


def test_a_nul_in_the_content_does_not_keep_the_file_from_coming_back(export, take_back):
    content = pa.table({"item_id": ["i0", "i1", "i2", "i3"], "text": ["a\0b"] * 4})
    path = export(content=content)
    assert {r["content_text"] for r in rows_of(path)} == {"a\ufffdb"}
    assert take_back(path).unanswered == 4


def test_a_file_that_is_not_there(tmp_path, take_back):
    with pytest.raises(UsageError, match="No such file"):
        take_back(tmp_path / "gone.csv")


def test_fields_longer_than_the_csv_modules_limit(file, take_back, queued):
    assert take_back(file({"decision": "keep", "comment": "x" * 200_000})).stored == 1


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
