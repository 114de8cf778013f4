"""What there is to measure on: datasets found in folders by their layout, and cells of planted errors."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

from audits.errors import UsageError, first_few
from benchmarks.detection.audited import Audited, Loader
from benchmarks.detection.datasets import label_errors, noise, planted, redux, revised, trained, votes
from benchmarks.detection.datasets.crowd import Crowd, read_crowd

#: Sets of scikit-learn's, and the percentages at which they have enough errors.
_TRAINED = {"digits": planted.PERCENT, "breast_cancer": (20,)}
#: Sets of the label-errors repository that have probabilities and votes.
_VOTED = ("cifar10", "20news")


def datasets_in(*data: Path) -> dict[str, Loader]:
    """All datasets, by name, with what reads each.

    Parameters
    ----------
    *data : Path
        Each a dataset's folder (with `items.parquet`), a copy of the label-errors repository, or a folder of such.

    Raises
    ------
    UsageError
        When one is no folder, or two datasets have one name.
    """
    found: dict[str, Loader] = {}
    for folder in _folders(data):
        for name, loader in _of_folder(folder):
            if name in found:
                raise UsageError(f"two datasets are named {name!r}; the second is in {folder}")
            found[name] = cache(loader)
    for source, percents in _TRAINED.items():
        found |= dict(_cells(source, partial(trained.clean, source), percents))
    return found


def load(name: str | Path, *data: Path) -> Audited:
    """One dataset, by its name in the catalogue, or by its folder (then the main one of the folder).

    Raises
    ------
    UsageError
        When there is none of that name; the names there are are given.
    """
    if isinstance(name, Path) or Path(name).is_dir():
        folder = Path(name)
        return _loaded(folder.name, (folder.resolve(),))
    return _loaded(name, tuple(p.resolve() for p in data))


@cache
def _loaded(name: str, data: tuple[Path, ...]) -> Audited:
    known = datasets_in(*data)
    if name not in known:
        raise UsageError(f"no dataset is named {name!r}; there are {first_few(known, len(known))}")
    return known[name]()


def crowds(*data: Path) -> list[Crowd]:
    """The crowd-labelled sets in these folders."""
    return [read_crowd(f) for f in _folders(data) if _has(f, "label.csv", "truth.csv")]


def _folders(data: tuple[Path, ...]) -> list[Path]:
    found: list[Path] = []
    for root in data:
        if not root.is_dir():
            raise UsageError(f"{root} is not a folder")
        for folder in (root, *sorted(p for p in root.glob("*") if p.is_dir())):
            # sets may stand one folder further down, as the crowd sets do
            below = sorted(p.parent for p in folder.glob("*/label.csv")) if folder != root else []
            found += [f for f in (folder.resolve(), *(b.resolve() for b in below)) if f not in found]
    return found


def _has(folder: Path, *names: str) -> bool:
    return all((folder / n).exists() for n in names)


def _of_folder(folder: Path) -> list[tuple[str, Loader]]:
    found: list[tuple[str, Loader]] = []
    name = folder.name
    if _has(folder, "items.parquet", "votes.parquet"):
        found += [(name, partial(votes.voted, folder))]
        found += [(f"{name}-held-out-classes", partial(votes.voted_with_held_out_classes, folder))]
    if _has(folder, "items.parquet", "reassessed_labels.parquet"):
        found += [(f"{name}-reassessed", partial(votes.reassessed, folder))]
        found += _cells(name, partial(planted.clean_votes, folder))
    if _has(folder, "items.parquet", "revised.parquet"):
        found += [(name, partial(revised.revised, folder))]
        found += [(f"{name}-held-out-classes", partial(revised.revised_with_held_out_classes, folder))]
        found += _cells(name, partial(planted.clean_revised, folder))
    if _has(folder, "items.parquet", "verdicts.parquet"):
        found += [(name, partial(redux.wrong_gold, folder))]
        found += [(f"{name}-any-fault", partial(redux.any_fault, folder))]
        found += [
            (f"{name}-any-fault-held-out-subjects", partial(redux.any_fault_with_held_out_subjects, folder))
        ]
    if _has(folder, "mturk", "original_test_labels"):
        for known in _VOTED:
            if _has(folder, f"cross_validated_predicted_probabilities/{known}_test_set_pyx.npy"):
                found += _of_label_errors(folder, known)
    return found


def _of_label_errors(root: Path, name: str) -> list[tuple[str, Loader]]:
    beside = label_errors.predictions_beside(root, name)
    found: list[tuple[str, Loader]] = [(name, partial(label_errors.voted_set, root, name, beside))]
    if beside:
        nets = partial(label_errors.voted_set, root, name, beside, cross_validated=False)
        found += [(f"{name}-nets", nets)]
    return found + _cells(
        name, partial(planted.clean_label_errors, root, name, beside), instance=bool(beside)
    )


def _cells(
    source: str,
    clean: Callable[[], planted.Clean],
    percents: tuple[int, ...] = planted.PERCENT,
    *,
    instance: bool = True,
) -> list[tuple[str, Loader]]:
    kinds = [*noise.KINDS, noise.INSTANCE]
    if source == "breast_cancer":  # with two classes all kinds that are blind to the item are nearly one
        kinds = ["symmetric", noise.INSTANCE]
    names = {
        f"planted-{source}-{kind}-{percent}": (kind, percent)
        for kind in kinds
        for percent in percents
        if instance or kind != noise.INSTANCE
    }
    return [(name, partial(_planted, clean, kind, percent, name)) for name, (kind, percent) in names.items()]


def _planted(clean: Callable[[], planted.Clean], kind: str, percent: int, name: str) -> Audited:
    return planted.planted(clean(), kind, percent, name)
