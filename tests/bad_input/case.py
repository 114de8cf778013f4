"""One kind of bad input: how it is made, and what labelaudit says of it. A page of the docs is made of these."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

#: Stands in a message for words that are a library's or the system's own, or that differ by machine.
ANY = "{any}"

#: Stands in a message, or in a word of a command, for the folder of the workspace.
ROOT = "{root}"

#: The rooms that bad input comes in by, in the order of the page.
WHERE = (
    "YAML",
    "items",
    "outputs",
    "annotations",
    "features",
    "verdict files",
    "patches",
    "imports",
    "command line",
    "workspace",
)

#: Run by the one test over the table, in its own process.
TABLE = "test_bad_input.py"

#: What `run` says last, where one dataset of one failed.
_CLOSING = r"\nlabelaudit: error: 1 of 1 datasets failed; tables of earlier runs stay in force"

#: What `run` says first: the dataset and the step.
_STEP = r"(?:zoo: [a-z_:]+: )?"


@dataclass(frozen=True)
class Case:
    """One kind of bad input.

    Attributes
    ----------
    name : str
        Unique, in lower case with hyphens: the name of the test.
    where : str
        Where it comes in: one of `WHERE`. The sections of the page.
    what : str
        What is wrong, in a few words: a cell of the page.
    spoil : callable
        Takes the good workspace (the `zoo` of the tests, run once, with verdicts) and spoils it.
    code : str
        Code of the kind of error (`audits.errors`).
    message : str
        All of standard error after `labelaudit: error[CODE]: `, with `{root}` and `{any}` in it. Progress is
        left out. Of `run` also the dataset and step in front of it, and the closing line, may be left out.
    command : tuple of str
        What is called then; `{root}` in it is the folder of the workspace.
    exit_status : int
    run_by : str
        The test file of this folder that runs it. Another than that of the table for what needs a process,
        a file system or a user of its own.
    """

    name: str
    where: str
    what: str
    spoil: Callable[[Any], None]
    code: str
    message: str
    command: tuple[str, ...] = field(default=("run", "zoo"))
    exit_status: int = 2
    run_by: str = TABLE

    def pattern(self, root: str) -> re.Pattern[str]:
        """The message as a regular expression, for a workspace in a folder."""
        return re.compile(_pattern(self.message, root), re.DOTALL)

    def stderr(self, root: str) -> re.Pattern[str]:
        """All of standard error but progress as a regular expression, for a workspace in a folder."""
        before, after = (_STEP, f"(?:{_CLOSING})?") if self.command[0] == "run" else ("", "")
        told = rf"labelaudit: error\[{re.escape(self.code)}\]: "
        return re.compile(f"{told}{before}{_pattern(self.message, root)}{after}\n", re.DOTALL)


@dataclass(frozen=True)
class Accepted:
    """What looks odd but is read as it is meant.

    Attributes
    ----------
    name : str
        Unique, in lower case with hyphens: the name of the test.
    where : str
        One of `WHERE`.
    what : str
        What it is, in a few words: a cell of the page.
    meant : str
        How it is read: a cell of the page.
    change : callable
        Takes the good workspace, changes it, and returns what must come out: the item ids and the given labels
        as class ids, in order; None where they stay.
    """

    name: str
    where: str
    what: str
    meant: str
    change: Callable[[Any], tuple[list[str], list[str]] | None]


def _pattern(message: str, root: str) -> str:
    text = re.escape(message).replace(re.escape(ROOT), re.escape(root))
    return text.replace(re.escape(ANY), ".*?")
