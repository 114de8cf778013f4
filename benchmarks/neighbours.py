"""What the graph of neighbours costs beside brute force on the same vectors, as a ratio measured in one run.

Both sides run on two threads. The vectors lie near a surface of twelve dimensions in 256, with noise, as
embeddings do; the last ones are near copies of the first.
"""

import time

import faiss
import numpy as np

from audits.signals.inputs import Features
from audits.signals.neighbours import nearest

ITEMS, DIMENSIONS, INNER, GROUPS, COPIES, K = 100_000, 256, 12, 200, 500, 10


def made_up(rng: np.random.Generator) -> np.ndarray:
    inner = 1.5 * rng.normal(size=(GROUPS, INNER))[rng.integers(GROUPS, size=ITEMS)] + rng.normal(
        size=(ITEMS, INNER)
    )
    outer = np.tanh(inner @ rng.normal(size=(INNER, DIMENSIONS)) / np.sqrt(INNER))
    outer += 0.1 * rng.normal(size=outer.shape)
    outer[-COPIES:] = outer[:COPIES] + 1e-3 * rng.normal(size=(COPIES, DIMENSIONS))
    return (outer / np.linalg.norm(outer, axis=1, keepdims=True)).astype(np.float32)


def main() -> None:
    vectors = made_up(np.random.default_rng(0))
    faiss.omp_set_num_threads(2)
    start = time.perf_counter()
    graph = nearest(Features("embeddings", "embeddings", vectors=vectors), K)
    ours = time.perf_counter() - start
    start = time.perf_counter()
    every = faiss.IndexFlatIP(DIMENSIONS)
    every.add(vectors)
    cosine, _ = every.search(vectors, K + 1)
    brute = time.perf_counter() - start
    recall = np.mean(graph.distances <= 1 - cosine[:, -1:] + 1e-6)
    copies = np.mean(graph.rows[:COPIES, 0] == np.arange(ITEMS - COPIES, ITEMS))
    print(
        f"graph of {K} neighbours of {ITEMS} x {DIMENSIONS}: ours / brute force = {ours / brute:.2f}; "
        f"recall {recall:.4f}; {copies:.1%} of the near copies come first"
    )


if __name__ == "__main__":
    main()
