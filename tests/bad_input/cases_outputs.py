"""Bad input in the outputs of a model."""

from __future__ import annotations

import io
import pickle

import numpy as np
import pyarrow as pa

from tests.bad_input.case import Accepted, Case
from tests.bad_input.spoiling import (
    array_file,
    both,
    csv,
    folder,
    in_items_order,
    items_are,
    npy,
    npy_header,
    outputs_are,
    outputs_file,
    parquet,
    with_cells,
    with_column,
    write,
    yaml_has,
)
from tests.conftest import MadeUp

_CLASSES = ["ant", "bee", "cow"]


def _ids_of(zoo: MadeUp) -> list[str]:
    found: list[str] = zoo.items()["item_id"].to_pylist()
    return found


def _scaled(change: object) -> object:
    """Change all probabilities of the table at once."""

    def each(table: pa.Table) -> pa.Table:
        probs = np.column_stack([table[c].to_numpy() for c in _CLASSES])
        for c, column in zip(_CLASSES, change(probs).T, strict=True):  # type: ignore[operator]
            table = with_column(table, c, pa.array(column))
        return table

    return outputs_are(each)


def _lists(change: object = None) -> object:
    """The probabilities as one list column, some lists changed."""

    def data(zoo: MadeUp) -> bytes:
        rows = [list(map(float, r)) for r in in_items_order(zoo)]
        for row, values in (change or {}).items():  # type: ignore[attr-defined]
            rows[row] = values
        return parquet(pa.table({"item_id": _ids_of(zoo), "p": rows}))

    return outputs_file("m0l.parquet", data, ", column: p")


def _top_k(labels: object, probs: object) -> object:
    """Top-k outputs, the same for every item but the first."""

    def data(zoo: MadeUp) -> bytes:
        n = 60
        return parquet(
            pa.table(
                {
                    "item_id": _ids_of(zoo),
                    "top_k_labels": [labels] + [["ant", "bee"]] * (n - 1),
                    "top_k_probs": [probs] + [[0.6, 0.3]] * (n - 1),
                }
            )
        )

    return outputs_file("m0k.parquet", data, kind="top_k")


def _predicted(change: object) -> object:
    """Predicted labels alone, in a CSV file."""

    def data(zoo: MadeUp) -> str:
        table = pa.table({"item_id": _ids_of(zoo), "predicted_label": ["ant"] * 60})
        return csv(change(table))  # type: ignore[operator]

    return outputs_file("m0.csv", data, kind="labels")


def _npz(zoo: MadeUp) -> bytes:
    out = io.BytesIO()
    np.savez(out, probs=in_items_order(zoo))
    return out.getvalue()


def _mixed_labels(zoo: MadeUp) -> None:
    """Labels in no regular order, so that a shift by a row is no shift by a class; sharp outputs for them."""
    truth = np.random.default_rng(3).integers(0, 3, 60)
    zoo.write_items(with_column(zoo.items(), "label", pa.array([_CLASSES[t] for t in truth])))
    sharp = np.full((60, 3), 0.1)
    sharp[np.arange(60), truth] = 0.8
    yaml_has("{kind: dense, path: zoo/m0.parquet}", "{kind: dense, path: zoo/m0.npy, rows: items_order}")(zoo)
    np.save(folder(zoo) / "m0.npy", sharp)


def _shifted(axis: int) -> object:
    def shift(zoo: MadeUp) -> None:
        path = folder(zoo) / "m0.npy"
        np.save(path, np.roll(np.load(path, allow_pickle=False), 1, axis=axis))

    return both(_mixed_labels, shift)


def _several(table: pa.Table) -> pa.Table:
    """A class column is misspelt, one holds text, an id is unknown and one is missing."""
    table = with_cells("item_id", {0: "zoo-9999", 1: None})(table)
    return with_column(table, "bee", pa.array(["0.5"] * 60)).rename_columns(["item_id", "ant", "bee", "caw"])


def _other_form(form: object) -> object:
    """Items `001` to `060`, which the outputs write in another form."""

    def spoil(zoo: MadeUp) -> None:
        number = {i: n for n, i in enumerate(_ids_of(zoo), start=1)}
        items_are(lambda t: with_column(t, "item_id", pa.array([f"{n:03d}" for n in number.values()])))(zoo)
        yaml_has("\n  - {name: m1, out_of_sample: true, outputs: {kind: dense, path: zoo/m1.parquet}}", "")(
            zoo
        )
        outputs_are(
            lambda t: with_column(t, "item_id", pa.array([form(number[i]) for i in t["item_id"].to_pylist()]))  # type: ignore[operator]
        )(zoo)

    return spoil


