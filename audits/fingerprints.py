"""Fingerprints: of values, of files without reading them again, and of the code that makes results."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import time
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from audits import __version__
from audits.disk import write_atomic, writing

#: Libraries whose release may change a result.
_LIBRARIES = (
    "cleanlab",
    "faiss-cpu",
    "great-expectations",
    "ImageHash",
    "numpy",
    "pandas",
    "pillow",
    "pyarrow",
    "scikit-learn",
    "scipy",
)
#: The same of the extras, which count where they are installed.
_EXTRAS = ("crowd-kit",)

#: A file written to less than this long before it was read may change again without its time showing it.
_SETTLED_NS = 2_000_000_000


def digest(value: object) -> str:
    """Hash of a value that JSON can hold; the order of keys does not matter.

    Examples
    --------
    >>> digest({"a": 1, "b": [2]}) == digest({"b": [2], "a": 1})
    True
    """
    text = json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


@cache
def code_version() -> str:
    """Hash of this package's source and of the releases of the libraries that results come from.

    A result that was kept by other code is not taken for one of this code. A version number that somebody
    must remember to raise would be forgotten.
    """
    folder = Path(__file__).parent
    hashed = hashlib.blake2b(digest_size=8)
    for path in sorted(folder.rglob("*.py")):
        hashed.update(f"{path.relative_to(folder).as_posix()}\0".encode() + path.read_bytes() + b"\0")
    libraries: dict[str, str | None] = {name: version(name) for name in _LIBRARIES}
    libraries |= {name: _release(name) for name in _EXTRAS}
    return f"{__version__}-{digest([hashed.hexdigest(), libraries])[:12]}"


def _release(name: str) -> str | None:
    """The release of a library that need not be installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


class Sources:
    """Content fingerprints of the files that a dataset is read from.

    A file that looks from outside as it did last time is not read again.

    Parameters
    ----------
    path : Path
        JSON file that remembers the fingerprints; it may be missing, and what is wrong with it only costs time.
    verify : bool
        Read every file, whatever it looks like from outside.

    Attributes
    ----------
    hashed : list of Path
        The files that were read, for reports and tests.
    """

    def __init__(self, path: Path, *, verify: bool = False) -> None:
        self.path = path
        self.verify = verify
        self.hashed: list[Path] = []
        self._known: dict[str, list[Any]] | None = None
        self._fresh: set[Path] = set()

    def fingerprint(self, path: Path) -> str | None:
        """Hash of a file's content; None where it is no file that can be read.

        What is wrong with such a file is for its reader to say.
        """
        seen = look(path)
        if seen is None:
            return None
        known = self._load().get(str(path))
        if known is not None and known[:4] == seen and known[5] and (not self.verify or path in self._fresh):
            return str(known[4])
        started = time.time_ns()
        try:
            with path.open("rb") as f:
                hashed = hashlib.file_digest(f, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
        except OSError:
            return None
        self.hashed.append(path)
        self._fresh.add(path)
        if look(path) != seen:  # it is being written to; whoever reads it will see that it changed
            return hashed
        entry = [*seen, hashed, settled(seen, started)]
        if known != entry:
            self._load()[str(path)] = entry
            self._save()
        return hashed

    def _load(self) -> dict[str, list[Any]]:
        if self._known is None:
            try:
                known = json.loads(self.path.read_text(encoding="utf-8"))
                self._known = {k: v for k, v in known.items() if isinstance(v, list) and len(v) == 6}
            except (OSError, ValueError, AttributeError, RecursionError):
                self._known = {}
        return self._known

    def _save(self) -> None:
        known = self._load()
        # os.path, since Path.exists raises for a file in a folder that this user may no longer enter
        for gone in [p for p in known if not os.path.exists(p)]:
            del known[gone]
        with writing(self.path):
            write_atomic(self.path, json.dumps(known, indent=0).encode())


def look(path: Path) -> list[int] | None:
    """What a regular file looks like from outside; None where there is none.

    Size in bytes, time of its content in nanoseconds, inode, and where the system has it the time of any change, which
    also tells a file that was written in place or renamed there with the time of its content put back.
    """
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    # a named pipe would be waited for without end
    seen = [found.st_size, found.st_mtime_ns, found.st_ino, found.st_ctime_ns]
    return seen if stat.S_ISREG(found.st_mode) else None


def settled(seen: list[int], read_at: int) -> bool:
    """Whether a file, as `look` saw it, had not been written to for a while when it began to be read.

    One that had may change again without its size and time showing it.

    Parameters
    ----------
    seen : list of int
    read_at : int
        When reading it began, in nanoseconds since the epoch.
    """
    return read_at - seen[1] > _SETTLED_NS and seen[3] < read_at
