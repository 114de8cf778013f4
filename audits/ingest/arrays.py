"""Open `.npy` arrays as memory maps, refusing pickles and anything of the wrong shape."""

from __future__ import annotations

import tokenize
import warnings
from pathlib import Path

import numpy as np
import numpy.typing as npt

from audits.errors import FileError, ShapeError
from audits.ingest.file_errors import looks_like, reason, require_file

#: What else a header that is no literal makes numpy's parser fail with.
_HEADER_ERRORS = (SyntaxError, tokenize.TokenError, RecursionError, MemoryError)


def open_npy(path: Path, ndim: int | None, kinds: str, what: str) -> npt.NDArray[np.generic]:
    """Open an array of a known rank and kind of numbers.

    Parameters
    ----------
    path : Path
        A `.npy` file.
    ndim : int or None
        Number of axes it must have; None for any.
    kinds : str
        Allowed `dtype.kind` letters: `f` floats, `i` and `u` integers, `U` text.
    what : str
        What the array is, for the message.

    Returns
    -------
    array
        A read-only memory map.

    Raises
    ------
    FileError
        When the file is missing, damaged, pickled, or another size than its header says.
    ShapeError
        When its shape or type is another.
    """
    require_file(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the header is parsed as Python, which warns of odd escapes
            # numpy.load would open zip files and pickles too
            array: npt.NDArray[np.generic] = np.lib.format.open_memmap(path, mode="r")
    except (OSError, ValueError, TypeError, ArithmeticError, *_HEADER_ERRORS) as e:
        raise FileError(f"{path}: cannot be read as a .npy array without pickles: {_why(path, e)}") from e
    if (over := path.stat().st_size - getattr(array, "offset", 0) - array.nbytes) > 0:
        raise FileError(
            f"{path}: {over:,} bytes follow the array of shape {array.shape} that its header tells of; "
            "expected one array"
        )
    if array.ndim != (array.ndim if ndim is None else ndim) or array.dtype.kind not in kinds:
        names = {"f": "floats", "i": "integers", "u": "integers", "U": "text"}
        wanted = " or ".join(dict.fromkeys(names[k] for k in kinds))
        raise ShapeError(
            f"{path}: expected {what} as {f'{ndim}-dimensional ' if ndim else ''}{wanted}, "
            f"got shape {array.shape} of {array.dtype}"
        )
    return array


def _why(path: Path, error: Exception) -> str:
    """What numpy says, in words of the person who made the file."""
    said = reason(error)
    if "Python objects in dtype" in said:
        return "it holds pickled Python objects, which are never loaded; save plain numbers"
    if "mmap length is greater than file size" in said or isinstance(error, OverflowError):
        size = path.stat().st_size
        return f"its header tells of more than the {size:,} bytes that it has: cut off, or not what it says"
    if "malformed node" in said:
        return "its header is no plain description of an array"
    if "magic string" in said:
        with path.open("rb") as f:
            guess = looks_like(f.read(64))
        return f"it does not begin as one{f' (it is {guess})' if guess else ''}"
    return said


def widened(array: npt.NDArray[np.generic]) -> npt.NDArray[np.floating]:
    """Probabilities at float32 or better, in native byte order: what is narrower is widened.

    Float32 and float64 in native byte order are returned as they are, without a copy.
    """
    wanted = np.float64 if array.dtype.kind == "f" and array.dtype.itemsize >= 8 else np.float32
    with np.errstate(all="ignore"):  # what becomes infinite is for the check to refuse
        return array.astype(wanted, copy=False)
