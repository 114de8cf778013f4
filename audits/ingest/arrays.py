"""Open `.npy` arrays as memory maps, refusing pickles and anything of the wrong shape."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from audits.errors import InputError


def open_npy(path: Path, ndim: int, kinds: str, what: str) -> npt.NDArray[np.generic]:
    """Open an array of a known rank and kind of numbers.

    Parameters
    ----------
    path : Path
        A `.npy` file.
    ndim : int
        Number of axes it must have.
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
    try:
        array: npt.NDArray[np.generic] = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError as e:
        raise InputError(f"{path}: there is no such file") from e
    except (OSError, ValueError, EOFError) as e:
        raise InputError(f"{path}: cannot be read as a .npy array without pickles: {e}") from e
    if not isinstance(array, np.ndarray):
        raise InputError(f"{path}: holds {type(array).__name__}, not one array")
    if array.ndim != ndim or array.dtype.kind not in kinds:
        names = {"f": "floats", "i": "integers", "u": "integers", "U": "text"}
        wanted = " or ".join(dict.fromkeys(names[k] for k in kinds))
        raise InputError(
            f"{path}: expected {what} as {ndim}-dimensional {wanted}, "
            f"got shape {array.shape} of {array.dtype}"
        )
    return array


def widened(array: npt.NDArray[np.generic]) -> npt.NDArray[np.floating]:
    """Probabilities at float32 or better: float32 and float64 stay what they are, all else is widened."""
    if array.dtype in (np.dtype(np.float32), np.dtype(np.float64)):
        return array.astype(array.dtype.newbyteorder("="), copy=False)
    if array.dtype.kind == "f" and array.dtype.itemsize > 8:
        return array.astype(np.float64)
    return array.astype(np.float32)
