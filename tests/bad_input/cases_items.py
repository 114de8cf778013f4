"""Bad input in the items file."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa

from tests.bad_input.case import Accepted, Case
from tests.bad_input.spoiling import (
    both,
    csv,
    folder,
    items_are,
    items_file,
    npy_header,
    parquet,
    void,
    with_cells,
    with_column,
    write,
    yaml_has,
)
from tests.conftest import MadeUp


def _path(zoo: MadeUp) -> Path:
    return folder(zoo) / "items.parquet"


def _folder(zoo: MadeUp) -> None:
    _path(zoo).unlink()
    _path(zoo).mkdir()


def _pipe(zoo: MadeUp) -> None:
    _path(zoo).unlink()
    os.mkfifo(_path(zoo))


def _dangling(zoo: MadeUp) -> None:
    _path(zoo).unlink()
    _path(zoo).symlink_to("gone.parquet")


def _cut(zoo: MadeUp) -> None:
    _path(zoo).write_bytes(_path(zoo).read_bytes()[:1000])


def _scrambled(zoo: MadeUp) -> None:
    """The data pages are overwritten, the footer is whole."""
    data = bytearray(_path(zoo).read_bytes())
    data[4:200] = b"\xff" * 196
    _path(zoo).write_bytes(bytes(data))


def _as_csv(zoo: MadeUp) -> str:
    return csv(zoo.items())


def _bad_rows(zoo: MadeUp) -> bytes:
    lines = _as_csv(zoo).splitlines(keepends=True)
    lines[3] = '"zoo-111"\n'
    lines[5] = lines[5].replace("\n", ',"more"\n')
    return "".join(lines).encode()


def _latin(zoo: MadeUp) -> bytes:
    lines = _as_csv(zoo).splitlines(keepends=True)
    return "".join([*lines[:2], lines[2].replace("text of", "caf\u00e9 of"), *lines[3:]]).encode("latin-1")


def _open_quote(zoo: MadeUp) -> bytes:
    return (_as_csv(zoo).removesuffix('"\n') + "\n").encode()


def _ids(values: list[object], type_: pa.DataType | None = None) -> object:
    return items_are(
        lambda t: with_column(t, "item_id", pa.array((values * t.num_rows)[: t.num_rows], type_))
    )


def _with_files(names: list[str | None], more: object = None) -> object:
    """A content column of file paths, of which the first are given."""

    def change(zoo: MadeUp) -> None:
        table = zoo.items()
        for name in {f"pictures/{i}.png" for i in range(table.num_rows)}:
            write(folder(zoo) / name, name)
        paths = [f"zoo/pictures/{i}.png" for i in range(table.num_rows)]
        paths[: len(names)] = names  # type: ignore[assignment]
        zoo.write_items(table.append_column("picture", pa.array(paths)))
        yaml_has("zoo/items.parquet}", "zoo/items.parquet, files: [picture]}")(zoo)
        write(zoo.root.parent / "secret.txt", "not for the eyes of a data file")
        (folder(zoo) / "out.png").symlink_to(zoo.root.parent / "secret.txt")

    return change


def _several(zoo: MadeUp) -> None:
    """The label column is renamed, an id repeats, one is missing, a file of a picture is not there."""
    _with_files(["zoo/gone.png"])(zoo)  # type: ignore[operator]
    table = with_cells("item_id", {1: zoo.items()["item_id"][0].as_py(), 2: None})(zoo.items())
    zoo.write_items(table.rename_columns(["item_id", "lable", "text", "picture"]))


def _case(name: str, what: str, spoil: object, code: str, message: str) -> Case:
    return Case(f"items-{name}", "items", what, spoil, code, message)  # type: ignore[arg-type]


CASES: tuple[Case, ...] = (
    _case(
        "missing",
        "a file that is not there",
        lambda zoo: _path(zoo).unlink(),
        "file",
        "{root}/datasets/zoo/items.parquet: there is no such file",
    ),
    _case(
        "empty",
        "an empty file",
        lambda zoo: void(_path(zoo).write_bytes(b"")),
        "file",
        "{root}/datasets/zoo/items.parquet: the file is empty (0 bytes)",
    ),
    _case(
        "folder",
        "a folder in the file's place",
        _folder,
        "file",
        "{root}/datasets/zoo/items.parquet: is a folder; expected a file",
    ),
    _case(
        "pipe",
        "a named pipe, which nobody writes to",
        _pipe,
        "file",
        "{root}/datasets/zoo/items.parquet: is no regular file",
    ),
    _case(
        "dangling-link",
        "a link to a file that is not there",
        _dangling,
        "file",
        (
            "{root}/datasets/zoo/items.parquet: there is no such file; it is a link to "
            "gone.parquet, which is not there"
        ),
    ),
    _case(
        "other-ending",
        "a kind of file that is not read",
        yaml_has("items.parquet", "items.xlsx"),
        "file",
        (
            "{root}/datasets/zoo/items.xlsx: unknown kind of file; expected one of .parquet, .csv, "
            ".jsonl, .ndjson, .arrow, .feather, .ipc"
        ),
    ),
    _case(
        "parquet-truncated",
        "a Parquet file that was cut off",
        _cut,
        "file",
        (
            "{root}/datasets/zoo/items.parquet: cannot be read as parquet: Parquet magic bytes not "
            "found in footer. Either the file is corrupted or this is not a parquet file."
        ),
    ),
    _case(
        "parquet-scrambled",
        "a Parquet file whose data were overwritten",
        _scrambled,
        "file",
        (
            "{root}/datasets/zoo/items.parquet: cannot be read as parquet: Couldn't deserialize "
            "thrift: don't know what type: \\x0f Deserializing page header failed."
        ),
    ),
    _case(
        "csv-named-parquet",
        "a CSV file with the ending of Parquet",
        lambda zoo: void(_path(zoo).write_text(_as_csv(zoo))),
        "file",
        (
            "{root}/datasets/zoo/items.parquet: cannot be read as parquet: Parquet magic bytes not "
            "found in footer. Either the file is corrupted or this is not a parquet file."
        ),
    ),
    _case(
        "parquet-named-csv",
        "a Parquet file with the ending of CSV",
        items_file("items.csv", lambda zoo: _path(zoo).read_bytes()),
        "file",
        "{root}/datasets/zoo/items.csv: is Parquet; expected text, as the ending '.csv' says",
    ),
    _case(
        "lfs-pointer",
        "a pointer of Git LFS in place of the file",
        items_file("items.csv", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n"),
        "file",
        (
            "{root}/datasets/zoo/items.csv: is a pointer of Git LFS, not the file itself; expected "
            "text, as the ending '.csv' says"
        ),
    ),
    _case(
        "utf-16",
        "a CSV file in UTF-16",
        items_file("items.csv", lambda zoo: _as_csv(zoo).encode("utf-16")),
        "file",
        "{root}/datasets/zoo/items.csv: is text in UTF-16; expected UTF-8",
    ),
    _case(
        "utf-16-unmarked",
        "a CSV file in UTF-16 without a byte order mark",
        items_file("items.csv", lambda zoo: _as_csv(zoo).encode("utf-16-le")),
        "file",
        ("{root}/datasets/zoo/items.csv: holds NUL bytes (the first at byte 2); expected text in UTF-8"),
    ),
    _case(
        "latin-1",
        "a CSV file in Latin-1",
        items_file("items.csv", _latin),
        "file",
        "{root}/datasets/zoo/items.csv: cannot be read as csv: 1 lines are not UTF-8 (lines 3)",
    ),
    _case(
        "csv-ragged",
        "rows of a CSV file with too few and too many cells",
        items_file("items.csv", _bad_rows),
        "file",
        (
            "{root}/datasets/zoo/items.csv: 2 rows have another number of cells than the header, "
            "which has 3 (row 4: 1, row 6: 4)"
        ),
    ),
    _case(
        "csv-open-quote",
        "a quote in a CSV file that is never closed",
        items_file("items.csv", _open_quote),
        "file",
        (
            "{root}/datasets/zoo/items.csv: a quote is opened and never closed: the last row runs "
            "to the end of the file"
        ),
    ),
    _case(
        "jsonl-broken",
        "a line of a JSONL file that is no JSON",
        items_file("items.jsonl", '{"item_id": "a", "label": "ant"}\n{"item_id": "b", "label": \n'),
        "file",
        ("{root}/datasets/zoo/items.jsonl: cannot be read as jsonl: 1 lines hold no JSON object (lines 2)"),
    ),
    _case(
        "json-array",
        "a JSON array in place of JSON lines",
        items_file("items.jsonl", '[{"item_id": "a", "label": "ant"}]\n'),
        "file",
        ("{root}/datasets/zoo/items.jsonl: cannot be read as jsonl: 1 lines hold no JSON object (lines 1)"),
    ),
    _case(
        "arrow-truncated",
        "an Arrow file that was cut off",
        items_file("items.arrow", b"ARROW1\0\0" + b"\0" * 100),
        "file",
        (
            "{root}/datasets/zoo/items.arrow: cannot be read as arrow: Expected to read 1330795073 "
            "metadata bytes, but only read 104"
        ),
    ),
    _case(
        "npy",
        "a `.npy` array in place of a table",
        items_file("items.npy", npy_header("(60, 3)")),
        "file",
        (
            "{root}/datasets/zoo/items.npy: unknown kind of file; expected one of .parquet, .csv, "
            ".jsonl, .ndjson, .arrow, .feather, .ipc"
        ),
    ),
    _case(
        "no-rows",
        "a table without rows",
        items_are(lambda t: t.slice(0, 0)),
        "input",
        "items: column 'item_id': the table has no rows",
    ),
    _case(
        "csv-header-only",
        "a CSV file that ends after its header",
        items_file("items.csv", "item_id,label,text\n"),
        "input",
        "items: column 'item_id': the table has no rows",
    ),
    _case(
        "column-missing",
        "a named column that is not there",
        items_are(lambda t: t.rename_columns(["id", "label", "text"])),
        "columns",
        ("{root}/datasets/zoo/items.parquet: 1 columns are missing (item_id); it has id, label, text"),
    ),
    _case(
        "column-twice",
        "a column that is there twice",
        items_are(lambda t: t.append_column("label", t["label"])),
        "columns",
        "{root}/datasets/zoo/items.parquet: 1 column names are given twice (label)",
    ),
    _case(
        "ids-repeat",
        "ids that repeat",
        items_are(with_cells("item_id", {1: "zoo-000", 3: "zoo-074"})),
        "ids",
        (
            "items: column 'item_id': 4 of 60 rows: the item id repeats (item_id zoo-000, item_id "
            "zoo-000, item_id zoo-074, item_id zoo-074)"
        ),
    ),
    _case(
        "ids-missing",
        "ids that are missing or empty",
        items_are(with_cells("item_id", {4: None, 7: ""})),
        "ids",
        (
            "items: 2 problems\n"
            "  - column 'item_id': 1 of 60 rows: the item id is missing (row 5)\n"
            "  - column 'item_id': 1 of 60 rows: the item id is empty (row 8)"
        ),
    ),
    _case(
        "ids-float",
        "ids that a table of numbers turned into 1.0 and 2.0",
        _ids([float(i) for i in range(60)]),
        "columns",
        (
            "{root}/datasets/zoo/items.parquet: the id column 'item_id' has type double; expected "
            "text or whole numbers (the first: 0.0, 1.0, 2.0)"
        ),
    ),
    _case(
        "ids-nested",
        "lists in place of ids",
        _ids([["a"], ["b"]]),
        "columns",
        (
            "{root}/datasets/zoo/items.parquet: the id column 'item_id' has type list<element: "
            "string>; expected text or whole numbers (the first: ['a'], ['b'], ['a'])"
        ),
    ),
    _case(
        "ids-boolean",
        "booleans in place of ids",
        _ids([True, False]),
        "columns",
        (
            "{root}/datasets/zoo/items.parquet: the id column 'item_id' has type bool; expected "
            "text or whole numbers (the first: True, False, True)"
        ),
    ),
    _case(
        "ids-binary",
        "bytes in place of ids",
        _ids([b"a", b"b"]),
        "columns",
        (
            "{root}/datasets/zoo/items.parquet: the id column 'item_id' has type binary; expected "
            "text or whole numbers (the first: b'a', b'b', b'a')"
        ),
    ),
    _case(
        "ids-long",
        "an id of 10 MB",
        items_are(with_cells("item_id", {2: "x" * (10 << 20)})),
        "ids",
        (
            "{root}/datasets/zoo/items.parquet: column 'item_id': 1 of 60 ids are longer than "
            "1,000 characters or 2,000 bytes in UTF-8 (the first has 10,485,760 characters: "
            "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...)"
        ),
    ),
    _case(
        "ids-nul",
        "an id with a NUL character",
        items_are(with_cells("item_id", {2: "a\0b"})),
        "ids",
        ("{root}/datasets/zoo/items.parquet: column 'item_id': 1 of 60 ids hold a NUL character ('a\\x00b')"),
    ),
    _case(
        "labels-unknown",
        "labels that are not in the class list",
        items_are(with_cells("label", {0: "wolf", 5: "Ant"})),
        "labels",
        (
            "items: column 'given_label': 2 of 60 rows: the label is missing or not in the class "
            "list (item_id zoo-000: 'wolf', item_id zoo-185: 'Ant')"
        ),
    ),
    _case(
        "labels-blank",
        "labels that are missing or empty",
        items_are(with_cells("label", {0: None, 5: "", 9: " "})),
        "labels",
        (
            "items: column 'given_label': 3 of 60 rows: the label is missing or not in the class "
            "list (item_id zoo-000: None, item_id zoo-185: '', item_id zoo-333: ' ')"
        ),
    ),
    _case(
        "labels-all-unknown",
        "labels of another dataset",
        items_are(lambda t: with_column(t, "label", pa.array(["cat", "dog", None] * 20))),
        "labels",
        (
            "items: column 'given_label': 60 of 60 rows: the label is missing or not in the class "
            "list (item_id zoo-000: 'cat', item_id zoo-037: 'dog', item_id zoo-074: None, item_id "
            "zoo-111: 'cat', item_id zoo-148: 'dog' and 55 more); 20 missing or blank; 2 that no "
            "class has: 'cat' x 20, 'dog' x 20"
        ),
    ),
    _case(
        "labels-nan",
        "NaN in place of a label",
        items_are(lambda t: with_column(t, "label", pa.array([0.0, 1.0, float("nan")] * 20))),
        "labels",
        (
            "{root}/datasets/zoo/items.parquet: column 'label': 20 of 60 labels are numbers that "
            "are not whole (nan, nan, nan, nan, nan and 15 more); expected class ids or class names"
        ),
    ),
    _case(
        "labels-fractions",
        "labels that are numbers and not whole",
        items_are(lambda t: with_column(t, "label", pa.array([0.0, 1.5, 2.0] * 20))),
        "labels",
        (
            "{root}/datasets/zoo/items.parquet: column 'label': 20 of 60 labels are numbers that "
            "are not whole (1.5, 1.5, 1.5, 1.5, 1.5 and 15 more); expected class ids or class names"
        ),
    ),
    _case(
        "labels-nested",
        "several labels in a list",
        items_are(lambda t: with_column(t, "label", pa.array([["ant", "bee"]] * 60))),
        "columns",
        (
            "{root}/datasets/zoo/items.parquet: column 'label': labels have type list<element: "
            "string>; expected text or whole numbers"
        ),
    ),
    _case(
        "labels-ambiguous",
        "labels that two classes have as id and as name",
        both(yaml_has("[ant, bee, cow]", "[{id: ant, name: bee}, {id: bee, name: ant}, cow]")),
        "labels",
        (
            "{root}/datasets/zoo/items.parquet: column 'label': labels fit the class list both by "
            "id and by name, and the two disagree (label bee, ant); say which with 'labels_as'"
        ),
    ),
    _case(
        "content-is-label",
        "the label among the columns that a reviewer sees",
        yaml_has("zoo/items.parquet}", "zoo/items.parquet, content: [label, text]}"),
        "columns",
        "{root}/datasets/zoo/items.parquet: 'content' names the id or label column (label)",
    ),
    _case(
        "files-missing",
        "files of pictures that are not there",
        _with_files(["zoo/gone.png", "zoo", None]),
        "file",
        (
            "{root}/datasets/zoo/items.parquet: column 'picture': 2 of 60 files cannot be read "
            "(zoo/gone.png, zoo)"
        ),
    ),
    _case(
        "files-outside",
        "an items file that names files outside the workspace, by a path and by a link",
        _with_files(["/etc/hostname", "../../secret.txt", "zoo/out.png"]),
        "path",
        (
            "{root}/datasets/zoo/items.parquet: column 'picture': 3 of 60 files are in none of the "
            "allowed folders (/etc/hostname, ../../secret.txt, zoo/out.png); allowed are {root}, "
            "{root}/datasets/zoo; 'roots' in labelaudit.yaml names further ones"
        ),
    ),
    _case(
        "several",
        "several of these at once",
        _several,
        "input",
        (
            "{root}/datasets/zoo/items.parquet: 4 problems\n"
            "  - 1 columns are missing (label); it has item_id, lable, text, picture\n"
            "  - column 'picture': 1 of 60 files cannot be read (zoo/gone.png)\n"
            "  - column 'item_id': 1 of 60 rows: the item id is missing (row 3)\n"
            "  - column 'item_id': 2 of 60 rows: the item id repeats (item_id zoo-000, item_id "
            "zoo-000)"
        ),
    ),
)


def _given(zoo: MadeUp) -> tuple[list[str], list[str]]:
    table = zoo.items()
    return table["item_id"].to_pylist(), table["label"].to_pylist()


def _file(name: str, data: object) -> object:
    """The items in another file, no models: what the items file holds is all that counts."""

    def change(zoo: MadeUp) -> tuple[list[str], list[str]]:
        meant = _given(zoo)
        items_file(name, data)(zoo)  # type: ignore[arg-type]
        return meant

    return change


def _mixed_ends(zoo: MadeUp) -> bytes:
    lines = _as_csv(zoo).split("\n")
    ends = ["\r\n", "\n", "\r"]
    return "".join(line + ends[i % 3] for i, line in enumerate(lines[:-1])).encode()


def _odd_cells(zoo: MadeUp) -> bytes:
    return csv(
        with_cells(
            "text", {0: 'she said "no"', 1: "two\nlines, a comma", 2: "", 3: "=1+1", 4: "x" * (10 << 20)}
        )(zoo.items())
    ).encode()


def _dictionary(zoo: MadeUp) -> bytes:
    table = zoo.items()
    for name in ("item_id", "label"):
        table = with_column(table, name, table[name].combine_chunks().dictionary_encode())
    return parquet(table)


def _zeros(zoo: MadeUp) -> tuple[list[str], list[str]]:
    """Ids 1, 01 and 001 are three items; NA and null are classes."""
    zoo.yaml().write_text("items: {path: zoo/items.csv}\nclasses: [NA, 'null', nan]\n")
    write(folder(zoo) / "items.csv", "item_id,label\n1,NA\n01,null\n001,nan\n")
    return ["1", "01", "001"], ["NA", "null", "nan"]


def _accepted(name: str, what: str, meant: str, change: object) -> Accepted:
    return Accepted(f"items-{name}", "items", what, meant, change)  # type: ignore[arg-type]


ACCEPTED: tuple[Accepted, ...] = (
    _accepted(
        "csv-bom",
        "a CSV file with a byte order mark",
        "as without it",
        _file("items.csv", lambda zoo: b"\xef\xbb\xbf" + _as_csv(zoo).encode()),
    ),
    _accepted(
        "csv-mixed-ends",
        "line ends of three systems in one CSV file",
        "each ends a row",
        _file("items.csv", _mixed_ends),
    ),
    _accepted(
        "csv-odd-cells",
        "quotes, commas and line breaks in cells, a formula, a text of 10 MB",
        "as text; only ids are limited to 1,000 characters",
        _file("items.csv", _odd_cells),
    ),
    _accepted(
        "dictionary",
        "dictionary columns in Parquet",
        "as the values they stand for",
        _file("items.parquet", _dictionary),
    ),
    _accepted(
        "zeros",
        "ids 1, 01 and 001; classes NA, null and nan",
        "as three ids and three classes: text is never taken for a number or for missing",
        _zeros,
    ),
    _accepted(
        "large-types",
        "large strings and string views in Arrow",
        "as text",
        _file(
            "items.parquet",
            lambda zoo: parquet(
                with_column(
                    zoo.items(), "item_id", zoo.items()["item_id"].combine_chunks().cast(pa.large_string())
                )
            ),
        ),
    ),
)
