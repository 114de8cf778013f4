"""Bad input in features, training dynamics, and the columns of suggestions and splits."""

from __future__ import annotations

import io
import os
from collections.abc import Callable

import numpy as np
import pyarrow as pa
from PIL import Image

from tests.bad_input.case import Accepted, Case
from tests.bad_input.spoiling import Spoil, both, folder, items_are, npy, parquet, write, yaml_and, yaml_has
from tests.conftest import MadeUp

_ARRAY = "features: [{name: vectors, kind: embeddings, path: zoo/v.npy, rows: items_order}]\n"
_TABLE = "features: [{name: vectors, kind: embeddings, path: zoo/v.parquet, column: v}]\n"
_PHOTOS = "features: [{name: photos, kind: images, column: photo}]\n"
_DYNAMICS = "training_dynamics: {path: zoo/t.npy, kind: probs}\n"

_GOOD = np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32)
_EPOCHS = np.random.default_rng(0).dirichlet(np.ones(3), size=(5, 60))


def _case(name: str, what: str, spoil: Spoil, code: str, message: str) -> Case:
    return Case(f"features-{name}", "features", what, spoil, code, message)


def _file(name: str, data: bytes, yaml: str) -> Spoil:
    """Add a file, and what names it to the YAML."""

    def spoil(zoo: MadeUp) -> None:
        yaml_and(yaml)(zoo)
        write(folder(zoo) / name, data)

    return spoil


def _vectors(change: Callable[[pa.Table], pa.Table]) -> Spoil:
    """A table of embeddings by id, changed."""

    def spoil(zoo: MadeUp) -> None:
        table = pa.table({"item_id": zoo.items()["item_id"].combine_chunks(), "v": _GOOD.tolist()})
        _file("v.parquet", parquet(change(table)), _TABLE)(zoo)

    return spoil


def _with(name: str, values: list[object]) -> Spoil:
    """A further column of the items, repeated over them."""

    def change(table: pa.Table) -> pa.Table:
        more = [values[i % len(values)] for i in range(table.num_rows)]
        return table.append_column(name, pa.array(more))

    return items_are(change)


def _photos(*names: str) -> Spoil:
    return both(
        _with("photo", [f"zoo/{n}" if not n.startswith(("/", ".")) else n for n in names]), yaml_and(_PHOTOS)
    )


def _photo(name: str, data: bytes) -> Spoil:
    return lambda zoo: write(folder(zoo) / name, data)


def _png(size: int = 32) -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").resize((size, size)).save(out, "PNG")
    return out.getvalue()


def _linked(zoo: MadeUp) -> None:
    os.symlink("/etc/hostname", folder(zoo) / "link.png")


def _changed(change: Callable[[np.ndarray], object], array: np.ndarray) -> bytes:
    copied = array.copy()
    change(copied)
    return npy(copied)


def _nan(array: np.ndarray) -> None:
    array[7, 1] = np.nan
    array[9] = np.inf


_SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'


