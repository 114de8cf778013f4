"""What an audit costs beside bare cleanlab on the same matrix, as a ratio measured in one run.

The audit's side opens the stored, memory-mapped outputs, flags, scores and assembles the signal table; the
peer's side calls `find_label_issues` and `get_label_quality_scores` on a matrix in memory.
"""

import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
from cleanlab.filter import find_label_issues
from cleanlab.rank import get_label_quality_scores

from audits.audit_config import ConfidentLearningConfig
from audits.outputs import ModelOutputs, load_outputs, save_outputs
from audits.signals.confident_learning import detect

ITEMS, CLASSES, NOISE, ROUNDS = 50_000, 100, 0.05, 5


def made_up(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Noisy labels and a sharp, mostly right model."""
    truth = rng.integers(0, CLASSES, ITEMS)
    labels = np.where(rng.random(ITEMS) < NOISE, rng.integers(0, CLASSES, ITEMS), truth).astype(np.int32)
    logits = rng.normal(size=(ITEMS, CLASSES)).astype(np.float32)
    logits[np.arange(ITEMS), truth] += 5
    probs = np.exp(logits)
    return labels, probs / probs.sum(axis=1, keepdims=True)


def seconds(work) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    labels, probs = made_up(np.random.default_rng(0))
    ids = pa.array([str(i) for i in range(ITEMS)])
    with tempfile.TemporaryDirectory() as folder:
        save_outputs(ModelOutputs("m", "dense", CLASSES, pred_probs=probs), Path(folder))

        def audit() -> None:
            detect(ids, labels, load_outputs(Path(folder)), ConfidentLearningConfig())

        def peer() -> None:
            find_label_issues(labels, probs, return_indices_ranked_by="self_confidence", n_jobs=1)
            get_label_quality_scores(labels, probs)

        audit(), peer()  # warm up
        ratios = [seconds(audit) / seconds(peer) for _ in range(ROUNDS)]
    print(
        f"confident learning on {ITEMS} items x {CLASSES} classes: audit / bare cleanlab = "
        f"{statistics.median(ratios):.2f} (median of {ROUNDS}, {min(ratios):.2f} to {max(ratios):.2f})"
    )


if __name__ == "__main__":
    main()
