"""The demo: real digits, real classifiers, labels flipped on purpose, a reviewer who knows the truth."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from audits.benchmark.comparison import Comparison
from audits.cleaned import Asked, compare_cleaned
from audits.disk import write_atomic
from audits.errors import AuditError, UsageError
from audits.new_workspace import init_workspace
from audits.review.consensus import Rule
from audits.review.open_queue import open_tasks
from audits.review.questions import questions_of
from audits.review.records import NewVerdict, Task
from audits.review.store import ReviewStore
from audits.stored import load_items
from audits.workspace import Workspace
from pipelines.runs import Progress, run_dataset

DATASET = "digits"
SEED = 20210326
FLIPPED_SHARE = 0.08
FOLDS = 5
REVIEWER = "simulated-reviewer"

#: How many flagged items the simulated reviewer leaves to whoever tries the demo, evenly spread over the ranking.
LEFT_OPEN = 20

_YAML = """\
# Written by 'labelaudit demo': the handwritten digits that scikit-learn ships, {flipped} of {items} labels
# flipped on purpose, and 4 classifiers trained on the flipped labels, with out-of-fold probabilities.
description: Handwritten digits with {flipped} labels flipped on purpose.
items:
  path: digits/items.parquet
  content: [image]
  files: [image]
classes: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]
models:
{models}
# The pictures' points: people are shown the digits that look most like the one in question. No audit uses them.
features:
  - {{name: pixels, kind: embeddings, path: digits/pixels.npy, rows: items_order, metric: euclidean}}
audits: {{confident_learning: {{}}, model_agreement: {{}}}}
review:
  control_rate: 0.05
  verdicts_per_item: 1
  agree: 1
"""


@dataclass(frozen=True)
class DemoResult:
    """What the demo came to.

    Attributes
    ----------
    workspace : Path
        Where everything is.
    items, flipped : int
        Number of items, and of labels that were flipped.
    flagged, flagged_flipped : int
        Items that the audit flagged, and how many of them were truly flipped.
    control, control_flipped : int
        Unflagged items drawn into the control sample, and how many of them were truly flipped.
    verdicts : int
        Verdicts of the simulated reviewer.
    waiting : int
        Items that are still in the queue: those that the simulated reviewer left, less what was decided since.
    comparison : Comparison
        Original beside corrected scores.
    true_accuracy : dict of str to float
        Accuracy of each model against the true labels of all items.
    """

    workspace: Path
    items: int
    flipped: int
    flagged: int
    flagged_flipped: int
    control: int
    control_flipped: int
    verdicts: int
    waiting: int
    comparison: Comparison
    true_accuracy: dict[str, float]


def run_demo(directory: Path, on_progress: Progress) -> DemoResult:
    """Make the data, run the audit, let the simulated reviewer answer most of the queue, run it again.

    Parameters
    ----------
    directory : Path
        The demo's workspace; running it again there gives the same result and stores nothing twice.
    on_progress : callable

    Returns
    -------
    DemoResult

    Raises
    ------
    UsageError
        When the folder holds something else than a demo.
    AuditError
        When a run fails.
    """
    if (
        directory.exists()
        and any(directory.iterdir())
        and not (directory / "datasets" / f"{DATASET}.yaml").exists()
    ):
        raise UsageError(f"{directory} holds something else than a demo; name another folder with --dir")
    init_workspace(directory)
    workspace = Workspace(directory)
    true, accuracy = make_data(workspace, on_progress)
    _run(workspace, on_progress)
    verdicts = _review(workspace, true)
    _run(workspace, on_progress)
    tables = workspace.tables(DATASET)
    findings = tables.read("findings", tables.current_ref("findings").version).to_pylist()
    given = {r["item_id"]: str(r["given_label"]) for r in findings}
    flipped = {i for i, label in true.items() if given[i] != label}
    flagged = {r["item_id"] for r in findings if r["flagged"]}
    review = workspace.dataset(DATASET).config.review
    rule = Rule.from_config(review)
    items = load_items(tables, tables.current_ref("findings").lineage())
    with ReviewStore(workspace.store_url) as store:
        comparison = compare_cleaned(tables, store, rule, Asked(("accuracy", "macro_f1")))
        waiting = open_tasks(store, DATASET, items.items, items.classes, rule)
        control = {t.question.item_id for t in store.tasks(DATASET) if t.stratum == "control"}
    return DemoResult(
        workspace=workspace.root,
        items=len(true),
        flipped=len(flipped),
        flagged=len(flagged),
        flagged_flipped=len(flagged & flipped),
        control=len(control),
        control_flipped=len(control & flipped),
        verdicts=verdicts,
        waiting=len(waiting),
        comparison=comparison,
        true_accuracy=accuracy,
    )


def flip_labels(labels: np.ndarray, n_classes: int, share: float, rng: np.random.Generator) -> np.ndarray:
    """Give a share of the items another label, chosen evenly among the other classes.

    Parameters
    ----------
    labels : int array, shape (n,)
    n_classes : int
    share : float in [0, 1]
    rng : numpy.random.Generator

    Returns
    -------
    int array, shape (n,)
        Exactly round(share n) labels differ from `labels`.
    """
    noisy = labels.copy()
    chosen = rng.choice(len(labels), size=round(share * len(labels)), replace=False)
    noisy[chosen] = (labels[chosen] + rng.integers(1, n_classes, size=len(chosen))) % n_classes
    return noisy


def _classifiers() -> dict[str, tuple[str, Any]]:
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.naive_bayes import GaussianNB
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return {
        "logistic_regression": (
            "linear",
            make_pipeline(StandardScaler(), LogisticRegression(C=0.02, max_iter=2000)),
        ),
        "random_forest": ("trees", RandomForestClassifier(n_estimators=150, random_state=SEED)),
        "nearest_neighbours": ("neighbours", KNeighborsClassifier(n_neighbors=8)),
        "naive_bayes": ("bayes", GaussianNB(var_smoothing=0.02)),
    }


def make_data(workspace: Workspace, on_progress: Progress) -> tuple[dict[str, str], dict[str, float]]:
    """Write the dataset's files; give the true label of each item and each model's true accuracy."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    pixels, labels = load_digits(return_X_y=True)
    rng = np.random.default_rng(SEED)
    given = flip_labels(labels, 10, FLIPPED_SHARE, rng)
    ids = [f"digit-{i:04d}" for i in range(len(labels))]
    folder = workspace.datasets_dir / DATASET
    folder.mkdir(exist_ok=True)
    images = _write_images(folder, ids, pixels)
    pq.write_table(
        pa.table({"item_id": ids, "label": given.astype(str), "image": images}), folder / "items.parquet"
    )
    np.save(folder / "pixels.npy", pixels.astype(np.float32), allow_pickle=False)
    accuracy, entries = {}, []
    models = _classifiers()
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)
    for number, (name, (family, classifier)) in enumerate(models.items(), start=1):
        on_progress(f"training {name}, out of fold", number, len(models))
        probs = cross_val_predict(classifier, pixels, given, cv=folds, method="predict_proba")
        accuracy[name] = float((probs.argmax(axis=1) == labels).mean())
        columns = {str(k): probs[:, k] for k in range(10)}
        pq.write_table(pa.table({"item_id": ids, **columns}), folder / f"{name}.parquet")
        entries.append(
            f"  - name: {name}\n    family: {family}\n    out_of_sample: true\n"
            f"    outputs: {{kind: dense, path: digits/{name}.parquet}}"
        )
    flipped = int((given != labels).sum())
    text = _YAML.format(flipped=flipped, items=len(labels), models="\n".join(entries))
    write_atomic(workspace.datasets_dir / f"{DATASET}.yaml", text.encode())
    truth = dict(zip(ids, labels.astype(str).tolist(), strict=True))
    write_atomic(folder / "truth.json", json.dumps(truth).encode())
    return truth, accuracy


