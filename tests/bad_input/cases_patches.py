"""Bad input in patches, in the files that they are applied to, and in where the outcome is to go."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pyarrow.parquet as pq

from tests.bad_input.case import Case
from tests.conftest import MadeUp

Spoil = Callable[[MadeUp], None]

_ITEMS = "{root}/datasets/zoo/items.parquet"
_APPLY = ("labels", "apply", "{root}/patch.csv", _ITEMS, "{root}/out.parquet")
_HEAD = "item_id,old,new,decision\n"
_GOOD = "zoo-000,bee,ant,relabel\n"
_PATCH = "{root}/patch.csv: "
_UNFIT = "the patch does not fit the data: "


def _write(text: str | bytes, name: str = "patch.csv") -> Spoil:
    def spoil(zoo: MadeUp) -> None:
        (zoo.root / name).write_bytes(text if isinstance(text, bytes) else text.encode())

    return spoil


def _and(*spoils: Spoil) -> Spoil:
    def spoil(zoo: MadeUp) -> None:
        for one in spoils:
            one(zoo)

    return spoil


def _items(change: Callable[[pa.Table], pa.Table]) -> Spoil:
    """A good patch, and a copy of the items that is changed."""

    def spoil(zoo: MadeUp) -> None:
        pq.write_table(change(zoo.items()), zoo.root / "copy.parquet")

    return _and(_write(_HEAD + _GOOD), spoil)


def _applied_before(zoo: MadeUp) -> None:
    _write(_HEAD + _GOOD + "zoo-037,cow,bee,relabel\n")(zoo)
    zoo.ok("labels", "apply", str(zoo.root / "patch.csv"), str(zoo.root / "datasets/zoo/items.parquet"),
           str(zoo.root / "copy.parquet"))  # fmt: skip


def _case(
    name: str, what: str, spoil: Spoil, code: str, message: str, *, words: tuple[str, ...] = _APPLY
) -> Case:
    return Case(f"patch-{name}", "patches", what, spoil, code, message, words)


def _to(*, patch: str = "patch.csv", copy: str = "copy.parquet", out: str = "out.parquet") -> tuple[str, ...]:
    return ("labels", "apply", *(f"{{root}}/{name}" for name in (patch, copy, out)))


_NOT_ONE_OF = "decisions are not one of relabel, several, none, unusable"

CASES: tuple[Case, ...] = (
    _case("missing", "no such file", lambda zoo: None, "file", _PATCH + "there is no such file"),
    _case("directory", "a folder in place of the patch", lambda zoo: (zoo.root / "patch.csv").mkdir(), "file",
          _PATCH + "is a folder; expected a file"),
    _case("wrong-ending", "a file of another format", _write(b"", "patch.txt"), "usage",
          "{root}/patch.txt: expected a file that ends in .csv, .jsonl, .parquet", words=_to(patch="patch.txt")),
    _case("empty", "a file of no bytes", _write(b""), "file", _PATCH + "the file is empty; expected a header row"),
    _case("utf-16", "text in UTF-16", _write((_HEAD + _GOOD).encode("utf-16")), "file",
          _PATCH + "is text in UTF-16; expected UTF-8"),
    _case("no-patch", "a file that is no patch", _write("item_id,label\nzoo-000,bee\n"), "patch",
          _PATCH + "a patch has the columns item_id, old, new, decision; old, new, decision is missing"),
    _case("columns-twice", "a column given twice", _write("item_id,old,new,new,decision\na,b,c,d,relabel\n"), "columns",
          _PATCH + "1 columns are given twice (new)"),
    _case("votes-no-number", "a number of votes that is none",
          _write("item_id,old,new,decision,votes\nzoo-000,bee,ant,relabel,many\n"), "columns",
          _PATCH + "column 'votes': expected int{any}: {any}'many'{any}"),
    _case("parquet-cut", "a Parquet file that was cut off", _write(b"PAR1\x15\x04", "patch.parquet"), "file",
          "{root}/patch.parquet: cannot be read as parquet: {any}", words=_to(patch="patch.parquet")),
    _case("json-lines", "lines that are no JSON, or no objects",
          _write('{"item_id": "zoo-000"\n[1]\n' + "[" * 50_000 + "\n", "patch.jsonl"), "file",
          "{root}/patch.jsonl: 3 problems\n  - line 1: not JSON ({any})\n  - line 2: expected an object, got list\n"
          "  - line 3: not JSON ({any})", words=_to(patch="patch.jsonl")),
    _case("json-types", "a label that is a list",
          _write('{"item_id": "zoo-000", "old": ["bee"], "new": "ant", "decision": "relabel"}\n', "patch.jsonl"),
          "columns", "{root}/patch.jsonl: a value is not of its column's type: {any}", words=_to(patch="patch.jsonl")),
    _case("all-at-once", "every fault that a patch can have, each told with its count",
          _write(_HEAD + ",bee,ant,relabel\nzoo-000,,ant,relabel\nzoo-037,cow,bee,swap\nzoo-074,ant,,relabel\n"
                 "zoo-111,bee,ant,none\nzoo-148,bee,bee,relabel\nzoo-148,bee,ant,relabel\n"), "patch",
          "{root}/patch.csv: 7 problems\n"
          "  - 1 rows have no item_id (row 1)\n"
          "  - 1 ids repeat (item_id zoo-148)\n"
          "  - 1 rows have no old label (item_id zoo-000)\n"
          "  - 1 {any} are not one of {any} (item_id zoo-037: 'swap')\n"
          "  - 1 rows relabel, but have no new label (item_id zoo-074)\n"
          "  - 1 rows take the item out, but have a new label (item_id zoo-111)\n"
          "  - 1 rows have the same old and new label (item_id zoo-148)"),
    _case("unknown-items", "items that the copy does not have",
          _write(_HEAD + "".join(f"cow-{i},bee,ant,relabel\n" for i in range(7))), "patch",
          _UNFIT + "7 items of the patch are not in the data (item_id cow-0, cow-1, cow-2, cow-3, cow-4 and 2 more)"),
    _case("old-differs", "an old label that is another one in the copy", _write(_HEAD + "zoo-000,cow,ant,relabel\n"),
          "patch", _UNFIT + "1 items have another label than the one the patch starts from "
          "(item_id zoo-000 is 'bee', not 'cow')"),
    _case("applied-twice", "a patch that was applied before", _applied_before, "patch",
          _UNFIT + "2 items already have the new label (item_id zoo-000, zoo-037)", words=_to()),
    _case("repeated-items", "items that the copy has twice", _items(lambda t: pa.concat_tables([t, t.slice(0, 1)])),
          "patch", _UNFIT + "1 items of the patch are in the data more than once (item_id zoo-000 2 times)",
          words=_to()),
    _case("items-missing", "no items file", _write(_HEAD + _GOOD), "file",
          "{root}/copy.parquet: there is no such file", words=_to()),
    _case("other-columns", "an items file with other columns", _items(lambda t: t.rename_columns(["id", "y", "text"])),
          "columns", "{root}/copy.parquet: {any}item_id, label{any}", words=_to()),
    _case("other-type", "a column of labels that the new label does not fit",
          _items(lambda t: t.set_column(1, "label", pa.array(range(t.num_rows), pa.int64()))), "patch",
          _UNFIT + "1 items have another label than the one the patch starts from (item_id zoo-000 is '0', not 'bee')",
          words=_to()),
    _case("output-directory", "a folder where the patched copy is to go",
          _and(_write(_HEAD + _GOOD), lambda zoo: (zoo.root / "out.parquet").mkdir()), "usage",
          "{root}/out.parquet is a folder; expected the name of a file to write"),
    _case("output-nowhere", "a folder that is not there", _write(_HEAD + _GOOD), "usage",
          "{root}/none/out.parquet: there is no folder {root}/none",
          words=("labels", "apply", "{root}/patch.csv", _ITEMS, "{root}/none/out.parquet")),
    _case("output-ending", "an ending that names no format", _write(_HEAD + _GOOD), "usage",
          "{root}/out.xlsx: expected a file that ends in .csv, .jsonl, .parquet",
          words=("labels", "apply", "{root}/patch.csv", _ITEMS, "{root}/out.xlsx")),
    _case("export-nowhere", "a patch to be written into a folder that is not there", lambda zoo: None, "usage",
          "{root}/none/patch.csv: there is no folder {root}/none",
          words=("labels", "export", "zoo", "{root}/none/patch.csv", "--patch")),
)  # fmt: skip
