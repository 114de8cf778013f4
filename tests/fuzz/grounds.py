"""The good state that every case starts from: workspaces that were run and reviewed, and files beside them."""

from __future__ import annotations

import contextlib
import csv
import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from audits.benchmark.patch import RELABEL, write_patch
from audits.contracts import PATCH
from audits.new_workspace import init_workspace
from audits.review.consensus import Rule
from audits.review.exchange import export_queue
from audits.review.store import ReviewStore
from audits.stored import load_items
from audits.workspace import Workspace

CLASSES = ["ant", "bee", "cow"]

_ZOO = """\
items: {path: zoo/items.csv, content: [text]}
classes_file: zoo/classes.json
models:
  - {name: rows, out_of_sample: true, outputs: {kind: dense, path: zoo/rows.npy, rows: items_order}}
  - {name: table, family: t, out_of_sample: true, outputs: {kind: dense, path: zoo/table.arrow}}
  - name: pair
    out_of_sample: true
    outputs: {kind: top_k, path: zoo/top.npy, probs: zoo/probs.npy, rows: items_order}
  - {name: top, out_of_sample: false, outputs: {kind: top_k, path: zoo/top.jsonl}}
  - {name: words, out_of_sample: true, scored: true, outputs: {kind: labels, path: zoo/words.csv}}
annotations: {path: zoo/annotations.csv}
metrics: [accuracy, macro_f1]
review:
  control_rate: 0.2
  verdicts_per_item: 3
  agree: 2
  gold: {path: zoo/gold.jsonl}
schedule: {cron: "0 3 * * *"}
"""

_SETTINGS = "# settings of the whole workspace\nroots: [../files]\n"


def make_grounds(folder: Path, *, demo: bool) -> None:
    """Make all of it, in a folder that is not there yet.

    Parameters
    ----------
    folder : Path
        Gets `ws` (the workspace, of the datasets `zoo` and, with the demo, `digits`) and `files` (queues with
        verdicts, patches, copies of items, backups, a copy of the label-errors repository).
    demo : bool
        With the demo's own dataset; training its models takes most of a minute.
    """
    root, files = folder / "ws", folder / "files"
    files.mkdir(parents=True)
    if demo:
        from pipelines.demo import run_demo

        run_demo(root, lambda *_: None)
    init_workspace(root)
    workspace = Workspace(root)
    (root / "labelaudit.yaml").write_text(_SETTINGS)
    _zoo(root / "datasets")
    from pipelines.runs import run_dataset

    report = run_dataset(workspace, "zoo", lambda *_: None)
    if not report.succeeded:
        raise RuntimeError(f"the good state is not good: {report.problems}")
    for name in workspace.dataset_names():
        _files_of(workspace, name, files)
    _label_errors(files / "label-errors")
    with (
        contextlib.closing(sqlite3.connect(root / "state" / "review.sqlite")) as store,
        contextlib.closing(sqlite3.connect(files / "store.sqlite")) as copy,
    ):
        store.backup(copy)
    from audits.backup.create import back_up

    back_up(workspace, files / "backup.tar", with_data=True)
    back_up(workspace, files / "backup.tar.gz", with_data=False)


def fresh_copy(grounds: Path, target: Path) -> None:
    """Copy the good state; the copies share nothing with it, since a mutation may write in place."""
    shutil.copytree(grounds, target, symlinks=True)


