"""Every code block of every page is run, or held against the program; a kind nobody checks fails."""

from __future__ import annotations

import json
import re
import shlex
from typing import Any

import pytest
import typer
import yaml
from typer.exceptions import TyperException

from tests.documentation.pages import PAGES, REPOSITORY, Block, fences, indented, inline
from tests.documentation.running import follow

#: Pages whose bash and python blocks a test of their own runs.
ELSEWHERE = {"README.md": "test_readme.py", "CONTRIBUTING.md": "test_contributing.py"}

FENCES = [b for page in PAGES for b in fences(page)]
RUN_HERE = sorted({b.page for b in FENCES if b.kind in ("bash", "python")} - set(ELSEWHERE))


@pytest.fixture(scope="module")
def root():
    from pipelines.cli import app

    return typer.main.get_command(app)


def _descend(root: Any, words: list[str]) -> tuple[Any, list[str], str]:
    """The command that words call, what it is called with, and its name."""
    command, named = root, "labelaudit"
    while isinstance(getattr(command, "commands", None), dict):
        while words and words[0].startswith("-"):  # options of the group
            takes_value = not any(words[0] in p.opts and p.is_flag for p in command.params if p.opts)
            assert any(words[0].split("=")[0] in p.opts for p in command.params), f"{named} has no {words[0]}"
            words = words[2 if takes_value else 1 :]
        if not words or words[0].isupper():
            break
        assert words[0] in command.commands, f"{named} has no command {words[0]!r}"
        command, named, words = command.commands[words[0]], f"{named} {words[0]}", words[1:]
    return command, words, named


def _parse(root: Any, line: str) -> None:
    """Refuse a line that the command would refuse: an unknown command, option, value, or a missing argument."""
    command, words, named = _descend(root, shlex.split(line, comments=True)[1:])
    try:
        command.make_context(named, words)
    except TyperException as e:
        raise AssertionError(f"{line}: {e}") from e


def _command_lines(text: str) -> list[str]:
    joined = re.sub(r"\\\n\s*", " ", text)
    return [line.strip() for line in joined.splitlines() if re.match(r"\s*labelaudit\b", line)]


def check_bash(block: Block, root: Any) -> None:
    for line in _command_lines(block.text):
        _parse(root, line)


def check_python(block: Block, root: Any) -> None:
    compile(block.text, str(block), "exec")


def check_yaml(block: Block, root: Any) -> None:
    from audits.config import DatasetConfig
    from audits.workspace_config import WorkspaceConfig

    read = yaml.safe_load(block.text)
    if read.keys() <= WorkspaceConfig.model_fields.keys():
        WorkspaceConfig.model_validate(read)
        return
    # a part of a dataset's file stands in for the whole; the models that it names are made up
    models = [
        {"name": name, "out_of_sample": True, "outputs": {"kind": "labels", "path": "a.csv"}}
        for name in read.get("gates", {}).get("keep_rank", [])
    ]
    DatasetConfig.model_validate({"items": {"path": "a.csv"}, "models": models, **read})


def check_json(block: Block, root: Any) -> None:
    json.loads(block.text)


def check_text(block: Block, root: Any) -> None:
    # what the program prints: calls belong into blocks of bash, where they are checked
    assert not _command_lines(re.sub(r"^labelaudit:", "", block.text, flags=re.M))


def check_mermaid(block: Block, root: Any) -> None:
    from reference.mermaid import svg

    svg(block.text)


def check_diff(block: Block, root: Any) -> None:
    assert block.page in ELSEWHERE, "applied to a copy of the repository by a test of their own"


CHECKS = {
    "bash": check_bash,
    "python": check_python,
    "yaml": check_yaml,
    "json": check_json,
    "text": check_text,
    "mermaid": check_mermaid,
    "diff": check_diff,
    # the site's own: the strict build fails on one that leads nowhere
    "{include}": lambda block, root: None,
    "{toctree}": lambda block, root: None,
}


@pytest.mark.parametrize("block", FENCES, ids=str)
def test_every_block_is_checked(block, root):
    assert block.kind in CHECKS, f"{block}: nobody checks blocks of the kind {block.kind!r}"
    CHECKS[block.kind](block, root)


@pytest.mark.parametrize("block", [b for page in PAGES for b in indented(page)], ids=str)
def test_commands_in_indented_blocks_exist(block, root):
    targets = re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(encoding="utf-8"), re.M)
    for line in _command_lines(block.text):
        _parse(root, line)
    for target in re.findall(r"^make ([a-z-]+)", block.text, re.M):
        assert target in targets, block


# the log tells of what was once; the calls of bad-input.md are wrong on purpose, and run by tests/bad_input
@pytest.mark.parametrize("page", sorted(PAGES.keys() - {"CHANGELOG.md", "docs/bad-input.md"}))
def test_commands_and_options_named_in_a_sentence_exist(page, root):
    for words in (shlex.split(code) for code in inline(page) if re.match(r"labelaudit( |$)", code)):
        if any(re.search(r"[|\[\]:]", w) for w in words):
            continue  # patterns such as export|import or error[CODE]
        command, rest, named = _descend(root, words[1:])
        known = {o for p in command.params for o in [*p.opts, *p.secondary_opts]} | {"--help"}
        unknown = [w for w in rest if w.startswith("-") and w not in known]
        assert not unknown, f"{page}: {named} has no {unknown}"


@pytest.mark.parametrize("page", RUN_HERE)
def test_pages_can_be_followed(page, tmp_path):
    done = follow(page, tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "line",
    [
        "labelaudit rum wine",
        "labelaudit run wine --fast",
        "labelaudit verdicts export",
        "labelaudit findings a --limit x",
    ],
)
def test_what_the_program_does_not_know_is_found(root, line):
    with pytest.raises(AssertionError):
        _parse(root, line)


def test_yaml_that_the_models_refuse_is_found(root):
    with pytest.raises(ValueError, match="gatez"):
        check_yaml(Block("a page", 1, "yaml", "gatez: {max_flag_rate: 0.1}\nreview: {budget: 1}\n"), root)
