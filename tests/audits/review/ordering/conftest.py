from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from audits.review.ordering.candidates import Candidates


def made(p: Any, given: Any = None, suggested: Any = None, **more: Any) -> Candidates:
    """Candidates in the order of their rows; ranks are by probability unless they are given."""
    p = np.asarray(p, dtype=np.float64)
    n = len(p)
    given = np.zeros(n, dtype=np.int32) if given is None else np.asarray(given, dtype=np.int32)
    rank = np.argsort(np.argsort(-p, kind="stable"), kind="stable") + 1
    return Candidates(
        rows=np.arange(n),
        rank=more.pop("rank", rank),
        probability=p,
        suggested=np.full(n, 9, np.int32) if suggested is None else np.asarray(suggested, dtype=np.int32),
        labels=more.pop("labels", given),
        **more,
    )


@pytest.fixture(scope="session")
def candidates() -> Callable[..., Candidates]:
    return made


@pytest.fixture(scope="session")
def some(candidates) -> Callable[..., Candidates]:
    """Random candidates with ties."""

    def draw(seed: int, n: int = 60) -> Candidates:
        rng = np.random.default_rng(seed)
        p = np.round(rng.random(n), 1)
        rank = np.empty(n, dtype=np.int64)
        rank[np.lexsort((rng.permutation(n), -p))] = np.arange(1, n + 1)
        return candidates(p, rng.integers(0, 4, n), rng.integers(-1, 4, n), rank=rank)

    return draw


class PublicOutputs:
    """What 34 models predict for 25,000 images, and what five people said of those that were flagged."""

    def __init__(self, folder: Path) -> None:
        items = pq.read_table(folder / "items.parquet")
        at = {i: k for k, i in enumerate(items["item_id"].to_pylist())}
        self.labels = items["label"].to_numpy().astype(np.int32)
        self.predicted = {}
        for path in sorted((folder / "outputs").glob("*.parquet")):
            table = pq.read_table(path)
            n = table.num_rows
            classes, p = (
                table[c].combine_chunks().flatten().to_numpy().reshape(n, 5)
                for c in ("top_k_labels", "top_k_probs")
            )
            rows = np.array([at[i] for i in table["item_id"].to_pylist()])
            found = np.empty(n, dtype=np.int32)
            found[rows] = classes[np.arange(n), p.argmax(axis=1)]
            self.predicted[path.stem] = found
        votes = pq.read_table(folder / "votes.parquet")
        self.rows = np.array([at[i] for i in votes["item_id"].to_pylist()])
        self.suggested = votes["suggested_label"].to_numpy().astype(np.int32)
        kept, changed = (votes[c].to_numpy() >= 3 for c in ("votes_given", "votes_suggested"))
        self.wrong = ~kept
        self.final = np.where(kept, self.labels[self.rows], np.where(changed, self.suggested, -1))

    def shares(self) -> np.ndarray:
        """Share of the models that predict the suggested label, less that of those that predict the given one."""
        models = np.stack([p[self.rows] for p in self.predicted.values()])
        return (models == self.suggested).mean(axis=0) - (models == self.labels[self.rows]).mean(axis=0)


@pytest.fixture(scope="session")
def public_outputs(public_data) -> PublicOutputs:
    return PublicOutputs(public_data / "imagenet-half")


@pytest.fixture(scope="session")
def voted(public_outputs) -> tuple[Candidates, np.ndarray]:
    """The 2,654 flagged images with a plain probability, and whether people found their label wrong."""
    o = public_outputs
    p = 1 / (1 + np.exp(-3 * o.shares()))
    rank = np.argsort(np.argsort(-p, kind="stable"), kind="stable") + 1
    return Candidates(o.rows, rank, p, o.suggested, o.labels, o.predicted), o.wrong
