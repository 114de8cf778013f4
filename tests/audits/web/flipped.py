"""A dataset on which the verdicts on three items turn the order of two models; all figures by hand.

Twenty items, ten ants and ten bees by their given labels. `steady` says the given label on all but the last item,
`keen` on all but the first three, where it says cow. People find these three to be cows: of 20 right answers `steady`
had 19 and has 16, `keen` had 17 and has 20.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from audits.new_workspace import init_workspace
from audits.review.questions import questions_of
from audits.review.records import NewVerdict, Question
from audits.review.store import ReviewStore
from audits.stored import load_items
from tests.conftest import CLASSES, MadeUp

NAME = "barn"
N = 20
COWS = 3
IDS = [f"b{i:02d}" for i in range(N)]
GIVEN = ["ant"] * 10 + ["bee"] * 10

YAML = """items: {path: barn/items.parquet, content: [text]}
classes: [ant, bee, cow]
metrics: [accuracy, log_loss]
models:
  - {name: steady, out_of_sample: true, outputs: {kind: dense, path: barn/steady.parquet}}
  - {name: keen, out_of_sample: true, outputs: {kind: dense, path: barn/keen.parquet}}
"""


def flipped(root: Path, review: str = "") -> MadeUp:
    """The workspace, run once, without a verdict; `review` is the YAML's section of that name."""
    init_workspace(root)
    made = MadeUp(root)
    folder = root / "datasets" / NAME
    folder.mkdir()
    text = [f"text of {i}" for i in IDS]
    pq.write_table(pa.table({"item_id": IDS, "label": GIVEN, "text": text}), folder / "items.parquet")
    steady = [*GIVEN[:-1], "ant"]
    keen = ["cow"] * COWS + GIVEN[COWS:]
    for name, said in (("steady", steady), ("keen", keen)):
        probs = np.full((N, 3), 0.05)
        probs[np.arange(N), [CLASSES.index(s) for s in said]] = 0.9
        columns = {c: probs[:, k] for k, c in enumerate(CLASSES)}
        pq.write_table(pa.table({"item_id": IDS, **columns}), folder / f"{name}.parquet")
    made.yaml(NAME).write_text(YAML + review)
    made.ok("run", NAME)
    return made


def questions(made: MadeUp) -> list[Question]:
    """What the items pose, in their order."""
    tables = made.workspace.tables(NAME)
    items = load_items(tables, tables.current_ref("findings").lineage())
    return questions_of(items.items, NAME, items.classes)


def say_cow(
    made: MadeUp, rows: range = range(COWS), severity: str | None = None, reviewer: str = "ann"
) -> list[Question]:
    """Store verdicts that items are cows; returns what was answered."""
    asked = [questions(made)[row] for row in rows]
    with ReviewStore(made.workspace.store_url) as store:
        store.add_verdicts(
            NewVerdict(f"{reviewer}-{q.item_id}", q, reviewer, "relabel", ("cow",), severity=severity)
            for q in asked
        )
    return asked
