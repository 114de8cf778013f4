"""A workspace whose one dataset has everything that detectors look at, and any of it may be taken away."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from PIL import Image

from audits.audit_config import AuditsConfig
from audits.review.store import ReviewStore
from audits.stages.graph import STAGES, stages_of
from audits.work import Outcome
from tests.audits.conftest import GIVEN, TRUTH
from tests.audits.stages.conftest import FullWorkspace, long_ago

N, K, EPOCHS = 12, 3, 5

#: Every audit there is, with its defaults.
EVERY_AUDIT: dict[str, Any] = {name: {} for name in AuditsConfig.model_fields}

#: What the dataset is compared by, by name.
FEATURES: dict[str, dict[str, Any]] = {
    "vectors": {"kind": "embeddings", "path": "vectors.npy", "rows": "items_order"},
    "columns": {"kind": "numeric", "columns": ["width", "height"]},
    "words": {"kind": "text", "columns": ["text"]},
    "photos": {"kind": "images", "column": "photo"},
}


class RichWorkspace(FullWorkspace):
    """The full workspace with features of every kind, training dynamics, many annotations, suggestions and splits."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        rng = np.random.default_rng(3)
        self.features = {name: dict(entry) for name, entry in FEATURES.items()}
        truth = np.array(TRUTH)
        self.vectors = (np.eye(K)[truth] + rng.normal(0, 0.05, (N, K))).astype(np.float32)
        self.vectors[7] = self.vectors[1]  # of one class by truth, of two by their labels
        self.training: np.ndarray = np.full((EPOCHS, N, K), 0.1)
        for epoch in range(EPOCHS):
            self.training[epoch, np.arange(N), truth] = 0.2 + 0.1 * epoch
        self.training /= self.training.sum(axis=2, keepdims=True)
        self.annotations = [
            (f"i{i}", who, "cdh"[t if (i + w) % 5 else (t + 1) % K])
            for i, t in enumerate(TRUTH)
            for w, who in enumerate(("ann", "bob", "cem"))
        ]
        self.photos = [i if i != 11 else 5 for i in range(N)]  # the last shows what the sixth does
        self.more["items"] |= {"suggestion": "guess", "split": "part"}
        self.more |= {
            "features": list(self.features.values()),
            "training_dynamics": {"path": "training.npy", "kind": "probs"},
            "audits": dict(EVERY_AUDIT),
        }
        guesses = ["cdh"[t] if t != g else None for t, g in zip(TRUTH, GIVEN, strict=True)]
        self.further |= {
            "width": pa.array(self.vectors[:, 0] * 100),
            "height": pa.array([10 * t + i for i, t in enumerate(TRUTH)]),
            "photo": pa.array([f"photos/{i}.png" for i in range(N)]),
            "guess": pa.array(guesses),
            "part": pa.array(["train" if i < 8 else "test" for i in range(N)]),
        }

    def write(self) -> None:
        """Write all files; `features` is what the YAML names."""
        self.more["features"] = [{"name": name, **entry} for name, entry in self.features.items()]
        super().write()
        for name in ("vectors", "training"):
            np.save(self.path(f"{name}.npy"), getattr(self, name))
            long_ago(self.path(f"{name}.npy"))
        rows = "".join(f"{i},{who},{label}\n" for i, who, label in self.annotations)
        self.path("annotations.csv").write_text("item_id,annotator_id,label\n" + rows)
        self.path("photos").mkdir(exist_ok=True)
        for i, shows in enumerate(self.photos):
            coarse = np.random.default_rng(shows).integers(0, 256, size=(6, 6), dtype=np.uint8)
            out = io.BytesIO()
            Image.fromarray(coarse).resize((64, 64), Image.Resampling.BICUBIC).save(out, "PNG")
            path = self.path("photos") / f"{i}.png"
            if not path.exists() or path.read_bytes() != out.getvalue():
                path.write_bytes(out.getvalue())
                long_ago(path)

    def to_signals(self, store: ReviewStore, **options: Any) -> dict[str, Outcome]:
        """Write the files, and run the stages from the first one to the signals."""
        self.write()
        self.nights += 1
        stages = stages_of(self.workspace.dataset(self.name))
        outcomes = {}
        for name in stages[: stages.index("signals") + 1]:
            with self.work(store, **options) as work:
                outcomes[name] = STAGES[name](work)
        return outcomes


def without_models(rich: RichWorkspace) -> None:
    rich.models = []


def without_dense_models(rich: RichWorkspace) -> None:
    rich.models = [m for m in rich.models if m["outputs"]["kind"] != "dense"]


def without_annotations(rich: RichWorkspace) -> None:
    del rich.more["annotations"]


def without_features(rich: RichWorkspace) -> None:
    rich.features = {}


def without_training(rich: RichWorkspace) -> None:
    del rich.more["training_dynamics"]


def without_suggestions(rich: RichWorkspace) -> None:
    del rich.more["items"]["suggestion"]
