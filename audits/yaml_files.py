"""Reading a dataset's YAML: strict about keys, and clear about what is wrong and where."""

from __future__ import annotations

import difflib
import json
import re
import reprlib
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from audits.classes import ClassList
from audits.config import DATASET_NAME, Dataset, DatasetConfig, class_list, resolve_from
from audits.errors import ClassesError, ConfigError, WorkspaceError, YamlError, collect, first_few, plain
from audits.input_config import ClassConfig
from audits.roots import Roots
from audits.safe_yaml import parse_yaml, read_text
from audits.workspace_config import WorkspaceConfig


def read_yaml(path: Path) -> object:
    """Read one YAML document.

    Raises
    ------
    YamlError
        When the file cannot be read, is not YAML, is not safe to read, or repeats a key.
    """
    return parse_yaml(path, read_text(path))


def load_dataset(path: Path, further_roots: tuple[Path, ...] | None = None) -> Dataset:
    """Read and check one dataset's YAML file.

    Parameters
    ----------
    path : Path
        `datasets/NAME.yaml`; the file's name is the dataset's name.
    further_roots : tuple of Path, optional
        Folders, beside the workspace, that the files it names may be in; left out, they may be anywhere.

    Returns
    -------
    Dataset

    Raises
    ------
    ConfigError
        With every problem of the file, each with its place, and for an unknown key the nearest known one.
    """
    config = read_config(path)
    if config.classes_file is not None:
        try:
            file = resolve_from(path.parent, config.classes_file)
            Roots(path.parent.parent, further_roots).configured(file, config.classes_file)
            classes = read_class_file(file)
        except ConfigError as e:
            raise type(e)(f"{path}: classes_file: {e}") from e
    elif config.classes is not None:
        classes = _in_file(path, config.classes)
    else:
        raise ClassesError(
            f"{path}: no class list. Give 'classes' with every class, also those no item has, in the order of "
            f"the columns of your probabilities; 'labelaudit add {path.stem} --derive-classes' writes one "
            "derived from the labels for you to confirm"
        )
    if not config.classes_confirmed:
        raise ClassesError(
            f"{path}: the class list was derived from the labels and is not confirmed yet. Check that no class is "
            "missing and that the order is that of the columns of your probabilities, then set "
            "'classes_confirmed: true'"
        )
    return Dataset(name=path.stem, path=path, config=config, classes=classes, further_roots=further_roots)


def read_config(path: Path) -> DatasetConfig:
    """Read a dataset's YAML without asking for a confirmed class list; raises as `load_dataset` does."""
    if not DATASET_NAME.fullmatch(path.stem):
        raise ConfigError(f"{path}: a dataset's name may hold letters, digits and underscores only")
    return parse_config(path, read_text(path))


def parse_config(path: Path, text: str) -> DatasetConfig:
    """Check the text of a dataset's YAML that is, or will be, at a path; raises as `load_dataset` does."""
    config = _validated(path, parse_yaml(path, text), DatasetConfig)
    if config.name not in (None, path.stem):
        raise ConfigError(f"{path}: name is {config.name!r}, but the file is named {path.stem!r}")
    return config


def read_workspace_config(path: Path) -> WorkspaceConfig:
    """Read a workspace's own settings; those of a file that is not there, or holds nothing, are the defaults.

    Raises
    ------
    WorkspaceError
        With every problem of the file.
    """
    if not path.exists():
        return WorkspaceConfig()
    try:
        return _validated(path, read_yaml(path) or {}, WorkspaceConfig)
    except ConfigError as e:
        raise WorkspaceError(str(e)) from e


#: A user and a password in a URL.
_SECRET = re.compile(r"://[^/\s:@]*:[^@\s]+@")

_Model = TypeVar("_Model", bound=BaseModel)


