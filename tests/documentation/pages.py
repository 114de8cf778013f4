"""The pages and the code blocks in them."""

from __future__ import annotations

import importlib.util
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

REPOSITORY = Path(__file__).resolve().parent.parent.parent
DOCS = REPOSITORY / "docs"

#: Every page that people read, by its path in the repository.
PAGES = {
    p.relative_to(REPOSITORY).as_posix(): p
    for p in [
        *(REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
        *sorted(p for p in DOCS.rglob("*.md") if "_build" not in p.parts),
    ]
}


@dataclass(frozen=True)
class Block:
    """A code block: what its fence says it is (empty for an indented block), and the line where it begins."""

    page: str
    line: int
    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def text_of(page: str) -> str:
    return PAGES[page].read_text(encoding="utf-8")


def fences(page: str) -> list[Block]:
    """Fenced blocks, also those within a list."""
    text = text_of(page)
    found = re.finditer(r"^( *)```(\S*)[^\n]*\n(.*?)^\1```$", text, re.M | re.S)
    return [Block(page, text.count("\n", 0, m.start()) + 1, m[2], textwrap.dedent(m[3])) for m in found]


def indented(page: str) -> list[Block]:
    """Blocks that are code by four spaces after an empty line."""
    text = re.sub(r"^( *)```.*?^\1```$", lambda m: "x\n" * m[0].count("\n"), text_of(page), flags=re.M | re.S)
    found = re.finditer(r"(?<=\n\n)(?:    .*\n(?:\n(?=    ))?)+", text)
    blocks = [Block(page, text.count("\n", 0, m.start()) + 1, "", textwrap.dedent(m[0])) for m in found]
    return [b for b in blocks if not re.match(r"[-*] |\d+\. ", b.text)]


def inline(page: str) -> list[str]:
    """What stands in single backticks."""
    text = re.sub(r"^( *)```.*?^\1```$", "", text_of(page), flags=re.M | re.S)
    return [" ".join(m.split()) for m in re.findall(r"`([^`]+)`", text)]


def load(path: Path) -> ModuleType:
    """A script of the repository, as a module."""
    name = f"loaded_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
