"""Questions whose gold answers a person judged, by subject: `verdicts.parquet` beside a folder of outputs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from benchmarks.detection.audited import Audited
from benchmarks.detection.datasets.folder import aligned, read_folder

WRONG_GOLD, SOUND = "wrong_groundtruth", "ok"


def wrong_gold(folder: Path) -> Audited:
    """All questions; wrong: another option is the right answer."""
    return _judged(folder, folder.name, "the gold answer is wrong, another option is right", any_fault=False)


def any_fault(folder: Path) -> Audited:
    """All questions; wrong: whatever the person found to be wrong with the question, too."""
    return _judged(folder, f"{folder.name}-any-fault", "the question has any fault", any_fault=True)


def any_fault_with_held_out_subjects(folder: Path) -> Audited:
    """The same, where verdicts come from every second subject and rankings are judged on the others."""
    whole = any_fault(folder)
    odd = np.asarray(whole.groups) % 2 == 1
    return replace(whole, name=f"{folder.name}-any-fault-held-out-subjects", pool=~odd, scored=odd)


def _judged(folder: Path, name: str, truth: str, *, any_fault: bool) -> Audited:
    read, path = read_folder(folder), folder / "verdicts.parquet"
    table = aligned(pq.read_table(path), read.inputs.item_ids, path)
    found = np.array(table["error_type"].to_pylist())
    _, subject = np.unique(np.array(read.items["subject"].to_pylist()), return_inverse=True)
    return Audited(
        name,
        replace(read.inputs, groups={"subject": subject.astype(np.int32)}),
        np.arange(len(found)),
        found != SOUND if any_fault else found == WRONG_GOLD,
        truth,
        groups=subject.astype(np.int64),
        clusters=subject.astype(np.int64),
        learned=True,
    )
