"""A dataset that three people have worked on, for the lead's pages: second looks, gold items, answers in no time."""

from __future__ import annotations

import csv
import random
from pathlib import Path
from typing import Any

from audits.review.questions import questions_of
from audits.review.records import NewVerdict
from audits.review.store import ReviewStore
from audits.stages.graph import STAGES, stages_of
from audits.stored import load_items
from audits.work import Work
from audits.workspace import Workspace
from tests.browser.rooms import Made

#: Gold items and how many there are; the last of them have wrong labels.
GOLD = 6

PEOPLE = ("ann", "bob", "cem")


def write_reviewed(
    root: Path, made: Made, people: tuple[str, ...] = PEOPLE, done: int | None = None
) -> Workspace:
    """Write a dataset, have people decide its first items, and run it again.

    The first person is asked in turn, the second looks again at each third item and differs at each sixth; the first
    sees each ninth item again. Items whose label was made wrong are corrected.
    """
    folder = root / "datasets"
    folder.mkdir(parents=True)
    with (folder / "gold.csv").open("w", encoding="utf-8", newline="") as f:
        writer = csv.writer(f)
        writer.writerow(["item_id", "label"])
        writer.writerows([made.id(i), made.classes[made.truth(i)][0]] for i in range(made.n - GOLD, made.n))
    gold = {"path": "gold.csv", "labels_as": "id"}
    review = {"gold": gold, "room": {"second_look": 0.3, "fast_seconds": 1.0}, **made.review}
    workspace = Made(**{**vars(made), "review": review}).write(root)
    decide(workspace, made, people, done)
    run_again(workspace, made.name, "run2")
    return workspace


def decide(
    workspace: Workspace, made: Made, people: tuple[str, ...] = PEOPLE, done: int | None = None
) -> None:
    """Have people decide the first items, or all of them, in the order of the file."""
    tables = workspace.tables(made.name)
    items = load_items(tables, tables.current_ref("findings").lineage())
    questions = questions_of(items.items, made.name, items.classes)
    ids = [c for c, _ in made.classes]
    rng = random.Random(1)  # noqa: S311
    verdicts: list[NewVerdict] = []

    def say(i: int, who: str, role: Any, *, other: bool = False) -> None:
        right = made.given(i) == made.truth(i)
        new = ids[made.truth(i)]
        decision: tuple[Any, tuple[str, ...]] = ("keep", ()) if right else ("relabel", (new,))
        if other:
            decision = ("unsure", ()) if i % 12 else ("none", ())
        verdicts.append(
            NewVerdict(
                f"{who}-{role}-{i}",
                questions[i],
                who,
                *decision,
                seconds=0.4 if i % 10 == 7 else round(2 + 3 * rng.random(), 2),
                role=role,
                shown="blind" if i % 2 else "open",
                suggested=None if right else new,
            )
        )

    for i in range(made.n if done is None else done):
        say(i, people[0] if i % 4 else people[2], "reviewer")
        if i % 3 == 0:
            say(i, people[1], "second", other=i % 6 == 0)
        if i % 9 == 1:
            say(i, people[0], "repeat")
    with ReviewStore(workspace.store_url) as store:
        store.add_verdicts(verdicts)


def run_again(workspace: Workspace, name: str, run_id: str) -> None:
    """Run all stages once more."""
    with ReviewStore(workspace.store_url) as store:
        for stage in stages_of(workspace.dataset(name)):
            with Work(workspace, name, run_id=run_id, store=store) as work:
                STAGES[stage](work)
