"""The open queue as tasks for Label Studio, with the labelling configuration that goes with them."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa

from audits.classes import ClassList
from audits.errors import UsageError
from audits.out_files import checked_target, write_out
from audits.review.consensus import Rule
from audits.review.exchange import asked, content_of, open_rows, plain_value
from audits.review.label_studio import COMMENT, LABEL, Choices
from audits.review.open_queue import OpenTask
from audits.review.store import ReviewStore

#: How names of pictures end that a browser shows, and how addresses begin.
_PICTURE = re.compile(r"\.(avif|bmp|gif|jpe?g|png|webp)$", re.IGNORECASE)
_ADDRESS = re.compile("^https?://", re.IGNORECASE)

#: What a content column holds: the name of a picture's file, the address of a picture, or anything else.
Kind = Literal["file", "address", "text"]

#: What the suggestion of a task is said to come from.
_MODEL = "labelaudit"

#: Tag that shows the given label, to which choices and comment belong: it is there whatever the content is.
_GIVEN = "given"


@dataclass(frozen=True)
class Column:
    """A content column: its name, under which key tasks have it, and what it holds."""

    name: str
    key: str
    kind: Kind


def export_label_studio(
    store: ReviewStore,
    dataset: str,
    items: pa.Table,
    content: pa.Table | None,
    classes: ClassList,
    rule: Rule,
    path: Path,
    *,
    files: Collection[str] = (),
    files_at: str = "",
    blind: bool = False,
) -> tuple[int, Path]:
    """Write the open queue as a list of tasks, and beside it the labelling configuration.

    A task's data says which question it asks (`item_id`, `question`, `given_label`), by which `import_verdicts` knows
    it again. The suggestion is a prediction, scored by the estimated probability that the given label is wrong.

    Parameters
    ----------
    store : ReviewStore
        Where the queue is.
    dataset : str
        Name of the dataset.
    items : pyarrow.Table
        `contracts.ITEMS`.
    content : pyarrow.Table or None
        What reviewers are shown: an `item_id` column and any others; None for a dataset without content.
    classes : ClassList
        The class list of the items.
    rule : Rule
        When an item is decided.
    path : Path
        A name that ends in .json; the configuration gets the same name with .config.xml after it.
    files : collection of str
        Content columns that name files.
    files_at : str
        Put before the names of files: where Label Studio serves them from.
    blind : bool
        Leave predictions, reasons and what was decided before out, and order the items by their question's hash.

    Returns
    -------
    tuple
        How many tasks were written, and the path of the configuration.

    Raises
    ------
    UsageError
        For another suffix, a folder that is not there, or one in the file's place.
    DiskError
        When a file cannot be written.
    InputError
        When `content` has no row for an open item.
    """
    if path.suffix.lower() != ".json":
        got = path.suffix or "no suffix"
        raise UsageError(f"{path}: expected a name that ends in .json for Label Studio, got {got!r}")
    config = checked_target(path.with_name(path.name + ".config.xml"))
    checked_target(path)
    tasks = open_rows(store, dataset, items, classes, rule, blind=blind)
    rows = content_of(content, [t.question.item_id for t in tasks])
    columns = _columns(content, files)
    choices = Choices.of(classes)
    aliases = {id_: alias for alias, id_ in choices.classes.items()}
    out = [
        _task(task, {c.key: _value(row[c.name], c, files_at) for c in columns}, classes, aliases, blind=blind)
        for task, row in zip(tasks, rows, strict=True)
    ]
    write_out(path, json.dumps(out, ensure_ascii=False, indent=1).encode())
    write_out(config, labelling_config(choices, columns).encode())
    return len(out), config


def labelling_config(choices: Choices, columns: Sequence[Column]) -> str:
    """The labelling configuration: the content, the given label, one choice of the classes, and a comment."""
    lines = ["<View>"]
    for c in columns:
        lines.append(f'  <Header value={_attribute(c.name)} size="5"/>')
        lines.append(f'  <{"Text" if c.kind == "text" else "Image"} name="{c.key}" value="${c.key}"/>')
    lines += [
        '  <Header value="Given label" size="5"/>',
        f'  <Text name="{_GIVEN}" value="$given_name"/>',
        f'  <Choices name="{LABEL}" toName="{_GIVEN}" choice="single" required="true">',
    ]
    for alias in (*choices.classes, *choices.answers):
        lines.append(f"    <Choice value={_attribute(choices.shown[alias])} alias={_attribute(alias)}/>")
    lines += [
        "  </Choices>",
        f'  <TextArea name="{COMMENT}" toName="{_GIVEN}" placeholder="Comment" rows="2" maxSubmissions="1"/>',
        "</View>",
    ]
    return "\n".join(lines) + "\n"


def _task(
    task: OpenTask, content: Mapping[str, Any], classes: ClassList, aliases: Mapping[str, str], *, blind: bool
) -> dict[str, Any]:
    said = asked(task, classes)
    names = ("item_id", "question", "given_label", "given_name")
    data = {**{n: said[n] for n in names}, **content}
    if blind:
        return {"data": data}
    data |= {"reasons": " | ".join(said["reasons"])}
    suggested = task.suggested_label
    if suggested is None or suggested not in aliases:
        return {"data": data, "predictions": []}
    result = {
        "id": "suggestion",
        "from_name": LABEL,
        "to_name": _GIVEN,
        "type": "choices",
        "value": {"choices": [aliases[suggested]]},
    }
    prediction: dict[str, Any] = {"model_version": _MODEL, "result": [result]}
    if task.probability is not None:
        prediction["score"] = task.probability
    return {"data": data, "predictions": [prediction]}


def _columns(content: pa.Table | None, files: Collection[str]) -> list[Column]:
    """The content columns with keys that Label Studio takes for names of variables: letters, digits, underscores."""
    found: list[Column] = []
    taken: set[str] = set()
    for name, column in [] if content is None else zip(content.column_names, content.columns, strict=True):
        if name == "item_id":
            continue
        base = key = "content_" + (re.sub("[^A-Za-z0-9_]+", "_", name)[:60] or "_")
        number = 1
        while key in taken:
            number += 1
            key = f"{base}_{number}"
        taken.add(key)
        kind: Kind = "file" if name in files else "address" if _all(_ADDRESS, column) else "text"
        found.append(Column(name, key, kind if _all(_PICTURE, column) else "text"))
    return found


def _all(pattern: re.Pattern[str], column: pa.ChunkedArray) -> bool:
    """Whether there is a value, and all that are not empty are texts of a form."""
    values = [v for v in column.to_pylist() if v]
    return bool(values) and all(isinstance(v, str) and pattern.search(v) for v in values)


def _value(value: Any, column: Column, files_at: str) -> Any:
    if column.kind == "file":
        return f"{files_at}{value}" if value else ""
    plain = plain_value(value)
    # what is shown by a tag for text must be text
    return plain if isinstance(plain, str) else "" if plain is None else json.dumps(plain, ensure_ascii=False)


def _attribute(text: str) -> str:
    """Text as a quoted attribute: without what XML cannot hold, and with no sign of a variable's name."""
    legal = "".join(c if _in_xml(c) else "\ufffd" for c in text)
    escaped = html.escape(legal.replace("$", "\uff04"))
    # a reader of XML takes these for blanks where they stand in an attribute as they are
    return f'"{escaped}"'.replace("\t", "&#9;").replace("\n", "&#10;").replace("\r", "&#13;")


def _in_xml(char: str) -> bool:
    code = ord(char)
    return char in "\t\n\r" or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000
