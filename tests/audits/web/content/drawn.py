"""Pictures and files that only look like pictures, as bytes."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import numpy as np
from PIL import Image

SVG = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!DOCTYPE html><html><script>alert(1)</script></html>"


def picture(format: str = "PNG", size: tuple[int, int] = (8, 8), mode: str = "RGB", **save: object) -> bytes:
    """A picture of noise: no two points alike, so that a turned or damaged one shows."""
    rng = np.random.default_rng(size[0] * 1000 + size[1])
    image = Image.fromarray(rng.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)).convert(mode)
    out = BytesIO()
    image.save(out, format, **save)
    return out.getvalue()


def bomb(width: int = 60_000, height: int = 60_000) -> bytes:
    """A PNG of a few bytes whose header claims many points."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0"))
        + chunk(b"IEND", b"")
    )


def on_its_side(size: tuple[int, int] = (40, 20)) -> bytes:
    """A JPEG whose EXIF data say that it is to be turned by a quarter."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return picture("JPEG", size, exif=exif)


def read(data: bytes) -> Image.Image:
    """A picture that was sent, decoded."""
    image = Image.open(BytesIO(data))
    image.load()
    return image
