"""Where two texts differ, word by word."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

#: Up to how many words, beyond what both begin and end with, two texts are compared.
MOST_WORDS = 500

_WORDS = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True)
class Piece:
    """A piece of a text, and whether the other text has it not."""

    text: str
    differs: bool = False


def differences(one: str, other: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Two texts in pieces; joined, they are the texts again.

    Examples
    --------
    >>> [(p.text, p.differs) for p in differences("a red cat", "a black cat")[1]]
    [('a ', False), ('black', True), (' cat', False)]
    """
    a, b = _WORDS.findall(one), _WORDS.findall(other)
    start = _alike(a, b)
    end = _alike(a[start:][::-1], b[start:][::-1])
    left, right = a[start : len(a) - end], b[start : len(b) - end]
    if max(len(left), len(right)) > MOST_WORDS:  # comparing takes the square of it
        middle_a, middle_b = [Piece("".join(left), True)], [Piece("".join(right), True)]
    else:
        middle_a, middle_b = [], []
        matcher = difflib.SequenceMatcher(None, left, right, autojunk=False)
        for kind, i, j, k, m in matcher.get_opcodes():
            middle_a.append(Piece("".join(left[i:j]), kind != "equal"))
            middle_b.append(Piece("".join(right[k:m]), kind != "equal"))
    before, after = Piece("".join(a[:start])), Piece("".join(a[len(a) - end :]))
    return _whole([before, *middle_a, after]), _whole([before, *middle_b, after])


def _alike(a: list[str], b: list[str]) -> int:
    """How many words two lists begin with alike."""
    for i, (x, y) in enumerate(zip(a, b, strict=False)):
        if x != y:
            return i
    return min(len(a), len(b))


def _whole(pieces: list[Piece]) -> tuple[Piece, ...]:
    return tuple(p for p in pieces if p.text)
