"""Bad input in a copy of the public label-errors repository, and in backups."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests.bad_input.case import Case
from tests.conftest import MadeUp

Spoil = Callable[[MadeUp], None]

_VOTES = "mturk/cifar10_mturk.json"
_LABELS = "original_test_labels/cifar10_test_set_original_labels.npy"
_PROBS = "cross_validated_predicted_probabilities/cifar10_test_set_pyx.npy"
_IMPORT = ("import", "label-errors", "{root}/copy", "--dataset", "cifar10")


def _vote(item: object, label: object, guess: object, /, **counts: object) -> dict[str, Any]:
    votes = {"given": 0, "guessed": 0, "neither": 0, "both": 0} | counts
    return {"id": item, "given_original_label": label, "our_guessed_label": guess, "mturk": votes}


def _copy(zoo: MadeUp, votes: object = None, labels: object = None) -> Path:
    """A small sound copy of the repository, with other votes or labels where they are given."""
    good = [_vote(1, 5, 3, given=4, both=1), _vote(4, 9, 1, guessed=5)]
    array = np.array([3, 5, 5, 0, 9], dtype=np.uint16) if labels is None else labels
    folder = zoo.root / "copy"
    for name in (_VOTES, _LABELS, _PROBS):
        (folder / name).parent.mkdir(parents=True)
    (folder / _VOTES).write_text(json.dumps(good if votes is None else votes))
    np.save(folder / _LABELS, array)
    return folder


def _with(name: str, change: Callable[[Path], object]) -> Spoil:
    """A sound copy in which one file is made anew."""
    return lambda zoo: _void(change(_copy(zoo) / name))


def _votes(*entries: object) -> Spoil:
    return lambda zoo: _void(_copy(zoo, votes=list(entries)))


def _predictions(zoo: MadeUp) -> None:
    _copy(zoo)
    folder = zoo.root / "predictions"
    folder.mkdir()
    np.save(folder / "vgg_cifar10_top5preds.npy", np.full((4, 5), 1))
    np.save(folder / "vgg_cifar10_top5probs.npy", np.full((5, 5), 0.2))
    np.save(folder / "rex_cifar10_top5preds.npy", np.full((5, 5), 0.5))
    np.save(folder / "rex_cifar10_top5probs.npy", np.full((5, 5), 0.2))


def _there_already(zoo: MadeUp) -> None:
    _copy(zoo)
    (zoo.root / "datasets" / "cifar10.yaml").write_text("items: {path: mine.csv}\n")


def _void(_: object) -> None:
    return None


def _header(shape: str, body: bytes = b"\0" * 10) -> bytes:
    """An array whose header says what it does not hold."""
    header = f"{{'descr': '<u2', 'fortran_order': False, 'shape': {shape}, }}".encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + body


def _archive_of_arrays(path: Path) -> None:
    with path.open("wb") as f:
        np.savez(f, a=[1], b=[2])


class _Planted:
    """What would be called if anything were unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (exec, ("raise SystemExit('unpickled')",))


def _label_errors(
    name: str, what: str, spoil: Spoil, code: str, message: str, *more: str, words: tuple[str, ...] = _IMPORT
) -> Case:
    return Case(f"import-{name}", "imports", what, spoil, code, message, (*words, *more))


def _backup(zoo: MadeUp) -> Path:
    path = zoo.root / "backup.tar"
    zoo.ok("backup", str(path))
    return path


def _on_backup(change: Callable[[bytes], bytes]) -> Spoil:
    def spoil(zoo: MadeUp) -> None:
        path = _backup(zoo)
        path.write_bytes(change(path.read_bytes()))

    return spoil


def _archive(*members: tuple[str, bytes]) -> Spoil:
    """A tar archive of these files."""

    def spoil(zoo: MadeUp) -> None:
        with tarfile.open(zoo.root / "backup.tar", "w") as tar:
            for name, data in members:
                info = tarfile.TarInfo(name)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))

    return spoil


def _link(zoo: MadeUp) -> None:
    with tarfile.open(zoo.root / "backup.tar", "w") as tar:
        info = tarfile.TarInfo("workspace/datasets/zoo.yaml")
        info.type, info.linkname = tarfile.SYMTYPE, "../../outside"
        tar.addfile(info)


