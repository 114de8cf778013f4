from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from audits.config import Dataset, DatasetConfig
from audits.errors import InputError
from audits.review.gold import gold_results, read_gold
from audits.review.records import NewTask, NewVerdict, Question, Task
from audits.review_config import GoldConfig


@pytest.fixture
def dataset(tmp_path: Path, classes) -> Dataset:
    config = DatasetConfig.model_validate({"items": {"path": "items.csv"}})
    return Dataset(name="pets", path=tmp_path / "pets.yaml", config=config, classes=classes)


def read(dataset: Dataset, text: str, **config: str) -> dict[str, str]:
    (dataset.path.parent / "gold.csv").write_text(text)
    return read_gold(dataset, GoldConfig(path="gold.csv", **config))


def test_labels_by_id(dataset):
    assert read(dataset, "item_id,label\n007,d\n8,h\n") == {"007": "d", "8": "h"}


def test_labels_by_name_and_other_columns(dataset):
    found = read(dataset, "key,what,right\na,x,dog\nb,y,cat\n", id="key", label="right")
    assert found == {"a": "d", "b": "c"}


def test_labels_by_position_when_the_yaml_says_so(dataset):
    assert read(dataset, "item_id,label\na,0\nb,4\n", labels_as="position") == {"a": "c", "b": "k2"}


def test_parquet_with_numbers_for_ids(dataset):
    table = pa.table({"item_id": [3, 4], "label": pa.array(["d", "h"]).dictionary_encode()})
    pq.write_table(table, dataset.path.parent / "gold.parquet")
    assert read_gold(dataset, GoldConfig(path="gold.parquet")) == {"3": "d", "4": "h"}


def test_an_empty_file_has_no_gold(dataset):
    assert read(dataset, "item_id,label\n") == {}


def test_all_that_is_wrong_is_told_at_once(dataset):
    with pytest.raises(InputError) as e:
        read(dataset, "item_id,label\na,d\na,h\n,c\nb,wolf\nc,\na,d\n")
    assert str(e.value).splitlines() == [
        f"{dataset.path.parent / 'gold.csv'}: 3 problems",
        "  - gold items: 1 of 6 ids are missing",
        "  - gold items: 1 ids repeat (a)",
        "  - gold items: 2 labels are missing or not in the class list (b, c)",
    ]


def test_a_name_that_stands_for_two_classes_is_refused_with_its_place(dataset):
    with pytest.raises(InputError, match=r"gold\.csv: column 'label': .*crane"):
        read(dataset, "item_id,label\na,crane\nb,dog\n")


@pytest.mark.parametrize(("text", "word"), [("item_id\na\n", "label"), ("label\nd\n", "item_id")])
def test_a_missing_column(dataset, text, word):
    with pytest.raises(InputError, match=rf"1 columns are missing \({word}\)"):
        read(dataset, text)


def test_a_missing_file(dataset):
    with pytest.raises(InputError, match=r"gold\.csv: there is no such file"):
        read_gold(dataset, GoldConfig(path="gold.csv"))


def question(item_id: str, given: str = "c") -> Question:
    return Question("pets", item_id, "x", given, "k")


def task(item_id: str, gold: str | None, given: str = "c") -> Task:
    at = datetime(2024, 1, 1, tzinfo=UTC)
    return Task(1, question(item_id, given), "gold" if gold else "flagged", 1.0, None, None, (), gold, at)


def test_how_each_reviewer_did(vote):
    tasks = [task("wrong", "d"), task("fine", "c"), task("plain", None)]
    wrong, fine, plain = (t.question for t in tasks)
    verdicts = [
        vote(1, "relabel", "d", reviewer="ann", question=wrong),  # right
        vote(2, "keep", reviewer="ann", question=fine),  # right
        vote(3, "keep", reviewer="bob", question=wrong),  # the given label is not the gold one
        vote(4, "relabel", "h", reviewer="bob", question=fine),
        vote(5, "relabel", "h", reviewer="bob", question=plain),  # no gold item
        vote(6, "unsure", reviewer="cleo", question=wrong),
        vote(7, "multiple", "c", "d", reviewer="cleo", question=fine),
        vote(8, "keep", question=fine),  # of nobody that can be identified
        vote(9, "keep", reviewer="dan", question=plain),
    ]
    assert gold_results(tasks, verdicts) == [
        {"reviewer": "ann", "answered": 2, "right": 2},
        {"reviewer": "bob", "answered": 2, "right": 0},
        {"reviewer": "cleo", "answered": 2, "right": 0},
    ]
    assert gold_results(tasks, verdicts[::-1]) == gold_results(tasks, verdicts)


def test_only_the_last_verdict_that_stands_counts(vote):
    tasks = [task("wrong", "d")]
    q = tasks[0].question
    first = vote(1, "relabel", "d", reviewer="ann", question=q)
    second = vote(2, "keep", reviewer="ann", question=q)
    assert gold_results(tasks, [first, second]) == [{"reviewer": "ann", "answered": 1, "right": 0}]
    taken_back = replace(second, withdrawn=True)
    assert gold_results(tasks, [first, taken_back]) == [{"reviewer": "ann", "answered": 1, "right": 1}]
    assert gold_results(tasks, [replace(first, withdrawn=True), taken_back]) == []


def test_an_answer_to_an_earlier_question_about_the_item_does_not_count(vote):
    old = vote(1, "keep", reviewer="ann", question=question("wrong", "h"))
    assert gold_results([task("wrong", "d")], [old]) == []


def test_through_the_store(store):
    asked = [question("wrong"), question("fine")]
    store.queue(
        [
            NewTask(asked[0], "gold", 1.0, gold_label="d"),
            NewTask(asked[1], "gold", 1.0, gold_label="c"),
        ]
    )
    store.add_verdicts(
        [
            NewVerdict("1", asked[0], "ann", "relabel", ("d",)),
            NewVerdict("2", asked[1], "ann", "none"),
        ]
    )
    assert gold_results(store.tasks("pets"), store.verdicts("pets")) == [
        {"reviewer": "ann", "answered": 2, "right": 1}
    ]