def _zoo(datasets: Path) -> None:
    """Sixty texts in all the formats that the demo does not have."""
    rng, n, folder = np.random.default_rng(7), 60, datasets / "zoo"
    folder.mkdir()
    truth = np.arange(n) % 3
    given = np.where(np.arange(n) < 5, (truth + 1) % 3, truth)
    ids = [f"{(i * 37) % 1000:03d}" for i in range(n)]  # digits with zeros in front: text all the same
    rows = [
        [ids[i], CLASSES[given[i]], f'a "text", {i}\nof two lines é' if i % 9 == 0 else f"text {i}"]
        for i in range(n)
    ]
    _write_csv(folder / "items.csv", [["item_id", "label", "text"], *rows])
    (folder / "classes.json").write_text(json.dumps([{"id": c, "name": c.title()} for c in CLASSES]))

    def probabilities() -> np.ndarray:
        probs = rng.dirichlet(np.ones(3), size=n) * 0.3
        probs[np.arange(n), truth] += 0.7
        return probs

    np.save(folder / "rows.npy", probabilities().astype(np.float32))
    order, dense = rng.permutation(n), probabilities()
    table = pa.table(
        {"item_id": [ids[i] for i in order], **{c: dense[order, k] for k, c in enumerate(CLASSES)}}
    )
    with pa.ipc.new_file(str(folder / "table.arrow"), table.schema) as writer:
        writer.write_table(table)
    top = np.argsort(-dense, axis=1)[:, :2]
    np.save(folder / "top.npy", top)
    np.save(folder / "probs.npy", np.take_along_axis(dense, top, axis=1))
    lines = [
        {
            "item_id": ids[i],
            "top_k_labels": [CLASSES[c] for c in top[i]],
            "top_k_probs": dense[i, top[i]].tolist(),
        }
        for i in order
    ]
    (folder / "top.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    words = [[ids[i], CLASSES[truth[i]] if i % 20 else ""] for i in order]
    _write_csv(folder / "words.csv", [["item_id", "predicted_label"], *words])
    said = [[ids[i], person, CLASSES[truth[i]]] for i in range(n) for person in ("p1", "p2")]
    _write_csv(folder / "annotations.csv", [["item_id", "annotator_id", "label"], *said])
    gold = [{"item_id": ids[i], "label": CLASSES[truth[i]]} for i in range(0, 12, 4)]
    (folder / "gold.jsonl").write_text("".join(json.dumps(g) + "\n" for g in gold))
    (datasets / "zoo.yaml").write_text(_ZOO)


def _files_of(workspace: Workspace, name: str, files: Path) -> None:
    """Queues with verdicts in them, patches, and copies of the items, of one dataset."""
    tables = workspace.tables(name)
    items = load_items(tables, tables.current_ref("findings").lineage())
    classes = items.classes.ids
    queue, lines = files / f"{name}-queue.csv", files / f"{name}-queue.jsonl"
    with ReviewStore(workspace.store_url) as store:
        for path in (queue, lines):
            export_queue(store, name, items.items, items.content_by_id, items.classes, Rule(5, 9), path)

    def answer(number: int, row: dict[str, object]) -> None:
        keep = number % 3 > 0
        row |= {
            "decision": "keep" if keep else "relabel",
            "labels": "" if keep else classes[number % len(classes)],
        }
        row |= {"reviewer": f"person {number % 2}", "comment": "", "seconds": "2.5"}
        if row["labels"] == row["given_label"]:
            row |= {"decision": "none", "labels": ""}

    with queue.open(newline="") as f:
        rows: list[dict[str, object]] = [dict(r) for r in csv.DictReader(f)]
    told = [json.loads(line) for line in lines.read_text().splitlines()]
    for some in (rows, told):
        for number, row in enumerate(some[:120]):
            answer(number, row)
    _write_csv(queue, [list(rows[0]), *([*r.values()] for r in rows)])
    lines.write_text("".join(json.dumps(t) + "\n" for t in told))

    table = items.items.select(["item_id", "given_label"]).rename_columns(["item_id", "label"])
    changes = [
        {
            "item_id": r["item_id"],
            "old": r["label"],
            "new": next(c for c in classes if c != r["label"]),
            "decision": RELABEL,
        }
        for r in table.slice(3, 20).to_pylist()
    ]
    patch = pa.Table.from_pylist(changes, PATCH)
    for ending in (".csv", ".jsonl", ".parquet"):
        write_patch(patch, files / f"{name}-patch{ending}")
    text = table.append_column("text", pa.array([f'text {i}, "é"' for i in range(len(table))]))
    _write_csv(files / f"{name}-copy.csv", [text.column_names, *([*r.values()] for r in text.to_pylist())])
    (files / f"{name}-copy.jsonl").write_text("".join(json.dumps(r) + "\n" for r in text.to_pylist()))
    pq.write_table(text, files / f"{name}-copy.parquet")


def _label_errors(root: Path) -> None:
    """A made-up copy of the public repository with eight items of CIFAR-10, and predictions of one model."""
    folders: dict[str, Callable[[Path], None]] = {
        "original_test_labels/cifar10_test_set_original_labels.npy": lambda p: np.save(
            p, np.array([3, 5, 5, 0, 9, 3, 7, 7], np.uint16)
        ),
        "predictions/vgg_pytorch_cifar10_top5preds.npy": lambda p: np.save(
            p, np.array([np.roll(np.arange(10), i)[:5] for i in range(8)])
        ),
        "predictions/vgg_pytorch_cifar10_top5probs.npy": lambda p: np.save(p, np.full((8, 5), 0.2)),
        "cross_validated_predicted_probabilities/cifar10_test_set_pyx.npy": lambda p: np.save(
            p, np.full((8, 10), 0.1)
        ),
        "mturk/cifar10_mturk.json": lambda p: _dump(p, _votes()),
    }
    for name, write in folders.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path)


def _votes() -> list[dict[str, object]]:
    names = {3: "cat", 1: "automobile", 4: "deer", 5: "dog", 9: "truck", 7: "horse"}
    return [
        {
            "id": i, "url": f"https://example.org/{i}", "given_original_label": given, "our_guessed_label": guessed,
            "given_original_label_name": names[given], "our_guessed_label_name": names[guessed],
            "mturk": {"given": 1, "guessed": 3, "neither": 0, "both": 1},
        }
        for i, given, guessed in ((1, 5, 3), (4, 9, 1), (7, 7, 4))
    ]  # fmt: skip


def _dump(path: Path, value: object) -> None:
    path.write_text(json.dumps(value))


def _write_csv(path: Path, rows: list[list[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as f:
        csv.writer(f).writerows(rows)
