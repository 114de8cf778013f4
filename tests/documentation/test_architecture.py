"""The map names every room of the library."""

from __future__ import annotations

import re

import pytest

from tests.documentation.pages import REPOSITORY, text_of

AUDITS = REPOSITORY / "audits"
TABLES = text_of("docs/architecture.md").split("### The rooms of `audits/`")[1].split("\n## ")[0]
OF_AUDITS, OF_WEB = TABLES.split("The rooms of `audits/web/`")


def _named(table: str) -> set[str]:
    return {name.rstrip("/") for name in re.findall(r"`([a-z_]+(?:\.py|/))`", table)}


@pytest.mark.parametrize(("table", "folder"), [(OF_AUDITS, AUDITS), (OF_WEB, AUDITS / "web")])
def test_every_file_and_folder_of_the_library_is_on_the_map(table, folder):
    top = [p for p in folder.iterdir() if not p.name.startswith("_")]
    there = {p.name for p in top if p.suffix == ".py" or (p / "__init__.py").exists()}
    assert there
    assert there <= _named(table), "rooms that the map lacks"


def test_the_map_has_no_room_that_is_no_more():
    everywhere = {p.name for p in AUDITS.rglob("*") if p.is_dir() or p.suffix == ".py"}
    assert _named(TABLES) <= everywhere


def test_what_is_named_by_its_path_is_there():
    paths = re.findall(r"`([a-z_]+/[a-z_/]+(?:\.py|/))`", TABLES)
    assert len(paths) > 10
    assert not [
        p for p in paths if not any((base / p).exists() for base in (AUDITS, AUDITS.parent, AUDITS / "web"))
    ]
