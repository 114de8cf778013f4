"""Datasets to be reviewed in a browser: written, run without Dagster, and served on a port of this machine."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from audits.review.records import StoredVerdict, Task
from audits.review.store import ReviewStore
from audits.stages import judgements
from audits.stages.graph import STAGES, stages_of
from audits.stages.scoring import gates
from audits.web.app import create_app
from audits.web.server import Serving
from audits.web.settings import RoomSettings
from audits.work import Work
from audits.workspace import Workspace


@dataclass(frozen=True)
class Made:
    """A dataset of texts: every item goes to people; the given labels of the first `wrong` are wrong."""

    n: int = 20
    wrong: int = 5
    classes: tuple[tuple[str, str], ...] = (("a", "ant"), ("b", "bee"), ("c", "cow"))
    text: Callable[[int], str] = "text of item {}".format
    id: Callable[[int], str] = "item-{:03}".format
    models: tuple[str, ...] = ("m0", "m1")
    review: dict[str, Any] = field(default_factory=dict)
    name: str = "zoo"
    pictures: bool = False

    def truth(self, i: int) -> int:
        return i % len(self.classes)

    def given(self, i: int) -> int:
        return (self.truth(i) + (i < self.wrong)) % len(self.classes)

    def write(self, root: Path) -> Workspace:
        """Write the dataset's files into a workspace and run all stages."""
        folder = root / "datasets"
        folder.mkdir(parents=True, exist_ok=True)
        ids = [self.id(i) for i in range(self.n)]
        labels = [self.classes[self.given(i)][0] for i in range(self.n)]
        texts = [self.text(i) for i in range(self.n)]
        columns: dict[str, Any] = {"item_id": ids, "label": labels, "text": texts}
        items: dict[str, Any] = {"path": "items.parquet"}
        if self.pictures:
            (folder / "pictures").mkdir()
            columns["picture"] = [f"pictures/{i}.png" for i in range(self.n)]
            items |= {"content": ["picture"], "files": ["picture"]}
            for i, path in enumerate(columns["picture"]):
                Image.new("L", (8, 8), i * 10).save(folder / path)
        pq.write_table(pa.table(columns), folder / "items.parquet")
        k = len(self.classes)
        models = []
        for m, name in enumerate(self.models):
            probs = np.random.default_rng(m).dirichlet(np.ones(k) * 0.3, size=self.n) * 0.2
            probs[np.arange(self.n), [self.truth(i) for i in range(self.n)]] += 0.8
            outputs = {id_: probs[:, c] for c, (id_, _) in enumerate(self.classes)}
            pq.write_table(pa.table({"item_id": ids, **outputs}), folder / f"m{m}.parquet")
            output = {"kind": "dense", "path": f"m{m}.parquet"}
            models.append({"name": name, "out_of_sample": True, "outputs": output})
        config = {
            "items": items,
            "classes": [{"id": id_, "name": name} for id_, name in self.classes],
            "models": models,
            "review": {"control_rate": 1.0, **self.review},
        }
        (folder / f"{self.name}.yaml").write_text(json.dumps(config, ensure_ascii=False))
        workspace = Workspace(root)
        with ReviewStore(workspace.store_url) as store:
            for stage in stages_of(workspace.dataset(self.name)):
                with Work(workspace, self.name, run_id="run1", store=store) as work:
                    STAGES[stage](work)
            with Work(workspace, self.name, run_id="run1", store=store) as work:
                judgements.usable(work)
                gates(work)
        return workspace


class Running:
    """A review room that is served, and can be stopped and started anew on the same port."""

    def __init__(self, workspace: Workspace, settings: RoomSettings) -> None:
        self.workspace, self.settings = workspace, settings
        self._serving: Serving | None = None
        self.start()

    def start(self) -> None:
        assert self._serving is None
        serving = Serving(create_app(self.workspace, self.settings), self.settings.host, self.settings.port)
        serving.__enter__()
        self._serving, self.url = serving, serving.url
        self.settings = replace(self.settings, port=int(serving.url.rsplit(":", 1)[1]))

    def stop(self, *, at_once: bool = False) -> None:
        if self._serving is not None:
            self._serving.stop(at_once=at_once)
            self._serving = None

    def named(self, reviewer: str) -> None:
        """From the next start on somebody else sits before it."""
        self.settings = replace(self.settings, local_reviewer=reviewer)

    def tasks(self, name: str = "zoo") -> list[Task]:
        """All tasks of the queue, answered ones too."""
        with ReviewStore(self.workspace.store_url) as store:
            return store.tasks(name)

    def verdicts(self, name: str = "zoo") -> list[StoredVerdict]:
        """All verdicts there are, also while it is stopped."""
        with ReviewStore(self.workspace.store_url) as store:
            return store.verdicts(name)


@contextmanager
def running(workspace: Workspace, settings: RoomSettings | None = None) -> Iterator[Running]:
    """Serve a workspace for as long as the block lasts."""
    room = Running(workspace, settings or RoomSettings(port=0))
    try:
        yield room
    finally:
        room.stop()


def copied(made: Path, to: Path) -> Workspace:
    """A copy of a workspace that nobody reviewed yet."""
    shutil.copytree(made, to)
    return Workspace(to)