def _manifest(**fields: object) -> bytes:
    return json.dumps({"format": "labelaudit-backup", "version": 1} | fields).encode()


def _restore(name: str, what: str, spoil: Spoil, code: str, message: str, *, to: str = "{root}/new") -> Case:
    words = ("--workspace", to, "restore", "{root}/backup.tar")
    return Case(f"restore-{name}", "imports", what, spoil, code, message, words)


_TAR = "{root}/backup.tar: "
_NPY = "{root}/copy/" + _LABELS + ": cannot be read as {any}.npy array{any}: "

CASES: tuple[Case, ...] = (
    _label_errors("no-folder", "no such folder", lambda zoo: None, "usage",
                  "{root}/copy is not a folder; expected a copy of the label-errors repository"),
    _label_errors("unknown-set", "a set that there is not", lambda zoo: _void(_copy(zoo)), "usage",
                  "no label-errors set is named 'cifar11'; the nearest name is 'cifar10' (known: {any})",
                  words=(*_IMPORT[:-1], "cifar11")),
    _label_errors("no-votes", "no file of votes", _with(_VOTES, Path.unlink), "file",
                  "{root}/copy/mturk/cifar10_mturk.json: there is no such file; it holds the reviewers' votes for "
                  "cifar10"),
    _label_errors("no-labels", "no array of labels", _with(_LABELS, Path.unlink), "file",
                  "{root}/copy/original_test_labels: cifar10 has no label array; expected {any}"),
    _label_errors("votes-no-json", "votes that were cut off", _with(_VOTES, lambda p: p.write_text('[{"id": 1')),
                  "file", "{root}/copy/" + _VOTES + ": cannot be read as JSON: {any}"),
    _label_errors("votes-no-list", "votes that are an object", lambda zoo: _void(_copy(zoo, votes={"a": 1})), "file",
                  "{root}/copy/" + _VOTES + ": expected a list, got dict"),
    _label_errors("votes-all-at-once", "every fault that votes can have",
                  _votes(7, {"id": 2}, _vote("1", 5, 3), _vote(1, 5, 3), _vote(1, 5, 3), _vote(3, -1, 3),
                         _vote(4, 9, 1, given=-2), _vote(0, 3, 5, perhaps=1)), "input",
                  "{root}/copy/" + _VOTES + ": 7 problems\n"
                  "  - 1 entries are not objects (entry 0: int)\n"
                  "  - 1 entries lack a field (id 2: given_original_label/our_guessed_label/mturk)\n"
                  "  - 1 ids are not whole numbers (entry 2: '1')\n"
                  "  - 1 ids are given more than once (1)\n"
                  "  - 1 labels are not class ids, 0 and up (id 3: -1)\n"
                  "  - 1 counts are not whole numbers from 0 to 1000 (id 4: -2)\n"
                  "  - 1 entries have votes other than given/guessed/neither/both (id 0: perhaps)"),
    _label_errors("votes-on-unknown-items", "votes on items that there are not", _votes(_vote(99, 5, 3)), "ids",
                  "{root}/copy/" + _VOTES + ": 1 of 1 voted items are not among the 5 items (99)"),
    _label_errors("votes-on-other-labels", "votes whose given label is another one", _votes(_vote(1, 6, 3)), "ids",
                  "{root}/copy/" + _VOTES + ": the ids do not join: the given label of 1 of 1 voted items differs from "
                  "the label array (1: votes say 6, row 1 says 5)"),
    _label_errors("labels-pickled", "a pickled array",
                  _with(_LABELS, lambda p: p.write_bytes(pickle.dumps(_Planted()))), "file", _NPY + "{any}"),
    _label_errors("labels-of-objects", "an array of objects, which is pickled inside",
                  lambda zoo: _objects(_copy(zoo) / _LABELS), "file", _NPY + "{any}objects{any}"),
    _label_errors("labels-archive", "several arrays in one file",
                  _with(_LABELS, _archive_of_arrays), "file", _NPY + "{any}"),
    _label_errors("labels-lying-header", "a header that tells of more than there is",
                  _with(_LABELS, lambda p: p.write_bytes(_header("(10**12,)".replace("10**12", "1000000000000")))),
                  "file", _NPY + "{any}"),
    _label_errors("labels-overflowing-header", "a header that tells of more than a machine can count",
                  _with(_LABELS, lambda p: p.write_bytes(_header(f"({2**63}, {2**63})"))), "file", _NPY + "{any}"),
    _label_errors("labels-nested-header", "a header nested 200 deep",
                  _with(_LABELS, lambda p: p.write_bytes(_header("(" * 200 + ")" * 200))), "file", _NPY + "{any}"),
    _label_errors("labels-floats", "labels that are no whole numbers",
                  lambda zoo: _void(_copy(zoo, labels=np.array([0.5, 1]))), "shape",
                  "{root}/copy/" + _LABELS + ": expected whole-numbered labels, got float64"),
    _label_errors("labels-below-0", "labels below 0",
                  lambda zoo: _void(_copy(zoo, labels=np.array([3, 5, -5, 0, 9]))), "labels",
                  "{root}/copy/" + _LABELS + ": 1 of 5 labels are below 0 (row 2: -5)"),
    _label_errors("class-beyond-the-last", "a class beyond the last",
                  lambda zoo: _void(_copy(zoo, labels=np.array([3, 5, 10, 0, 9]))), "labels",
                  "cifar10 has 10 classes, 0 to 9, but cifar10_test_set_original_labels.npy uses class 10"),
    _label_errors("probabilities-shape", "probabilities of other items",
                  lambda zoo: np.save(_copy(zoo) / _PROBS, np.full((4, 10), 0.1)), "shape",
                  "{root}/copy/" + _PROBS + ": has 4 rows, but there are 5 labels"),
    _label_errors("predictions", "predictions of another shape and type", _predictions, "shape",
                  "{root}/predictions: 2 problems\n  - rex_cifar10_top5preds.npy: expected class ids, got float64\n"
                  "  - vgg_cifar10_top5preds.npy: expected shape (5, 5), got (4, 5)",
                  "--predictions", "{root}/predictions"),
    _label_errors("there-already", "a dataset of that name that somebody edited", _there_already, "usage",
                  "{root}/datasets/cifar10.yaml: there already, with other content than this import writes (edited, or "
                  "imported from other files); say that it may be overwritten, or move it away"),
    _restore("missing", "no such file", lambda zoo: None, "file", _TAR + "{any}"),
    _restore("no-archive", "a file that is no archive",
             lambda zoo: _void((zoo.root / "backup.tar").write_bytes(b"no archive" * 200)), "file",
             _TAR + "is damaged, or no tar archive: {any}"),
    _restore("truncated", "a backup that was cut off", _on_backup(lambda data: data[:30_000]), "file",
             "{any}backup.tar{any}"),
    _restore("gzip-truncated", "a compressed backup that was cut off",
             _on_backup(lambda data: gzip.compress(data)[:9_000]), "file", "{any}backup.tar{any}"),
    _restore("changed", "a backup in which a byte was changed",
             _on_backup(lambda data: data.replace(b"classes: [ant", b"classes: [ent", 1)), "file",
             _TAR + "of {any} files 1 damaged (datasets/zoo.yaml)"),
    _restore("outside", "an archive that names a file outside of the workspace",
             _archive(("workspace/../../outside", b"x")), "file",
             _TAR + "it names a file '../../outside', which would lie outside of the workspace"),
    _restore("link", "an archive that holds a link", _link, "file",
             _TAR + "'workspace/datasets/zoo.yaml' is no plain file"),
    _restore("other-archive", "an archive of something else", _archive(("photos/cat.jpg", b"x")), "file",
             "{root}/backup.tar is no backup of labelaudit: it holds 'photos/cat.jpg'"),
    _restore("newer", "a backup of a newer format", _archive(("manifest.json", _manifest(version=2))), "version",
             _TAR + "it is in version 2 of the format, and this labelaudit reads version 1"),
    _restore("not-empty", "a folder that is not empty as the place to restore to", lambda zoo: _void(_backup(zoo)),
             "usage", "{root} is not empty; a backup is restored to a new or empty folder", to="{root}"),
)  # fmt: skip


def _objects(path: Path) -> None:
    np.save(path, np.array([1, "a", None], dtype=object), allow_pickle=True)
