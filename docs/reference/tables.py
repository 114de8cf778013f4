"""tables.md: the canonical tables, from the schemas and the comments that stand above them."""

import re
from pathlib import Path

import pyarrow as pa

_TOP = """\
# The tables inside

Written by `docs/build.py` from `audits/contracts.py`; a test keeps it true.

What is kept in a workspace, and what the functions of `audits` take and give, are Arrow tables with these columns. The
files that go out and come back have columns of their own: [files.md](files.md). A class index is a position in the
class list; it never leaves the program, class ids do.
"""


def tables_page() -> str:
    """Every schema with its comment, columns and types."""
    from audits import contracts

    source = Path(contracts.__file__).read_text(encoding="utf-8")
    parts = [_TOP]
    for comment, name in re.findall(r"((?:^#: .*\n)+)^([A-Z_]+) = pa\.schema", source, re.M):
        words = " ".join(line.removeprefix("#: ") for line in comment.splitlines())
        schema: pa.Schema = getattr(contracts, name)
        rows = [f"| `{f.name}` | {_words(f.type)} |" for f in schema]
        parts.append(
            "\n".join([f"## `{name}`", "", words, "", "| column | type |", "| --- | --- |", *rows, ""])
        )
    return "\n".join(parts).rstrip() + "\n"


def _words(type_: pa.DataType) -> str:
    if pa.types.is_list(type_):
        return f"list of {_words(type_.value_type)}"
    return {"double": "float64"}.get(str(type_), str(type_))
