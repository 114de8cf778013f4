"""Checks of the datasets: the YAML files, the files they name, the environment variables they name."""

import os
from collections.abc import Iterator
from pathlib import Path

from audits.config import Dataset
from audits.errors import AuditError, first_few
from audits.workspace import Workspace
from pipelines.doctor.finding import Finding, fault, ok, warn
from pipelines.up.record import running
from pipelines.up.webhooks import looked_up, wanted


def configurations(workspace: Workspace) -> list[Finding]:
    """Whether every dataset's YAML is sound and every file that it names can be read."""
    names = workspace.dataset_names()
    if not names:
        return [warn("datasets", "there is none yet", "'labelaudit add' makes one")]
    found = []
    for name in names:
        try:
            dataset = workspace.dataset(name)
        except AuditError as e:
            found.append(fault(f"dataset {name}", str(e), f"correct {workspace.datasets_dir / name}.yaml"))
            continue
        for key, path in files(dataset):
            if reason := unreadable(dataset, path):
                mend = f"put the file there, or correct {key} in {dataset.path}"
                found.append(fault(f"dataset {name}", f"{key}: {reason}", mend))
    broken = len({f.name for f in found})
    return [ok("datasets", f"{len(names) - broken} of {len(names)} are sound, with all their files"), *found]


def files(dataset: Dataset) -> Iterator[tuple[str, str]]:
    """Files that a dataset's YAML names, each with the key that names it; they are not opened."""
    config = dataset.config
    yield "items.path", config.items.path
    for model in config.models:
        yield f"models.{model.name}.outputs.path", model.outputs.path
        if model.outputs.probs is not None:
            yield f"models.{model.name}.outputs.probs", model.outputs.probs
    if config.annotations is not None:
        yield "annotations.path", config.annotations.path
    if config.review.gold is not None:
        yield "review.gold.path", config.review.gold.path


def unreadable(dataset: Dataset, named: str) -> str:
    """Why a file cannot be read; empty when it can."""
    try:
        path: Path = dataset.resolve(named)
        with path.open("rb") as f:
            return "" if f.read(1) else f"{path} is empty"
    except (OSError, AuditError) as e:
        return str(e)


def webhooks(workspace: Workspace) -> list[Finding]:
    """Whether the environment variables that hold the addresses of webhooks are set.

    While `labelaudit up` runs it is its environment that counts, as it recorded it; else that of this shell.
    """
    variables = wanted(workspace)
    if not variables:
        return [ok("webhooks", "no dataset names one")]
    record = running(workspace)
    # only names are shown: the values are secrets
    is_set = looked_up(variables, os.environ) if record is None else record.webhooks
    where = "in this shell" if record is None else "for the 'labelaudit up' that runs"
    found = []
    for variable, names in variables.items():
        by = f"wanted by {first_few(names)}"
        if variable not in is_set:
            words = f"'labelaudit up' has not looked yet whether it is set; {by}"
            found.append(warn(f"webhook {variable}", words, "ask again in a minute, or start it again"))
        elif not is_set[variable]:
            words = f"the environment variable is not set {where}; {by}"
            mend = "set it to the webhook's address where 'labelaudit up' is started"
            found.append(
                fault(f"webhook {variable}", words, mend if record is None else f"{mend}, and start it again")
            )
    return found or [ok("webhooks", f"{len(variables)} environment variables are set {where}")]


def sound(workspace: Workspace) -> list[Dataset]:
    """The datasets whose YAML is sound; the others are told of by `configurations`."""
    found = []
    for name in workspace.dataset_names():
        try:
            found.append(workspace.dataset(name))
        except AuditError:
            continue
    return found
