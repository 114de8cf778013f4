"""Reading a dataset's YAML: strict about keys, and clear about what is wrong and where."""

from __future__ import annotations

import difflib
import json
import re
import reprlib
from collections.abc import Hashable, Iterator
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from audits.classes import ClassList
from audits.config import DATASET_NAME, ClassConfig, Dataset, DatasetConfig, class_list, resolve_from
from audits.errors import ConfigError, collect, first_few, plain


class _UniqueKeyLoader(yaml.SafeLoader):
    """A safe loader that refuses a repeated key, which YAML would let pass with the last one winning.

    A number that YAML 1.1 would take for octal (010) or base 60 (1:30), or that has signs other than its
    digits, is the text that it is: a class id must not become another one. Half of a surrogate pair, which
    an escape can make and no file can hold, is refused.
    """

    def construct_scalar(self, node: yaml.ScalarNode | yaml.MappingNode) -> Any:  # as the library types it
        value = super().construct_scalar(node)
        if isinstance(value, str) and any("\ud800" <= c <= "\udfff" for c in value):
            raise ConfigError(f"line {node.start_mark.line + 1}: {value!r} is no valid text")
        return value


_UniqueKeyLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:int"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_UniqueKeyLoader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"-?(?:0|[1-9][0-9]*)$"), list("-0123456789")
)


def _construct_mapping(loader: _UniqueKeyLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[object] = set()
    for key_node, _ in node.value:
        if key_node.tag == "tag:yaml.org,2002:merge":
            continue
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, Hashable):
            raise ConfigError(f"line {key_node.start_mark.line + 1}: a key is a {type(key).__name__}")
        if key in seen:
            raise ConfigError(f"line {key_node.start_mark.line + 1}: the key {key!r} is given twice")
        seen.add(key)
    loader.flatten_mapping(node)
    return loader.construct_mapping(node, deep=True)


_UniqueKeyLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _construct_mapping)


def read_yaml(path: Path) -> object:
    """Read one YAML document.

    Raises
    ------
    ConfigError
        When the file cannot be read, is not YAML or repeats a key.
    """
    return _parse_yaml(path, _text(path))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as e:
        raise ConfigError(f"{path}: cannot be read: {e}") from e


def _parse_yaml(path: Path, text: str) -> object:
    try:
        # a subclass of SafeLoader: builds plain values only
        return yaml.load(text, Loader=_UniqueKeyLoader)  # noqa: S506
    except ConfigError as e:
        raise ConfigError(f"{path}: {e}") from e
    except (yaml.YAMLError, RecursionError, ValueError, LookupError, AttributeError) as e:
        # the last three: PyYAML lets a date without such a day, or `!!int x`, fail as Python does
        raise ConfigError(f"{path}: is not valid YAML: {e}") from e


def load_dataset(path: Path) -> Dataset:
    """Read and check one dataset's YAML file.

    Parameters
    ----------
    path : Path
        `datasets/NAME.yaml`; the file's name is the dataset's name.

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
            classes = read_class_file(resolve_from(path.parent, config.classes_file))
        except ConfigError as e:
            raise ConfigError(f"{path}: classes_file: {e}") from e
    elif config.classes is not None:
        classes = _in_file(path, config.classes)
    else:
        raise ConfigError(
            f"{path}: no class list. Give 'classes' with every class, also those no item has, in the order of "
            f"the columns of your probabilities; 'labelaudit add {path.stem} --derive-classes' writes one "
            "derived from the labels for you to confirm"
        )
    if not config.classes_confirmed:
        raise ConfigError(
            f"{path}: the class list was derived from the labels and is not confirmed yet. Check that no class is "
            "missing and that the order is that of the columns of your probabilities, then set "
            "'classes_confirmed: true'"
        )
    return Dataset(name=path.stem, path=path, config=config, classes=classes)


def read_config(path: Path) -> DatasetConfig:
    """Read a dataset's YAML without asking for a confirmed class list; raises as `load_dataset` does."""
    if not DATASET_NAME.fullmatch(path.stem):
        raise ConfigError(f"{path}: a dataset's name may hold letters, digits and underscores only")
    return parse_config(path, _text(path))


def parse_config(path: Path, text: str) -> DatasetConfig:
    """Check the text of a dataset's YAML that is, or will be, at a path; raises as `load_dataset` does."""
    raw = _parse_yaml(path, text)
    if not isinstance(raw, dict):
        raise ConfigError(f"{path}: expected a mapping of keys to values, got {type(raw).__name__}")
    try:
        config = DatasetConfig.model_validate(raw)
    except ValidationError as e:
        problems = list(dict.fromkeys(_render(err) for err in e.errors(include_url=False)))
        raise ConfigError(collect(str(path), problems)) from e
    if config.name not in (None, path.stem):
        raise ConfigError(f"{path}: name is {config.name!r}, but the file is named {path.stem!r}")
    return config


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
    text = _text(path)
    if path.suffix in (".yaml", ".yml"):
        entries = _parse_yaml(path, text)
    elif path.suffix == ".json":
        try:
            entries = json.loads(text)
        except (ValueError, RecursionError) as e:
            raise ConfigError(f"{path}: the class list is not valid JSON: {e}") from e
    else:
        entries = [line.strip() for line in text.split("\n") if line.strip()]
    if not isinstance(entries, list):
        raise ConfigError(f"{path}: expected a list of classes, got {type(entries).__name__}")
    try:
        return _in_file(path, tuple(ClassConfig.model_validate(e) for e in entries))
    except ValidationError as e:
        raise ConfigError(collect(str(path), [_render(err) for err in e.errors(include_url=False)])) from e


def _in_file(path: Path, entries: tuple[ClassConfig, ...]) -> ClassList:
    try:
        return class_list(entries)
    except ConfigError as e:
        raise ConfigError(f"{path}: {e}") from e


def _render(error: ErrorDetails) -> str:
    place = ".".join(plain(p) for p in error["loc"]) or "the file"
    if error["type"] == "extra_forbidden":
        parent, key = list(error["loc"][:-1]), str(error["loc"][-1])
        known = _known_keys(parent)
        near = difflib.get_close_matches(key, known, n=1, cutoff=0.0)
        return f"{place}: unknown key; the nearest known key is {near[0]!r} (known: {first_few(known, 20)})"
    if error["type"] == "missing":
        return f"{place}: is required and missing"
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] == "value_error":
        return f"{place}: {message}"
    if error["type"] in ("model_type", "dict_type"):
        message = "expected a mapping of keys to values"
    # reprlib, since YAML anchors can fold a billion values into a few lines
    return f"{place}: {message}, got {plain(reprlib.repr(error['input']))}"


def _known_keys(place: list[str | int]) -> list[str]:
    """Names of the keys allowed at a place in the configuration."""
    model: type[BaseModel] = DatasetConfig
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