def _write_images(folder: Path, ids: list[str], pixels: np.ndarray) -> list[str]:
    """Write each digit as a picture of 8 x 8 points, dark on white; their paths beside the dataset's YAML file."""
    from PIL import Image

    (folder / "images").mkdir(exist_ok=True)
    shades = np.rint(255 * (1 - pixels.reshape(-1, 8, 8) / 16)).astype(np.uint8)
    for id_, shade in zip(ids, shades, strict=True):
        Image.fromarray(shade).save(folder / "images" / f"{id_}.png")
    return [f"{DATASET}/images/{id_}.png" for id_ in ids]


def _run(workspace: Workspace, on_progress: Progress) -> None:
    report = run_dataset(workspace, DATASET, on_progress)
    if not report.succeeded:
        raise AuditError("; ".join(f"{p.step}: {p.message}" for p in report.problems))


def _review(workspace: Workspace, true: dict[str, str]) -> int:
    """Answer all tasks but `LEFT_OPEN` as a person who knows the truth would; how many verdicts there are."""
    tables = workspace.tables(DATASET)
    items = load_items(tables, tables.current_ref("findings").lineage())
    current = {q.hash for q in questions_of(items.items, DATASET, items.classes)}
    with ReviewStore(workspace.store_url) as store:
        asked = [t for t in store.tasks(DATASET) if t.question.hash in current]
        left = _left_open(asked)
        answers = []
        for question in (t.question for t in asked if t.question.hash not in left):
            right = true[question.item_id]
            keep = right == question.given_label
            answers.append(
                NewVerdict(
                    client_id=f"demo:{question.hash}",
                    question=question,
                    reviewer=REVIEWER,
                    decision="keep" if keep else "relabel",
                    labels=() if keep else (right,),
                    source="demo",
                )
            )
        stored, already = store.add_verdicts(answers)
    return stored + already


def _left_open(tasks: Sequence[Task]) -> set[str]:
    """Hashes of the questions that are left open: some that are wrong for sure, and some where it is hard to tell."""
    ranked = sorted((t for t in tasks if t.stratum == "flagged"), key=lambda t: t.rank or 0)
    places = np.linspace(0, len(ranked) - 1, min(LEFT_OPEN, len(ranked))).round().astype(int)
    return {ranked[i].question.hash for i in places}
