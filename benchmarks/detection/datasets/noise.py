"""Wrong labels of four kinds, planted into right ones."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from audits.errors import UsageError

Ints = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]

#: Concentration of the rates of the classes, and of what a class is taken for: the smaller, the less alike.
_RATES, _TARGETS = 1.0, 0.3
#: No class has a higher rate of errors: else its name would mean another class.
_MOST = 0.5


def symmetric(labels: Ints, k: int, count: int, rng: np.random.Generator) -> Ints:
    """Change `count` random labels, each to any other class that occurs, all alike.

    Parameters
    ----------
    labels : int32 array, shape (n,)
        Right labels.
    k : int
        Classes.
    count : int
        How many labels become wrong; exactly so many do.
    rng : numpy.random.Generator

    Returns
    -------
    int32 array, shape (n,)
    """
    present, position = _present(labels)
    rows = rng.choice(len(labels), _possible(count, len(labels)), replace=False)
    step = rng.integers(1, len(present), count)
    return _changed(labels, rows, present[(position[rows] + step) % len(present)])


def pair(labels: Ints, k: int, count: int, rng: np.random.Generator) -> Ints:
    """Change `count` random labels, each to the next class that occurs, the last one's to the first; as `symmetric`."""
    present, position = _present(labels)
    rows = rng.choice(len(labels), _possible(count, len(labels)), replace=False)
    return _changed(labels, rows, present[(position[rows] + 1) % len(present)])


def class_dependent(labels: Ints, k: int, count: int, rng: np.random.Generator) -> Ints:
    """Change `count` labels at rates that differ by class, to classes that each is taken for; as `symmetric`.

    The rates are drawn from a gamma distribution of shape 1 and scaled to the count, but are no higher than one in
    two; what a class is taken for is drawn from a Dirichlet distribution of concentration 0.3.
    """
    present, position = _present(labels)
    c = len(present)
    rates = _rates(rng.gamma(_RATES, size=c), np.bincount(position), _possible(count, len(labels) // 2))
    rows = _weighted(rates[position], count, rng)
    taken_for = rng.gamma(_TARGETS, size=(c, c)) + 1e-12
    np.fill_diagonal(taken_for, 0.0)
    bounds = np.cumsum(taken_for / taken_for.sum(axis=1, keepdims=True), axis=1)
    drawn = (rng.random((count, 1)) >= bounds[position[rows]][:, :-1]).sum(axis=1)
    # rounding of the last bound may leave a class as its own target
    drawn = np.where(drawn == position[rows], (drawn + 1) % c, drawn)
    return _changed(labels, rows, present[drawn])


def instance_dependent(
    labels: Ints, other: Ints, doubt: Floats, count: int, rng: np.random.Generator
) -> Ints:
    """Change `count` labels of items that a judge of its own doubts, each to the class that it would rather give.

    Parameters
    ----------
    labels : int32 array, shape (n,)
        Right labels.
    other : int32 array, shape (n,)
        Class that each item is rather taken for; the label itself where there is none.
    doubt : float array, shape (n,)
        Weight by which items are drawn, 0 or more; those of weight 0 or without another class are left alone.
    count : int
    rng : numpy.random.Generator

    Raises
    ------
    UsageError
        When fewer than `count` items are doubted.
    """
    weights = np.where(other == labels, 0.0, doubt)
    rows = _weighted(weights, _possible(count, int((weights > 0).sum())), rng)
    return _changed(labels, rows, other[rows])


#: Kinds of noise that need the labels alone.
KINDS: dict[str, Callable[[Ints, int, int, np.random.Generator], Ints]] = {
    "symmetric": symmetric,
    "pair": pair,
    "class-dependent": class_dependent,
}
INSTANCE = "instance-dependent"


def _present(labels: Ints) -> tuple[Ints, npt.NDArray[np.int64]]:
    present, position = np.unique(labels, return_inverse=True)
    if len(present) < 2:
        raise UsageError(f"planting needs labels of at least 2 classes, there are {len(present)}")
    return present, position.reshape(-1)


def _possible(count: int, most: int) -> int:
    if not 0 <= count <= most:
        raise UsageError(f"{count} labels cannot be made wrong: {most} can")
    return count


def _rates(relative: Floats, sizes: npt.NDArray[np.integer], count: int) -> Floats:
    """Rates in these relations that come to `count` items over classes of these sizes, none above `_MOST`."""
    capped = np.zeros(len(relative), dtype=bool)
    while True:
        rates = np.where(capped, _MOST, 0.0)
        free = relative * ~capped
        if (total := free @ sizes) > 0:
            rates += free * max(count - rates @ sizes, 0.0) / total
        if not (over := rates > _MOST).any():
            return rates + 1e-9
        capped |= over


def _weighted(weights: Floats, count: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Rows drawn without replacement, each time in proportion to the weights of those left (Efraimidis, Spirakis)."""
    with np.errstate(divide="ignore"):
        keys = rng.exponential(size=len(weights)) / weights
    return np.argsort(keys, kind="stable")[:count]


def _changed(labels: Ints, rows: npt.NDArray[np.int64], to: npt.NDArray[np.integer]) -> Ints:
    changed = labels.copy()
    changed[rows] = to
    return changed
