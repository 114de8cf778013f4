"""What is true of every call, whatever it was given."""
# ruff: noqa: S608  the names are those of tables of our own

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from audits.disk import fingerprint_folder
from audits.stages.graph import STAGES
from tests.fuzz.child import Ended
from tests.fuzz.commands import Call

#: The most that a refusal may say, in bytes.
MOST_WORDS = 20_000

_CODE = re.compile(r"^labelaudit: error\[([a-z-]+)\]", re.MULTILINE)
_STEP = re.compile(r"^labelaudit: error\[[a-z-]+\]: \w+: (\w+):", re.MULTILINE)
_WARNING = re.compile(r"^.*\b[A-Z][A-Za-z]*Warning: .*$", re.MULTILINE)

#: Stages that run when the new tables are in force already: what they refuse takes nothing back.
_BEHIND = list(STAGES)[list(STAGES).index("published") + 1 :]


@dataclass(frozen=True)
class Before:
    """What was there before a call.

    Attributes
    ----------
    inputs : dict of str to str
        The files that people put there: what they are, by path.
    pointers : dict of str to str
        The tables in force, as text, by dataset.
    tables : dict of str to str
        The hash of every version that is in force, by path.
    rows : dict of str to str
        Hash of the rows of each table of the review store.
    """

    inputs: dict[str, str]
    pointers: dict[str, str]
    tables: dict[str, str]
    rows: dict[str, str]


def look(case: Path) -> Before:
    """Look at the folder of a case: nothing of it is changed, and nothing that waits is opened."""
    pointers, tables = {}, {}
    for path in sorted(case.glob("ws/state/tables/*/current.json")):
        if path.is_file():
            pointers[path.parent.name] = path.read_text(errors="replace")
            tables |= _in_force(path)
    inputs = {}
    for top in ("ws/datasets", "files"):
        inputs |= {str(p.relative_to(case)): _what(p) for p in (case / top).rglob("*")}
    inputs["ws/labelaudit.yaml"] = _what(case / "ws" / "labelaudit.yaml")
    return Before(inputs, pointers, tables, _rows(case / "ws" / "state" / "review.sqlite"))


def faults(call: Call, ended: Ended, before: Before, case: Path, *, state_spoiled: bool) -> list[str]:
    """What is wrong with how a call ended, in a few words each; nothing when all is well.

    Parameters
    ----------
    call : Call
    ended : Ended
        How its process ended.
    before : Before
        What `look` saw before it.
    case : Path
        The folder of the case, as the call left it.
    state_spoiled : bool
        Whether labelaudit's own files were changed: then status 1 is right, and what they hold is not compared.
    """
    found = list(_spoken(call, ended, state_spoiled))
    left = [str(p.relative_to(case)) for p in _leftovers(case)]
    if left and ended.killed is None:
        found.append(f"left behind: {', '.join(left[:3])}")
    after = look(case)
    changed = [p for p in before.inputs if after.inputs.get(p) != before.inputs[p]]
    if changed:
        found.append(f"changed what it was given: {', '.join(changed[:3])}")
    if ended.status not in (0, 3):
        there = [p for p in call.makes if (case / p).exists() and not _is_empty_store(case / p)]
        found += [f"partial state: {p} is there" for p in there]
        # SQLite leaves its log beside a database that is damaged
        known = {*before.inputs, *call.makes, *(p for p in after.inputs if p.endswith(("-wal", "-shm")))}
        new = [p for p in after.inputs if p not in known]
        if new:
            found.append(f"partial state: {', '.join(new[:3])} is there")
    if not state_spoiled:
        found += _state_faults(call, ended, before, after)
    return found


def codes(ended: Ended) -> list[str]:
    """Codes of the kinds of errors that were told, sorted, each once."""
    return sorted(set(_CODE.findall(ended.err.decode(errors="replace"))))


