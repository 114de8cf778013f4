"""Write a dataset's YAML from what a few options say, commented for the person who goes on from there."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from audits.config import DATASET_NAME, resolve_from
from audits.disk import write_atomic, writing
from audits.errors import ConfigError, FileError, ShapeError, UsageError, first_few
from audits.ingest.arrays import open_npy
from audits.ingest.items import derive_classes
from audits.ingest.tables import READERS, read_table
from audits.input_config import ItemsConfig
from audits.roots import Roots
from audits.workspace import Workspace
from audits.yaml_files import parse_config, read_class_file, read_config

_CONFIRM = """\
# This list was derived from the labels in the items file. Check two things, then set
# classes_confirmed to true: that no class is missing (one that no item has is not in it), and that
# the order is that of the columns of your probabilities.
classes_confirmed: {confirmed}
"""


@dataclass(frozen=True)
class NewModel:
    """A model as `add` is told of it: its name, its file, and whether it has seen the items."""

    name: str
    path: Path
    out_of_sample: bool
    items_order: bool


def add_dataset(
    workspace: Workspace,
    name: str,
    items: Path,
    *,
    id_column: str = "item_id",
    label_column: str = "label",
    class_file: Path | None = None,
    confirmed: bool = False,
    models: Sequence[NewModel] = (),
) -> Path:
    """Write `datasets/NAME.yaml`.

    Parameters
    ----------
    workspace : Workspace
    name : str
        Letters, digits and underscores.
    items : Path
        The items file.
    id_column, label_column : str
        Their names in it.
    class_file : Path, optional
        A file with the class list; without it the list is derived from the labels.
    confirmed : bool
        Whether a derived list is taken as it is, without a look by a person.
    models : sequence of NewModel

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    UsageError
        When the name is not usable or the dataset exists.
    PathError
        When a file is in none of the folders that the workspace's settings allow.
    InputError
        When a file cannot be read or an output file's kind cannot be told.
    """
    if not DATASET_NAME.fullmatch(name):
        raise UsageError(f"a dataset's name may hold letters, digits and underscores only, got {name!r}")
    path = workspace.datasets_dir / f"{name}.yaml"
    if path.exists():
        raise UsageError(f"{path} exists already; edit it, or choose another name")
    roots = Roots(workspace.root, workspace.further_roots)
    for file in (items, *(m.path for m in models), *([] if class_file is None else [class_file])):
        roots.configured(file, str(file))
    read_table(items, [id_column, label_column])
    lines = [
        f"# The dataset {name}. Paths are relative to this file; 'labelaudit run {name}' audits it.",
        "items:",
        f"  path: {_quoted(_relative(items, path))}",
        f"  id: {_quoted(id_column)}",
        f"  label: {_quoted(label_column)}",
        "  # content: [text]   # what a reviewer is shown, a change asks again; left out: every further column",
        "",
    ]
    if class_file is not None:
        read_class_file(class_file)
        lines += [f"classes_file: {_quoted(_relative(class_file, path))}", ""]
    else:
        config = ItemsConfig(path=str(items), id=id_column, label=label_column)
        lines += _class_lines(derive_classes(items, config), confirmed)
    lines += _model_lines(models, path)
    lines += [
        "# Which items go to people, and what their verdicts come to.",
        "review:",
        "  verdicts_per_item: 1   # m of 'n of m'",
        "  agree: 1               # n of 'n of m'",
        "  control_rate: 0.0      # share of the unflagged items that go to people as a control sample",
        "",
        "# When 'labelaudit up' audits it by itself.",
        "# schedule: {cron: '0 3 * * *', timezone: UTC}",
        "",
    ]
    text = "\n".join(lines)
    if unordered := [m.path for m in models if m.path.suffix == ".npy" and not m.items_order]:
        raise UsageError(
            f"{first_few(unordered)}: a .npy file has no ids; if its rows are in the order of the items file, add "
            "--items-order"
        )
    parse_config(path, text)  # before it is written: a file that is not sound would stand in the way
    with writing(path):
        write_atomic(path, text.encode())
    return path


def derive_into(workspace: Workspace, name: str) -> Path:
    """Append a class list, derived from the labels, to a dataset's YAML that has none.

    Raises
    ------
    UsageError
        When the dataset does not exist or has a class list.
    InputError
        When its items file cannot be read.
    ConfigError
        When the YAML file is not sound.
    """
    path = workspace.dataset_path(name)
    config = read_config(path)
    if config.classes is not None or config.classes_file is not None:
        raise UsageError(f"{path} has a class list already")
    items = resolve_from(path.parent, config.items.path)
    block = "\n".join(_class_lines(derive_classes(items, config.items), confirmed=False))
    text = f"{path.read_text(encoding='utf-8').rstrip()}\n\n{block}"
    try:
        parse_config(path, text)
    except ConfigError as e:
        raise UsageError(
            f"{e}\nThe class list cannot be put at the end of {path}; put it in:\n{block}"
        ) from e
    with writing(path):
        write_atomic(path, text.encode())
    return path


def _class_lines(ids: Sequence[str], confirmed: bool) -> list[str]:
    return [
        *_CONFIRM.format(confirmed="true" if confirmed else "false").splitlines(),
        "classes:",
        *(f"  - {_quoted(i)}" for i in ids),
        "",
    ]


def _model_lines(models: Sequence[NewModel], yaml_path: Path) -> list[str]:
    if not models:
        return [
            "# models:",
            "#   - name: my_model",
            "#     out_of_sample: true   # were these items kept from its training?",
            "#     outputs: {kind: dense, path: my_model.parquet}",
            "",
        ]
    lines = ["models:"]
    for m in models:
        kind, column = _kind(m.path)
        lines += [
            f"  - name: {_quoted(m.name)}",
            f"    out_of_sample: {'true' if m.out_of_sample else 'false'}",
            "    outputs:",
            f"      kind: {kind}",
            f"      path: {_quoted(_relative(m.path, yaml_path))}",
        ]
        if column is not None:
            lines.append(f"      column: {_quoted(column)}")
        if m.items_order:
            lines.append("      rows: items_order")
    return [*lines, ""]


def _kind(path: Path) -> tuple[str, str | None]:
    """Tell dense, top-k and predicted labels apart by a file's shape or columns, and name a list column."""
    if path.suffix == ".npy":
        array = open_npy(path, None, "fiuU", "outputs")
        if array.ndim == 2 and array.dtype.kind == "f":
            return "dense", None
        if array.ndim == 1 and array.dtype.kind != "f":
            return "labels", None
        raise ShapeError(
            f"{path}: cannot tell what shape {array.shape} of {array.dtype} is; write the model into the YAML"
        )
    if path.suffix.lower() not in READERS:
        raise FileError(f"{path}: unknown kind of file; expected .npy or one of {', '.join(READERS)}")
    schema = read_table(path, []).schema
    if "top_k_labels" in schema.names:
        return "top_k", None
    if "predicted_label" in schema.names:
        return "labels", None
    lists = [f.name for f in schema if pa.types.is_nested(f.type)]
    return "dense", lists[0] if len(lists) == 1 else None


def _relative(file: Path, yaml_path: Path) -> str:
    """A path as the YAML should name it: relative when it stays near, else absolute."""
    absolute = file.parent.resolve() / file.name  # a link keeps its name, whose ending tells the format
    relative = os.path.relpath(absolute, yaml_path.parent.resolve())
    return absolute.as_posix() if relative.startswith("../../..") else Path(relative).as_posix()


def _quoted(value: str) -> str:
    # a JSON string is a YAML string, whatever it holds: yes, 1e3, a colon, a quote
    text = json.dumps(value, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in text)
