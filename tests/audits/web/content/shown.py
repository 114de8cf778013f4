"""A dataset made by a test, run up to its findings and opened as pages open it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from audits.stages.graph import STAGES, stages_of
from audits.web.loaded import Loaded, load
from audits.work import Work
from audits.workspace import Workspace

NAME = "shown"
CLASSES = ["ant", "bee", "cow"]


class Shown:
    """A workspace with one dataset: say what it is to be, then open it."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "datasets"
        self.folder.mkdir(parents=True)
        self.workspace = Workspace(root)
        self.ids: list[str] = []
        self.runs = 0
        self.columns: dict[str, Any] = {}
        self.yaml: dict[str, Any] = {"items": {"path": "items.parquet"}, "classes": CLASSES, "models": []}

    def items(self, labels: list[str], ids: list[str] | None = None, **columns: Any) -> None:
        """One item a label, with further columns."""
        self.ids = ids or [f"i{i}" for i in range(len(labels))]
        self.columns = {"item_id": self.ids, "label": labels, **columns}

    def image(self, path: str, data: bytes) -> str:
        """Write a file beside the YAML file; gives its path as the items file names it."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        return path

    def dense(self, model: str, probs: np.ndarray) -> None:
        """A model with a probability for each class."""
        ids = [c["id"] if isinstance(c, dict) else c for c in self.yaml["classes"]]
        columns = {str(c): probs[:, k] for k, c in enumerate(ids)}
        self._model(model, "dense", {"item_id": self.ids, **columns})

    def answers(self, model: str, labels: list[str | None]) -> None:
        """A model that says a label and nothing else."""
        self._model(model, "labels", {"item_id": self.ids, "predicted_label": labels})

    def top_k(self, model: str, labels: list[list[str]], probs: list[list[float]]) -> None:
        """A model with the likeliest classes alone."""
        self._model(model, "top_k", {"item_id": self.ids, "top_k_labels": labels, "top_k_probs": probs})

    def _model(self, model: str, kind: str, columns: dict[str, Any]) -> None:
        path = f"{model}.parquet"
        pq.write_table(pa.table(columns), self.folder / path)
        self.yaml["models"].append(
            {"name": model, "out_of_sample": True, "outputs": {"kind": kind, "path": path}}
        )

    def open(self) -> Loaded:
        """Write the files, run the stages up to the findings, and open what they made."""
        if self.columns:
            pq.write_table(pa.table(self.columns), self.folder / "items.parquet")
        (self.folder / f"{NAME}.yaml").write_text(json.dumps(self.yaml, ensure_ascii=False), encoding="utf-8")
        stages = stages_of(self.workspace.dataset(NAME))
        self.runs += 1
        for stage in stages[: stages.index("findings") + 1]:
            with Work(self.workspace, NAME, run_id=f"run{self.runs}") as work:
                STAGES[stage](work)
        return load(self.workspace, NAME)
