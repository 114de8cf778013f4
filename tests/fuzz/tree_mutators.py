"""Mutations of trees of values: YAML, JSON and the lines of JSONL."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

import yaml

from tests.fuzz.byte_mutators import LARGEST
from tests.fuzz.tokens import CELLS, PATHS, VALUES, YAML_LINES


def yaml_tree(data: bytes, rng: Random) -> bytes:
    """Change a few places of a YAML document."""
    tree = yaml.safe_load(data)
    for _ in range(rng.choice([1, 1, 1, 2, 5])):
        tree = change(tree, rng)
    return yaml.safe_dump(tree, sort_keys=False, allow_unicode=rng.random() < 0.5).encode(
        "utf-8", "surrogatepass"
    )


def yaml_lines(data: bytes, rng: Random) -> bytes:
    """Put lines into a YAML document that mean more than they seem to, or change one of its lines."""
    parts = data.split(b"\n")
    at = rng.randrange(len(parts))
    how = rng.randrange(4)
    if how == 0:
        parts.insert(at, rng.choice(YAML_LINES).encode())
    elif how == 1:
        parts[at] = b" " * rng.randrange(5) + parts[at].lstrip()
    elif how == 2:
        key, sign, _ = parts[at].partition(b":")
        parts[at] = key + sign + b" " + rng.choice([*CELLS, *PATHS]).encode("utf-8", "surrogatepass")
    else:
        key, sign, value = parts[at].partition(b":")
        parts[at] = key[: rng.randrange(len(key) + 1)] + b"x" + sign + value
    return b"\n".join(parts)


def json_tree(data: bytes, rng: Random) -> bytes:
    """Change a few places of a JSON document."""
    tree = json.loads(data)
    for _ in range(rng.choice([1, 1, 2, 5])):
        tree = change(tree, rng)
    return json.dumps(tree, ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")


def json_rows(data: bytes, rng: Random) -> bytes:
    """Change objects of a JSONL file, or all of them alike."""
    rows = [json.loads(line) for line in data.decode().split("\n") if line.strip()]
    how = rng.randrange(6)
    if how == 0 and rows:
        key = rng.choice(list(rows[0]))
        for row in rows:
            row.pop(key, None)
    elif how == 1 and rows:
        old, new = rng.choice(list(rows[0])), rng.choice(["x", "item_id", "label", "", "a.b", "question"])
        rows = [{(new if k == old else k): v for k, v in row.items()} for row in rows]
    elif how == 2 and rows:
        key, value = rng.choice(list(rows[0])), rng.choice(VALUES)
        for row in rows:
            row[key] = value
    elif how == 3 and rows:
        rows.insert(rng.randrange(len(rows) + 1), rng.choice(rows))
    else:
        for _ in range(rng.choice([1, 2, 8])):
            at = rng.randrange(len(rows)) if rows else 0
            rows[at : at + 1] = [change(rows[at], rng) if rows else rng.choice(VALUES)]
    text = "\n".join(json.dumps(row, ensure_ascii=rng.random() < 0.5) for row in rows)
    if rng.random() < 0.1:
        text = text.replace('"item_id":', '"item_id": "x", "item_id":', 1)  # a key given twice
    return text.encode("utf-8", "surrogatepass")[:LARGEST]


def change(tree: Any, rng: Random) -> Any:
    """One place of a tree changed: a value replaced, taken out, written twice, moved or wrapped, a key renamed."""
    places = list(_places(tree))
    if not places or rng.random() < 0.02:
        return rng.choice(VALUES)
    holder, key = rng.choice(places)
    how = rng.randrange(7)
    if how <= 1:
        holder[key] = rng.choice(VALUES)
    elif how == 2:
        del holder[key]
    elif how == 3 and isinstance(holder, dict):
        renamed = {(_other_key(k, rng) if k == key else k): v for k, v in holder.items()}
        holder.clear()
        holder.update(renamed)
    elif how == 3:
        holder.insert(key, holder[key])
    elif how == 4:
        other, its = rng.choice(places)
        if other is not holder[key] and its in (other if isinstance(other, dict) else range(len(other))):
            holder[key] = json.loads(json.dumps(other[its], default=str))  # a copy: a tree must stay one
    elif how == 5:
        holder[key] = [holder[key]] * rng.choice([1, 2, 3])
    else:
        holder[key] = {str(key): holder[key]}
    return tree


def _places(tree: Any) -> list[tuple[Any, Any]]:
    found, waiting = [], [tree]
    for node in waiting:  # grows while it is walked
        keys = list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else []
        for key in keys:
            found.append((node, key))
            waiting.append(node[key])
    return found


def _other_key(key: object, rng: Random) -> Any:
    text = str(key)
    return rng.choice(
        [text + "s", text[:-1], text.upper(), f" {text}", "", "x", rng.choice(CELLS)[:50], text[::-1]]
    )


#: What can be done to files by their ending, by name.
TREES: dict[str, dict[str, Callable[[bytes, Random], bytes]]] = {
    ".yaml": {"yaml_tree": yaml_tree, "yaml_lines": yaml_lines},
    ".json": {"json_tree": json_tree},
    ".jsonl": {"json_rows": json_rows},
}
