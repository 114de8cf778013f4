"""A small project on disk whose files a test writes, breaks and reads back."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from audits import fingerprints
from audits.classes import ClassList
from audits.config import Dataset, DatasetConfig
from audits.review.questions import questions_of
from audits.review.records import Decision, NewVerdict
from audits.review.store import ReviewStore
from audits.stages import judgements
from audits.stages.graph import STAGES, stages_of
from audits.stages.scoring import gates
from audits.stored import load_items
from audits.table_store import TableStore
from audits.work import Outcome, Work
from audits.workspace import Workspace


class Project:
    """A workspace with one dataset, `pets`; files are named relative to its YAML file."""

    classes = ClassList(("c", "d", "h"), ("cat", "dog", "horse"))

    def __init__(self, root: Path) -> None:
        (root / "datasets").mkdir(parents=True)
        self.workspace = Workspace(root)
        self.folder = self.workspace.datasets_dir
        self.path = self.folder / "pets.yaml"

    @property
    def tables(self) -> TableStore:
        return self.workspace.tables("pets")

    def put(self, name: str, content: str | bytes | np.ndarray | pa.Table) -> Path:
        """Write a file: text, bytes, an array as .npy, a table as Parquet."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, np.ndarray):
            np.save(path, content)
        elif isinstance(content, pa.Table):
            pq.write_table(content, path)
        else:
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def dataset(self, classes: ClassList | None = None, **config: Any) -> Dataset:
        """A dataset whose configuration has been checked, without its YAML file."""
        config.setdefault("items", {"path": "items.csv"})
        return Dataset(
            name="pets",
            path=self.path,
            config=DatasetConfig.model_validate(config),
            classes=classes or self.classes,
        )

    def model(self, name: str = "m", classes: ClassList | None = None, **outputs: Any) -> Dataset:
        """A dataset with one model whose outputs are described so."""
        return self.dataset(
            classes, models=[{"name": name, "out_of_sample": True, "outputs": outputs}], metrics=["accuracy"]
        )

    def history(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.tables.root / "history.jsonl").read_text().splitlines()]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    # a space and a letter beyond ASCII, since users have both in their paths
    return Project(tmp_path / "my wörk")


TRUTH = [i % 3 for i in range(12)]
#: i1 and i5 are given a wrong label; i8's models disagree with each other.
GIVEN = [0, 2, 2, 0, 1, 0, 0, 1, 2, 0, 1, 2]


