"""Write the page of bad input from the cases that the tests run: `build.py` calls it."""

import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent

#: How long a message may be on the page, in characters, before its middle is left out.
_LONGEST = 600

_INTRODUCTION = """\
# Bad input

Written by `docs/build.py` from the cases that `tests/bad_input` runs; a test keeps it true.

Whatever is wrong with a file, a call or the place to work in, labelaudit says so on standard error, in one form:

```text
labelaudit: error[CODE]: MESSAGE
```

The tests hold labelaudit to this for each of the {n} kinds below, and to the message word for word:

- The message says what is wrong and where, and where that applies what was expected, what came, how many, and the
  first few by id, row or line.
- All faults of one file that can be seen at once are told at once, a line each, 50 at most. What only shows once
  a file can be read, such as a sum that is not 1, is told then.
- The code is stable: [errors.md](errors.md) says what each kind means and what to do. A file with faults of
  several kinds is refused with `input`.
- The exit status is 2 where what came in is at fault, or the place to work in (a full disk, a lock).
- The last good state stays: the tables in force, the verdicts and the comparison are the same bytes as before, and
  with the input mended the next call works. Nothing half-written is left.
- No traceback, and nothing in a file is ever executed: YAML is read as plain values, pickles are never loaded.

Limits: an item, annotator or class id has at most 1,000 characters (2,000 bytes in UTF-8) and no NUL; text that a
reviewer reads may be of any length; a file of verdicts, a patch, and what it is applied to have at most 256 MB unless
they are Parquet; a YAML or class file has at most 4 MB, 50 levels and, with its aliases written out, a million values.
`run` adds a line that counts the datasets that failed.

In the messages `WORKSPACE` stands for the folder of the workspace, `…` for words of the system or of a library.
"""


def bad_input_page() -> str:
    """Every kind of bad input, what is called and what labelaudit says of it."""
    if str(_ROOT) not in sys.path:
        sys.path.insert(0, str(_ROOT))  # `python docs/build.py` knows the folder of the script alone
    from tests.bad_input.case import WHERE
    from tests.bad_input.gathered import ACCEPTED, CASES

    lines = [_INTRODUCTION.format(n=len(CASES))]
    for where in WHERE:
        cases = [c for c in CASES if c.where == where]
        if not cases:
            continue
        lines += [f"## {where[0].upper()}{where[1:]}", ""]
        lines += ["| what is wrong | command | code | message |", "| --- | --- | --- | --- |"]
        for c in cases:
            command = _code(f"labelaudit {' '.join(_shown(w) for w in c.command)}")
            lines.append(
                f"| {_cell(c.what)} | {command} | [`{c.code}`](errors.md#{c.code}) | {_message(c.message)} |"
            )
        lines.append("")
    lines += [
        "## What is read as it is meant",
        "",
        "Not everything that looks odd is wrong. This is read, and comes out by id unchanged:",
        "",
        "| where | what | read |",
        "| --- | --- | --- |",
        *(f"| {a.where} | {_cell(a.what)} | {_cell(a.meant)} |" for a in ACCEPTED),
    ]
    return "\n".join(lines) + "\n"


def _shown(text: str) -> str:
    return text.replace("{root}", "WORKSPACE").replace("{any}", "…")


def _message(text: str) -> str:
    """A message as code, its lines under each other."""
    shown = _shown(text)
    if len(shown) > _LONGEST:
        shown = f"{shown[: _LONGEST - 100]} … {shown[-90:]}"
    return "<br>".join(_code(line.strip()) for line in shown.splitlines() if line.strip())


def _code(text: str) -> str:
    # a bar would end the cell; in code within a table it is written with a backslash
    plain = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text).replace(
        "|", "\\|"
    )
    fence = "``" if "`" in plain else "`"
    return f"{fence} {plain} {fence}" if fence == "``" else f"`{plain}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
