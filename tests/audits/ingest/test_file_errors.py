import os

import pytest

from audits.errors import FileError
from audits.ingest.file_errors import looks_like, reason, require_file, require_text, why_unreadable


def test_what_is_no_file_with_something_in_it_is_refused(tmp_path):
    (tmp_path / "empty.csv").touch()
    (tmp_path / "link.csv").symlink_to("gone.csv")
    os.mkfifo(tmp_path / "pipe.csv")
    for name, says in {
        ".": "is a folder",
        "none.csv": "there is no such file$",
        "empty.csv": r"the file is empty \(0 bytes\)",
        "link.csv": "it is a link to gone.csv, which is not there",
        "pipe.csv": "is no regular file",
    }.items():
        with pytest.raises(FileError, match=says):
            require_file(tmp_path / name)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("a,b\n".encode("utf-16"), "is text in UTF-16"),
        ("a,b\n".encode("utf-32"), "is text in UTF-32"),
        (b"a\0b", "holds NUL bytes .the first at byte 2"),
        (b"\x80\x05\x95", "is a pickle"),
        (b"PK\x03\x04", "is a zip archive"),
    ],
)
def test_text_that_begins_as_something_else_is_named(tmp_path, data, says):
    path = tmp_path / "t.csv"
    path.write_bytes(data)
    with pytest.raises(FileError, match=says):
        require_text(path)
    path.write_bytes(b"\xef\xbb\xbfa,b\n")
    require_text(path)


def test_lines_at_fault_are_counted_and_the_first_named(tmp_path):
    path = tmp_path / "t.jsonl"
    path.write_bytes(b'{"a": 1}\n\xff\n{}\n' + b"\xff\n" * 9)
    assert (
        why_unreadable(path, True, ValueError("x"))
        == "10 lines are not UTF-8 (lines 2, 4, 5, 6, 7 and 5 more)"
    )
    path.write_bytes(b'{"a": 1}\n[1]\n\n{"a":\n')
    assert why_unreadable(path, True, ValueError("x")) == "2 lines hold no JSON object (lines 2, 4)"


def test_a_file_under_another_ending_is_recognised_and_what_is_lost_is_said(tmp_path):
    path = tmp_path / "t.arrow"
    path.write_bytes(b"PAR1 and more")
    assert why_unreadable(path, False, ValueError("no\n  magic")) == "no magic (the file is Parquet)"
    path.unlink()
    assert why_unreadable(path, False, ValueError("x")) == "No such file or directory"
    assert (looks_like(b"hello"), reason(KeyError())) == ("", "KeyError")