def _validated(path: Path, raw: object, model: type[_Model]) -> _Model:
    """What was read from a file as a model; raises ConfigError with every problem of the file."""
    if not isinstance(raw, dict):
        got = "nothing: the file is empty" if raw is None else type(raw).__name__
        raise ConfigError(f"{path}: expected a mapping of keys to values, got {got}")
    try:
        return model.model_validate(raw)
    except ValidationError as e:
        # of a list whose entries are all refused, what is wrong with them is told; that it is then too short is not
        found = [err for err in e.errors(include_url=False) if err["type"] != "too_short" or not err["input"]]
        problems = list(dict.fromkeys(_render(err, model) for err in found))
        kind = ClassesError if all(err["loc"][:1] == ("classes",) for err in found) else ConfigError
        raise kind(collect(str(path), problems)) from e


_Section = TypeVar("_Section", bound=BaseModel)


def readable_section(path: Path, key: str, model: type[_Section]) -> _Section | None:
    """One section of a YAML file, for when the file as a whole is not sound.

    A dataset whose YAML somebody broke is still due at night, and whoever asked to be told still is.

    Parameters
    ----------
    path : Path
    key : str
        Name of the section.
    model : type
        What it is read as.

    Returns
    -------
    BaseModel or None
        None where the file or the section cannot be read, or the section is not there.
    """
    try:
        raw = read_yaml(path)
        if not isinstance(raw, dict) or key not in raw:
            return None
        return model.model_validate({} if raw[key] is None else raw[key])
    except (ConfigError, ValidationError):
        return None


def read_class_file(path: Path) -> ClassList:
    """Read a class list from its own file: JSON or YAML with a list, or text with one class a line.

    Raises
    ------
    ConfigError
        When the file cannot be read or holds something else.
    """
    entries: object
    text = read_text(path)
    if path.suffix in (".yaml", ".yml"):
        entries = parse_yaml(path, text)
    elif path.suffix == ".json":
        try:
            entries = json.loads(text)
        except (ValueError, RecursionError) as e:
            raise YamlError(f"{path}: the class list is not valid JSON: {e}") from e
    else:
        entries = [line.strip() for line in text.split("\n") if line.strip()]
    if not isinstance(entries, list):
        raise ClassesError(f"{path}: expected a list of classes, got {type(entries).__name__}")
    try:
        return _in_file(path, tuple(ClassConfig.model_validate(e) for e in entries))
    except ValidationError as e:
        raise ClassesError(
            collect(str(path), [_render(err, ClassConfig) for err in e.errors(include_url=False)])
        ) from e


def _in_file(path: Path, entries: tuple[ClassConfig, ...]) -> ClassList:
    try:
        return class_list(entries)
    except ClassesError as e:
        raise ClassesError(f"{path}: {e}") from e


def _render(error: ErrorDetails, root: type[BaseModel]) -> str:
    place = ".".join(plain(p) for p in error["loc"]) or "the file"
    if error["type"] == "extra_forbidden":
        parent, key = list(error["loc"][:-1]), str(error["loc"][-1])
        known = _known_keys(parent, root)
        near = difflib.get_close_matches(key, known, n=1, cutoff=0.0)
        return f"{place}: unknown key; the nearest known key is {near[0]!r} (known: {first_few(known, 20)})"
    if error["type"] == "missing":
        return f"{place}: is required and missing"
    message = error["msg"].removeprefix("Value error, ").removeprefix("class list: ")
    if error["type"] == "value_error":
        return f"{place}: {message}" if error["loc"] else message
    if error["type"] in ("model_type", "dict_type"):
        message = "expected a mapping of keys to values"
    # reprlib, since YAML anchors can fold a billion values into a few lines
    return f"{place}: {message}, got {_shown(error['input'])}"


def _shown(value: object) -> str:
    """What came, in a message: cut where it is long, and left out where it may hold a password."""
    # reprlib, since YAML anchors can fold a billion values into a few lines
    text = reprlib.repr(value)
    if _SECRET.search(text) or (isinstance(value, str) and _SECRET.search(value)):
        return "a URL with a password"
    return plain(text)


def _known_keys(place: list[str | int], model: type[BaseModel]) -> list[str]:
    """Names of the keys allowed at a place in what a model reads."""
    for part in place:
        if isinstance(part, str) and part in model.model_fields:
            nested = list(_models_in(model.model_fields[part].annotation))
            if nested:
                model = nested[0]
    return list(model.model_fields)


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for arg in get_args(annotation):
        yield from _models_in(arg)
