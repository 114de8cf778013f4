"""A folder of per-model top-5 predictions: pairs of `NAME_top5preds.npy` and `NAME_top5probs.npy`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from audits.errors import FileError, InputError, LabelsError, ShapeError, UsageError, collect, first_few
from audits.ingest.label_errors.layout import read_array
from audits.ingest.label_errors.sets import SETS, KnownSet

_PREDS, _PROBS = "_top5preds.npy", "_top5probs.npy"
_K = 5
_PLATFORMS = ("pytorch", "keras", "tensorflow")
# the letters in front, without the v of a version: vgg19_bn -> vgg, mobilenetV2 -> mobilenet
_FAMILY = re.compile(r"[A-Za-z]+?(?=[vV]?\d|[^A-Za-z]|$)")


@dataclass(frozen=True)
class Prediction:
    """One model's pair of files.

    Attributes
    ----------
    model : str
        Its name: what precedes `_top5preds.npy`, without the set's name and a platform that all share.
    family : str or None
        A guess from the name.
    preds, probs : Path
        Arrays of shape (n, 5): class ids and their probabilities, not necessarily sorted.
    highest : int
        The highest class id that it predicts.
    """

    model: str
    family: str | None
    preds: Path
    probs: Path
    highest: int


def find_predictions(folder: Path, known: KnownSet, n_items: int) -> list[Prediction]:
    """Find and check all models of a folder.

    Parameters
    ----------
    folder : Path
        Holds the pairs of files; other files are ignored.
    known : KnownSet
        The set that the predictions are for.
    n_items : int
        Number of rows that every array must have.

    Returns
    -------
    list of Prediction
        Sorted by file name, at least one.

    Raises
    ------
    UsageError
        When there is no such folder.
    InputError
        When it holds no predictions, some for another set, a file without its partner, or a broken array;
        all broken files are named.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder; expected one with *{_PREDS} and *{_PROBS}")
    prefixes = _prefixes(folder)
    others = [
        p for p in prefixes if any(p.endswith(f"_{name}") for name in {*SETS, "audioset"} - {known.name})
    ]
    if others:
        raise InputError(
            f"{folder}: {len(others)} models are for another set than {known.name} ({first_few(others)})"
        )
    problems: list[InputError] = []
    found: list[Prediction] = []
    for prefix, model in zip(prefixes, _model_names(prefixes, known.name), strict=True):
        preds, probs = folder / f"{prefix}{_PREDS}", folder / f"{prefix}{_PROBS}"
        try:
            highest = _check_pair(preds, probs, n_items)
        except InputError as e:
            problems.append(e)
        else:
            found.append(Prediction(model, guess_family(model), preds, probs, highest))
    if problems:
        kinds = {type(e) for e in problems}
        kind = kinds.pop() if len(kinds) == 1 else InputError
        raise kind(collect(str(folder), [str(e) for e in problems]))
    return found


def guess_family(model: str) -> str | None:
    """Family of a model, as far as its name tells: the letters in front of the first number or sign.

    Examples
    --------
    >>> guess_family("vgg13_bn"), guess_family("mobilenetV2"), guess_family("42")
    ('vgg', 'mobilenet', None)
    """
    match = _FAMILY.match(model)
    return match[0].lower() if match else None


def _prefixes(folder: Path) -> list[str]:
    preds = {p.name.removesuffix(_PREDS) for p in folder.glob(f"*{_PREDS}")}
    probs = {p.name.removesuffix(_PROBS) for p in folder.glob(f"*{_PROBS}")}
    if not preds | probs:
        raise FileError(f"{folder}: holds no predictions; expected pairs of *{_PREDS} and *{_PROBS}")
    orphans = [f"{p}{_PREDS}" for p in sorted(preds - probs)] + [
        f"{p}{_PROBS}" for p in sorted(probs - preds)
    ]
    if orphans:
        raise FileError(
            f"{folder}: {len(orphans)} files have no partner ({first_few(orphans)}); expected pairs of "
            f"*{_PREDS} and *{_PROBS}"
        )
    return sorted(preds)


def _model_names(prefixes: Sequence[str], dataset: str) -> list[str]:
    names = [p.removesuffix(f"_{dataset}") for p in prefixes]
    for platform in _PLATFORMS:
        if all(n.endswith(f"_{platform}") for n in names):
            names = [n.removesuffix(f"_{platform}") for n in names]
    if bad := sorted({n for n in names if not n or names.count(n) > 1 or n == "cross_validated"}):
        # the last is what the set's own probabilities are called
        raise InputError(f"{len(bad)} model names are empty, repeated or taken ({first_few(map(repr, bad))})")
    return names


def _check_pair(preds: Path, probs: Path, n_items: int) -> int:
    classes, values = read_array(preds), read_array(probs)
    for path, array, kinds, what in (
        (preds, classes, "iu", "class ids"),
        (probs, values, "f", "probabilities"),
    ):
        if array.shape != (n_items, _K):
            raise ShapeError(f"{path.name}: expected shape ({n_items}, {_K}), got {array.shape}")
        if array.dtype.kind not in kinds:
            raise ShapeError(f"{path.name}: expected {what}, got {array.dtype}")
    if (lowest := int(classes.min())) < 0:
        raise LabelsError(f"{preds.name}: class ids go down to {lowest}")
    return int(classes.max())
