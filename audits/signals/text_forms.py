"""What of a text counts when texts are compared: the form two copies share, and the words."""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import cache

#: Scripts that do not put spaces between words; their characters stand as words of their own.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
    "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Japanese, Chinese
)
#: Punctuation to Unicode, but in a formula it is what makes the difference, as + and = do.
_SIGNS = "*/%&#@"
_WORD = re.compile(f"[{_UNSPACED}]|[^\\W_{_UNSPACED}]+")
_APOSTROPHE = re.compile(r"(?<=\w)['’](?=\w)")


def folded(text: str) -> str:
    r"""A text without what typing makes differ: NFKC, case folded, no invisible characters, single spaces.

    Examples
    --------
    >>> folded("  The ﬁrst\tLINE ")
    'the first line'
    """
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    if not text.isascii():
        text = "".join(c for c in text if unicodedata.category(c) != "Cf")
    return " ".join(text.split())


def copy_key(text: str | None) -> str | None:
    """What two texts share when one is a copy of the other but for case, spaces and punctuation.

    Parameters
    ----------
    text : str or None

    Returns
    -------
    str or None
        The folded text without spaces and punctuation; a text of punctuation alone keeps it. What stands between two
        digits stays, and so do a minus in front of a number and the signs * / % & # @: 1.5 is not 15 and -3 is
        not 3. None when there is nothing but space.

    Examples
    --------
    >>> copy_key("Don't  PANIC!") == copy_key("dont panic")
    True
    >>> copy_key("1.5 or -3"), copy_key("15 or 3")
    ('1.5or-3', '15or3')
    """
    if text is None or not (plain := folded(text)):
        return None
    elsewhere, before_digits = _gaps(plain.isascii())
    return before_digits.sub(_kept, elsewhere.sub("", plain)) or plain


def words(text: str) -> list[str]:
    """The words of a text, folded, in order; a character of a script without spaces is a word of its own.

    Examples
    --------
    >>> words("It's 3 o'clock, isn't it?")
    ['its', '3', 'oclock', 'isnt', 'it']
    """
    return _WORD.findall(_APOSTROPHE.sub("", folded(text)))


@cache
def _gaps(ascii_only: bool) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Runs of spaces and punctuation: those with no digit after them, and those with one. ASCII is found faster."""
    every = (chr(i) for i in range(128 if ascii_only else sys.maxunicode + 1))
    marks = [re.escape(c) for c in every if unicodedata.category(c).startswith("P") and c not in _SIGNS]
    gap = f"[ {''.join(marks)}]"
    return re.compile(f"{gap}+(?!{gap}|\\d)"), re.compile(f"{gap}+(?=\\d)")


def _kept(gap: re.Match[str]) -> str:
    text, start, found = gap.string, gap.start(), gap.group()
    if start > 0 and text[start - 1].isdigit():
        return found.replace(" ", "") or " "
    negative = found.endswith("-") and (len(found) > 1 or start == 0 or not text[start - 1].isalnum())
    return "-" if negative else ""
