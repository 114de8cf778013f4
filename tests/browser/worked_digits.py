"""The demo's digits, as ann, bob and cem would have worked on them for three days: the same each time it is made."""

import csv
import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from audits.new_workspace import init_workspace
from audits.review.desk.desk import Desk
from audits.review.desk.records import Answer
from audits.review.records import Role, Task
from audits.review.store import ReviewStore
from audits.run_log import RunRecord
from audits.stages.graph import STAGES
from audits.web.loaded import load
from audits.workspace import Workspace
from pipelines.demo import DATASET, make_data
from tests.audits.web.lead_room import run_again

REVIEW = {
    "control_rate": 0.05,
    "gold": {"path": f"{DATASET}/gold.csv"},
    "verdicts_per_item": 1,
    "agree": 1,
    "room": {"second_look": 0.3, "mistakes": {}},
}

#: A batch of fours that somebody labelled as nines: a pair of classes that the grid is made for.
BATCH = ("4", "9", 36)

#: Gold items; every forty-first of the file.
GOLD_STEP = 41

COMMENTS = {
    "keep": ("an odd hand, but right", "slanted"),
    "relabel": ("no doubt about it", "plain to see", "a slip of the keyboard?"),
    "unsure": ("too coarse to tell", "could be either"),
}


class Clock(datetime):
    """The time that the tests set."""

    at = datetime(2026, 1, 1, tzinfo=UTC)

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:
        return cls.at.astimezone(tz)

    @classmethod
    def pass_(cls, seconds: float) -> None:
        cls.at += timedelta(seconds=seconds)


@contextmanager
def set_clock() -> Iterator[type[Clock]]:
    """For as long as the block lasts tables and queues are written at the time that is set."""
    with pytest.MonkeyPatch.context() as patch:
        for module in ("audits.table_store", "audits.review.store", "audits.review.store_queue"):
            patch.setattr(f"{module}.datetime", Clock)
        yield Clock


def make(root: Path, shares: tuple[float, ...] = (0.25, 0.2, 0.15, 0.1)) -> Workspace:
    """Make the demo's data, and have people work on it: one run a day, then a share of the tasks is decided.

    The last verdicts are given within the hour.
    """
    init_workspace(root)
    workspace = Workspace(root)
    make_data(workspace, lambda *_: None)
    _write_dataset(workspace)
    days = Days(workspace)
    with set_clock() as clock:
        now = datetime.now(UTC)
        for left, share in zip(reversed(range(len(shares))), shares, strict=True):
            clock.at = now - timedelta(days=left, minutes=25)
            days.run()
            days.work(share)
    return workspace


def _write_dataset(workspace: Workspace) -> None:
    folder = workspace.datasets_dir / DATASET
    truth = json.loads((folder / "truth.json").read_text())
    items = pq.read_table(folder / "items.parquet")
    right, wrong, left = BATCH
    labels = []
    for id_, label in zip(items["item_id"].to_pylist(), items["label"].to_pylist(), strict=True):
        mixed_up = left > 0 and truth[id_] == label == right
        left -= mixed_up
        labels.append(wrong if mixed_up else label)
    at = items.schema.get_field_index("label")
    pq.write_table(items.set_column(at, "label", pa.array(labels)), folder / "items.parquet")
    with (folder / "gold.csv").open("w", encoding="utf-8", newline="") as f:
        csv.writer(f).writerows([("item_id", "label"), *list(truth.items())[::GOLD_STEP]])
    path = workspace.datasets_dir / f"{DATASET}.yaml"
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | {"review": REVIEW}))


class Days:
    """People at work."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace, self.runs = workspace, 0
        folder = workspace.datasets_dir / DATASET
        self.truth: dict[str, str] = json.loads((folder / "truth.json").read_text())
        self.chance = random.Random(7)  # noqa: S311

    def run(self) -> None:
        self.runs += 1
        began = Clock.now(UTC).isoformat(timespec="seconds")
        run_again(self.workspace, DATASET, f"day{self.runs}")
        done = RunRecord(f"day{self.runs}", "done", began, began, "schedule", len(STAGES))
        self.workspace.run_log(DATASET).add(done)

    def work(self, share: float) -> None:
        """Decide a share of the tasks, here and there in the queue; some are looked at twice."""
        loaded = load(self.workspace, DATASET)
        with ReviewStore(self.workspace.store_url) as store:
            desk = Desk(
                store,
                DATASET,
                loaded.items,
                loaded.dataset.config.review,
                findings=loaded.findings,
                signals=lambda: loaded.signals,
                version=loaded.version,
                now=Clock.now,
            )
            tasks = store.tasks(DATASET)
            batch = [t for t in tasks if self._of_batch(t)]
            usual = [t for t in tasks if not t.verdicts and t not in batch]
            for task in self.chance.sample(usual, min(round(share * len(tasks)), len(usual))):
                who = self.chance.choice(("ann", "ann", "bob"))
                self._say(desk, task, who, "reviewer")
                if self.chance.random() < 0.3:
                    self._say(desk, task, "bob" if who == "ann" else "ann", "second")
                elif self.chance.random() < 0.05:
                    self._say(desk, task, who, "repeat")

    def _of_batch(self, task: Task) -> bool:
        return (self.truth[task.question.item_id], task.question.given_label) == BATCH[:2]

    def _say(self, desk: Desk, task: Task, who: str, role: Role) -> None:
        chance = self.chance
        right, given = self.truth[task.question.item_id], task.question.given_label
        # people err on what is hard to tell: not on what no audit doubts
        if (slip := chance.random()) > 0.93 and task.stratum == "flagged":
            right = chance.choice([c for c in "0123456789" if c != right])
        wrong = right != given
        decision: Any = "relabel" if wrong else "keep"
        if slip < 0.03:
            decision, wrong = "unsure", False
        Clock.pass_(chance.uniform(3, 14))
        answer = Answer(
            f"{who}-{role}-{task.question.hash}",
            task.question.hash,
            decision,
            (right,) if wrong else (),
            comment=chance.choice(COMMENTS[decision]) if chance.random() < 0.08 else "",
            seconds=0.6 if chance.random() < 0.02 else round(chance.uniform(1.4, 6), 1),
            severity=chance.choice(("major", "major", "minor", "borderline")) if wrong else None,
            category="non-prototypical" if wrong and chance.random() < 0.4 else None,
        )
        desk.decide(who, [answer], address=None, shown="blind" if role != "reviewer" else "open", role=role)
