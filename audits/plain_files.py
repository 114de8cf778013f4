"""Reading a file of data as a whole, where it is one and not too large."""

from __future__ import annotations

from pathlib import Path

from audits.errors import FileError
from audits.ingest.file_errors import looks_like, reason, require_file, require_text

#: Largest file that is read as a whole, in bytes.
LARGEST = 256 << 20

#: Byte order marks of UTF-16, and of UTF-32 that is little-endian.
_MARKS = (b"\xff\xfe", b"\xfe\xff")


def checked_file(path: Path) -> Path:
    """Give back the path of a file of data that can be read as a whole; it may be empty.

    Raises
    ------
    FileError
        When there is no such file, it is a folder, a pipe or a device, or it is larger than `LARGEST`.
    """
    try:
        if not path.is_file() or path.stat().st_size:
            require_file(path)
        if (size := path.stat().st_size) > LARGEST:
            raise FileError(f"{path}: {size >> 20} MB; at most {LARGEST >> 20} MB are read")
    except (OSError, RuntimeError) as e:  # a RuntimeError: links in a circle
        raise FileError(f"{path}: cannot be read: {reason(e)}") from e
    return path


def read_bytes(path: Path) -> bytes:
    """Read a file as a whole; raises FileError when it is none, is too large or cannot be read."""
    checked_file(path)
    try:
        return path.read_bytes()
    except OSError as e:
        raise FileError(f"{path}: cannot be read: {reason(e)}") from e


def read_text_bytes(path: Path) -> bytes:
    """Read a file of UTF-8 text without NUL, a byte order mark allowed, as bytes.

    Raises
    ------
    FileError
        When it is none; where text goes wrong, with the line.
    """
    data = read_bytes(path)
    if data.startswith(_MARKS) or looks_like(data[:4096]):
        require_text(path)
    if (nul := data.find(b"\0")) >= 0:
        raise FileError(f"{path}: line {_line_at(data, nul)}: a NUL byte; expected UTF-8 text")
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError as e:
        raise FileError(
            f"{path}: line {_line_at(data, e.start)}: not UTF-8 ({e.reason}); save the file as UTF-8"
        ) from e
    return data


def _line_at(data: bytes, position: int) -> int:
    return data.count(b"\n", 0, position) + 1
