"""Near duplicates among texts: by the cosine of their TF-IDF, and by one word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
from scipy import sparse

from audits.signals.base import Floats64
from audits.signals.vector_pairs import Pairs

#: Texts of so many words that differ by one word are near duplicates, whatever the word weighs ...
ONE_WORD_OF = (8, 64)

#: ... down to this cosine: below, what they share is a form that many texts fill in.
ONE_WORD_COSINE = 0.5

#: Texts of so many letters and digits that have all of them in common are near duplicates.
SAME_LETTERS = 24

#: So many texts that differ in the same place by one word are a form that is filled in.
_FORM = 50

RowPairs = npt.NDArray[np.intp]

_WORK, _CHUNK = 20_000_000, 200_000


def near_texts(texts: Sequence[list[str]], similarity: float) -> Pairs:
    """Find all pairs of texts that are near duplicates of each other.

    Parameters
    ----------
    texts : sequence of lists of str, length n
        The words of each.
    similarity : float
        In (0, 1]. Least cosine of the TF-IDF vectors.

    Returns
    -------
    first, second : integer arrays, shape (p,)
        Two positions, first < second, each pair once.
    distance : float array, shape (p,)
        1 minus the cosine.

    Notes
    -----
    TF-IDF over single words with logarithmic counts. Every pair that reaches the similarity is found, by the bound of
    prefixes (Bayardo, Ma and Srikant: Scaling Up All Pairs Similarity Search, 2007, doi:10.1145/1242572.1242591):
    with the rarest words first, two texts that share none of the words up to where the rest of each is shorter
    than the similarity cannot reach it. A changed word that is rare weighs so much that the cosine of short texts
    falls; so texts of 8 to 64 words count as well that become equal when one word is left out of one or both, down to
    the cosine 0.5, and texts of 24 letters and digits or more that differ in none of them. More than 50 texts that
    do so at one place are a form that was filled in, and do not.
    """
    weights, ids = _tf_idf(texts)
    alike = _sharing_rare_words(weights, similarity)
    apart = _one_word_apart(ids)
    least = [
        (alike, similarity - 1e-9),
        (apart, min(similarity, ONE_WORD_COSINE)),
        (_same_letters(texts), 0.0),
    ]
    kept = [pairs[_cosines(weights, pairs) >= cosine] for pairs, cosine in least]
    pairs = np.unique(np.concatenate(kept), axis=0)
    return pairs[:, 0], pairs[:, 1], np.clip(1 - _cosines(weights, pairs), 0.0, 1.0)


def _tf_idf(texts: Sequence[list[str]]) -> tuple[sparse.csr_array, list[npt.NDArray[np.int64]]]:
    """TF-IDF rows of length 1, columns from the rarest word on, and the words' columns in the order of each text."""
    column: dict[str, int] = {}
    ids = [np.array([column.setdefault(w, len(column)) for w in text], dtype=np.int64) for text in texts]
    n, v = len(texts), max(len(column), 1)
    lengths = np.array([len(i) for i in ids], dtype=np.int64)
    flat = np.concatenate([*ids, np.empty(0, dtype=np.int64)])
    counts = sparse.coo_array(
        (np.ones(len(flat)), (np.repeat(np.arange(n), lengths), flat)), shape=(n, v)
    ).tocsr()
    counts.sum_duplicates()
    spread = np.bincount(counts.indices, minlength=v)
    order = np.argsort(spread, kind="stable")
    place = np.empty(v, dtype=np.int64)
    place[order] = np.arange(v)
    idf = np.log((1 + n) / (1 + spread)) + 1
    data = (1 + np.log(counts.data)) * idf[counts.indices]
    weights = sparse.csr_array((data, place[counts.indices], counts.indptr), shape=(n, v))
    weights.sort_indices()
    rows = np.repeat(np.arange(n), np.diff(weights.indptr))
    length = np.sqrt(np.bincount(rows, weights.data**2, minlength=n))
    weights.data /= length[rows]
    return weights, [place[i] for i in ids]


