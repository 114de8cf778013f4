"""Text in charts: how wide it is, where it is cut, where lines break, how two texts stay apart."""

from __future__ import annotations

import unicodedata

from audits.errors import UsageError

ELLIPSIS = "…"

# Widths in parts of the size of type, a little more than those of the sans-serif fonts that systems have.
_NARROWEST = 0.36
_NARROW, _WIDE = frozenset("iljtfrI.,:;'|!()[]{}/\\ `-"), frozenset("mwMW@%—…")


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Estimate how wide a text is, in the unit of `size`.

    It does not ask a font: which one will be there is not known, and the estimate is the same everywhere.

    Examples
    --------
    >>> text_width("ill", 10) < text_width("www", 10)
    True
    """
    parts = 0.0
    for sign in text:
        if unicodedata.combining(sign):
            continue
        if unicodedata.east_asian_width(sign) in "WF":
            parts += 1.05
        elif sign in _NARROW:
            parts += _NARROWEST
        elif sign in _WIDE:
            parts += 0.92
        elif sign.isupper():
            parts += 0.72
        else:
            parts += 0.57
    return parts * size * (1.06 if bold else 1.0)


def cut(text: str, size: float, width: float, *, bold: bool = False) -> str:
    r"""A text on one line that is not wider than `width`; what is too long loses its middle.

    The end stays: it is where the names of models of a family differ. Signs that do not print, some of which
    no SVG may hold, are shown as escapes.

    Examples
    --------
    >>> cut("resnet18", 10, 200)
    'resnet18'
    >>> cut("a_very_long_name_of_a_model_v2", 10, 100)
    'a_very_l…model_v2'
    >>> cut("bell\a", 10, 100)
    'bell\\x07'
    """
    text = "".join(sign if sign.isprintable() else _escaped(sign) for sign in text)
    if text_width(text, size, bold=bold) <= width:
        return text
    # no more signs than so many of the narrowest would fit: else a name of 10,000 signs is measured 10,000 times
    kept = min(len(text), int(width / (_NARROWEST * size)) + 1)
    while kept > 1:
        kept -= 1
        shown = text[: (kept + 1) // 2] + ELLIPSIS + text[len(text) - kept // 2 :]
        if text_width(shown, size, bold=bold) <= width:
            return shown
    return ELLIPSIS


def wrapped(text: str, size: float, width: float, *, bold: bool = False) -> list[str]:
    """Break a text into lines at blanks; a word that is wider than a line is cut.

    Raises
    ------
    UsageError
        When there is no text.
    """
    words = text.split()
    if not words:
        raise UsageError("a chart needs a sentence that says what it shows; got an empty one")
    lines: list[str] = []
    for word in words:
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size, bold=bold) <= width:
            lines[-1] = longer
        else:
            lines.append(cut(word, size, width, bold=bold))
    return lines


def apart(places: dict[str, float], gap: float) -> dict[str, float]:
    """Move places as little as needed so that no two are nearer than `gap`; their order stays.

    Examples
    --------
    >>> apart({"a": 1.0, "b": 1.0, "c": 9.0}, 2)
    {'a': 0.0, 'b': 2.0, 'c': 9.0}
    """
    order = sorted(places, key=lambda name: (places[name], name))
    groups: list[tuple[list[str], float]] = []  # names, and the middle of the places that they take
    for name in order:
        groups.append(([name], places[name]))
        while len(groups) > 1:
            (lower, a), (upper, b) = groups[-2:]
            if b - a >= gap * (len(lower) + len(upper)) / 2:
                break
            together = lower + upper
            groups[-2:] = [(together, sum(places[n] for n in together) / len(together))]
    return {
        name: middle + (i - (len(names) - 1) / 2) * gap
        for names, middle in groups
        for i, name in enumerate(names)
    }


def _escaped(sign: str) -> str:
    return sign.encode("unicode_escape").decode("ascii")
