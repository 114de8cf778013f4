from __future__ import annotations

import os

import pytest

from audits import plain_files
from audits.errors import FileError
from audits.plain_files import checked_file, read_bytes, read_text_bytes


def test_a_file_is_read_as_a_whole(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xef\xbb\xbfa\r\nb\n")
    assert read_bytes(path) == read_text_bytes(path) == b"\xef\xbb\xbfa\r\nb\n"
    path.write_bytes(b"")
    assert read_text_bytes(path) == b""


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda p: None, "there is no such file"),
        (lambda p: p.mkdir(), "is a folder"),
        (os.mkfifo, "is no regular file"),
        (lambda p: p.symlink_to("/dev/zero"), "is no regular file"),
        (lambda p: p.symlink_to(p.name), "there is no such file"),
        (lambda p: p.symlink_to("gone"), "a link to gone, which is not there"),
    ],
)
def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path, make, words):
    path = tmp_path / "a.csv"
    make(path)
    with pytest.raises(FileError, match=words):
        read_bytes(path)


def test_a_file_that_is_too_large_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(plain_files, "LARGEST", 1 << 20)
    path = tmp_path / "a.csv"
    with path.open("wb") as f:
        f.truncate(3 << 20)
    with pytest.raises(FileError, match="3 MB; at most 1 MB are read"):
        checked_file(path)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("a\nb".encode("utf-16"), "text in UTF-16"),
        (b"PAR1\0\0", "is Parquet"),
        (b"a\nb\0", "line 2: a NUL byte"),
        (b"a\nb\n\xe4", "line 3: not UTF-8"),
    ],
)
def test_what_is_no_text_is_told_with_its_line(tmp_path, data, words):
    path = tmp_path / "a.csv"
    path.write_bytes(data)
    with pytest.raises(FileError, match=words):
        read_text_bytes(path)


def test_a_file_that_may_not_be_read_is_told(tmp_path, monkeypatch):
    path = tmp_path / ("x" * 300)
    with pytest.raises(FileError, match="cannot be read: File name too long"):
        read_bytes(path)
