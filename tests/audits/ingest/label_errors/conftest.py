"""A made-up copy of the label-errors repository, an empty workspace and its review store."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audits.review.store import ReviewStore
from audits.workspace import Workspace

REPOSITORY = Path(__file__).resolve().parents[4]


class Copy:
    """A folder in the repository's layout that a test fills."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir()

    def votes(self, name: str, entries: object) -> Path:
        text = entries if isinstance(entries, str) else json.dumps(entries)
        return self._put(f"mturk/{name}_mturk.json", text)

    def index(self, file: str, names: list[Any]) -> Path:
        return self._put(f"dataset_indexing/{file}", json.dumps(names))

    def labels(self, stem: str, labels: Any) -> Path:
        path = self._place(f"original_test_labels/{stem}_original_labels.npy")
        np.save(path, np.asarray(labels))
        return path

    def probabilities(self, stem: str, probabilities: Any) -> Path:
        path = self._place(f"cross_validated_predicted_probabilities/{stem}_pyx.npy")
        np.save(path, np.asarray(probabilities))
        return path

    def _place(self, name: str) -> Path:
        path = self.root / name
        path.parent.mkdir(exist_ok=True)
        return path

    def _put(self, name: str, text: str) -> Path:
        path = self._place(name)
        path.write_text(text, encoding="utf-8")
        return path


class Pets:
    """Made-up votes and labels that fit together, as CIFAR-10, for tests to break one thing at a time."""

    labels = np.array([3, 5, 5, 0, 9, 3, 7, 7], dtype=np.uint16)

    def entries(self) -> list[dict[str, Any]]:
        return [
            entry(1, 5, 3, {"given": 1, "guessed": 3, "neither": 0, "both": 1}, names=("dog", "cat")),
            entry(
                4, 9, 1, {"given": 5, "guessed": 0, "neither": 0, "both": 0}, names=("truck", "automobile")
            ),
            entry(7, 7, 4, {"given": 0, "guessed": 0, "neither": 4, "both": 1}, names=("horse", "deer")),
        ]


def entry(
    item_id: object, given: object, guessed: object, mturk: object, names: tuple[str, str] | None = None
) -> dict[str, Any]:
    """One entry of a votes file."""
    out = {
        "id": item_id,
        "url": f"https://example.org/{item_id}",
        "given_original_label": given,
        "our_guessed_label": guessed,
        "mturk": mturk,
    }
    if names:
        out |= {"given_original_label_name": names[0], "our_guessed_label_name": names[1]}
    return out


@pytest.fixture
def make_entry():
    return entry


@pytest.fixture
def pets() -> Pets:
    return Pets()


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    """An empty copy of the repository."""
    return Copy(tmp_path / "repository")


@pytest.fixture
def cifar10(copy: Copy, pets: Pets) -> Copy:
    """A small consistent copy of CIFAR-10: eight items, three of them voted on."""
    copy.votes("cifar10", pets.entries())
    copy.labels("cifar10_test_set", pets.labels)
    return copy


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """Predictions of two models for the eight items."""
    folder = tmp_path / "predictions"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for model in ("vgg13_bn", "mobilenetV2"):
        classes = np.array([rng.permutation(10)[:5] for _ in range(8)])
        np.save(folder / f"{model}_pytorch_cifar10_top5preds.npy", classes)
        np.save(folder / f"{model}_pytorch_cifar10_top5probs.npy", np.full((8, 5), 0.2))
    return folder


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    root = tmp_path / "workspace"
    (root / "datasets").mkdir(parents=True)
    return Workspace(root)


@pytest.fixture
def store(workspace: Workspace) -> Iterator[ReviewStore]:
    with ReviewStore(workspace.store_url) as opened:
        yield opened


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of public data; tests that need it are skipped where it is not."""
    named = os.environ.get("LABELAUDIT_DATA")
    folder = Path(named) if named else REPOSITORY / ".." / "shared" / "data"
    if not (folder / "label-errors").is_dir():
        pytest.skip(f"no public data in {folder}; LABELAUDIT_DATA names the folder")
    return folder.resolve()
