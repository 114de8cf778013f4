"""Files of verdicts and patches: all of a file is taken as it says, or nothing, with one refusal."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audits import contracts
from audits.benchmark.patch import PATCH_DECISIONS, RELABEL, apply_patch, read_patch
from audits.classes import ClassList
from audits.review.questions import questions_of
from audits.review.records import DECISIONS, NewTask
from audits.review.store import ReviewStore
from audits.review.verdict_files import read_rows
from audits.review.verdict_import import import_verdicts
from tests.properties.laws import Refused, examples, one_refusal
from tests.properties.tables import columns, rows_as_csv, texts, words, write

CLASSES = ClassList(("a", "b", "c"), ("Ant", "Bee", "Cow"))
ITEMS = pa.table(
    {
        "item_id": ["1", "01", "é", "=x"],
        "label": pa.array([0, 1, 2, 0], pa.int32()),
        "given_label": ["a", "b", "c", "a"],
        "content_hash": ["h"] * 4,
    },
    schema=contracts.ITEMS,
)
QUESTIONS = questions_of(ITEMS, "zoo", CLASSES)
_COLUMNS = [
    "item_id",
    "question",
    "decision",
    "labels",
    "reviewer",
    "comment",
    "seconds",
    "client_id",
    "decided_at",
    "content_x",
]


@st.composite
def answers(draw):
    """Rows of a file of verdicts: sound ones for the most part, with odd cells among them."""
    rows = []
    for question in draw(st.lists(st.sampled_from(QUESTIONS), max_size=4, unique_by=lambda q: q.hash)):
        decision = draw(st.sampled_from([*DECISIONS, ""]))
        other = draw(st.sampled_from([c for c in CLASSES.ids if c != question.given_label]))
        labels = {"relabel": other, "multiple": "a;b"}.get(decision, "")
        row = {
            "item_id": question.item_id,
            "question": question.hash,
            "decision": decision,
            "labels": labels,
            "reviewer": "ann",
        }
        for name in draw(st.lists(st.sampled_from(_COLUMNS), max_size=2)) if draw(st.booleans()) else []:
            row[name] = draw(texts)
        rows.append(row)
    return rows


@pytest.fixture(scope="module")
def store(folder):
    with ReviewStore(f"sqlite:///{folder / 'review.sqlite'}") as opened:
        opened.queue([NewTask(q, "control", 0.5) for q in QUESTIONS])
        yield opened


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
@given(rows=answers())
@examples(60)
def test_all_verdicts_of_a_file_are_stored_as_it_says_or_none(ending, folder, store, rows):
    path = folder / f"verdicts.{ending}"
    names = list(dict.fromkeys(k for row in rows for k in row)) or _COLUMNS[:3]
    if ending == "csv":
        path.write_bytes(rows_as_csv(names, [[row.get(n, "") for n in names] for row in rows]))
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    before = store.verdicts("zoo")
    try:
        with one_refusal(path):
            done = import_verdicts(store, "zoo", CLASSES, path, None, ITEMS)
    except Refused:
        assert store.verdicts("zoo") == before
        return
    new = store.verdicts("zoo")[len(before) :]
    assert len(new) == done.stored
    assert done.stored + done.already + done.unanswered == len(rows)
    said = {(r["question"].strip(), r["decision"].strip().lower()) for r in rows if r["decision"].strip()}
    assert {(v.question.hash, v.decision) for v in new} <= said
    assert all(v.question.item_id in ITEMS["item_id"].to_pylist() for v in new)


@given(
    header=st.lists(st.sampled_from(_COLUMNS) | texts, max_size=5),
    body=st.lists(st.lists(texts, max_size=5), max_size=5),
)
@examples(150)
def test_rows_of_a_csv_file_come_out_cell_by_cell(folder, header, body):
    path = folder / "rows.csv"
    path.write_bytes(rows_as_csv(header, body))
    try:
        with one_refusal(path):
            rows, bad = read_rows(path)
    except Refused:
        return
    read = list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))[1:]
    whole = [
        dict(zip([h.strip() for h in header], row, strict=True))
        for row in read
        if any(row) and len(row) == len(header)
    ]
    assert [r.values for r in rows] == whole
    assert len(rows) + len(bad) == sum(any(row) for row in read)
    assert all(b.problem for b in bad)


@pytest.mark.parametrize("name", ["v.csv", "v.jsonl", "p.csv", "p.jsonl", "p.parquet"])
@given(noise=st.binary(max_size=200) | texts.map(str.encode))
@examples(60)
def test_any_bytes_are_rows_or_one_refusal(name, folder, noise):
    path = folder / name
    path.write_bytes(noise)
    try:
        with one_refusal(path):
            (read_rows if name[0] == "v" else read_patch)(path)
    except Refused:
        return


@st.composite
def changes(draw):
    """A table with the columns of a patch, of its types for the most part."""
    n = draw(st.integers(0, 5))
    if draw(st.booleans()):
        names = ["item_id", "old", "new", "decision"]
        return pa.table(
            {
                c: draw(columns(n))
                for c in draw(st.permutations([*names, draw(words)]))
                if draw(st.integers(0, 9))
            }
        )
    ids = draw(st.lists(texts.filter(bool), min_size=n, max_size=n, unique=True))
    rows: list[dict[str, Any]] = []
    for i in ids:
        decision = draw(st.sampled_from(PATCH_DECISIONS))
        rows.append(
            {
                "item_id": i,
                "old": "a",
                "new": draw(st.sampled_from(["b", "c", "NA"])) if decision == RELABEL else None,
                "decision": decision,
            }
        )
    return pa.Table.from_pylist(
        rows, pa.schema([(c, pa.string()) for c in ("item_id", "old", "new", "decision")])
    )


@pytest.mark.parametrize("ending", ["parquet", "csv", "jsonl"])
@given(data=st.data())
@examples(60)
def test_a_patch_comes_out_row_by_row_and_changes_just_what_it_names(ending, folder, data):
    path = folder / f"patch.{ending}"
    rows = write(data.draw(changes()), path)
    try:
        with one_refusal(path):
            patch = read_patch(path)
    except Refused:
        return
    assert [[r[c] for c in ("item_id", "old", "new", "decision")] for r in patch.to_pylist()] == [
        [r[c] for c in ("item_id", "old", "new", "decision")] for r in rows
    ]
    labels = {r["item_id"]: r["old"] for r in rows} | {"not in it": "z"}
    order = data.draw(st.permutations(list(labels)))
    result = apply_patch(patch, order, [labels[i] for i in order])
    wanted = labels | {r["item_id"]: r["new"] for r in rows}
    assert dict(zip(order, result.labels, strict=True)) == wanted
    assert result.relabelled + result.dropped == len(rows)
