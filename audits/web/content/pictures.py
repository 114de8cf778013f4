"""The files that an item names: where they are, whether they are still what was asked about, what they hold."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from audits.errors import AuditError
from audits.ingest.content import content_hashes
from audits.ingest.images import FORMATS
from audits.roots import is_inside
from audits.web.loaded import Loaded

#: Largest file that is shown, in bytes.
MOST_BYTES = 20_000_000

#: Most points of a picture that is shown: a small file can claim to hold more than the memory does.
MOST_POINTS = 50_000_000

#: Up to how many points a picture is decoded before a page names it, to say in words that it is broken.
CHECKED_POINTS = 4_000_000

#: Number of the EXIF entry that says how a picture lies.
_ORIENTATION = 0x0112

_TOO_LONG = f"The file has {{:,}} bytes; shown are up to {MOST_BYTES:,}."
_AGAIN = "'labelaudit run' asks about it anew"


@dataclass(frozen=True)
class Picture:
    """A file that holds a picture which may be shown.

    Attributes
    ----------
    path : Path
    digest : str
        Hash of the bytes.
    format : str
        As Pillow calls it.
    width, height : int
        In points, the right way up.
    """

    path: Path
    digest: str
    format: str
    width: int
    height: int

    @property
    def largest(self) -> int:
        """The longer side, in points."""
        return max(self.width, self.height)


@dataclass(frozen=True)
class Refused:
    """A file that is not shown.

    Attributes
    ----------
    words : str
        Why, in words that tell nothing of the file but that.
    status : int
        Status of the HTTP answer in its place.
    path : Path or None
        The file, where it may be downloaded all the same.
    """

    words: str
    status: int
    path: Path | None = None


def look(loaded: Loaded, row: int, column: str) -> Picture | Refused | None:
    """What an item's file is; looked at once for as long as it stays as it is.

    Parameters
    ----------
    loaded : Loaded
    row : int
        Of the item.
    column : str
        One of the dataset's `files`.

    Returns
    -------
    Picture, Refused or None
        None where the item names no file.
    """
    return _kept(loaded, (row, column, "whole"), _looked)


def glance(loaded: Loaded, row: int, column: str) -> Picture | Refused | None:
    """As `look`, by the file's header alone: for small pictures beside the one that is asked about.

    Returns
    -------
    Picture, Refused or None
        The picture has no digest. Whether its points are sound, and the file unchanged, is seen when it is sent.
    """
    return _kept(loaded, (row, column, "header"), _glanced)


def _kept(
    loaded: Loaded, key: tuple[int, str, str], see: Callable[[Loaded, int, Path], Picture | Refused]
) -> Picture | Refused | None:
    row, column, _ = key
    name = loaded.items.further[column][row].as_py()
    if name is None:
        return None
    try:
        path = loaded.dataset.path.parent / str(name)
        if not is_inside(path, loaded.file_folders):
            return Refused("The file is in none of the folders that may be read.", 404)
        if not path.is_file():  # a named pipe would be waited for without end
            return Refused("The file is not there any more.", 404)
        stamp = _stamp(path)
        kept = loaded.looked_at.get(key)
        if kept is None or kept[0] != stamp:
            kept = stamp, see(loaded, row, path)
            loaded.looked_at[key] = kept
    except (OSError, ValueError, RuntimeError):  # the last: links in a circle
        return Refused("The file cannot be read.", 404)
    found: Picture | Refused = kept[1]
    return found


def _stamp(path: Path) -> tuple[int, ...]:
    found = path.stat()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _looked(loaded: Loaded, row: int, path: Path) -> Picture | Refused:
    if not _as_asked(loaded, row):
        return Refused(f"The file changed since the last run; {_AGAIN}.", 409)
    if (size := os.path.getsize(path)) > MOST_BYTES:
        return Refused(_TOO_LONG.format(size), 415, path)
    data = path.read_bytes()
    found = opened(BytesIO(data))
    if isinstance(found, str):
        return Refused(found, 415, path)
    digest = hashlib.blake2b(data, digest_size=16).hexdigest()
    picture = _described(path, found, digest)
    if picture.width * picture.height <= CHECKED_POINTS and (fault := _fault(found)):
        return Refused(fault, 415, path)
    return picture


def _glanced(_: Loaded, row: int, path: Path) -> Picture | Refused:
    if (size := os.path.getsize(path)) > MOST_BYTES:
        return Refused(_TOO_LONG.format(size), 415, path)
    with path.open("rb") as file:
        found = opened(file)
        return Refused(found, 415, path) if isinstance(found, str) else _described(path, found, "")


def _described(path: Path, image: Any, digest: str) -> Picture:
    width, height = image.size
    try:
        # Pillow decodes a whole PNG to look for EXIF data behind the points
        known = image.format != "PNG" or "exif" in image.info
        on_its_side = known and image.getexif().get(_ORIENTATION) in (5, 6, 7, 8)
    except Exception:  # broken EXIF data: the picture is there all the same
        on_its_side = False
    return Picture(path, digest, str(image.format), *((height, width) if on_its_side else (width, height)))


def _as_asked(loaded: Loaded, row: int) -> bool:
    """Whether an item's files are those that its question was about."""
    items = loaded.items
    there = [c for c in items.content_columns if c in items.further.column_names]
    files = [c for c in loaded.file_columns if c in there]
    one = items.further.slice(row, 1)
    try:
        now = content_hashes(one, there, files, loaded.dataset.path.parent, loaded.data_folders)
    except AuditError:  # another file of the item is gone
        return False
    return bool(now[0] == items.items["content_hash"][row].as_py())


def opened(file: BinaryIO) -> Any:
    """A picture's header, nothing decoded yet; in words why not, where it is none or too large."""
    from PIL import Image, UnidentifiedImageError

    too_many = f"The picture has more than {MOST_POINTS:,} points, which is too large to be shown."
    try:
        Image.init()
        found = Image.open(file, formats=[f for f in FORMATS if f in Image.OPEN])
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return too_many
    except UnidentifiedImageError:
        return "The file is no picture of a known format. Drawings (SVG) and web pages are never shown."
    except Exception:  # a broken file makes decoders fail in any way
        return "The file is a broken picture."
    return too_many if found.width * found.height > MOST_POINTS else found


def _fault(image: Any) -> str | None:
    """What is wrong with a picture's points, in words."""
    try:
        image.draft(None, (image.width // 8 or 1, image.height // 8 or 1))  # quick, where the format can
        image.load()
    except Exception:  # a broken file makes decoders fail in any way
        return "The picture is broken: its file ends early or holds damaged points."
    return None
