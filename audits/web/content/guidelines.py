"""What the class list says of each class: which items belong into it."""

from __future__ import annotations

import json

from audits.config import Dataset
from audits.input_config import ClassConfig
from audits.safe_yaml import parse_yaml, read_text


def guidelines_of(dataset: Dataset) -> dict[str, str]:
    """Guidelines by class id, of the classes that have one; from `classes`, or from `classes_file`.

    Parameters
    ----------
    dataset : Dataset
        Read by `load_dataset`, so that its class list is known to be sound.

    Raises
    ------
    ConfigError
        When `classes_file` is no longer what it was when the dataset was read.
    """
    entries = dataset.config.classes
    if entries is None:
        entries = _in_file(dataset)
    return {str(e.id): e.guideline for e in entries if e.guideline and e.guideline.strip()}


def _in_file(dataset: Dataset) -> tuple[ClassConfig, ...]:
    named = dataset.config.classes_file
    if named is None:
        return ()
    path = dataset.resolve(named)
    if path.suffix not in (".yaml", ".yml", ".json"):
        return ()  # a text file holds ids alone
    text = read_text(path)
    found = json.loads(text) if path.suffix == ".json" else parse_yaml(path, text)
    return tuple(ClassConfig.model_validate(e) for e in found) if isinstance(found, list) else ()