CASES: tuple[Case, ...] = (
    _case(
        "embeddings-missing",
        "a file of embeddings that is not there",
        yaml_and(_ARRAY),
        "file",
        "features 'vectors': {root}/datasets/zoo/v.npy: there is no such file",
    ),
    _case(
        "embeddings-of-other-items",
        "embeddings in items order with a row too few",
        _file("v.npy", npy(_GOOD[:59]), _ARRAY),
        "shape",
        (
            "features 'vectors': {root}/datasets/zoo/v.npy: 59 rows said to be in items order, but there "
            "are 60 items"
        ),
    ),
    _case(
        "embeddings-of-three-axes",
        "embeddings with an axis too many",
        _file("v.npy", npy(_GOOD[None]), _ARRAY),
        "shape",
        (
            "features 'vectors': {root}/datasets/zoo/v.npy: expected embeddings (items, dimensions) as "
            "2-dimensional floats or integers, got shape (1, 60, 4) of float32"
        ),
    ),
    _case(
        "embeddings-not-finite",
        "embeddings that are not finite",
        _file("v.npy", _changed(_nan, _GOOD), _ARRAY),
        "input",
        (
            "features 'vectors': column 'finite': 2 of 60 rows: a value is missing or not finite "
            "(item_id zoo-259, item_id zoo-333)"
        ),
    ),
    _case(
        "embeddings-too-large",
        "embeddings too large for 32 bits",
        _file("v.npy", npy(_GOOD.astype(np.float64) * 1e39), _ARRAY),
        "input",
        "features 'vectors': column 'finite': 60 of 60 rows: a value is missing or not finite ({any} and 55 more)",
    ),
    _case(
        "embeddings-pickled",
        "embeddings as pickled objects",
        _file("v.npy", npy(np.array([{}] * 60), pickled=True), _ARRAY),
        "file",
        (
            "features 'vectors': {root}/datasets/zoo/v.npy: cannot be read as a .npy array without pickles: it "
            "holds pickled Python objects, which are never loaded; save plain numbers"
        ),
    ),
    _case(
        "embeddings-unknown-ids",
        "embeddings of other items, and one twice",
        _vectors(
            lambda t: pa.table(
                {
                    "item_id": pa.array(["zoo-9999", *t["item_id"].to_pylist()[1:59], "zoo-037"]),
                    "v": t["v"],
                }
            )
        ),
        "ids",
        (
            "features 'vectors': 3 problems\n"
            "  - column 'item_id': 1 of 61 rows: the id is no item of the dataset (item_id zoo-9999)\n"
            "  - column 'item_id': 2 of 61 rows: the item has no row (item_id zoo-000, item_id zoo-183)\n"
            "  - column 'rows': 1 of 61 rows: the item has several rows (item_id zoo-037: 2)"
        ),
    ),
    _case(
        "embeddings-ragged",
        "embeddings of different lengths",
        _vectors(lambda t: t.set_column(1, "v", pa.array([[1.0], *t["v"].to_pylist()[1:]]))),
        "shape",
        (
            "features 'vectors': {root}/datasets/zoo/v.parquet: column 'v': every row must have a list of the "
            "same length, got 1 of 1, 59 of 4"
        ),
    ),
    _case(
        "embeddings-column-missing",
        "embeddings in a column that is not there",
        _vectors(lambda t: t.rename_columns(["id", "vector"])),
        "columns",
        (
            "features 'vectors': {root}/datasets/zoo/v.parquet: 2 columns are missing (item_id, v); it has "
            "id, vector"
        ),
    ),
    _case(
        "column-unknown",
        "text and number columns that the items do not have",
        yaml_and(
            "features:\n  - {name: words, kind: text, columns: [text, question]}\n"
            "  - {name: sizes, kind: numeric, columns: [width]}\n"
        ),
        "columns",
        (
            "features 'words': {root}/datasets/zoo/items.parquet: 1 columns are missing (question); beside id and "
            "label it has text\n"
            "features 'sizes': {root}/datasets/zoo/items.parquet: 1 columns are missing (width); beside id and "
            "label it has text"
        ),
    ),
    _case(
        "label-as-feature",
        "the labels as something to compare items by",
        yaml_and("features: [{name: words, kind: text, columns: [label]}]\n"),
        "columns",
        (
            "features 'words': {root}/datasets/zoo/items.parquet: 1 columns are missing (label); beside id and "
            "label it has text"
        ),
    ),
    _case(
        "numbers-as-text",
        "words in a column of numbers",
        both(
            _with("size", ["1.5", "large"]),
            yaml_and("features: [{name: sizes, kind: numeric, columns: [size]}]\n"),
        ),
        "columns",
        (
            "features 'sizes': {root}/datasets/zoo/items.parquet: column 'size': 30 of 60 cells hold no number "
            "(item_id zoo-037: 'large', item_id zoo-111: 'large', item_id zoo-185: 'large', item_id zoo-259: "
            "'large', item_id zoo-333: 'large' and 25 more)"
        ),
    ),
    _case(
        "images-missing",
        "image files that are not there",
        both(_photo("a.png", _png()), _photos("a.png", "gone.png")),
        "file",
        (
            "features 'photos': {root}/datasets/zoo/items.parquet: column 'photo': 30 of 60 files cannot be read "
            "(zoo/gone.png, zoo/gone.png, zoo/gone.png, zoo/gone.png, zoo/gone.png and 25 more)"
        ),
    ),
    _case(
        "images-unreadable",
        "image files that are cut off, and a drawing",
        both(
            *(_photo("a.png", _png()), _photo("cut.png", _png(200)[:300]), _photo("b.png", _SVG)),
            _photos(*["a.png"] * 58, "cut.png", "b.png"),
        ),
        "file",
        (
            "features 'photos': {root}/datasets/zoo/items.parquet: column 'photo': 2 of 60 files are no images "
            "(zoo/cut.png: {any}, zoo/b.png: a drawing (SVG), which is never loaded)"
        ),
    ),
    _case(
        "images-outside",
        "image files outside of the allowed folders",
        both(_linked, _photos("../../../secret.png", "link.png")),
        "path",
        (
            "features 'photos': {root}/datasets/zoo/items.parquet: column 'photo': 60 of 60 files are in none of "
            "the allowed folders (../../../secret.png, zoo/link.png, ../../../secret.png, zoo/link.png, "
            "../../../secret.png and 55 more); allowed are {root}, {root}/datasets/zoo; 'roots' in "
            "labelaudit.yaml names further ones"
        ),
    ),
    _case(
        "images-numbers",
        "numbers in place of image files",
        both(_with("photo", [1, 2]), yaml_and(_PHOTOS)),
        "columns",
        (
            "features 'photos': {root}/datasets/zoo/items.parquet: column 'photo': has type int64; expected paths "
            "of files"
        ),
    ),
    _case(
        "several",
        "several of these at once",
        both(
            _with("photo", ["zoo/gone.png"]),
            yaml_and(
                "features:\n  - {name: photos, kind: images, column: photo}\n"
                "  - {name: vectors, kind: embeddings, path: zoo/v.npy, rows: items_order}\n" + _DYNAMICS
            ),
            _photo("v.npy", npy(_GOOD[:3])),
            _photo("t.npy", npy(_EPOCHS[:, :3])),
        ),
        "input",
        (
            "features 'photos': {root}/datasets/zoo/items.parquet: column 'photo': 60 of 60 files cannot be read "
            "(zoo/gone.png, zoo/gone.png, zoo/gone.png, zoo/gone.png, zoo/gone.png and 55 more)\n"
            "features 'vectors': {root}/datasets/zoo/v.npy: 3 rows said to be in items order, but there are 60 "
            "items\n"
            "training dynamics: {root}/datasets/zoo/t.npy: an array of shape (5, 3, 3); expected epochs x "
            "60 items x 3 classes"
        ),
    ),
    _case(
        "kind-without-its-key",
        "features of a kind without what it is made of",
        yaml_and("features: [{name: words, kind: text, path: zoo/v.npy}]\n"),
        "config",
        "{root}/datasets/zoo.yaml: features.0: kind text needs 'columns'",
    ),
    _case(
        "array-without-its-order",
        "embeddings without ids whose order nobody vouches for",
        yaml_and("features: [{name: vectors, kind: embeddings, path: zoo/v.npy}]\n"),
        "config",
        (
            "{root}/datasets/zoo.yaml: features.0: a .npy file has no ids: say 'rows: items_order' if its rows are "
            "in items order"
        ),
    ),
    _case(
        "names-twice",
        "two features of one name, and an audit of others",
        yaml_and(
            "features:\n  - {name: words, kind: text, columns: [text]}\n"
            "  - {name: words, kind: text, columns: [text]}\n"
            "audits: {outliers: {features: [wings]}}\n"
        ),
        "config",
        (
            "{root}/datasets/zoo.yaml: features: the name 'words' is given more than once; "
            "audits.outliers.features: no features are named 'wings'"
        ),
    ),
    _case(
        "training-missing",
        "training dynamics that are not there",
        yaml_and(_DYNAMICS),
        "file",
        "training dynamics: {root}/datasets/zoo/t.npy: there is no such file",
    ),
    _case(
        "training-shape",
        "training dynamics of other items and classes",
        _file("t.npy", npy(_EPOCHS[:, :, :2]), _DYNAMICS),
        "shape",
        (
            "training dynamics: {root}/datasets/zoo/t.npy: an array of shape (5, 60, 2); expected epochs x 60 items "
            "x 3 classes"
        ),
    ),
    _case(
        "training-turned",
        "training dynamics with the items first",
        _file("t.npy", npy(np.ascontiguousarray(_EPOCHS.transpose(1, 0, 2))), _DYNAMICS),
        "shape",
        (
            "training dynamics: {root}/datasets/zoo/t.npy: an array of shape (60, 5, 3) (they look like items, "
            "epochs, classes); expected epochs x 60 items x 3 classes"
        ),
    ),
    _case(
        "training-logits",
        "logits that are said to be probabilities",
        _file("t.npy", npy(20 * (_EPOCHS - 0.5)), _DYNAMICS),
        "probabilities",
        (
            "training dynamics: 3 problems\n"
            "  - column 'min': {any}: a probability is below 0 ({any})\n"
            "  - column 'max': {any}: a probability is above 1 ({any})\n"
            "  - column 'sum': 60 of 60 rows: the probabilities do not sum to 1 within 0.001 ({any}); values below "
            "0 or above 1 in most rows: these look like logits; give their softmax"
        ),
    ),
    _case(
        "suggestion-column",
        "suggestions in a column that is not there",
        yaml_has("zoo/items.parquet}", "zoo/items.parquet, suggestion: guess}"),
        "columns",
        "{root}/datasets/zoo/items.parquet: 1 columns are missing (guess); it has item_id, label, text",
    ),
    _case(
        "suggestion-unknown",
        "suggestions in no class",
        both(
            yaml_has("zoo/items.parquet}", "zoo/items.parquet, suggestion: guess}"),
            _with("guess", ["ant", None, "", *["bee"] * 56, "wolf"]),
        ),
        "labels",
        (
            "{root}/datasets/zoo/items.parquet: column 'guess': 1 of 60 suggestions are not in the class list, read "
            "by id as the labels are (item_id zoo-183: 'wolf')"
        ),
    ),
    _case(
        "split-of-lists",
        "lists as the parts of the dataset",
        both(
            yaml_has("zoo/items.parquet}", "zoo/items.parquet, split: part}"),
            _with("part", [["train"], ["test"]]),
        ),
        "columns",
        (
            "{root}/datasets/zoo/items.parquet: column 'part': a column of splits of type list<element: string>; "
            "expected text, whole numbers or true and false"
        ),
    ),
)


def _unchanged(spoil: Spoil) -> Callable[[MadeUp], None]:
    return lambda zoo: spoil(zoo)


ACCEPTED: tuple[Accepted, ...] = (
    Accepted(
        "features-nothing-to-compare",
        "features",
        "items without a text, and a vector of zeros",
        "as items that are like no other, with a warning",
        _unchanged(
            both(
                _with("note", [None, "  ", "some words"]),
                _file(
                    "v.npy",
                    _changed(lambda a: a.__setitem__(0, 0), _GOOD),
                    "features:\n  - {name: notes, kind: text, columns: [note]}\n"
                    "  - {name: vectors, kind: embeddings, path: zoo/v.npy, rows: items_order}\n"
                    "audits: {confident_learning: {}, model_agreement: {}, duplicate_conflicts: {flags: false}}\n",
                ),
            )
        ),
    ),
    Accepted(
        "suggestions-blank",
        "features",
        "a column of suggestions without any",
        "as no suggestions",
        _unchanged(
            both(
                yaml_has("zoo/items.parquet}", "zoo/items.parquet, suggestion: guess}"),
                _with("guess", ["", None]),
            )
        ),
    ),
)
