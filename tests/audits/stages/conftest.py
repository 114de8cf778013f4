"""A small workspace in which every stage has something to do, after its first night."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from audits.review.store import ReviewStore
from audits.stages.graph import Standing, standing
from audits.work import Outcome, Work
from tests.audits.conftest import SmallWorkspace


class FullWorkspace(SmallWorkspace):
    """The small workspace with two dense models, annotations, gold items, content files and gates."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.models.append(
            {"name": "other", "out_of_sample": True, "outputs": {"kind": "dense", "path": "other.parquet"}}
        )
        self.review |= {"gold": {"path": "gold.csv"}}
        self.more = {
            "items": {"path": "items.parquet", "files": ["picture"]},
            "annotations": {"path": "annotations.csv"},
            "audits": {"confident_learning": {}, "model_agreement": {}},
            "gates": {"max_flag_rate": 0.5},
            "metrics": ["accuracy", "macro_f1"],
        }
        self.sure_of_other = 0.8
        self.gold = {"i0": "c"}
        self.pictures = [f"picture {i}" for i in range(12)]
        self.further = {"picture": pa.array([f"pictures/{i}.txt" for i in range(12)])}

    def write(self) -> None:
        super().write()
        folder = self.workspace.datasets_dir
        dense = pq.read_table(folder / "linear.parquet").to_pylist()
        for row in dense:
            top = max("cdh", key=lambda c, r=row: r[c])
            row |= {c: self.sure_of_other if c == top else (1 - self.sure_of_other) / 2 for c in "cdh"}
        pq.write_table(pa.Table.from_pylist(dense), folder / "other.parquet")
        (folder / "gold.csv").write_text(
            "item_id,label\n" + "".join(f"{i},{c}\n" for i, c in self.gold.items())
        )
        (folder / "annotations.csv").write_text("item_id,annotator_id,label\ni0,ann,c\ni1,ann,d\n")
        (folder / "pictures").mkdir(exist_ok=True)
        for i, picture in enumerate(self.pictures):
            if not (path := folder / "pictures" / f"{i}.txt").exists() or path.read_text() != picture:
                path.write_text(picture)
                long_ago(path)

    def path(self, name: str) -> Path:
        """A file beside the YAML."""
        return self.workspace.datasets_dir / name

    def versions(self) -> dict[str, str]:
        """The tables in force."""
        return {t: r.version for t, r in self.tables.current().items()}

    def plan(self, store: ReviewStore, **options: Any) -> Standing | str:
        """What a run would find."""
        with Work(self.workspace, self.name, planning=True, store=store, **options) as work:
            return standing(work)


def long_ago(path: Path) -> None:
    """Make a file look as if it had been written an hour ago."""
    at = time.time() - 3600
    os.utime(path, (at, at))


def computed(outcomes: dict[str, Outcome]) -> list[str]:
    """All that was computed, in order."""
    return [part for outcome in outcomes.values() for part in outcome.computed]


@pytest.fixture(scope="session")
def _first_night(tmp_path_factory) -> Path:
    full = FullWorkspace(tmp_path_factory.mktemp("first") / "night")
    full.write()
    full.age()
    with ReviewStore(full.workspace.store_url) as store:
        full.run(store)
    return full.workspace.root


@pytest.fixture
def full(_first_night, tmp_path) -> FullWorkspace:
    """A workspace after its first night, with files that nobody has written to for a while."""
    root = tmp_path / "full"
    shutil.copytree(_first_night, root)
    copied = FullWorkspace(root)
    copied.nights = 1
    with ReviewStore(copied.workspace.store_url) as store:
        copied.run(store)  # the copies are other files, which are looked into once
    return copied


@pytest.fixture
def store(full) -> Iterator[ReviewStore]:
    with ReviewStore(full.workspace.store_url) as opened:
        yield opened
