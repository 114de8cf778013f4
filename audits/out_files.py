"""Files that people ask for: where they may go, and writing them in one step."""

from __future__ import annotations

from pathlib import Path

from audits.disk import write_atomic, writing
from audits.errors import UsageError


def checked_target(path: Path) -> Path:
    """Give back the path of a file to write.

    No folder is made for it: a path with a slip of the pen would otherwise leave folders about.

    Raises
    ------
    UsageError
        When its folder is not there, or a folder is in its place.
    DiskError
        When that cannot be looked at.
    """
    with writing(path):
        if not path.parent.is_dir():
            raise UsageError(f"{path}: there is no folder {path.parent}")
        if path.is_dir():
            raise UsageError(f"{path} is a folder; expected the name of a file to write")
    return path


def write_out(path: Path, data: bytes) -> None:
    """Write a file that somebody asked for: the whole of it or, when the disk refuses, nothing.

    Raises
    ------
    UsageError
        When there is no such folder, or a folder is in its place.
    DiskError
        When the disk does not take it; a file that was there before stays.
    """
    with writing(checked_target(path)):
        write_atomic(path, data)
