"""Open `.npy` arrays as memory maps, refusing pickles and anything of the wrong shape."""

from __future__ import annotations

import tokenize
import warnings
from pathlib import Path

import numpy as np
import numpy.typing as npt

from audits.errors import InputError

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
    InputError
        When the file is missing, damaged, pickled, or its shape or type is another.
    """
    if not path.is_file():  # a named pipe would be waited for without end
        raise InputError(f"{path}: there is no such file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the header is parsed as Python, which warns of odd escapes
            # numpy.load would open zip files and pickles too
            array: npt.NDArray[np.generic] = np.lib.format.open_memmap(path, mode="r")
    except (OSError, ValueError, TypeError, ArithmeticError, *_HEADER_ERRORS) as e:
        raise InputError(f"{path}: cannot be read as a .npy array without pickles: {e}") from e
    if array.ndim != (array.ndim if ndim is None else ndim) or array.dtype.kind not in kinds:
        names = {"f": "floats", "i": "integers", "u": "integers", "U": "text"}
        wanted = " or ".join(dict.fromkeys(names[k] for k in kinds))
        raise InputError(
            f"{path}: expected {what} as {f'{ndim}-dimensional ' if ndim else ''}{wanted}, "
            f"got shape {array.shape} of {array.dtype}"
        )
    return array


def widened(array: npt.NDArray[np.generic]) -> npt.NDArray[np.floating]:
    """Probabilities at float32 or better, in native byte order: what is narrower is widened.

    Float32 and float64 in native byte order are returned as they are, without a copy.
    """
    wanted = np.float64 if array.dtype.kind == "f" and array.dtype.itemsize >= 8 else np.float32
    with np.errstate(all="ignore"):  # what becomes infinite is for the check to refuse
        return array.astype(wanted, copy=False)
