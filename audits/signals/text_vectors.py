"""Texts as vectors, for the graph of neighbours: TF-IDF of words and pieces of words, reduced."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from audits.signals.base import Bools
from audits.signals.text_forms import words

#: Length of a vector, at the most.
DIMENSIONS = 128

#: How many texts the weights and the reduction are learned from, at the most; more hardly change them.
LEARNED_FROM = 20_000

#: Up to how many texts pieces of words are looked at beside the words: they tell kindred forms apart from others, and
#: cost twenty times as much as the words.
WITH_PIECES = 50_000

_VOCABULARY = 50_000
_BLOCK = 10_000


def text_vectors(texts: pa.Array, seed: int = 0) -> tuple[npt.NDArray[np.float32], Bools]:
    """Make a vector a text, so that texts about the same things are near each other.

    Parameters
    ----------
    texts : pyarrow string array, length n
    seed : int
        For the drawing of the texts that are learned from and for the reduction.

    Returns
    -------
    vectors : float32 array, shape (n, d)
        Of length 1; d is `DIMENSIONS` at the most. Zeros where `known` is False.
    known : bool array, shape (n,)
        False where a text is null, has no words, or none that the others have.

    Notes
    -----
    TF-IDF with logarithmic counts over words and pairs of words and, up to `WITH_PIECES` texts, over three to five
    characters within words, the 50,000 commonest of each; then a truncated singular value decomposition (Deerwester et
    al.: Indexing by latent semantic analysis, 1990), both learned from a sample of `LEARNED_FROM` texts.
    """
    # Imported at use: scikit-learn takes a second to load.
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_union
    from sklearn.utils.extmath import randomized_svd

    known: Bools = np.zeros(len(texts), dtype=bool)
    spelled: list[str] = []
    for row, text in enumerate(texts.to_pylist()):
        if text is not None and (found := words(text)):
            known[row] = True
            spelled.append(" ".join(found))
    if not spelled:
        return np.zeros((len(texts), 1), dtype=np.float32), known
    common = {"sublinear_tf": True, "max_features": _VOCABULARY, "dtype": np.float32, "lowercase": False}
    parts = [TfidfVectorizer(tokenizer=str.split, token_pattern=None, ngram_range=(1, 2), **common)]
    if len(spelled) <= WITH_PIECES:
        parts.append(TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), **common))
    weigh = make_union(*parts)
    sample = _sample(spelled, seed)
    matrix = weigh.fit_transform(sample)
    width = max(1, min(DIMENSIONS, min(matrix.shape) - 1))
    turn = randomized_svd(matrix, width, n_iter=4, random_state=seed)[2].T
    blocks = [weigh.transform(spelled[i : i + _BLOCK]) @ turn for i in range(0, len(spelled), _BLOCK)]
    reduced = np.concatenate(blocks).astype(np.float64)
    length = np.linalg.norm(reduced, axis=1)
    some = length > 1e-6
    reduced[some] /= length[some, None]
    reduced[~some] = 0
    vectors = np.zeros((len(texts), reduced.shape[1]), dtype=np.float32)
    vectors[known] = reduced
    known[known] = some
    return vectors, known


def _sample(spelled: list[str], seed: int) -> list[str]:
    if len(spelled) <= LEARNED_FROM:
        return spelled
    drawn = np.random.default_rng(seed).choice(len(spelled), LEARNED_FROM, replace=False)
    return [spelled[i] for i in np.sort(drawn)]
