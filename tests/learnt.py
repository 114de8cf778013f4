"""A made-up dataset with wrong labels enough to learn from, and people who answer its questions as the truth is."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from audits.review.questions import questions_of
from audits.review.records import NewVerdict
from audits.review.store import ReviewStore
from audits.stages.graph import STAGES, stages_of
from audits.stored import load_items
from audits.work import Work
from tests.conftest import CLASSES, MadeUp

N = 160
#: The first of them are gold: of both kinds, as every fifth label is wrong.
GOLD = 10
YAML = """review: {verdicts_per_item: 1, agree: 1, control_rate: 0.5, gold: {path: zoo/gold.csv}}
audits:
  confident_learning: {}
  model_agreement: {}
  annotator_consensus: {}
"""


def add(made: MadeUp, name: str = "zoo") -> None:
    """Write the dataset; every fifth of its labels is wrong, and an audit is configured that it has no input for."""
    made.add(name, N, yaml=YAML)
    table = made.items(name)
    given = [CLASSES[(i + (i % 5 == 0)) % 3] for i in range(N)]
    made.write_items(table.set_column(1, "label", pa.array(given)), name)
    ids = table["item_id"].to_pylist()
    gold = "".join(f"{ids[i]},{CLASSES[i % 3]}\n" for i in range(GOLD))
    (made.root / "datasets" / name / "gold.csv").write_text("item_id,label\n" + gold)


def run(made: MadeUp, store: ReviewStore, name: str = "zoo") -> None:
    """Run all stages without the graph."""
    for stage in stages_of(made.workspace.dataset(name)):
        with Work(made.workspace, name, run_id="run", store=store) as work:
            STAGES[stage](work)


def say(made: MadeUp, store: ReviewStore, rows: range, name: str = "zoo") -> None:
    """Store the verdict of somebody who knows the truth on each of some rows, but overturns the right label of one."""
    tables = made.workspace.tables(name)
    items = load_items(
        tables, tables.current_ref("items").lineage() | {"items": tables.current_ref("items").version}
    )
    questions = questions_of(items.items, name, items.classes)
    given = np.array(items.labels)
    store.add_verdicts(
        NewVerdict(f"{name}-{i}", questions[i], "ann", "keep")
        if given[i] == i % 3 and i != 1
        else NewVerdict(f"{name}-{i}", questions[i], "ann", "relabel", (CLASSES[i % 3 if i != 1 else 2],))
        for i in rows
    )
