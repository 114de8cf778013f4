"""A hidden folder beside a place that is being made: what is not whole never stands under its name."""

from __future__ import annotations

import contextlib
import glob
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock

from audits.disk import writing
from audits.errors import DiskError
from audits.locks import is_held

_ALIVE = "alive.lock"


@contextlib.contextmanager
def hidden_folder(place: Path) -> Iterator[Path]:
    """Open a hidden folder beside a place, on the same disk; it goes when the block is left.

    What a killed process left behind beside the same place is removed.

    Parameters
    ----------
    place : Path
        What is being made; its folder must be there.

    Raises
    ------
    DiskError
        When the disk does not take it.
    """
    prefix = f".{place.name[:100]}-part-"
    for left in place.parent.glob(f"{glob.escape(prefix)}*"):
        if (left / _ALIVE).exists() and not is_held(left / _ALIVE):
            shutil.rmtree(left, ignore_errors=True)
    with writing(place):
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=place.parent))
    try:
        with writing(place), FileLock(folder / _ALIVE, timeout=0):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def check_room(place: Path, needed: int) -> None:
    """Raise DiskError when the disk of a place has less free than is needed, in bytes."""
    with writing(place):
        disk = shutil.disk_usage(place.parent)
    # some file systems do not tell how large they are
    if disk.total and needed > disk.free:
        raise DiskError(f"{place} needs {in_words(needed)}, and {in_words(disk.free)} are free on its disk")


def in_words(size: int) -> str:
    """A number of bytes for people.

    Examples
    --------
    >>> in_words(1_234_567)
    '1.2 MB'
    """
    amount, unit = float(size), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if amount < 1000:
            break
        amount, unit = amount / 1000, larger
    return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