def _case(name: str, what: str, spoil: object, code: str, message: str) -> Case:
    return Case(f"outputs-{name}", "outputs", what, spoil, code, message)  # type: ignore[arg-type]


CASES: tuple[Case, ...] = (
    _case(
        "missing",
        "a file that is not there",
        lambda zoo: (folder(zoo) / "m0.parquet").unlink(),
        "file",
        "model 'm0': {root}/datasets/zoo/m0.parquet: there is no such file",
    ),
    _case(
        "two-models",
        "files of two models, each broken in its way",
        both(
            outputs_are(lambda t: t.drop_columns(["cow"])),
            lambda zoo: write(folder(zoo) / "m1.parquet", b"PAR1"),
        ),
        "input",
        (
            "model 'm0': {root}/datasets/zoo/m0.parquet: expected a column a class, named by class "
            "id or name; 1 of 3 are missing (cow); it has item_id, ant, bee. For one list column "
            "say which with 'column'\n"
            "model 'm1': {root}/datasets/zoo/m1.parquet: cannot be read as parquet: Parquet file "
            "size is 4 bytes, smaller than the minimum file footer (8 bytes)"
        ),
    ),
    _case(
        "rows-missing",
        "rows that are cut off",
        outputs_are(lambda t: t.slice(0, 57)),
        "ids",
        (
            "model 'm0': column 'item_id': 3 of 60 rows: the item has no output row (item_id "
            "zoo-592, item_id zoo-740, item_id zoo-073)"
        ),
    ),
    _case(
        "no-rows",
        "a table without rows",
        outputs_are(lambda t: t.slice(0, 0)),
        "ids",
        (
            "model 'm0': column 'item_id': 60 of 60 rows: the item has no output row (item_id "
            "zoo-000, item_id zoo-037, item_id zoo-074, item_id zoo-111, item_id zoo-148 and 55 "
            "more)"
        ),
    ),
    _case(
        "rows-repeat",
        "items that have two rows",
        outputs_are(lambda t: pa.concat_tables([t, t.slice(0, 2)])),
        "ids",
        (
            "model 'm0': column 'rows': 2 of 60 rows: the item has several output rows (item_id "
            "zoo-370: 2, item_id zoo-332: 2)"
        ),
    ),
    _case(
        "ids-unknown",
        "rows of items that the dataset does not have",
        outputs_are(with_cells("item_id", {0: "zoo-9999", 4: "park-1"})),
        "ids",
        (
            "model 'm0': 2 problems\n"
            "  - column 'item_id': 2 of 62 rows: the id is no item of the dataset (item_id "
            "zoo-9999, item_id park-1)\n"
            "  - column 'item_id': 2 of 62 rows: the item has no output row (item_id zoo-370, "
            "item_id zoo-443)"
        ),
    ),
    _case(
        "ids-missing",
        "rows without an id",
        outputs_are(with_cells("item_id", {0: None, 1: None})),
        "ids",
        (
            "model 'm0': 2 problems\n"
            "  - column 'item_id': 2 of 62 rows: the item id is missing (item_id None, item_id "
            "None)\n"
            "  - column 'item_id': 2 of 62 rows: the item has no output row (item_id zoo-370, "
            "item_id zoo-332)"
        ),
    ),
    _case(
        "ids-other-numbers",
        "ids as numbers where the items have them as text with zeros in front",
        _other_form(int),
        "ids",
        (
            "model 'm0': 2 problems\n"
            "  - column 'item_id': 60 of 120 rows: the id is no item of the dataset (item_id 11, "
            "item_id 37, item_id 15, item_id 18, item_id 40 and 55 more); 60 of them are items "
            "written in another way: '11' here is '011' in the items file, '37' is '037', '15' is "
            "'015'\n"
            "  - column 'item_id': 60 of 120 rows: the item has no output row (item_id 001, "
            "item_id 002, item_id 003, item_id 004, item_id 005 and 55 more)"
        ),
    ),
    _case(
        "ids-other-floats",
        "ids as 1.0 where the items have 001",
        _other_form(lambda n: f"{n}.0"),
        "ids",
        (
            "model 'm0': 2 problems\n"
            "  - column 'item_id': 60 of 120 rows: the id is no item of the dataset (item_id 11.0, "
            "item_id 37.0, item_id 15.0, item_id 18.0, item_id 40.0 and 55 more); 60 of them are "
            "items written in another way: '11.0' here is '011' in the items file, '37.0' is "
            "'037', '15.0' is '015'\n"
            "  - column 'item_id': 60 of 120 rows: the item has no output row (item_id 001, "
            "item_id 002, item_id 003, item_id 004, item_id 005 and 55 more)"
        ),
    ),
    _case(
        "ids-other-paths",
        "ids as paths of files where the items have bare names",
        _other_form(lambda n: f"val/{n:03d}.png"),
        "ids",
        (
            "model 'm0': 2 problems\n"
            "  - column 'item_id': 60 of 120 rows: the id is no item of the dataset (item_id "
            "val/011.png, item_id val/037.png, item_id val/015.png, item_id val/018.png, item_id "
            "val/040.png and 55 more); 60 of them are items written in another way: 'val/011.png' "
            "here is '011' in the items file, 'val/037.png' is '037', 'val/015.png' is '015'\n"
            "  - column 'item_id': 60 of 120 rows: the item has no output row (item_id 001, "
            "item_id 002, item_id 003, item_id 004, item_id 005 and 55 more)"
        ),
    ),
    _case(
        "class-missing",
        "a column for each class but one",
        outputs_are(lambda t: t.drop_columns(["cow"])),
        "columns",
        (
            "model 'm0': {root}/datasets/zoo/m0.parquet: expected a column a class, named by class "
            "id or name; 1 of 3 are missing (cow); it has item_id, ant, bee. For one list column "
            "say which with 'column'"
        ),
    ),
    _case(
        "column-text",
        "probabilities that are text",
        outputs_are(lambda t: with_column(t, "bee", pa.array(["0.5"] * 60))),
        "columns",
        ("model 'm0': {root}/datasets/zoo/m0.parquet: 1 class columns hold no numbers but string (bee)"),
    ),
    _case(
        "sums",
        "rows that do not sum to 1",
        outputs_are(with_cells("ant", {0: 0.95, 3: 0.0})),
        "probabilities",
        (
            "model 'm0': column 'sum': 2 of 60 rows: the probabilities do not sum to 1 within "
            "0.001 (item_id zoo-370: 1.90315, item_id zoo-629: 0.837443)"
        ),
    ),
    _case(
        "logits",
        "logits in place of probabilities",
        _scaled(lambda p: np.log(p + 1e-3) * 3 + 4),
        "probabilities",
        (
            "model 'm0': 3 problems\n"
            "  - column 'min': 60 of 60 rows: a probability is below 0 (item_id zoo-000: -16.6418, "
            "item_id zoo-037: -2.00063, item_id zoo-074: -9.39407, item_id zoo-111: -13.6404, "
            "item_id zoo-148: -13.9368 and 55 more)\n"
            "  - column 'max': 60 of 60 rows: a probability is above 1 (item_id zoo-000: 3.84606, "
            "item_id zoo-037: 2.93474, item_id zoo-074: 3.07427, item_id zoo-111: 3.78317, item_id "
            "zoo-148: 3.06601 and 55 more)\n"
            "  - column 'sum': 60 of 60 rows: the probabilities do not sum to 1 within 0.001 "
            "(item_id zoo-000: -17.6657, item_id zoo-037: -0.442717, item_id zoo-074: -6.39585, "
            "item_id zoo-111: -13.838, item_id zoo-148: -10.8211 and 55 more); values below 0 or "
            "above 1 in most rows: these look like logits; give their softmax"
        ),
    ),
    _case(
        "logarithms",
        "logarithms of probabilities",
        _scaled(lambda p: np.log(p + 1e-9)),
        "probabilities",
        (
            "model 'm0': 2 problems\n"
            "  - column 'min': 60 of 60 rows: a probability is below 0 (item_id zoo-000: -10.4997, "
            "item_id zoo-037: -2.00763, item_id zoo-074: -4.55559, item_id zoo-111: -6.32309, "
            "item_id zoo-148: -6.48149 and 55 more)\n"
            "  - column 'sum': 60 of 60 rows: the probabilities do not sum to 1 within 0.001 "
            "(item_id zoo-000: -13.5282, item_id zoo-037: -4.16244, item_id zoo-074: -6.22811, "
            "item_id zoo-111: -9.07108, item_id zoo-148: -8.11471 and 55 more); no value is above "
            "0: these look like logarithms of probabilities; give their exponentials"
        ),
    ),
    _case(
        "percentages",
        "percentages",
        _scaled(lambda p: p * 100),
        "probabilities",
        (
            "model 'm0': 2 problems\n"
            "  - column 'max': 60 of 60 rows: a probability is above 1 (item_id zoo-000: 94.898, "
            "item_id zoo-037: 70.0112, item_id zoo-074: 73.3492, item_id zoo-111: 92.9274, item_id "
            "zoo-148: 73.1473 and 55 more)\n"
            "  - column 'sum': 60 of 60 rows: the probabilities do not sum to 1 within 0.001 "
            "(item_id zoo-000: 100, item_id zoo-037: 100, item_id zoo-074: 100, item_id zoo-111: "
            "100, item_id zoo-148: 100 and 55 more); rows sum to 100: these look like percentages; "
            "divide them by 100"
        ),
    ),
    _case(
        "nan",
        "NaN",
        outputs_are(with_cells("ant", {0: float("nan"), 1: None})),
        "probabilities",
        (
            "model 'm0': column 'finite': 2 of 60 rows: a probability is not finite (item_id "
            "zoo-370, item_id zoo-332)"
        ),
    ),
    _case(
        "infinite",
        "infinite values",
        outputs_are(with_cells("ant", {0: float("inf"), 1: float("-inf")})),
        "probabilities",
        (
            "model 'm0': column 'finite': 2 of 60 rows: a probability is not finite (item_id "
            "zoo-370, item_id zoo-332)"
        ),
    ),
    _case(
        "negative",
        "negative values",
        _scaled(lambda p: np.where(np.arange(60)[:, None] == 2, p - 0.4, p)),
        "probabilities",
        (
            "model 'm0': 2 problems\n"
            "  - column 'min': 1 of 60 rows: a probability is below 0 (item_id zoo-518: -0.389613)\n"
            "  - column 'sum': 1 of 60 rows: the probabilities do not sum to 1 within 0.001 "
            "(item_id zoo-518: -0.2)"
        ),
    ),
    _case(
        "lists-uneven",
        "lists of different lengths",
        _lists({0: [0.5, 0.5], 4: None}),
        "shape",
        (
            "model 'm0': {root}/datasets/zoo/m0l.parquet: column 'p': every row must have a list "
            "of the same length, got 1 of 2, 58 of 3, 1 of null"
        ),
    ),
    _case(
        "lists-short",
        "lists with a value less than there are classes",
        _lists({i: [0.5, 0.5] for i in range(60)}),
        "shape",
        (
            "model 'm0': {root}/datasets/zoo/m0l.parquet: lists of 2 probabilities, but the class "
            "list has 3 classes"
        ),
    ),
    _case(
        "npy-classes",
        "an array with a column more than there are classes",
        array_file(lambda a: np.column_stack([a, a[:, :1]])),
        "shape",
        "model 'm0': {root}/datasets/zoo/m0.npy: 4 columns, but the class list has 3 classes",
    ),
    _case(
        "npy-rows",
        "an array with a row less than there are items",
        array_file(lambda a: a[:-1]),
        "shape",
        ("model 'm0': {root}/datasets/zoo/m0.npy: 59 rows said to be in items order, but there are 60 items"),
    ),
    _case(
        "npy-flat",
        "an array of one axis",
        array_file(lambda a: a[:, 0]),
        "shape",
        (
            "model 'm0': {root}/datasets/zoo/m0.npy: expected probabilities (items, classes) as "
            "2-dimensional floats, got shape (60,) of float64"
        ),
    ),
    _case(
        "npy-integers",
        "whole numbers in place of probabilities",
        array_file(lambda a: np.rint(a).astype(np.int64)),
        "shape",
        (
            "model 'm0': {root}/datasets/zoo/m0.npy: expected probabilities (items, classes) as "
            "2-dimensional floats, got shape (60, 3) of int64"
        ),
    ),
    _case(
        "npy-objects",
        "an array of Python objects, which would have to be unpickled",
        array_file(lambda a: a.astype(object), pickled=True),
        "file",
        (
            "model 'm0': {root}/datasets/zoo/m0.npy: cannot be read as a .npy array without "
            "pickles: it holds pickled Python objects, which are never loaded; save plain numbers"
        ),
    ),
    _case(
        "npy-pickle",
        "a pickle with the ending `.npy`",
        outputs_file("m0.npy", pickle.dumps([[0.5, 0.5]]), ", rows: items_order"),
        "file",
        (
            "model 'm0': {root}/datasets/zoo/m0.npy: cannot be read as a .npy array without "
            "pickles: it does not begin as one (it is a pickle)"
        ),
    ),
    _case(
        "npy-npz",
        "a `.npz` archive with the ending `.npy`",
        outputs_file("m0.npy", _npz, ", rows: items_order"),
        "file",
        (
            "model 'm0': {root}/datasets/zoo/m0.npy: cannot be read as a .npy array without "
            "pickles: it does not begin as one (it is a zip archive (.npz, .xlsx))"
        ),
    ),
    _case(
        "npy-lying-header",
        "a header that tells of 200 TB in a file of 228 bytes",
        outputs_file("m0.npy", npy_header("(10000000000000, 3)") + b"\0" * 100, ", rows: items_order"),
        "file",
        (
            "model 'm0': {root}/datasets/zoo/m0.npy: cannot be read as a .npy array without "
            "pickles: its header tells of more than the 228 bytes that it has: cut off, or not "
            "what it says"
        ),
    ),
    _case(
        "npy-negative-shape",
        "a header with a negative shape",
        outputs_file("m0.npy", npy_header("(-60, -3)") + b"\0" * 1440, ", rows: items_order"),
        "file",
        (
            "model 'm0': {root}/datasets/zoo/m0.npy: cannot be read as a .npy array without "
            "pickles: negative dimensions are not allowed"
        ),
    ),
    _case(
        "npy-code",
        "a header that is a call and no literal",
        outputs_file("m0.npy", npy_header("__import__('os')"), ", rows: items_order"),
        "file",
        (
            "model 'm0': {root}/datasets/zoo/m0.npy: cannot be read as a .npy array without "
            "pickles: its header is no plain description of an array"
        ),
    ),
    _case(
        "npy-cut-off",
        "an array that was cut off",
        outputs_file("m0.npy", lambda zoo: npy(in_items_order(zoo))[:-100], ", rows: items_order"),
        "file",
        (
            "model 'm0': {root}/datasets/zoo/m0.npy: cannot be read as a .npy array without "
            "pickles: its header tells of more than the 1,468 bytes that it has: cut off, or not "
            "what it says"
        ),
    ),
    _case(
        "npy-two-arrays",
        "two arrays in one file",
        outputs_file("m0.npy", lambda zoo: npy(in_items_order(zoo)) * 2, ", rows: items_order"),
        "file",
        (
            "model 'm0': {root}/datasets/zoo/m0.npy: 1,568 bytes follow the array of shape (60, 3) "
            "that its header tells of; expected one array"
        ),
    ),
    _case(
        "npy-nan",
        "an array with a row of NaN",
        array_file(lambda a: np.where(np.arange(60)[:, None] == 2, np.nan, a)),
        "probabilities",
        ("model 'm0': column 'finite': 1 of 60 rows: a probability is not finite (item_id zoo-074)"),
    ),
    _case(
        "npy-order",
        "`columns` that are not the classes",
        array_file(lambda a: a, more=", columns: [ant, bee, bee]"),
        "shape",
        ("model 'm0': {root}/datasets/zoo/m0.npy: 'columns' must name each class id once; 1 differ (cow)"),
    ),
    _case(
        "shifted-rows",
        "rows in items order that are shifted by one",
        _shifted(0),
        "shape",
        (
            "model 'm0': {root}/datasets/zoo/m0.npy: the outputs are shifted: the likeliest class "
            "is the given label of 50% of the items, but each row fits the item before its own: "
            "there is one row too many at the top (100% then)"
        ),
    ),
    _case(
        "shifted-columns",
        "columns that are shifted by one class",
        _shifted(1),
        "shape",
        (
            "model 'm0': {root}/datasets/zoo/m0.npy: the outputs are shifted: the likeliest class "
            "is the given label of 0% of the items, but each column fits the class before its own "
            "in the class list (100% then)"
        ),
    ),
    _case(
        "top-k-unknown",
        "a class among the top k that is not in the class list",
        _top_k(["ant", "wolf"], [0.6, 0.3]),
        "labels",
        (
            "model 'm0': column 'labels_known': 1 of 60 rows: a predicted class is not in the "
            "class list (item_id zoo-000)"
        ),
    ),
    _case(
        "top-k-twice",
        "a class that is twice among the top k",
        _top_k(["ant", "ant"], [0.6, 0.3]),
        "labels",
        (
            "model 'm0': column 'labels_distinct': 1 of 60 rows: a class is named twice among the "
            "top k (item_id zoo-000)"
        ),
    ),
    _case(
        "top-k-sum",
        "top-k probabilities that sum to more than 1",
        _top_k(["ant", "bee"], [0.9, 0.6]),
        "probabilities",
        (
            "model 'm0': column 'sum': 1 of 60 rows: the top-k probabilities sum to more than 1 by "
            "over 0.001 (item_id zoo-000: 1.5)"
        ),
    ),
    _case(
        "top-k-uneven",
        "top-k lists of classes and of probabilities that differ in length",
        _top_k(["ant", "bee", "cow"], [0.6, 0.3]),
        "shape",
        (
            "model 'm0': {root}/datasets/zoo/m0k.parquet: column 'top_k_labels': every row must "
            "have a list of the same length, got 1 of 3, 59 of 2"
        ),
    ),
    _case(
        "labels-unknown",
        "predicted labels that no class has",
        _predicted(with_cells("predicted_label", {2: "wolf", 8: "Ant"})),
        "labels",
        (
            "model 'm0': column 'labels_known': 2 of 60 rows: a predicted class is not in the "
            "class list (item_id zoo-074, item_id zoo-296)"
        ),
    ),
    _case(
        "labels-column",
        "predicted labels in a column of another name",
        _predicted(lambda t: t.rename_columns(["item_id", "prediction"])),
        "columns",
        (
            "model 'm0': {root}/datasets/zoo/m0.csv: 1 columns are missing (predicted_label); it "
            "has item_id, prediction"
        ),
    ),
    _case(
        "several",
        "several of these at once",
        outputs_are(_several),
        "input",
        (
            "model 'm0': {root}/datasets/zoo/m0.parquet: 5 problems\n"
            "  - expected a column a class, named by class id or name; 1 of 3 are missing (cow); "
            "it has item_id, ant, bee, caw. For one list column say which with 'column'\n"
            "  - 1 class columns hold no numbers but string (bee)\n"
            "  - column 'item_id': 1 of 62 rows: the item id is missing (item_id None)\n"
            "  - column 'item_id': 1 of 62 rows: the id is no item of the dataset (item_id "
            "zoo-9999)\n"
            "  - column 'item_id': 2 of 62 rows: the item has no output row (item_id zoo-370, "
            "item_id zoo-332)"
        ),
    ),
)


def _accepted(name: str, what: str, meant: str, change: object) -> Accepted:
    return Accepted(f"outputs-{name}", "outputs", what, meant, change)  # type: ignore[arg-type]


ACCEPTED: tuple[Accepted, ...] = (
    _accepted(
        "float16", "an array of float16", "widened to float32", array_file(lambda a: a.astype(np.float16))
    ),
    _accepted(
        "big-endian",
        "an array of another byte order, columns first",
        "as the numbers they are",
        array_file(lambda a: np.asfortranarray(a.astype(">f8"))),
    ),
    _accepted(
        "a-hair-outside",
        "probabilities that rounding left a hair outside 0 and 1",
        "clipped, and counted",
        _scaled(lambda p: np.where(np.arange(60)[:, None] == 2, [[1.00005, -0.00003, -0.00002]], p)),
    ),
    _accepted(
        "dictionary",
        "ids in a dictionary column",
        "as the values they stand for",
        outputs_are(lambda t: with_column(t, "item_id", t["item_id"].combine_chunks().dictionary_encode())),
    ),
)
