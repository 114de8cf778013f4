"""Why a data file cannot be read, in words: looked into only once it has failed, or in its first bytes."""

from __future__ import annotations

import codecs
import json
import os
from collections.abc import Callable
from pathlib import Path

from audits.errors import FileError, first_few

#: How files begin that are often given another file's ending.
_MAGIC = (
    (b"PAR1", "Parquet"),
    (b"ARROW1", "Arrow"),
    (b"\x93NUMPY", "a .npy array"),
    (b"PK\x03\x04", "a zip archive (.npz, .xlsx)"),
    (b"\x1f\x8b", "gzip"),
    (b"\x80\x02", "a pickle"),
    (b"\x80\x03", "a pickle"),
    (b"\x80\x04", "a pickle"),
    (b"\x80\x05", "a pickle"),
    (b"SQLite format 3", "a SQLite database"),
    (b"\x89HDF", "HDF5"),
    (b"version https://git-lfs", "a pointer of Git LFS, not the file itself"),
)

#: Endings of files with a JSON object a line.
_JSON_LINES = (".jsonl", ".ndjson")

#: Byte order marks, the longer ones first. That of UTF-8 is let be.
_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)

#: How much of the beginning of a file is looked at.
_BEGINNING = 4096

#: The most that a library's own words may take, in characters.
_MOST_SAID = 600


def require_file(path: Path) -> None:
    """Refuse what is no regular file with something in it.

    Raises
    ------
    FileError
        When it is missing, a folder, empty, or something that is no file (a named pipe would be waited for
        without end).
    """
    if path.is_dir():
        raise FileError(f"{path}: is a folder; expected a file")
    if not path.is_file():
        if path.exists():
            raise FileError(f"{path}: is no regular file")
        gone = f"; it is a link to {os.readlink(path)}, which is not there" if path.is_symlink() else ""
        raise FileError(f"{path}: there is no such file{gone}")
    if path.stat().st_size == 0:
        raise FileError(f"{path}: the file is empty (0 bytes)")


def require_text(path: Path) -> None:
    """Refuse a text file that begins as another kind of file or encoding does; raises FileError."""
    with path.open("rb") as f:
        beginning = f.read(_BEGINNING)
    for mark, name in _MARKS:
        if beginning.startswith(mark):
            raise FileError(f"{path}: is text in {name}; expected UTF-8")
    if guess := looks_like(beginning):
        raise FileError(f"{path}: is {guess}; expected text, as the ending {path.suffix!r} says")
    if b"\0" in beginning:
        raise FileError(
            f"{path}: holds NUL bytes (the first at byte {beginning.index(0) + 1}); expected text in UTF-8"
        )


def looks_like(beginning: bytes) -> str:
    """What a file is by its first bytes, in words; empty where they say nothing."""
    return next((name for magic, name in _MAGIC if beginning.startswith(magic)), "")


def why_unreadable(path: Path, text: bool, error: Exception) -> str:
    """Why a file cannot be read, in words: where its text is no UTF-8, or what the reader says of it.

    Parameters
    ----------
    path : Path
    text : bool
        Whether it should be text.
    error : Exception
        What the reader said.
    """
    try:
        if text and (bad := _lines(path, lambda line: line.decode("utf-8"))):
            return f"{len(bad)} lines are not UTF-8 (lines {first_few(bad)})"
        if path.suffix.lower() in _JSON_LINES and (bad := _lines(path, _json_object)):
            return f"{len(bad)} lines hold no JSON object (lines {first_few(bad)})"
        with path.open("rb") as f:
            guess = looks_like(f.read(_BEGINNING))
    except OSError as e:
        return reason(e)
    said = reason(error).replace(f"Could not open Parquet input source '{path}': ", "")
    return f"{said} (the file is {guess})" if guess and guess.lower() != path.suffix[1:].lower() else said


def reason(error: Exception) -> str:
    """An error's words on one line; of the system's errors without number and path."""
    if isinstance(error, OSError) and error.strerror and error.errno:
        return error.strerror
    said = " ".join(str(error).split()) or type(error).__name__
    if not said.isprintable():  # a library quotes what it stumbled over
        said = repr(said)[1:-1]
    return said if len(said) <= _MOST_SAID else said[: _MOST_SAID - 3] + "..."


def _lines(path: Path, read: Callable[[bytes], object]) -> list[int]:
    """Numbers of the lines that cannot be read so."""
    bad = []
    with path.open("rb") as f:
        for number, line in enumerate(f, start=1):
            try:
                read(line)
            except (ValueError, RecursionError):
                bad.append(number)
    return bad


def _json_object(line: bytes) -> None:
    if line.strip() and not isinstance(json.loads(line), dict):
        raise ValueError("no object")
