"""Bad input in the annotations."""

from __future__ import annotations

import pyarrow as pa

from tests.bad_input.case import Accepted, Case
from tests.bad_input.spoiling import annotations_file, parquet, yaml_and

_GOOD = "item_id,annotator_id,label\nzoo-000,ann,ant\nzoo-000,bob,bee\nzoo-037,ann,bee\n"


def _case(name: str, what: str, spoil: object, code: str, message: str) -> Case:
    return Case(f"annotations-{name}", "annotations", what, spoil, code, message)  # type: ignore[arg-type]


CASES: tuple[Case, ...] = (
    _case(
        "missing",
        "a file that is not there",
        yaml_and("annotations: {path: zoo/annotations.csv}\n"),
        "file",
        "{root}/datasets/zoo/annotations.csv: there is no such file",
    ),
    _case(
        "columns",
        "a file without two of its columns",
        annotations_file("item_id,who,what\nzoo-000,ann,ant\n"),
        "columns",
        (
            "{root}/datasets/zoo/annotations.csv: 2 columns are missing (annotator_id, label); it "
            "has item_id, who, what"
        ),
    ),
    _case(
        "items-unknown",
        "annotations of items that the dataset does not have",
        annotations_file(_GOOD + "zoo-9999,ann,ant\n,bob,ant\n"),
        "ids",
        (
            "annotations: 2 problems\n"
            "  - column 'item_id': 1 of 5 rows: the item id is missing (row 5)\n"
            "  - column 'item_id': 1 of 5 rows: the id is no item of the dataset (item_id zoo-9999)"
        ),
    ),
    _case(
        "annotators-missing",
        "annotations of nobody",
        annotations_file(_GOOD + 'zoo-074,,ant\nzoo-111,"",bee\n'),
        "ids",
        (
            "annotations: 2 problems\n"
            "  - column 'annotator_id': 1 of 5 rows: the annotator's id is missing (item_id "
            "zoo-074: None)\n"
            "  - column 'annotator_id': 1 of 5 rows: the annotator's id is empty (item_id zoo-111: "
            "'')"
        ),
    ),
    _case(
        "labels-unknown",
        "labels that are not in the class list, or blank",
        annotations_file(_GOOD + "zoo-074,ann,wolf\nzoo-111,ann,\n"),
        "labels",
        (
            "annotations: column 'given_label': 2 of 5 rows: the label is missing or not in the "
            "class list (item_id zoo-074: 'wolf', item_id zoo-111: None)"
        ),
    ),
    _case(
        "annotators-nested",
        "lists in place of annotators",
        annotations_file(
            parquet(pa.table({"item_id": ["zoo-000"], "annotator_id": [["a", "b"]], "label": ["ant"]})),
            "annotations.parquet",
        ),
        "columns",
        (
            "{root}/datasets/zoo/annotations.parquet: the id column 'annotator_id' has type "
            "list<element: string>; expected text or whole numbers (the first: ['a', 'b'])"
        ),
    ),
    _case(
        "several",
        "several of these at once",
        annotations_file("item_id,who,label\nzoo-9999,ann,wolf\n"),
        "input",
        (
            "{root}/datasets/zoo/annotations.csv: 3 problems\n"
            "  - 1 columns are missing (annotator_id); it has item_id, who, label\n"
            "  - column 'item_id': 1 of 1 rows: the id is no item of the dataset (item_id "
            "zoo-9999)\n"
            "  - column 'given_label': 1 of 1 rows: the label is missing or not in the class list "
            "(item_id zoo-9999: 'wolf')"
        ),
    ),
)


ACCEPTED: tuple[Accepted, ...] = (
    Accepted(
        "annotations-empty",
        "annotations",
        "a file with a header and no rows",
        "as nobody's annotations",
        annotations_file("item_id,annotator_id,label\n"),
    ),  # type: ignore[arg-type]
)