def _sharing_rare_words(weights: sparse.csr_array, similarity: float) -> RowPairs:
    n = weights.shape[0]
    rows = np.repeat(np.arange(n), np.diff(weights.indptr))
    total = np.concatenate([[0.0], np.cumsum(weights.data**2)])
    rest = total[weights.indptr[rows + 1]] - total[:-1]
    kept = rest >= similarity * similarity - 1e-6
    columns = weights.indices[kept]
    prefix = sparse.csr_array(
        (np.ones(kept.sum(), dtype=np.float32), (rows[kept], columns)), shape=weights.shape
    )
    across = prefix.T.tocsr()
    spread = np.bincount(columns, minlength=weights.shape[1])
    work = np.cumsum(np.bincount(rows[kept], spread[columns], minlength=n).astype(np.float64))
    found = [np.empty((0, 2), dtype=np.intp)]
    for start, end in _blocks(work):
        shared = (prefix[start:end] @ across).tocoo()
        above = shared.row + start < shared.col
        found.append(np.stack([shared.row[above] + start, shared.col[above]], axis=1).astype(np.intp))
    return np.concatenate(found)


def _blocks(work: Floats64) -> Iterator[tuple[int, int]]:
    """Runs of rows of about as much work each, by the sums of it up to each row."""
    start, done = 0, 0.0
    while start < len(work):
        end = max(start + 1, int(np.searchsorted(work, done + _WORK, side="right")))
        yield start, end
        start, done = end, float(work[end - 1])


def _cosines(weights: sparse.csr_array, pairs: RowPairs) -> Floats64:
    out = np.empty(len(pairs))
    for i in range(0, len(pairs), _CHUNK):
        first, second = pairs[i : i + _CHUNK].T
        product = weights[first].multiply(weights[second])
        out[i : i + _CHUNK] = product.sum(axis=1)
    return out


def _one_word_apart(ids: Sequence[npt.NDArray[np.int64]]) -> RowPairs:
    """Pairs of texts that are equal without one word of one or both.

    A text is a polynomial of random 64-bit numbers of its words, modulo 2^64; without its i-th word it is what stands
    before, plus what stands after divided by the base. Texts with a number in common are equal there.
    """
    fewest, most = ONE_WORD_OF
    rows = np.array([r for r, text in enumerate(ids) if fewest - 1 <= len(text) <= most], dtype=np.intp)
    if len(rows) < 2:
        return np.empty((0, 2), dtype=np.intp)
    lengths = np.array([len(ids[r]) for r in rows])
    flat = np.concatenate([ids[r] for r in rows])
    rng = np.random.default_rng(0)
    word = rng.integers(0, 2**64, size=int(flat.max()) + 1, dtype=np.uint64)
    base = int(rng.integers(0, 2**64, dtype=np.uint64)) | 1
    powers = np.array([pow(base, i, 2**64) for i in range(most)], dtype=np.uint64)
    inverse = np.uint64(pow(base, -1, 2**64))
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    terms = word[flat] * powers[np.arange(len(flat)) - np.repeat(starts, lengths)]
    sums = np.concatenate([np.zeros(1, dtype=np.uint64), np.cumsum(terms, dtype=np.uint64)])
    begin, end = np.repeat(sums[starts], lengths), np.repeat(sums[starts + lengths], lengths)
    without = (sums[:-1] - begin) + (end - sums[1:]) * inverse
    keys = np.concatenate([without, sums[starts + lengths] - sums[starts]])
    owners = np.concatenate([np.repeat(rows, lengths), rows])
    order = np.lexsort((owners, keys))
    keys, owners = keys[order], owners[order]
    again = np.concatenate([[True], (keys[1:] != keys[:-1]) | (owners[1:] != owners[:-1])])
    keys, owners = keys[again], owners[again]
    edges = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1], [True]]))
    sizes = np.diff(edges)
    found = [np.empty((0, 2), dtype=np.intp)]
    for g in np.flatnonzero((sizes > 1) & (sizes <= _FORM)):
        found.append(_each_with_each(owners[edges[g] : edges[g + 1]]))
    pairs = np.concatenate(found)
    longer = np.array([len(text) for text in ids])[pairs].max(axis=1, initial=0)
    return np.asarray(pairs[longer >= fewest])


def _same_letters(texts: Sequence[list[str]]) -> RowPairs:
    """Pairs of texts that differ in no letter or digit, but in where words end or in signs that count."""
    owners: dict[str, list[int]] = {}
    for row, text in enumerate(texts):
        if len(letters := "".join(text)) >= SAME_LETTERS:
            owners.setdefault(letters, []).append(row)
    groups = [np.array(rows, dtype=np.intp) for rows in owners.values() if 1 < len(rows) <= _FORM]
    return np.concatenate([np.empty((0, 2), dtype=np.intp), *map(_each_with_each, groups)])


def _each_with_each(rows: npt.NDArray[np.intp]) -> RowPairs:
    return rows[np.stack(np.triu_indices(len(rows), 1), axis=1)]
