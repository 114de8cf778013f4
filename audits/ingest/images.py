"""Image files as what tells copies: a hash of the bytes, and one of what is to be seen."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from audits.errors import AuditError, FileError, InputError, PathError, first_few
from audits.ingest.faults import one_kind
from audits.ingest.file_errors import reason
from audits.roots import is_inside, real

if TYPE_CHECKING:
    from PIL.Image import Image

#: What is opened, whatever the file's name ends with: still pictures of points. Formats that are programs, such as
#: PostScript, or drawings, such as SVG, are not among them.
FORMATS = ("AVIF", "BMP", "GIF", "JPEG", "JPEG2000", "MPO", "PNG", "PPM", "TIFF", "WEBP")

#: How much of a file's beginning tells a drawing.
_BEGINNING = 1024


@dataclass(frozen=True)
class Images:
    """What is kept of a column of image files.

    Attributes
    ----------
    hashes : uint8 array, shape (n, 8)
        64-bit perceptual hash of each, packed; zeros where there is no image.
    digests : pyarrow string array, length n
        Hash of the file's bytes; null where there is no image.
    """

    hashes: npt.NDArray[np.uint8]
    digests: pa.Array


def read_images(names: pa.Array, base: Path, folders: Sequence[Path]) -> Images:
    """Read a column of image files.

    Parameters
    ----------
    names : pyarrow string array, length n
        Paths as the data names them; null and empty: no image.
    base : Path
        Folder that relative paths start from.
    folders : sequence of Path
        Folders that the files must be in, after all links.

    Returns
    -------
    Images

    Raises
    ------
    FileError, PathError, InputError
        When files are missing, are in none of the folders, are no images, or are larger than Pillow takes for safe
        (`PIL.Image.MAX_IMAGE_PIXELS`); all of them are counted, the first few named.

    Notes
    -----
    The perceptual hash is pHash: the signs of the 64 lowest frequencies of a cosine transform of the picture in grey
    of 32 x 32 points, against their median. A picture is turned as its EXIF orientation says and laid on white where
    it is transparent; of an animation the first picture counts. Equal files are read once.

    References
    ----------
    Zauner: Implementation and Benchmarking of Perceptual Image Hash Functions (2010).
    """
    reader = _Reader(base, folders)
    hashes = np.zeros((len(names), 8), dtype=np.uint8)
    digests: list[str | None] = [None] * len(names)
    with warnings.catch_warnings():
        from PIL import Image

        warnings.simplefilter("ignore")  # of broken EXIF data and the like: the picture is there all the same
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        for i, name in enumerate(names.to_pylist()):
            if name and (found := reader.read(name)) is not None:
                digests[i], hashes[i] = found
    if problems := reader.problems(len(names)):
        raise one_kind(kind for kind, _ in problems)("; ".join(words for _, words in problems))
    return Images(hashes, pa.array(digests, pa.string()))


class _Reader:
    """Reads image files one by one, and keeps the names of those that cannot be read or must not be."""

    def __init__(self, base: Path, folders: Sequence[Path]) -> None:
        self.base = base
        self.folders = folders
        self._real = real(folders)
        self._known: dict[str, npt.NDArray[np.uint8]] = {}
        self.missing: list[str] = []
        self.outside: list[str] = []
        self.broken: list[str] = []
        self.large: list[str] = []

    def read(self, name: str) -> tuple[str, npt.NDArray[np.uint8]] | None:
        """Digest and perceptual hash of a file; None where it is noted why not."""
        try:
            path = self.base / name
            if not is_inside(path, self._real):
                self.outside.append(name)
                return None
            if not path.is_file():  # a named pipe would be waited for without end
                raise FileNotFoundError(path)
            with path.open("rb") as f:
                digest = hashlib.file_digest(f, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
                if digest not in self._known:
                    found = self._seen(f, name)
                    if found is None:
                        return None
                    self._known[digest] = found
        except (OSError, ValueError, RuntimeError):  # the last: links in a circle
            self.missing.append(name)
            return None
        return digest, self._known[digest]

    def _seen(self, file: BinaryIO, name: str) -> npt.NDArray[np.uint8] | None:
        """Perceptual hash of an open file."""
        from imagehash import phash
        from PIL import Image, UnidentifiedImageError

        try:
            file.seek(0)
            if b"<svg" in file.read(_BEGINNING).lower():
                raise ValueError("a drawing (SVG), which is never loaded")
            file.seek(0)
            Image.init()
            with Image.open(file, formats=[f for f in FORMATS if f in Image.OPEN]) as image:
                bits = phash(_plain(image)).hash
        except (Image.DecompressionBombWarning, Image.DecompressionBombError):
            self.large.append(name)
            return None
        except Exception as e:  # a broken file makes decoders fail in any way
            said = "no image of a known format" if isinstance(e, UnidentifiedImageError) else reason(e)
            self.broken.append(f"{name}: {said}")
            return None
        packed: npt.NDArray[np.uint8] = np.packbits(np.asarray(bits, dtype=bool).ravel())
        return packed

    def problems(self, rows: int) -> list[tuple[type[AuditError], str]]:
        """What is wrong, with its kind."""
        from PIL import Image

        found: list[tuple[type[AuditError], str]] = []
        if self.missing:
            words = f"{len(self.missing)} of {rows} files cannot be read ({first_few(self.missing)})"
            found.append((FileError, words))
        if self.broken:
            words = f"{len(self.broken)} of {rows} files are no images ({first_few(self.broken)})"
            found.append((FileError, words))
        if self.large:
            most = f"{Image.MAX_IMAGE_PIXELS or 0:,} points"
            words = f"{len(self.large)} of {rows} images are larger than {most} ({first_few(self.large)})"
            found.append((InputError, words))
        if self.outside:
            allowed = first_few(dict.fromkeys(self.folders))
            words = (
                f"{len(self.outside)} of {rows} files are in none of the allowed folders ({first_few(self.outside)}); "
                f"allowed are {allowed}; 'roots' in labelaudit.yaml names further ones"
            )
            found.append((PathError, words))
        return found


def _plain(image: Image) -> Image:
    """A picture the right way up, in grey, on white where it is transparent."""
    from PIL import ImageOps
    from PIL.Image import alpha_composite, fromarray, new

    turned = ImageOps.exif_transpose(image)
    if turned.mode.startswith(("I", "F")):  # more than 8 bits a point: cut off at 255, all would be white
        points = np.asarray(turned, dtype=np.float64)
        points = points - points.min()
        return fromarray(np.uint8(255 * points / max(points.max(), 1.0)))
    if turned.has_transparency_data:
        shown = turned.convert("RGBA")
        white = new("RGBA", shown.size, "white")
        return alpha_composite(white, shown).convert("L")
    return turned.convert("L")
