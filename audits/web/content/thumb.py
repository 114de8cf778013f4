"""An item at a glance: a small picture or a line of text, with its label."""

from __future__ import annotations

from dataclasses import dataclass

from audits.web.content.addresses import image_url, item_url
from audits.web.content.named import Named, named
from audits.web.content.pictures import Picture, glance
from audits.web.content.values import words_of
from audits.web.loaded import Loaded

#: How much of an item's texts stands in its thumbnail, in characters.
LINE = 240

#: Pictures whose longer side has fewer points than this are enlarged without smoothing.
TINY = 64


@dataclass(frozen=True)
class Thumb:
    """An item at a glance.

    Attributes
    ----------
    item_id, question_hash : str
    href : str
        Page of the item.
    url : str or None
        Of its picture, at most 96 points large; None where it has none that can be shown.
    large_url : str or None
        The same, at most 384 points large.
    tiny : bool
        Whether the picture has so few points that each is shown as a square.
    text : str
        Beginning of its texts; where it has neither picture nor text, empty.
    label : Named
        Its given label.
    flagged : bool
        Whether the run flags it; False in blind mode.
    distance : float or None
        How far it is from the item whose neighbour it is.
    """

    item_id: str
    question_hash: str
    href: str
    url: str | None
    large_url: str | None
    tiny: bool
    text: str
    label: Named
    flagged: bool = False
    distance: float | None = None


def thumb(loaded: Loaded, row: int, *, blind: bool, distance: float | None = None) -> Thumb:
    """An item at a glance.

    Parameters
    ----------
    loaded : Loaded
    row : int
        Of the item.
    blind : bool
        Whether to leave out that it is flagged.
    distance : float, optional
    """
    question = loaded.questions[row]
    label = named(loaded, int(loaded.items.labels[row]))
    assert label is not None  # questions_of has refused items without one  # noqa: S101
    url, tiny = _picture(loaded, row)
    return Thumb(
        item_id=question.item_id,
        question_hash=question.hash,
        href=item_url(loaded, row),
        url=None if url is None else f"{url}?size=96",
        large_url=None if url is None else f"{url}?size=384",
        tiny=tiny,
        text=_line(loaded, row),
        label=label,
        flagged=not blind and bool(loaded.flagged[row]),
        distance=distance,
    )


def _picture(loaded: Loaded, row: int) -> tuple[str | None, bool]:
    for column in loaded.file_columns:
        found = glance(loaded, row, column)
        if isinstance(found, Picture):
            return image_url(loaded, row, column), found.largest < TINY
    return None, False


def _line(loaded: Loaded, row: int) -> str:
    """The beginning of an item's texts, prose before words, without line breaks."""
    further = loaded.items.further
    columns = [c for c in loaded.items.content_columns if c in further.column_names]
    shown = [c for c in columns if c not in loaded.file_columns]
    said = []
    for column in sorted(shown, key=lambda c: c in loaded.short_columns):
        value = further[column][row].as_py()
        if value is None:
            continue
        entries = value if isinstance(value, list) else value.values() if isinstance(value, dict) else [value]
        said.append(" · ".join(words_of(v) for v in list(entries)[:LINE]))
        if sum(map(len, said)) > LINE:
            break
    line = " ".join(" — ".join(said)[: 4 * LINE].split())
    return line if len(line) <= LINE else line[:LINE] + "…"
