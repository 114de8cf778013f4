"""Duplicates whose labels differ, planted in numbers, text and images, within and across splits: all come first."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from sklearn.datasets import load_digits
from typer.testing import CliRunner

from audits.new_workspace import init_workspace
from pipelines.cli import app

N, PLANTED = 120, 6
WORDS = [
    a + b for a in ("sil", "mar", "win", "gar", "rib") for b in ("ver", "ket", "ter", "den", "bon", "ton")
]


def photo(rng: np.random.Generator) -> Image.Image:
    """A picture with structure at all sizes, as photographs have."""
    spectrum = np.fft.fft2(rng.normal(size=(96, 96)))
    radius = np.hypot(*np.meshgrid(np.fft.fftfreq(96), np.fft.fftfreq(96)))
    values = np.real(np.fft.ifft2(spectrum / np.maximum(radius, 1 / 96)))
    return Image.fromarray(np.uint8(255 * (values - values.min()) / np.ptp(values)))


def plant(kind: str, root, rng: np.random.Generator) -> tuple[dict, list[dict], list[tuple[str, str]]]:
    """Items with one kind of features, copies of some with another label, and the pairs; half are exact copies."""
    digits = load_digits()
    labels = digits.target[:N]
    rows = [{"item_id": f"i{k}", "label": str(labels[k]), "split": "train"} for k in range(N)]
    for k, row in enumerate(rows):
        row |= {f"x{j}": float(v) for j, v in enumerate(digits.data[k])} if kind == "numeric" else {}
        row |= {"body": " ".join(rng.choice(WORDS, 14))} if kind == "text" else {}
        if kind == "images":
            picture = photo(rng)
            picture.save(root / "photos" / f"i{k}.png")
            row["photo"] = f"../photos/i{k}.png"
    pairs = []
    for at, k in enumerate(rng.choice(N, PLANTED, replace=False)):
        copy = dict(rows[k]) | {"item_id": f"copy{at}", "label": str((labels[k] + 1) % 10)}
        copy["split"] = "test" if at % 2 else "train"
        if kind == "numeric" and at >= PLANTED // 2:
            scale = digits.data[:N].std(axis=0)
            copy |= {f"x{j}": copy[f"x{j}"] + float(rng.normal(0, 0.01 * s)) for j, s in enumerate(scale)}
        if kind == "text":
            copy["body"] = (
                copy["body"].upper() if at < PLANTED // 2 else copy["body"].replace(" ", " new ", 1)
            )
        if kind == "images":
            picture = Image.open(root / "photos" / f"i{k}.png")
            if at >= PLANTED // 2:
                picture = picture.resize((86, 86))
            ending = "png" if at < PLANTED // 2 else "jpg"
            picture.save(root / "photos" / f"copy{at}.{ending}")
            copy["photo"] = f"../photos/copy{at}.{ending}"
        rows.append(copy)
        pairs.append((f"i{k}", f"copy{at}"))
    features = {
        "numeric": {"name": "pixels", "kind": "numeric", "columns": [f"x{j}" for j in range(64)]},
        "text": {"name": "body", "kind": "text", "columns": ["body"]},
        "images": {"name": "photo", "kind": "images", "column": "photo"},
    }
    return features[kind], rows, pairs


@pytest.mark.parametrize("kind", ["numeric", "text", "images"])
def test_conflicting_duplicates_are_found_shown_as_pairs_and_routed_first(tmp_path, kind):
    root = tmp_path / "work"
    init_workspace(root)
    (root / "photos").mkdir()
    rng = np.random.default_rng(5)
    feature, rows, pairs = plant(kind, root, rng)
    pq.write_table(pa.Table.from_pylist(rows), root / "datasets" / "pets.parquet")
    classes = [str(c) for c in range(10)]
    # a model that is sure of another class on many items: what it says must not stand before the conflicts
    probs = rng.dirichlet(np.full(10, 0.1), size=len(rows))
    np.save(root / "datasets" / "model.npy", probs)
    config = {
        "items": {"path": "pets.parquet", "split": "split"}
        | ({"content": ["body"]} if kind == "text" else {}),
        "classes": classes,
        "features": [feature],
        "models": [
            {
                "name": "m",
                "out_of_sample": True,
                "outputs": {"kind": "dense", "path": "model.npy", "rows": "items_order"},
            }
        ],
    }
    (root / "datasets" / "pets.yaml").write_text(json.dumps(config))

    def run(*args: str) -> str:
        result = CliRunner().invoke(app, ["-w", str(root), *args])
        assert result.exit_code == 0, result.output
        return result.stdout

    run("run", "pets")
    shown = json.loads(run("duplicates", "pets", "--conflicts", "--json"))
    found = {(d["item_id"], d["other_id"]) for d in shown}
    assert set(pairs) <= found
    across = {(d["item_id"], d["other_id"]) for d in shown if d["split"] != d["other_split"]}
    assert across & set(pairs) == {p for at, p in enumerate(pairs) if at % 2}
    in_conflict = {i for pair in found for i in pair}
    findings = json.loads(run("findings", "pets", "--json"))
    assert {f["item_id"] for f in findings[: len(in_conflict)]} == in_conflict
    assert all(f["flagged"] and f["suggested_label"] for f in findings[: len(in_conflict)])
    queue = root / "queue.csv"
    run("verdicts", "export", "pets", str(queue))
    first = [line.split(",")[0] for line in queue.read_text().splitlines()[1 : len(in_conflict) + 1]]
    assert set(first) == in_conflict
