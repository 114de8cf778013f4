from __future__ import annotations

import os

import pytest

from audits.errors import ColumnsError, FileError, InputError, VerdictsError
from audits.review.record_checks import LONGEST_NAME, LONGEST_TEXT


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
        (b"item_id,question,decision,decision\n", "columns given twice: 'decision'"),
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


def test_a_file_that_is_not_there(tmp_path, take_back):
    with pytest.raises(FileError, match="there is no such file"):
        take_back(tmp_path / "gone.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(FileError, match="is a folder; expected a file"):
        take_back(tmp_path / "folder.csv")
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(FileError, match="is no regular file"):
        take_back(tmp_path / "pipe.csv")


def test_fields_longer_than_the_csv_modules_limit(file, take_back, queued):
    assert take_back(file({"decision": "keep", "content_text": "x" * 200_000})).stored == 1


def test_a_comment_longer_than_the_store_takes(file, take_back, queued):
    assert take_back(file({"decision": "keep", "comment": "x" * LONGEST_TEXT})).stored == 1
    with pytest.raises(
        VerdictsError, match="line 2: the comment has 10001 characters; at most 10000 are stored"
    ):
        take_back(file({"decision": "keep", "comment": "x" * (LONGEST_TEXT + 1)}))
    with pytest.raises(VerdictsError, match="line 2: the reviewer has 4000 bytes; at most 2000 are stored"):
        take_back(file({"decision": "keep", "reviewer": "\u00e4" * LONGEST_NAME}))


def test_a_header_of_a_great_many_unknown_columns_is_told_in_a_few_words(tmp_path, take_back):
    path = tmp_path / "wide.csv"
    names = ",".join(f"{'x' * 5000}{i}" for i in range(2000))
    path.write_text(f"item_id,question,decision,{names}\n")
    with pytest.raises(ColumnsError, match="1995 more unknown columns") as caught:
        take_back(path)
    assert len(str(caught.value)) < 3000
