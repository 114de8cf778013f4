"""The commands that read files: what they are called with, what they read, what they may write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random


@dataclass(frozen=True)
class Call:
    """One call of the command, with what can be spoiled for it.

    Attributes
    ----------
    command : str
        Name of the command, for the report.
    words : tuple of str
        Its arguments after `--workspace`.
    spoils : tuple of str
        Globs, relative to the case's folder, of the files that it reads.
    makes : tuple of str
        Paths, relative to the case's folder, that must not be there after it was refused.
    runs : bool
        Whether it may write tables of a dataset when it succeeds.
    reports : bool
        Whether it exits with 1, and says why on standard output, when it found what it looks for.
    workspace : str
        What it is called with as `--workspace`, relative to the case's folder.
    """

    command: str
    words: tuple[str, ...]
    spoils: tuple[str, ...]
    makes: tuple[str, ...] = ()
    runs: bool = False
    reports: bool = False
    workspace: str = "ws"


_DATA = ("ws/datasets/{name}.yaml", "ws/datasets/{name}/*")
_SETTINGS = ("ws/labelaudit.yaml",)


def _run(name: str, rng: Random) -> Call:
    return Call(
        "run", ("run", name), (*_DATA, *_DATA, *_SETTINGS, "ws/state/dagster/dagster.yaml"), runs=True
    )


def _force(name: str, rng: Random) -> Call:
    return Call("run --force", ("run", name, rng.choice(["--force", "--verify"])), _DATA, runs=True)


def _only_scores(name: str, rng: Random) -> Call:
    return Call(
        "run --only-scores",
        ("run", name, "--only-scores"),
        ("ws/datasets/{name}.yaml", *_SETTINGS),
        runs=True,
    )


def _import(name: str, rng: Random) -> Call:
    file = f"files/{name}-queue{rng.choice(['.csv', '.jsonl'])}"
    further = ("--reviewer", "ann") if rng.random() < 0.3 else ()
    return Call(
        "verdicts import",
        ("verdicts", "import", name, "{case}/" + file, *further),
        (file, file, file, *_SETTINGS),
    )


def _export(name: str, rng: Random) -> Call:
    out = f"out{rng.choice(['.csv', '.jsonl'])}"
    words = ("verdicts", "export", name, "{case}/" + out)
    return Call("verdicts export", words, ("ws/datasets/{name}.yaml",), (out,))


def _apply(name: str, rng: Random) -> Call:
    patch = f"files/{name}-patch{rng.choice(['.csv', '.jsonl', '.parquet'])}"
    copy = f"files/{name}-copy{rng.choice(['.csv', '.jsonl', '.parquet'])}"
    out = f"out{rng.choice([Path(copy).suffix, '.csv', '.jsonl', '.parquet'])}"
    further = ("--allow-applied",) if rng.random() < 0.2 else ()
    words = ("labels", "apply", "{case}/" + patch, "{case}/" + copy, "{case}/" + out, *further)
    return Call("labels apply", words, (patch, copy), (out,))


def _labels(name: str, rng: Random) -> Call:
    out = f"out{rng.choice(['.csv', '.parquet'])}"
    further = rng.choice([(), ("--patch",), ("--version", "original"), ("--include-left-out",)])
    words = ("labels", "export", name, "{case}/" + out, *further)
    return Call("labels export", words, ("ws/datasets/{name}.yaml",), (out,))


def _add(name: str, rng: Random) -> Call:
    copy = f"files/{name}-copy{rng.choice(['.csv', '.jsonl', '.parquet'])}"
    model, classes = "ws/datasets/zoo/words.csv", "ws/datasets/zoo/classes.json"
    words = ["add", "fresh", "--items", "{case}/" + copy]
    spoils = [copy, copy]
    if name == "zoo" and rng.random() < 0.6:
        words += ["--classes", "{case}/" + classes]
        spoils.append(classes)
        if rng.random() < 0.5:
            words += ["--model", "m={case}/" + model, "--out-of-sample"]
            spoils.append(model)
    elif rng.random() < 0.5:
        words.append("--confirm-classes")
    return Call("add", tuple(words), tuple(spoils), ("ws/datasets/fresh.yaml",))


def _label_errors(name: str, rng: Random) -> Call:
    root = "files/label-errors"
    words = (
        "import",
        "label-errors",
        "{case}/" + root,
        "--dataset",
        "cifar10",
        "--predictions",
        "{case}/" + root + "/predictions",
    )
    return Call("import label-errors", words, (f"{root}/*/*",), ("ws/datasets/cifar10.yaml",))


def _compare(name: str, rng: Random) -> Call:
    further = rng.choice(
        [(), ("--json",), ("--consensus", "1"), ("--gate", "no-flips"), ("--version", "flagged-removed")]
    )
    return Call("compare", ("compare", name, *further), ("ws/datasets/{name}.yaml", *_SETTINGS))


def _status(name: str, rng: Random) -> Call:
    return Call("status", ("status", *rng.choice([(), ("--json",)])), (*_DATA, *_SETTINGS))


def _findings(name: str, rng: Random) -> Call:
    return Call(
        "findings",
        ("findings", name, *rng.choice([(), ("--json",), ("--flagged",)])),
        ("ws/datasets/{name}.yaml",),
    )


def _show(name: str, rng: Random) -> Call:
    item = "digit-0007" if name == "digits" else "037"
    return Call("show", ("show", name, item, *rng.choice([(), ("--json",)])), ("ws/datasets/{name}.yaml",))


def _doctor(name: str, rng: Random) -> Call:
    spoils = (*_DATA, *_SETTINGS, "ws/state/dagster/dagster.yaml")
    return Call("doctor", ("doctor", *rng.choice([(), ("--json",)])), spoils, reports=True)


def _clean(name: str, rng: Random) -> Call:
    return Call(
        "clean", ("clean", *rng.choice([(), (name,)]), "--dry-run"), ("ws/datasets/{name}.yaml", *_SETTINGS)
    )


def _restore(name: str, rng: Random) -> Call:
    file = f"files/backup.tar{rng.choice(['', '.gz'])}"
    return Call("restore", ("restore", "{case}/" + file), (file,), ("restored",), workspace="restored")


def _backup(name: str, rng: Random) -> Call:
    return Call("backup", ("backup", "{case}/out.tar"), (*_DATA, *_SETTINGS), ("out.tar",))


def _store_check(name: str, rng: Random) -> Call:
    file = "files/store.sqlite"
    return Call("store check", ("store", "check", "{case}/" + file, *rng.choice([(), ("--json",)])), (file,))


def _store_copy(name: str, rng: Random) -> Call:
    file = "files/store.sqlite"
    return Call(
        "store copy", ("store", "copy", "{case}/" + file, "{case}/out.sqlite"), (file,), ("out.sqlite",)
    )


#: Commands by how often they are called; `run` reads most and costs most.
CALLS: dict[Callable[[str, Random], Call], int] = {
    _run: 30, _force: 4, _only_scores: 3, _import: 14, _export: 2, _apply: 12, _labels: 2, _add: 7, _label_errors: 8,
    _compare: 3, _status: 4, _findings: 2, _show: 3, _doctor: 4, _clean: 1, _restore: 6, _backup: 3,
    _store_check: 3, _store_copy: 3,
}  # fmt: skip


def choose_call(names: list[str], rng: Random) -> tuple[Call, str]:
    """A call and the name of the dataset that it is about."""
    name = rng.choice(names)
    make = rng.choices(list(CALLS), list(CALLS.values()))[0]
    return make(name, rng), name
