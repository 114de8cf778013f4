"""Names as they are in files: of models, which may hold any sign, as names of folders."""

from __future__ import annotations

import hashlib
from urllib.parse import quote

#: A file system takes 255 bytes, and one letter may take twelve here.
_LONGEST = 120


def folder_name(name: str) -> str:
    """A name that a folder can have, for a text of any signs and length; no two texts share one.

    Examples
    --------
    >>> folder_name("org/model: v2")
    'org%2Fmodel%3A%20v2'
    """
    quoted = quote(name, safe="")
    if not quoted.strip("."):  # `.` and `..` are names of other folders
        quoted = quoted.replace(".", "%2E")
    if len(quoted) > _LONGEST:
        return f"{quoted[: _LONGEST - 34]}--{hashlib.blake2b(name.encode(), digest_size=16).hexdigest()}"
    return quoted
