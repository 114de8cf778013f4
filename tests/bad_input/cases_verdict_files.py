"""Bad input in files of verdicts: the file itself, its columns, and lines that are no rows."""

from __future__ import annotations

import json
import os

from tests.bad_input.answers import BACK, bytes_of, jsonl_of, rows, verdict_case
from tests.bad_input.case import Case
from tests.conftest import MadeUp


def _nested(zoo: MadeUp) -> list[str]:
    first, second = rows(zoo, {"comment": {"text": "no"}}, {"labels": [["ant"]], "decision": "relabel"})
    return [json.dumps(first), json.dumps(second)]


def _mixed(zoo: MadeUp) -> list[str]:
    first, second, third = rows(zoo, {}, {}, {})
    del second["question"]
    return [
        json.dumps(first),
        "{'item_id': 1}",
        json.dumps(second),
        "[1, 2]",
        "NaN",
        json.dumps(third | {"who": 1}),
    ]


CASES: tuple[Case, ...] = (
    verdict_case("missing", "no such file", lambda zoo: None, "file", BACK + ": there is no such file"),
    verdict_case(
        "empty",
        "a CSV file of no bytes",
        bytes_of(b""),
        "file",
        BACK + ": the file is empty; expected a header row",
    ),
    verdict_case(
        "mark-only",
        "a CSV file of a byte order mark and line ends",
        bytes_of(b"\xef\xbb\xbf\r\n\r\n"),
        "file",
        BACK + ": the file is empty; expected a header row",
    ),
    verdict_case(
        "directory",
        "a folder in place of the file",
        lambda zoo: (zoo.root / "back.csv").mkdir(),
        "file",
        BACK + ": is a folder; expected a file",
    ),
    verdict_case(
        "pipe",
        "a named pipe, which would be waited for without end",
        lambda zoo: os.mkfifo(zoo.root / "back.csv"),
        "file",
        BACK + ": is no regular file",
    ),
    verdict_case(
        "link-in-a-circle",
        "a link that leads to itself",
        lambda zoo: (zoo.root / "back.csv").symlink_to("back.csv"),
        "file",
        BACK + ": there is no such file; it is a link to back.csv, which is not there",
    ),
    verdict_case(
        "wrong-ending",
        "a file of another format",
        bytes_of(b"PK\x03\x04", "back.xlsx"),
        "usage",
        "{root}/back.xlsx: expected a name that ends in .csv or .jsonl, got '.xlsx'",
        file="back.xlsx",
    ),
    verdict_case(
        "latin-1",
        "text in Latin-1",
        bytes_of("item_id,question,decision\nb\u00e4r,x,keep\n".encode("latin-1")),
        "file",
        BACK + ": line 2: not UTF-8 (invalid continuation byte); save the file as UTF-8",
    ),
    verdict_case(
        "utf-16",
        "text in UTF-16",
        bytes_of("item_id,question,decision\n".encode("utf-16")),
        "file",
        BACK + ": is text in UTF-16; expected UTF-8",
    ),
    verdict_case(
        "nul",
        "a NUL byte",
        bytes_of(b"item_id,question,decision\na,b,\0\n"),
        "file",
        BACK + ": line 2: a NUL byte; expected UTF-8 text",
    ),
    verdict_case(
        "columns-missing",
        "columns missing, another misspelt",
        bytes_of(b"item_id,question,desicion\n"),
        "columns",
        BACK
        + ": line 1: no column 'decision'; unknown column 'desicion'; the nearest known one is 'decision'",
    ),
    verdict_case(
        "columns-twice",
        "a column given twice",
        bytes_of(b"item_id,question,decision,decision\n"),
        "columns",
        BACK + ": line 1: columns given twice: 'decision'",
    ),
    verdict_case(
        "semicolons",
        "columns separated by semicolons",
        bytes_of(b"item_id;question;decision\n"),
        "columns",
        BACK
        + ": line 1: no column 'item_id', 'question', 'decision'; columns are separated by ';'; expected ','",
    ),
    verdict_case(
        "row-too-short-and-too-long",
        "rows with too few and too many cells",
        bytes_of(b"item_id,question,decision\na,b\na,b,keep,d\n"),
        "verdicts",
        BACK + ": 2 bad rows; nothing was stored\n  - line 2: 2 fields, but the header has 3\n"
        "  - line 3: 4 fields, but the header has 3",
    ),
    verdict_case(
        "quote-not-closed",
        "a quote that is never closed",
        bytes_of(b'item_id,question,decision\na,b,"keep\n'),
        "verdicts",
        BACK
        + ": 1 bad row; nothing was stored\n  - line 1: not valid CSV after this row (unexpected end of data); "
        "the rest of the file was not read",
    ),
    verdict_case(
        "json-lines",
        "lines that are no JSON, no objects, or lack a key",
        jsonl_of(_mixed),
        "verdicts",
        "{root}/back.jsonl: 5 bad rows; nothing was stored\n"
        "  - line 2: not valid JSON (Expecting property name enclosed in double quotes: line 1 column 2 (char 1))\n"
        "  - line 3: no 'question'\n"
        "  - line 4: expected a JSON object, got list\n"
        "  - line 5: not valid JSON (NaN is not JSON)\n"
        "  - line 6: unknown column 'who'; the nearest known one is {any}",
        file="back.jsonl",
    ),
    verdict_case(
        "json-array",
        "a JSON array in place of lines",
        jsonl_of(lambda zoo: json.dumps(rows(zoo, {}, {}), indent=1).splitlines()),
        "verdicts",
        "{root}/back.jsonl: {any} bad rows; nothing was stored\n  - line 1: not valid JSON ({any}",
        file="back.jsonl",
    ),
    verdict_case(
        "json-key-twice",
        "a key given twice in an object",
        jsonl_of(lambda zoo: ['{"item_id": "a", "item_id": "b", "question": "c", "decision": "keep"}']),
        "verdicts",
        "{root}/back.jsonl: 1 bad row; nothing was stored\n  - line 1: not valid JSON (a key is given twice)",
        file="back.jsonl",
    ),
    verdict_case(
        "json-nested",
        "objects and lists where text is expected",
        jsonl_of(_nested),
        "verdicts",
        "{root}/back.jsonl: 2 bad rows; nothing was stored\n"
        "  - line 1: 'comment' must be text, got {'text': 'no'}\n"
        "  - line 2: 'labels' must be text, got ['ant']",
        file="back.jsonl",
    ),
    verdict_case(
        "json-deep",
        "brackets nested 100,000 deep",
        jsonl_of(lambda zoo: ["[" * 100_000]),
        "verdicts",
        "{root}/back.jsonl: 1 bad row; nothing was stored\n  - line 1: not valid JSON ({any})",
        file="back.jsonl",
    ),
    verdict_case(
        "half-a-character",
        "half a character, which no file can hold",
        jsonl_of(lambda zoo: [json.dumps(rows(zoo, {"comment": "\ud800"})[0])]),
        "verdicts",
        "{root}/back.jsonl: 1 bad row; nothing was stored\n"
        "  - line 1: the comment holds half a character (a lone surrogate)",
        file="back.jsonl",
    ),
)
