"""Public datasets as their users would write them down: questions as text, CIFAR-10 by its ids alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.audits.web.content.shown import Shown


def questions(shown: Shown, public_data: Path) -> None:
    """mmlu-redux-half: a question, its choices, the gold answer, and what 14 models answered."""
    folder = public_data / "mmlu-redux-half"
    shown.yaml = {
        "items": {"path": str(folder / "items.parquet"), "content": ["question", "choices", "subject"]},
        "classes": [{"id": k, "name": "ABCD"[k]} for k in range(4)],
        "models": [
            {"name": p.stem, "out_of_sample": True, "outputs": {"kind": "labels", "path": str(p)}}
            for p in sorted((folder / "outputs").glob("*.parquet"))
        ],
    }


def cifar10(shown: Shown, public_data: Path, models: int = 13) -> None:
    """CIFAR-10's test set by its ids, with the top five classes of its models."""
    labels = np.load(
        public_data / "label-errors" / "original_test_labels" / "cifar10_test_set_original_labels.npy"
    )
    names = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
    shown.yaml["classes"] = [{"id": k, "name": name} for k, name in enumerate(names)]
    shown.items([str(k) for k in labels.tolist()], [str(i) for i in range(len(labels))])
    folder = public_data / "benchmarking-keras-pytorch" / "pytorch_cifar10"
    for path in sorted(folder.glob("*_top5preds.npy"))[:models]:
        name = path.name.removesuffix("_pytorch_cifar10_top5preds.npy")
        shown.yaml["models"].append(
            {
                "name": name,
                "out_of_sample": True,
                "outputs": {
                    "kind": "top_k",
                    "path": str(path),
                    "probs": str(path.with_name(path.name.replace("preds", "probs"))),
                    "rows": "items_order",
                    "labels_as": "id",
                },
            }
        )
