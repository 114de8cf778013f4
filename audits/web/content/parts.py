"""An item's content as the parts of a page, a part a column."""

from __future__ import annotations

from audits.web.content.addresses import image_url
from audits.web.content.pictures import Picture, Refused, look
from audits.web.content.thumb import TINY
from audits.web.content.values import Part, part_of
from audits.web.loaded import Loaded

#: How large a tiny picture is shown, in CSS pixels of its longer side, or a little less.
_ENLARGED = 240


def parts_of(loaded: Loaded, row: int) -> tuple[Part, ...]:
    """The columns that a reviewer is shown of the item in a row, in the order of the YAML.

    Returns
    -------
    tuple of Part
        Empty where the dataset has no content columns: its items are known by their ids alone.
    """
    further = loaded.items.further
    columns = [c for c in loaded.items.content_columns if c in further.column_names]
    prose = [c for c in columns if c not in loaded.short_columns and c not in loaded.file_columns]
    found = []
    for column in columns:
        if column in loaded.file_columns:
            if (part := _file(loaded, row, column)) is not None:
                found.append(part)
            continue
        # a column of words is a small matter beside prose and pictures, and the matter itself where it is alone
        short = column in loaded.short_columns and (bool(prose) or len(columns) > 1)
        markers = loaded.classes.names if column in loaded.answer_columns else ()
        found.append(part_of(column, further[column][row].as_py(), short=short, markers=markers))
    return tuple(found)


def _file(loaded: Loaded, row: int, column: str) -> Part | None:
    seen = look(loaded, row, column)
    if seen is None:
        return None
    url = image_url(loaded, row, column)
    if isinstance(seen, Refused):
        if seen.path is None:
            return Part(column, "gone", seen.words)
        return Part(column, "file", seen.words, url=f"{url}?download=1")
    width, height = _size(seen)
    return Part(
        column,
        "image",
        url=url,
        thumb_url=f"{url}?size=384",
        width=width,
        height=height,
        tiny=seen.largest < TINY,
    )


def _size(picture: Picture) -> tuple[int, int]:
    """In CSS pixels: whole multiples of a tiny picture's points, so that all its squares are alike."""
    times = max(_ENLARGED // picture.largest, 1) if picture.largest < TINY else 1
    return picture.width * times, picture.height * times
