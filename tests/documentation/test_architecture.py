"""The map names every room of the library."""

from __future__ import annotations

import re

from tests.documentation.pages import REPOSITORY, text_of


def test_every_file_and_folder_of_the_library_is_on_the_map():
    table = text_of("docs/architecture.md").split("### The rooms of `audits/`")[1].split("\n## ")[0]
    named = {name.rstrip("/") for name in re.findall(r"`([a-z_]+(?:\.py|/))`", table)}
    top = [p for p in (REPOSITORY / "audits").iterdir() if not p.name.startswith("_")]
    there = {p.name for p in top if p.suffix == ".py" or (p / "__init__.py").exists()}
    assert there <= named, "rooms that the map lacks"
    everywhere = {p.name for p in (REPOSITORY / "audits").rglob("*") if p.is_dir() or p.suffix == ".py"}
    assert named <= everywhere, "rooms that are no more"
