"""Items, annotations and gold items: whatever table goes in, it comes out by id unchanged, or there is one refusal."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audits.classes import ClassList
from audits.config import Dataset, DatasetConfig
from audits.ingest.annotations import ingest_annotations
from audits.ingest.items import ingest_items
from audits.review.gold import read_gold
from tests.properties.laws import Refused, examples, one_refusal
from tests.properties.tables import FORMATS, TAME, as_text, columns, words, write

CLASSES = ClassList(("0", "1", "a", "b"), ("nought", "one", "a", "b"))
LABELS: list[tuple[pa.DataType, st.SearchStrategy[Any]]] = [
    (pa.string(), st.sampled_from([*CLASSES.ids, "A", "", "2"])),
    (pa.dictionary(pa.int8(), pa.string()), st.sampled_from(CLASSES.ids)),
    (pa.int8(), st.integers(0, 3)),
    (pa.float32(), st.sampled_from([0.0, 1.0])),
]


def dataset(folder, **parts):
    config = DatasetConfig.model_validate({"items": {"path": "items.parquet"}, **parts})
    return Dataset(name="x", path=folder / "x.yaml", config=config, classes=CLASSES)


@st.composite
def tables(draw, own=("item_id", "label"), tame=True):
    n = draw(st.integers(0, 8))
    kinds = {"item_id": TAME, "annotator_id": TAME, "label": LABELS} if tame else {}
    drawn = {name: draw(columns(n, kinds.get(name))) for name in own}
    for name in draw(st.lists(words, max_size=2, unique=True)):
        drawn.setdefault(name, draw(columns(n)))
    order = draw(st.permutations(list(drawn)))
    return pa.table({name: drawn[name] for name in order})


def expected(rows, name, **how):
    """Texts of a column; None where it holds what is neither text nor a whole number."""
    try:
        return [as_text(row[name], **how) for row in rows]
    except (TypeError, ValueError, OverflowError):
        return None


def index_of(text):
    return CLASSES.ids.index(text) if text in CLASSES.ids else None


@pytest.mark.parametrize("ending", FORMATS)
@given(data=st.data())
@examples(70)
def test_items_come_out_by_id_as_they_went_in(ending, folder, data):
    tame = data.draw(st.booleans())
    path = folder / f"items.{ending}"
    rows = write(data.draw(tables(tame=tame)), path)
    config = dataset(folder, items={"path": path.name, "labels_as": "id"})
    ids, labels = expected(rows, "item_id"), expected(rows, "label", whole_floats=True)
    try:
        with one_refusal(path):
            got = ingest_items(config)
    except Refused:
        # what can be read as ids and labels is; JSON and CSV guess a type from all rows, so none is owed there
        assert not tame or ending in ("jsonl", "csv") or None in (ids, labels)
        return
    assert got.items["item_id"].to_pylist() == ids
    assert got.items["given_label"].to_pylist() == labels
    assert got.items["label"].to_pylist() == [index_of(t) for t in labels]
    further = got.further.to_pylist()
    for before, after in zip(rows, further, strict=True):
        kept = {k: v for k, v in before.items() if k not in ("item_id", "label")}
        assert ending == "jsonl" or repr(after) == repr(kept)


@pytest.mark.parametrize("ending", FORMATS)
@given(data=st.data())
@examples(30)
def test_annotations_come_out_row_by_row_with_strangers_marked(ending, folder, data):
    own = ("item_id", "annotator_id", "label")
    path = folder / f"said.{ending}"
    rows = write(data.draw(tables(own, data.draw(st.booleans()))), path)
    config = dataset(folder, annotations={"path": path.name, "labels_as": "id"})
    ids = expected(rows, "item_id")
    known = data.draw(
        st.lists(st.sampled_from([i for i in ids or [] if i is not None] or ["x"]), unique=True)
    )
    try:
        with one_refusal(path):
            got = ingest_annotations(config, config.config.annotations, pa.array(known, pa.string()))
    except Refused:
        return
    assert got["item_id"].to_pylist() == ids
    assert got["annotator_id"].to_pylist() == expected(rows, "annotator_id")
    labels = expected(rows, "label", whole_floats=True)
    assert got.column(2).to_pylist() == [index_of(t) for t in labels]
    assert got.column(4).to_pylist() == [None if i is None else i in known for i in ids]


@pytest.mark.parametrize("ending", FORMATS)
@given(data=st.data())
@examples(30)
def test_gold_labels_come_out_by_id_or_not_at_all(ending, folder, data):
    path = folder / f"gold.{ending}"
    rows = write(data.draw(tables(tame=data.draw(st.booleans()))), path)
    config = dataset(folder, review={"gold": {"path": path.name, "labels_as": "id"}})
    try:
        with one_refusal(path):
            got = read_gold(config, config.config.review.gold)
    except Refused:
        return
    ids, labels = expected(rows, "item_id"), expected(rows, "label", whole_floats=True)
    assert None not in ids
    assert max(Counter(ids).values(), default=1) == 1
    assert got == dict(zip(ids, labels, strict=True))
    assert set(got.values()) <= set(CLASSES.ids)
