"""YAML as plain values, strictly and within limits: hostile text is refused, in words, before it costs much."""

from __future__ import annotations

import errno
import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from audits.errors import PathError, YamlError, plain

#: Largest file of settings or classes that is read, in bytes.
LARGEST = 4 << 20

#: How many values a file may come to with all its aliases written out. A few lines can come to billions.
MOST_VALUES = 1_000_000

#: How deep values may be nested; the parser works by recursion.
DEEPEST = 50

#: Longest whole number, in digits: more than any id that is a number has.
MOST_DIGITS = 100

#: Byte order marks of what is not UTF-8, the longer ones first.
_MARKS = (
    (b"\xff\xfe\0\0", "UTF-32"),
    (b"\0\0\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)


class _UniqueKeyLoader(yaml.SafeLoader):
    """A safe loader that refuses a repeated key, which YAML would let pass with the last one winning.

    A whole number that YAML 1.1 would take for octal (010) or base 60 (1:30), or that has signs other than its
    digits, is the text that it is: a class id must not become another one. Half of a surrogate pair, which
    an escape can make and no file can hold, is refused.
    """

    _depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        self._depth += 1
        if self._depth > DEEPEST:
            # the node above is not finished, but knows where it began
            line = 1 if parent is None else _line(parent)
            raise YamlError(f"line {line}: values are nested more than {DEEPEST} deep")
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def construct_scalar(self, node: yaml.ScalarNode | yaml.MappingNode) -> Any:  # as the library types it
        value = super().construct_scalar(node)
        if isinstance(value, str) and any("\ud800" <= c <= "\udfff" for c in value):
            raise YamlError(f"line {_line(node)}: {value!r} is no valid text")
        return value

    def construct_yaml_int(self, node: yaml.ScalarNode) -> int:
        if len(str(node.value)) > MOST_DIGITS:
            digits = f"{len(node.value):,} digits; at most {MOST_DIGITS} are read"
            raise YamlError(f"line {_line(node)}: a number of {digits}")
        return int(super().construct_yaml_int(node))


_UniqueKeyLoader.add_constructor("tag:yaml.org,2002:int", _UniqueKeyLoader.construct_yaml_int)
_UniqueKeyLoader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag not in ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
# numbers with a point or an exponent, .inf and .nan; not base 60 (1:30.5)
_UniqueKeyLoader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(
        r"(?:(?:[-+]?[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+][0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"
    ),
    list("-+0123456789."),
)
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
            raise YamlError(f"line {_line(key_node)}: a key is a {type(key).__name__}")
        if key in seen:
            raise YamlError(f"line {_line(key_node)}: the key {key!r} is given twice")
        seen.add(key)
    loader.flatten_mapping(node)
    return loader.construct_mapping(node, deep=True)


_UniqueKeyLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _construct_mapping)


def read_text(path: Path) -> str:
    """Text of a file of settings, in UTF-8, with or without a byte order mark.

    Raises
    ------
    YamlError
        When it cannot be read, is larger than `LARGEST`, or is not UTF-8.
    PathError
        When it is a link that leads in a circle.
    """
    try:
        if path.exists() and not path.is_file():  # a named pipe would be waited for without end
            raise YamlError(
                f"{path}: cannot be read: is {'a folder' if path.is_dir() else 'no regular file'}"
            )
        with path.open("rb") as f:
            data = f.read(LARGEST + 1)
    except OSError as e:
        if e.errno == errno.ELOOP:
            raise PathError(f"{path}: the link leads in a circle") from e
        raise YamlError(f"{path}: cannot be read: {e.strerror or e}") from e
    if len(data) > LARGEST:
        raise YamlError(f"{path}: is larger than {LARGEST >> 20} MB; expected a file of settings or classes")
    for mark, name in _MARKS:
        if data.startswith(mark):
            raise YamlError(f"{path}: is text in {name}; expected UTF-8")
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as e:
        line = data.count(b"\n", 0, e.start) + 1
        raise YamlError(f"{path}: line {line}: byte 0x{data[e.start]:02x} is not UTF-8") from e


def parse_yaml(path: Path, text: str) -> object:
    """Values of a text of one YAML document; `path` is named in messages. Raises YamlError."""
    loader = None
    try:
        loader = _UniqueKeyLoader(text)  # a subclass of SafeLoader: builds plain values only
        node = loader.get_single_node()
        if node is None:
            return None
        _refuse_bomb(node)
        value: object = loader.construct_document(node)
        return value
    except YamlError as e:
        raise YamlError(f"{path}: {e}") from e
    except yaml.reader.ReaderError as e:
        line = text.count("\n", 0, e.position) + 1
        raise YamlError(
            f"{path}: line {line}: holds the character #x{int(e.character):04x}, which YAML forbids"
        ) from e
    except yaml.YAMLError as e:
        raise YamlError(f"{path}: is not valid YAML: {_words(e)}") from e
    except RecursionError as e:
        raise YamlError(f"{path}: is not valid YAML: values are nested too deeply") from e
    except (ValueError, LookupError, AttributeError) as e:
        # PyYAML lets a date without such a day, or `!!int x`, fail as Python does
        raise YamlError(f"{path}: is not valid YAML: {e}") from e
    finally:
        if loader is not None:
            loader.dispose()


def _refuse_bomb(root: yaml.Node) -> None:
    """Refuse aliases that stand for too many values, or for a value that they are in."""
    sizes: dict[int, int] = {}
    under_way: set[int] = set()

    def size(node: yaml.Node) -> int:
        key = id(node)
        if key in under_way:
            raise YamlError(f"line {_line(node)}: a value holds itself through an alias")
        if key not in sizes:
            under_way.add(key)
            sizes[key] = 1 + sum(size(p) for p in _parts(node))
            under_way.discard(key)
            if sizes[key] > MOST_VALUES:
                raise YamlError(f"line {_line(node)}: aliases stand for more than {MOST_VALUES:,} values")
        return sizes[key]

    size(root)


def _parts(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _words(error: yaml.YAMLError) -> str:
    """What the parser says, on one line, the place first."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark, begun = error.problem_mark, error.context_mark
        since = f" begun in line {begun.line + 1}" if begun is not None and begun.line < mark.line else ""
        context = f"{error.context}{since}, " if error.context else ""
        return f"line {mark.line + 1}, column {mark.column + 1}: {context}{plain(error.problem)}"
    return " ".join(str(error).split())
