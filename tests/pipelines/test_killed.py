"""kill -9 at every stage, before and after what it changes on the disk, each followed by a run as if nothing was."""

import csv
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from assets.stages import STAGE_ASSETS
from audits.disk import fingerprint_folder
from audits.locks import is_held
from audits.new_workspace import init_workspace
from audits.review.store import ReviewStore
from tests.conftest import MadeUp

REPOSITORY = Path(__file__).resolve().parents[2]
YAML = """\
annotations: {path: zoo/annotations.csv}
review: {agree: 1, verdicts_per_item: 1, gold: {path: zoo/gold.csv}}
gates: {max_flag_rate: 0.9}
retention: {keep: 1}
"""
CHECKED = ("items_candidate", "model_outputs_candidate", "annotations_candidate")
#: What is under way, in the words of a run's progress.
UNDER_WAY = [
    "opening",
    *(s.doing for s in STAGE_ASSETS.values()),
    *(f"checking that {asset} is {check}" for asset in CHECKED for check in ("valid", "usable")),
    "weighing the gates",
]
#: What others see, beside the pointers.
POINTERS = ("candidate.json", "current.json")
SEEN = {("routing to review", "commit", "review.sqlite")}
#: Sorts of files that are a point too; in a stage that is not named, the result that is kept.
OTHERS = {
    "opening": ("record", "lock"),
    "reading items": ("version", "result"),
    "running audits": ("version", "result"),
    "publishing": ("record", "history.jsonl"),
    "comparing": ("version", "history.jsonl"),
    "weighing the gates": ("result", "runs.jsonl", "draft", "lock", "record"),
}


class Walk:
    """A workspace before a run with work for every stage, and what it is after one that nobody disturbed."""

    def __init__(self, folder: Path, server: subprocess.Popen) -> None:
        self.server = server
        self.before = folder / "before"
        self.made_up = MadeUp(folder / "work space")
        init_workspace(self.made_up.root)
        self._first_night(folder / "queue.csv")
        self._a_day_later()
        self.old_tables = self.tables()
        shutil.copytree(self.made_up.root, self.before)
        undisturbed = self.order(watched=True)
        assert undisturbed["exit_status"] == 0, undisturbed["problems"]
        self.operations = undisturbed["operations"]
        self.after = self.picture()

    def _first_night(self, queue: Path) -> None:
        made_up, folder = self.made_up, self.made_up.root / "datasets" / "zoo"
        made_up.add(n=24, yaml=YAML)
        self.ids = made_up.items()["item_id"].to_pylist()
        annotations = "".join(f"{i},x,bee\n" for i in self.ids)
        (folder / "annotations.csv").write_text("item_id,annotator_id,label\n" + annotations)
        (folder / "gold.csv").write_text(f"item_id,label\n{self.ids[20]},cow\n")
        assert self.order(here=True)["exit_status"] == 0
        made_up.ok("verdicts", "export", "zoo", str(queue))
        with queue.open(newline="") as f:
            tasks = list(csv.DictReader(f))
        for task in tasks[:-1]:
            other = "cow" if task["given_label"] != "cow" else "ant"
            task |= {"decision": "relabel", "labels": other, "reviewer": "ann"}
        with queue.open("w", newline="") as f:
            writer = csv.DictWriter(f, list(tasks[0]))
            writer.writeheader()
            writer.writerows(tasks[:-1])
        made_up.ok("verdicts", "import", "zoo", str(queue))

    def _a_day_later(self) -> None:
        folder = self.made_up.root / "datasets" / "zoo"
        items = self.made_up.items()
        labels = items["label"].to_pylist()
        labels[10] = "bee" if labels[10] != "bee" else "cow"
        self.made_up.write_items(items.set_column(1, "label", pa.array(labels)))
        outputs = pq.read_table(folder / "m1.parquet")
        pq.write_table(outputs.rename_columns(["item_id", "bee", "ant", "cow"]), folder / "m1.parquet")
        with (folder / "annotations.csv").open("a") as f:
            f.write(f"{self.ids[0]},y,ant\n{self.ids[1]},y,cow\n{self.ids[1]},y,cow\n")
        (folder / "gold.csv").write_text(f"item_id,label\n{self.ids[20]},cow\n{self.ids[21]},ant\n")

    def order(self, **order: object) -> dict:
        """Have a run made in another process; returns how it ended."""
        self.server.stdin.write(json.dumps({"root": str(self.made_up.root), **order}) + "\n")
        self.server.stdin.flush()
        return json.loads(self.server.stdout.readline())

    def restore(self) -> None:
        """Put the workspace back to before the run."""
        shutil.rmtree(self.made_up.root)
        shutil.copytree(self.before, self.made_up.root)

    def tables(self) -> dict[str, str]:
        """Versions of the tables in force, each opened and found to be complete, as all they were made from."""
        tables = self.made_up.workspace.tables("zoo")
        refs = {**tables.candidates(), **tables.current()}
        for ref in [*tables.candidates().values(), *refs.values()]:
            for table, version in ref.lineage().items():
                assert fingerprint_folder(tables.folder(table, version)) == version, (table, version)
        return {t: r.version for t, r in tables.current().items()}

    def picture(self) -> dict[str, object]:
        """All that a run leaves behind that anybody looks at."""
        workspace = self.made_up.workspace
        with ReviewStore(workspace.store_url) as store:
            tasks = [(t.question, t.stratum, t.rank, t.suggested_label) for t in store.tasks("zoo")]
            priorities = store.priorities("zoo")
            verdicts = [v.client_id for v in store.verdicts("zoo")]
        compared = self.made_up.json("compare", "zoo")
        exported = {}
        for version in ("original", "corrected", "flagged-removed"):
            file = self.made_up.root.parent / "labels.csv"
            self.made_up.ok("labels", "export", "zoo", str(file), "--version", version)
            exported[version] = file.read_text()
        tables = workspace.tables("zoo")
        return {
            "tables": tables.current(),
            "candidates": tables.candidates(),
            "tasks": tasks,
            "priorities": priorities,
            "verdicts": verdicts,
            "labels": exported,
            "scores": compared,
        }

    def points(self) -> list[tuple[dict, str]]:
        """Where to kill: around every change that others see, and once at the other sorts of a stage."""
        chosen: list[tuple[dict, str]] = []
        others: set[tuple[str, str, str]] = set()
        for o in self.operations:
            stage, kind, what = o["stage"], o["kind"], o["what"]
            if (stage, kind, what) in others:
                continue
            if (stage, kind, what) in SEEN or (kind == "replace" and what in POINTERS):
                others.add((stage, kind, what))
                chosen += [(o, "before"), (o, "after")]
            elif what in OTHERS.get(stage, ("result",)) and (
                kind != "fsync" or what in ("history.jsonl", "runs.jsonl")
            ):
                others.add((stage, kind, what))
                chosen.append((o, "after" if len(others) % 2 else "before"))
        return chosen


