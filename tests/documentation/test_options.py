"""Every command, option and key says what it does, in the program and in the reference pages."""

from __future__ import annotations

import re

import pytest
import typer
from pydantic import BaseModel
from reference.commands import walk

from tests.documentation.pages import text_of


def _commands():
    from pipelines.cli import app

    root = typer.main.get_command(app)
    return [("labelaudit", root), *walk(root, "labelaudit")]


@pytest.mark.parametrize(("name", "command"), _commands(), ids=lambda v: v if isinstance(v, str) else "")
def test_every_command_and_option_is_documented(name, command):
    page = text_of("docs/commands.md")
    heading = "labelaudit [OPTIONS] COMMAND" if name == "labelaudit" else name
    section = re.search(rf"^## {re.escape(heading)}( |$).*?(?=^## |\Z)", page, re.M | re.S)
    assert section, f"{name} is not in commands.md"
    assert (command.help or "").strip(), f"{name} has no help"
    for p in command.params:
        if p.name == "help":
            continue
        assert (p.help or "").strip(), f"{name}: {p.name} has no help"
        for option in p.opts if p.param_type_name == "option" else ():
            assert f"`{option}" in section[0], f"{name} {option} is not in commands.md"


def _models() -> list[type[BaseModel]]:
    from reference.configuration import models_in

    from audits.config import DatasetConfig
    from audits.workspace_config import WorkspaceConfig

    found: list[type[BaseModel]] = [DatasetConfig, WorkspaceConfig]
    for model in found:  # grows while it is walked
        inner = [m for f in model.model_fields.values() for m in models_in(f.annotation)]
        found += [m for m in inner if m not in found]
    return found


@pytest.mark.parametrize("model", _models(), ids=lambda m: m.__name__)
def test_every_key_is_documented(model):
    assert model.__doc__
    pages = text_of("docs/configuration.md") + text_of("docs/workspace.md")
    for name, field in model.model_fields.items():
        assert (field.description or "").rstrip().endswith("."), f"{model.__name__}.{name} has no description"
        assert f"| `{name}` |" in pages
        assert field.description in pages
