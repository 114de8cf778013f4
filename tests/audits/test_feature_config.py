"""Entries of `features`: each kind has its own keys."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from audits.feature_config import FeaturesConfig

NPY = {"kind": "embeddings", "path": "v.npy", "rows": "items_order"}
TABLE = {"kind": "embeddings", "path": "v.parquet", "column": "v"}


def entry(**keys) -> FeaturesConfig:
    return FeaturesConfig.model_validate({"name": "f", **keys})


@pytest.mark.parametrize(
    "keys",
    [
        NPY,
        NPY | {"metric": "euclidean"},
        TABLE,
        TABLE | {"id": "key"},
        TABLE | {"rows": "items_order", "metric": "cosine"},
        {"kind": "numeric", "columns": ["a", "b"], "metric": "cosine"},
        {"kind": "text", "columns": ["a"]},
        {"kind": "images", "column": "photo"},
    ],
)
def test_each_kind_takes_its_keys(keys):
    assert entry(**keys).kind == keys["kind"]


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"kind": "embeddings"}, "kind embeddings needs 'path'"),
        ({"kind": "numeric"}, "kind numeric needs 'columns'"),
        ({"kind": "text", "columns": []}, "kind text needs 'columns'"),
        ({"kind": "images"}, "kind images needs 'column'"),
        ({"kind": "text", "columns": ["a"], "path": "v.npy"}, "'path' does not go with kind text"),
        ({"kind": "text", "columns": ["a"], "column": "b"}, "'column' does not go with kind text"),
        ({"kind": "text", "columns": ["a"], "metric": "cosine"}, "'metric' does not go with kind text"),
        ({"kind": "numeric", "columns": ["a"], "rows": "by_id"}, "'rows' does not go with kind numeric"),
        ({"kind": "images", "column": "a", "metric": "cosine"}, "'metric' does not go with kind images"),
        ({"kind": "images", "column": "a", "id": "b"}, "'id' does not go with kind images"),
        (NPY | {"columns": ["a"]}, "'columns' does not go with kind embeddings"),
        (NPY | {"column": "a"}, "'column' goes with a table, not with a .npy file"),
        ({"kind": "embeddings", "path": "v.npy"}, "say 'rows: items_order' if its rows are in items order"),
        ({"kind": "embeddings", "path": "v.parquet"}, "a table of embeddings needs 'column'"),
        ({"kind": "text", "columns": ["a", "b", "a"]}, "columns: 'a' is given more than once"),
        (TABLE | {"metric": "hamming"}, "Input should be 'cosine' or 'euclidean'"),
        ({"kind": "audio", "column": "a"}, "Input should be 'embeddings', 'numeric', 'text' or 'images'"),
        (TABLE | {"name": ""}, "at least 1 character"),
    ],
)
def test_what_does_not_go_together_is_refused(keys, says):
    with pytest.raises(ValidationError) as caught:
        entry(**keys)
    assert says in str(caught.value)
