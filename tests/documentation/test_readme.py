"""The README can be followed, and what it names exists."""

from __future__ import annotations

import re

from tests.documentation.pages import fences, text_of
from tests.documentation.running import follow


def test_the_readme_can_be_followed(tmp_path):
    assert {b.kind for b in fences("README.md")} == {"bash", "python", "mermaid"}
    done = follow("README.md", tmp_path)
    assert done.returncode == 0, done.stderr
    # the three planted errors are found, corrected, and nothing else is changed
    before = (tmp_path / "items.csv").read_text().splitlines()
    after = (tmp_path / "items-cleaned.csv").read_text().replace('"', "").splitlines()
    changed = [
        a.split(",")[:2] for a, b in zip(after, before, strict=True) if a.split(",")[1] != b.split(",")[1]
    ]
    assert changed == [["wine-3", "barolo"], ["wine-70", "grignolino"], ["wine-150", "barbera"]]
    assert "3 relabelled, 0 left out, 0 pending" in done.stdout


def test_every_environment_variable_and_option_the_readme_names_exists():
    text = text_of("README.md")
    commands = text_of("docs/commands.md")
    assert set(re.findall(r"LABELAUDIT_[A-Z]+", text)) == {"LABELAUDIT_WORKSPACE"}
    options = set(re.findall(r"`[^`]*?(--[a-z-]+)", text)) - {"--workspace"}
    assert options
    assert not [o for o in options if o not in commands]


def test_it_stays_short():
    assert len(text_of("README.md").splitlines()) <= 245
