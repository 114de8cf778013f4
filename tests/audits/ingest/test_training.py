"""Training dynamics as read: shapes, and the summary over epochs that is judged."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from audits.config import ToleranceConfig
from audits.errors import FileError, ShapeError
from audits.feature_expectations import judge_training
from audits.ingest.training import ingest_training

IDS = pa.array(["a", "b", "c", "d"])
PROBS = np.random.default_rng(0).dirichlet(np.ones(3), size=(5, 4))


def ingest(project, values, kind="probs"):
    project.put("t.npy", values)
    dataset = project.dataset(training_dynamics={"path": "t.npy", "kind": kind})
    return ingest_training(dataset, dataset.config.training_dynamics, IDS)


def judged(read, kind="probs"):
    return judge_training(read.rows, kind, ToleranceConfig())


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_probabilities_pass_as_they_are(project, dtype):
    read = ingest(project, PROBS.astype(dtype))
    assert (read.training.kind, read.training.values.shape) == ("probs", (5, 4, 3))
    assert judged(read).passed, str(judged(read))
    assert read.rows["min"].to_numpy() == pytest.approx(PROBS.min(axis=(0, 2)), abs=1e-3)
    assert read.rows["max"].to_numpy() == pytest.approx(PROBS.max(axis=(0, 2)), abs=1e-3)


@pytest.mark.parametrize("epoch", range(5))
def test_one_bad_epoch_of_one_item_is_found(project, epoch):
    for change, says in (
        (lambda row: row * np.nan, "a probability is not finite (item_id c)"),
        (lambda row: row * 1.1, "do not sum to 1 within 0.001 (item_id c: 1.1"),
        (lambda row: row * 0.9, "do not sum to 1 within 0.001 (item_id c: 0.9"),
        (lambda row: row - [0.6, 0, -0.6], "a probability is below 0 (item_id c: -"),
    ):
        values = PROBS.copy()
        values[epoch, 2] = change(np.array([0.5, 0.3, 0.2]))
        said = str(judged(ingest(project, values)))
        assert says in said
        assert "1 of 4 rows" in said


def test_logits_need_only_be_finite(project):
    logits = 30 * (PROBS - 0.5)
    assert judged(ingest(project, logits, "logits"), "logits").passed
    assert "these look like logits" in str(judged(ingest(project, logits)))
    logits[4, 0, 0] = np.inf
    said = str(judged(ingest(project, logits, "logits"), "logits"))
    assert said.endswith("1 of 4 rows: a logit is not finite (item_id a)")


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (PROBS[:, :3], r"shape \(5, 3, 3\); expected epochs x 4 items x 3 classes"),
        (PROBS[:, :, :2], r"shape \(5, 4, 2\); expected epochs x 4 items x 3 classes"),
        (
            PROBS.transpose(1, 0, 2),
            r"\(4, 5, 3\) \(they look like items, epochs, classes\); expected epochs x 4",
        ),
        (
            PROBS[0],
            r"^training dynamics: .*expected an array \(epochs, items, classes\) as 3-dimensional floats",
        ),
        (np.ones((5, 4, 3), dtype=int), "as 3-dimensional floats"),
    ],
)
def test_another_shape_is_refused(project, values, says):
    with pytest.raises(ShapeError, match=says):
        ingest(project, np.ascontiguousarray(values))


def test_a_file_that_cannot_be_read(project):
    dataset = project.dataset(training_dynamics={"path": "gone.npy", "kind": "probs"})
    with pytest.raises(FileError, match=r"^training dynamics: .*there is no such file"):
        ingest_training(dataset, dataset.config.training_dynamics, IDS)
    project.put("cut.npy", (project.put("t.npy", PROBS)).read_bytes()[:-8])
    dataset = project.dataset(training_dynamics={"path": "cut.npy", "kind": "probs"})
    with pytest.raises(FileError, match="cut off, or not what it says"):
        ingest_training(dataset, dataset.config.training_dynamics, IDS)
