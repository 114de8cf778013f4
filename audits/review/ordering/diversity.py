"""Not fifty look-alikes in a row."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from audits.review.ordering.candidates import Candidates, Order

NAME = "diversity"

#: How many places a look-alike is remembered for.
WINDOW = 20

#: What an item counts for, for each look-alike among the last places.
DECAY = 0.5

#: How many of the nearest neighbours may be look-alikes.
NEAREST = 10


def order(candidates: Candidates) -> Order:
    """Take, place by place, the item whose probability counts for most.

    A probability counts half for each look-alike among the last 20 places, and in full again once these are past: a
    run of look-alikes is broken up where others are nearly as likely to be wrong, and comes nevertheless where there
    is nothing else. Look-alikes are, where the dataset has features, items that are among each other's ten nearest
    neighbours by any of them; else items with the same given and suggested label.

    Parameters
    ----------
    candidates : Candidates
        n items. It takes O((n + e) log n) steps, e being the pairs of look-alikes, at most 10 n for each kind of
        features.

    Returns
    -------
    intp array, shape (n,)
        Positions of the items, first to be reviewed first.
    """
    n = len(candidates)
    first = candidates.best_first()
    if candidates.neighbours:
        pointer, alike = _mutual(candidates)
        return _spaced(candidates, [[int(i)] for i in first], lambda u: alike[pointer[u] : pointer[u + 1]])
    pairs = np.stack([candidates.given, candidates.suggested], axis=1)
    _, group = np.unique(pairs[first], axis=0, return_inverse=True) if n else (None, np.zeros(0, np.intp))
    members: list[list[int]] = [[] for _ in range(int(group.max(initial=-1)) + 1)]
    for item, g in zip(first.tolist(), group.reshape(-1).tolist(), strict=True):
        members[g].append(item)
    return _spaced(candidates, members, lambda u: (u,))


def _spaced(
    candidates: Candidates, units: list[list[int]], alike: Callable[[int], npt.NDArray[np.intp] | tuple[int]]
) -> Order:
    """Place the items of units one by one; an item that is placed tires the units that `alike` gives for its own.

    A unit's items are in order, best first. A heap holds what each unit's next item counts for; an entry whose
    unit has changed since is passed over.
    """
    p, rank = candidates.probability, candidates.rank
    tired, version, at = [0] * len(units), [0] * len(units), [0] * len(units)
    heap: list[tuple[float, int, int, int]] = []

    def offer(u: int) -> None:
        version[u] += 1
        if at[u] < len(units[u]):
            item = units[u][at[u]]
            heapq.heappush(heap, (-float(p[item]) * DECAY ** tired[u], int(rank[item]), u, version[u]))

    for u in range(len(units)):
        offer(u)
    placed: list[int] = []
    recent: deque[int] = deque()
    while heap:
        _, _, u, stamp = heapq.heappop(heap)
        if stamp != version[u]:
            continue
        placed.append(units[u][at[u]])
        at[u] += 1
        recent.append(u)
        changed = {u}
        for v in alike(u):
            tired[v] += 1
            changed.add(int(v))
        if len(recent) > WINDOW:
            for v in alike(recent.popleft()):
                tired[v] -= 1
                changed.add(int(v))
        for v in changed:
            offer(v)
    return np.array(placed, dtype=np.intp)


def _mutual(candidates: Candidates) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Look-alikes of each item as units in the order of `best_first`: those of u are alike[pointer[u]:pointer[u+1]]."""
    first = candidates.best_first()
    n = len(candidates)
    unit = np.full(len(candidates.labels), -1, dtype=np.int64)
    unit[candidates.rows[first]] = np.arange(n)
    found = []
    for neighbours in candidates.neighbours.values():
        near = unit[neighbours.rows[candidates.rows[first], :NEAREST]]
        one = np.repeat(np.arange(n), near.shape[1])
        other = near.reshape(-1)
        keep = other >= 0
        there = one[keep] * n + other[keep]
        back = other[keep] * n + one[keep]
        found.append(there[np.isin(there, back)])
    edges = np.unique(np.concatenate(found)) if found else np.zeros(0, dtype=np.int64)
    pointer = np.searchsorted(edges, np.arange(n + 1) * n)
    return pointer, (edges % n).astype(np.intp) if n else edges.astype(np.intp)