@pytest.fixture(scope="module")
def walk(tmp_path_factory):
    with subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("killing.py"))],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            yield Walk(tmp_path_factory.mktemp("killed"), server)
        finally:
            server.stdin.close()  # it ends when there is nothing more to read


def test_the_points_are_everywhere(walk):
    points = walk.points()
    assert len({(o["key"], side) for o, side in points}) == len(points) >= 30
    # the dataset that is killed has no features
    assert {o["stage"] for o, _ in points} == set(UNDER_WAY) - {"reading features"}
    reading = {STAGE_ASSETS[a].doing for a in CHECKED}
    publishing = ["publishing", "ranking findings", "running audits", "building label versions"]
    for side in ("before", "after"):
        hit = {(o["stage"], o["what"]) for o, at in points if at == side}
        assert {stage for stage, what in hit if what == "candidate.json"} == reading
        assert {stage for stage, what in hit if what == "current.json"} == {
            *publishing,
            "scoring models",
            "comparing",
        }
        assert ("routing to review", "review.sqlite") in hit


@pytest.mark.parametrize("stage", UNDER_WAY)
def test_a_killed_run_leaves_all_as_it_was_or_complete_and_the_next_one_ends_the_same(walk, stage):
    for operation, side in [p for p in walk.points() if p[0]["stage"] == stage]:
        where = (operation["key"], side)
        walk.restore()
        killed = walk.order(watched=True, deadly=where)
        assert killed["killed"], (where, killed.get("problems"))
        assert killed["at"] == operation
        _left_in_order(walk, where)
        again = walk.order(runs=True)
        assert again["exit_status"] == 0, (where, again["problems"])
        assert walk.picture() == walk.after, where
        _repaired(walk, again, where)


def _left_in_order(walk, where):
    new, old = {t: r.version for t, r in walk.after["tables"].items()}, walk.old_tables
    for table, version in walk.tables().items():
        assert version in (old.get(table), new.get(table)), (table, where)
    with closing(sqlite3.connect(walk.made_up.root / "state" / "review.sqlite")) as store:
        assert store.execute("PRAGMA integrity_check").fetchall() == [("ok",)], where
        assert store.execute("PRAGMA foreign_key_check").fetchall() == [], where


def _repaired(walk, again, where):
    state = walk.made_up.root / "state"
    assert set(again["runs"].values()) <= {"SUCCESS", "FAILURE"}, where
    for run_id, status in again["runs_before"].items():
        assert again["runs"][run_id] == ("SUCCESS" if status == "SUCCESS" else "FAILURE"), where
    assert not [p for p in (state / "locks").glob("*.lock") if is_held(p)], where
    assert not list((state / "locks").glob("*.owner.json")), where
    assert not list((state / "tables" / "zoo").glob("drafts/*")), where
    tables, told = walk.made_up.workspace.tables("zoo"), {}
    for entry in tables.history():
        told = {t: v for t, v in told.items() if t not in entry["dropped"]} | entry["tables"]
    assert told == {t: r.version for t, r in tables.current().items()}, where
    with closing(sqlite3.connect(state / "review.sqlite")) as store:
        assert store.execute("SELECT count(*) FROM review_task").fetchone() == (len(walk.after["tasks"]),)