class SmallWorkspace:
    """Twelve texts of three classes with three models: change what is to be changed, and run a night."""

    name = "pets"

    def __init__(self, root: Path) -> None:
        (root / "datasets").mkdir(parents=True, exist_ok=True)
        self.workspace = Workspace(root)
        self.classes = [
            {"id": "c", "name": "cat"},
            {"id": "d", "name": "dog"},
            {"id": "h", "name": "horse"},
        ]
        self.items: list[dict[str, Any]] = [
            {"item_id": f"i{i}", "label": "cdh"[g], "text": f"text {i}"} for i, g in enumerate(GIVEN)
        ]
        self.further: dict[str, pa.Array] = {}
        self.review: dict[str, Any] = {"verdicts_per_item": 2, "agree": 2}
        self.more: dict[str, Any] = {}
        self.models: list[dict[str, Any]] = [
            {"name": name, "out_of_sample": True, "outputs": {"kind": kind, "path": path}}
            for name, kind, path in (
                ("linear", "dense", "linear.parquet"),
                ("tree", "top_k", "tree.parquet"),
                ("prompted", "labels", "prompted.parquet"),
            )
        ]
        self.nights = 0

    @property
    def tables(self) -> TableStore:
        return self.workspace.tables(self.name)

    def write(self) -> None:
        """Write the YAML and its files."""
        folder = self.workspace.datasets_dir
        table = pa.Table.from_pylist(self.items)
        for name, column in self.further.items():
            table = table.append_column(name, column)
        pq.write_table(table, folder / "items.parquet")
        ids = [f"i{i}" for i in range(12)]
        # surer of some items than of others, so that no two are alike
        sure = [0.9 - 0.01 * i for i in range(12)]
        dense: dict[str, Any] = {"item_id": ids}
        for c, id_ in enumerate("cdh"):
            dense[id_] = [s if t == c else (1 - s) / 2 for s, t in zip(sure, TRUTH, strict=True)]
        pq.write_table(pa.table(dense), folder / "linear.parquet")
        top = [["cdh"[(t + 1) % 3], "cdh"[t]] for t in TRUTH]
        top[8] = ["c", "h"]
        probs = [[0.2, 0.7]] * 12
        probs[8] = [0.55, 0.4]
        tree = pa.table({"item_id": ids, "top_k_labels": top, "top_k_probs": probs})
        pq.write_table(tree, folder / "tree.parquet")
        words: list[str | None] = ["cdh"[t] for t in TRUTH]
        words[3] = None
        pq.write_table(pa.table({"item_id": ids, "predicted_label": words}), folder / "prompted.parquet")
        config = {
            "items": {"path": "items.parquet"},
            "classes": self.classes,
            "models": self.models,
            "review": self.review,
            **self.more,
        }
        (folder / f"{self.name}.yaml").write_text(json.dumps(config))

    def age(self) -> None:
        """Make the files of the datasets look as if nobody had written to them for an hour."""
        an_hour_ago = time.time() - 3600
        for path in self.workspace.datasets_dir.rglob("*"):
            os.utime(path, (an_hour_ago, an_hour_ago))

    def work(self, store: ReviewStore | None = None, **options: Any) -> Work:
        """The dataset, opened as for a stage of the last night."""
        return Work(self.workspace, self.name, run_id=f"run{self.nights}", store=store, **options)

    def run(self, store: ReviewStore, **options: Any) -> dict[str, Outcome]:
        """Run all stages, checks and gates, each opened anew as in the nightly graph, without it."""
        self.nights += 1
        outcomes = {}
        for name in stages_of(self.workspace.dataset(self.name)):
            with self.work(store, **options) as work:
                outcomes[name] = STAGES[name](work)
        with self.work(store, **options) as work:
            judgements.usable(work)
            gates(work)
            outcomes["checks"] = work.outcome({})
        return outcomes

    def night(self, store: ReviewStore) -> int:
        """Write the files and run everything; gives how many items were queued anew."""
        self.write()
        return int(self.run(store)["review_queue"].facts["newly queued"])

    def say(
        self,
        store: ReviewStore,
        item_id: str,
        reviewer: str | None,
        decision: Decision,
        *labels: str,
        **more: Any,
    ) -> int:
        """Store a verdict on the question that an item posed on the last night; gives its id."""
        items = load_items(self.tables, self.tables.current_ref("findings").lineage())
        question = questions_of(items.items, self.name, items.classes)[items.rows[item_id]]
        client_id = f"v{len(store.verdicts(self.name))}"
        store.add_verdicts([NewVerdict(client_id, question, reviewer, decision, labels, **more)])
        return store.verdicts_by_client_id([client_id])[client_id].id


@pytest.fixture
def small(tmp_path: Path) -> SmallWorkspace:
    """A small real workspace, before its first night."""
    return SmallWorkspace(tmp_path / "small")


@pytest.fixture
def verdict_store(small: SmallWorkspace) -> Iterator[ReviewStore]:
    with ReviewStore(small.workspace.store_url) as opened:
        yield opened


@pytest.fixture
def no_change_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a system that does not tell when a file was last changed in any way."""

    real = fingerprints.look

    def patched(path: Path) -> list[int] | None:
        seen = real(path)
        return None if seen is None else [*seen[:3], 0]

    monkeypatch.setattr("audits.fingerprints.look", patched)
    monkeypatch.setattr("audits.work.look", patched)
