"""Inputs of items that are compared by features, for the tests of what compares them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from audits.signals.inputs import Features, Inputs


def made(labels, *features: Features, **more) -> Inputs:
    """Items i0, i1, ... with these labels and features."""
    labels = np.asarray(labels, dtype=np.int32)
    ids = pa.array([f"i{k}" for k in range(len(labels))], pa.string())
    n_classes = more.pop("n_classes", int(labels.max(initial=0)) + 1)
    return Inputs(ids, labels, n_classes, features={f.name: f for f in features}, **more)


def vectors(values, kind="embeddings", name="v", metric=None) -> Features:
    return Features(name, kind, vectors=np.asarray(values, dtype=np.float32), metric=metric)


def texts(values, name="t") -> Features:
    return Features(name, "text", texts=pa.array(values, pa.string()))


def images(bits, digests, name="im") -> Features:
    packed = np.packbits(np.asarray(bits, dtype=np.uint8).reshape(len(digests), 64), axis=1)
    return Features(name, "images", hashes=packed, digests=pa.array(digests, pa.string()))


def pairs_of(table: pa.Table) -> set[tuple[str, str]]:
    return set(zip(table["item_id"].to_pylist(), table["other_id"].to_pylist(), strict=True))
