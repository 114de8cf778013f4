"""The glossary's words are used, and the words that it rules out are not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer
from reference.commands import walk

from tests.documentation.pages import PAGES, REPOSITORY, text_of

ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in text_of("docs/glossary.md").splitlines()
    if line.startswith("| ") and not line.startswith(("| word", "| ---"))
]
WORDS = [word.strip() for row in ROWS for word in row[0].split(",")]
RULED_OUT = [word.strip() for row in ROWS for word in row[2].strip("| ").split(",") if word.strip()]

#: Phrases in which a word that is ruled out means something else.
PHRASES = (
    "control sample",
    "out of sample",
    "out-of-sample",
    "--in-sample",
    "in sample",
    "Dagster instance",
    "pipelines.instance",
    "instance-dependent",
)

#: Where a word that is ruled out may stand all the same, and why.
ALLOWED = {
    "logits": (
        {"docs/errors.md", "docs/bad-input.md", "docs/configuration.md", "docs/methods.md"},
        "what is given in place of probabilities, and refused; of training dynamics, where they may be",
    ),
    "sample": (
        {"docs/how-it-decides.md", "README.md", "docs/methods.md", "docs/coverage.md"},
        "short for the control sample, or what statistics calls so: the items as one draw of many",
    ),
}


def _help() -> str:
    from pipelines.cli import app

    root = typer.main.get_command(app)
    commands = [root, *(command for _, command in walk(root, "labelaudit"))]
    parameters = [p for c in commands for p in c.params]
    return "\n".join(getattr(part, "help", None) or "" for part in [*commands, *parameters])


def _uses(text: str, word: str) -> bool:
    ending = r"(?:s|es|ies)?"
    stem = word[:-1] if word.endswith("y") else word
    return bool(re.search(rf"\b{re.escape(stem)}(?:y|{ending})\b", text, re.I))


def test_the_table_is_whole():
    assert len(WORDS) >= 25
    assert len(RULED_OUT) >= 15
    assert all(len(row) == 3 and row[1] for row in ROWS)
    assert len(set(WORDS)) == len(WORDS)
    assert not set(WORDS) & set(RULED_OUT)


@pytest.mark.parametrize("word", WORDS)
def test_every_word_is_used(word):
    code = [p.read_text(encoding="utf-8") for p in Path(REPOSITORY / "audits").rglob("*.py")]
    pages = [text_of(page) for page in PAGES if page != "docs/glossary.md"]
    text = re.sub(r"\s+", " ", " ".join([*code, *pages])).replace("_", " ")
    assert _uses(text, word)


def _without_phrases(text: str) -> str:
    text = re.sub(r"\s+", " ", text)
    for phrase in PHRASES:
        text = re.sub(re.escape(phrase), "", text, flags=re.I)
    return text


@pytest.mark.parametrize("word", RULED_OUT)
def test_no_other_word_is_used_in_its_place(word):
    texts = {page: text_of(page) for page in PAGES if page != "docs/glossary.md"} | {"--help": _help()}
    found = {name for name, text in texts.items() if _uses(_without_phrases(text), word)}
    assert not found - ALLOWED.get(word, (set(), ""))[0]


def test_every_exception_is_needed():
    for word, (pages, reason) in ALLOWED.items():
        assert word in RULED_OUT
        assert reason
        assert any(_uses(_without_phrases(text_of(page)), word) for page in pages & PAGES.keys())
    everything = " ".join(re.sub(r"\s+", " ", text_of(page)).lower() for page in PAGES)
    assert not [phrase for phrase in PHRASES if phrase.lower() not in everything]


def test_a_word_in_another_form_is_found():
    assert _uses("two ground truths", "ground truth")
    assert _uses("Categories", "category")
    assert not _uses("the instances", "stance")
