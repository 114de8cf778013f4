"""One mutation of one file, chosen by what the file is: the same file and random numbers give the same bytes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

from tests.fuzz.byte_mutators import BYTES
from tests.fuzz.file_mutators import ACCIDENTS, PLACES, WHOLE
from tests.fuzz.table_mutators import TABLES
from tests.fuzz.tree_mutators import TREES

#: How often a file is mutated as what it is, and how often it is replaced; else its bytes are changed.
_AS_WHAT_IT_IS, _REPLACED = 0.5, 0.12


def mutate(path: Path, rng: Random, *, accidents_only: bool = False) -> str:
    """Mutate a file in its place.

    Parameters
    ----------
    path : Path
        A file. One that an earlier mutation replaced by something else is left as it is.
    rng : random.Random
    accidents_only : bool
        For a file that no person puts there: replaced by what an accident leaves, not by a pipe or a device.

    Returns
    -------
    str
        The mutation's name; it and the random numbers tell all.
    """
    if path.is_symlink() or not path.is_file():
        return "left alone"
    if rng.random() < _REPLACED:
        name = rng.choice(list(ACCIDENTS if accidents_only else PLACES))
        PLACES[name](path, rng)
        return name
    whole = WHOLE.get(path.suffix, {})
    knowing = {**TREES.get(path.suffix, {}), **TABLES.get(path.suffix, {})}
    if (whole or knowing) and rng.random() < _AS_WHAT_IT_IS:
        name = rng.choice([*whole, *knowing])
        try:
            if name in whole:
                whole[name](path, rng)
            else:
                path.write_bytes(knowing[name](path.read_bytes(), rng))
        except Exception:  # it is no longer what its ending says: an earlier mutation saw to that
            return _bytes(path, rng)
        return name
    return _bytes(path, rng)


def _bytes(path: Path, rng: Random) -> str:
    changes: list[tuple[str, Callable[[bytes, Random], bytes]]] = list(BYTES.items())
    name, change = rng.choice(changes)
    path.write_bytes(change(path.read_bytes(), rng))
    return name
