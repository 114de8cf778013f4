"""Pictures as a browser is sent them: as they are, smaller, or in a format that every browser knows."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np

from audits.web.content.pictures import Picture, opened

#: Sizes that a picture may be asked for in, in points of the longer side.
SIZES = (96, 384)

#: Formats that are sent as they are, with what they are sent as.
_AS_THEY_ARE = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",  # a JPEG with further pictures behind it
    "GIF": "image/gif",
    "WEBP": "image/webp",
    "BMP": "image/bmp",
}

_QUALITY = 88


@dataclass(frozen=True)
class Sent:
    """A picture ready to be sent: its bytes and their media type."""

    data: bytes
    media_type: str


def sent(picture: Picture, size: int | None = None) -> Sent:
    """A picture, at most `size` points large where that is given.

    Parameters
    ----------
    picture : Picture
    size : int, optional
        One of `SIZES`.

    Raises
    ------
    OSError
        When the file cannot be read or its points cannot be decoded.
    """
    data = picture.path.read_bytes()
    small_enough = size is None or picture.largest <= size
    if small_enough and picture.format in _AS_THEY_ARE:
        return Sent(data, _AS_THEY_ARE[picture.format])
    image = opened(BytesIO(data))
    if isinstance(image, str):
        raise OSError(image)
    try:
        return _drawn(image, None if small_enough else size)
    except OSError:
        raise
    except Exception as e:  # a broken file makes decoders fail in any way
        raise OSError(f"the points cannot be decoded: {e}") from e


def _drawn(image: Any, size: int | None) -> Sent:
    from PIL import Image, ImageOps

    if size is not None:
        image.draft(None, (2 * size, 2 * size))
    shown = _eight_bits(ImageOps.exif_transpose(image))
    if size is not None:
        shown.thumbnail((size, size), Image.Resampling.LANCZOS)
    out = BytesIO()
    if size is None or shown.mode == "RGBA":
        shown.save(out, "PNG")
        return Sent(out.getvalue(), "image/png")
    shown.save(out, "JPEG", quality=_QUALITY)
    return Sent(out.getvalue(), "image/jpeg")


def _eight_bits(image: Any) -> Any:
    """A picture as RGB, RGBA or grey of 8 bits a point; brighter points stay brighter."""
    from PIL import Image

    if image.mode.startswith(("I", "F")):  # cut off at 255, most would be white
        points = np.asarray(image, dtype=np.float64)
        points = np.nan_to_num(points - np.nanmin(points))
        return Image.fromarray(np.uint8(255 * points / max(points.max(), 1.0)))
    if image.has_transparency_data:
        return image.convert("RGBA")
    return image if image.mode in ("L", "RGB") else image.convert("RGB")