def _spoken(call: Call, ended: Ended, state_spoiled: bool) -> Iterator[str]:
    err = ended.err.decode("utf-8", "replace")
    if ended.killed is not None:
        yield f"killed: {ended.killed}"
        return
    if "Traceback (most recent call last)" in err + ended.out.decode("utf-8", "replace"):
        yield "a traceback"
    if ended.status not in (0, 1, 2, 3):
        yield f"status {ended.status}"
    if ended.status == 1 and not state_spoiled and not call.reports:
        yield "status 1, but what came in was wrong"
    if ended.status not in (0, None) and not call.reports and not re.search(r"(?im)^.*error.*\S", err):
        yield "no word of what is wrong"
    if len(ended.err) > MOST_WORDS:
        yield f"{len(ended.err) / 1e3:.0f} kB of words"
    shown = err + ("" if "--json" in call.words else ended.out.decode("utf-8", "replace"))
    if odd := sorted({c for c in shown if not c.isprintable() and c != "\n"}):
        yield f"signs that steer a terminal: {odd[:5]!r}"
    if warning := _WARNING.search(err):
        yield f"a warning of Python's: {warning[0][:100]}"


def _state_faults(call: Call, ended: Ended, before: Before, after: Before) -> Iterator[str]:
    refused = ended.status not in (0, 3)
    steps = set(_STEP.findall(ended.err.decode(errors="replace")))
    behind = bool(steps) and steps <= set(_BEHIND)
    may_run = call.runs and (not refused or behind)
    if not may_run and after.pointers != before.pointers:
        yield "partial state: other tables are in force"
    if odd := [p for p, version in after.tables.items() if version != Path(p).name]:
        yield f"partial state: {odd[0]} is in force and not what its name says"
    said = ("verdict", "withdrawal")
    importing = call.command in ("verdicts import", "import label-errors")
    for table, rows in before.rows.items():
        writes = (importing or (call.runs and table not in said)) and not refused
        if after.rows.get(table) != rows and not writes and not (may_run and table not in said):
            yield f"partial state: rows of {table!r} in the review store"


def _in_force(path: Path) -> dict[str, str]:
    found = {}
    with contextlib.suppress(ValueError, LookupError, TypeError, AttributeError):
        refs = json.loads(path.read_text())
        for name, ref in refs.items():
            for table, version in {**ref["inputs"], name: ref["version"]}.items():
                folder = path.parent / table / version
                found[str(folder)] = fingerprint_folder(folder) if folder.is_dir() else "missing"
    return found


def _what(path: Path) -> str:
    if path.is_symlink():
        return f"link to {path.readlink()}"
    if path.is_file():
        return hashlib.blake2b(path.read_bytes()).hexdigest()
    return "folder" if path.is_dir() else "something else" if path.exists() else "nothing"


def _rows(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    with contextlib.closing(sqlite3.connect(path)) as connection, contextlib.suppress(sqlite3.Error):
        tables = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        ).fetchall()
        return {
            t: hashlib.blake2b(
                repr(connection.execute(f'SELECT * FROM "{t}"').fetchall()).encode("utf-8", "replace")
            ).hexdigest()
            for (t,) in tables
        }
    return {}


def _is_empty_store(path: Path) -> bool:
    """Whether a file is a database whose tables hold no rows: a copy of a store leaves all of them, or none."""
    if path.suffix != ".sqlite":
        return False
    with contextlib.closing(sqlite3.connect(path)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        own = [t for (t,) in tables if t != "alembic_version"]
        return not any(connection.execute(f'SELECT count(*) FROM "{t}"').fetchone()[0] for t in own)


def _leftovers(case: Path) -> list[Path]:
    hidden = [p for p in case.rglob(".*-*") if "home" not in p.relative_to(case).parts[:1]]
    drafts = list(case.glob("ws/state/tables/*/drafts/*"))
    return [*hidden, *drafts, *(case / "tmp").glob("*")]
