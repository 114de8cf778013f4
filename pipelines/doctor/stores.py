"""Checks of what is kept: the review store, Dagster's records, locks."""

import contextlib
import os
import sqlite3
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path

from audits.errors import AuditError, ConfigError, StoreError, first_few
from audits.locks import is_held, owner_of
from audits.results import ResultStore
from audits.review.backends import where
from audits.review.database import known_revisions, look_at
from audits.review.records import Mark
from audits.review.schema import HEAD
from audits.review.store_loss import lost
from audits.workspace import Workspace
from audits.workspace_config import FILE
from pipelines.doctor.finding import Check, Finding, fault, ok, warn
from pipelines.instance import (
    SETTINGS_MEND,
    InstanceError,
    SettingsError,
    lacking_settings,
    open_instance,
    outdated_storages,
)

_RESTORE = "'labelaudit -w NEW restore FILE', then work in NEW"

#: What SQLite says of a file that is damaged, that it may not open or write, and that another one holds.
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_REFUSED = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH}
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def review_store(workspace: Workspace) -> list[Finding]:
    """Whether the review store can be read, is sound, has the tables of this labelaudit, and was not lost."""
    try:
        url = workspace.store_url
    except ConfigError as e:
        return [
            fault("review store", str(e), f"correct {FILE}, or set the variable for whoever runs labelaudit")
        ]
    try:
        place, look = where(url), look_at(url)
    except StoreError as e:
        return [_not_read(workspace, url, e)]
    if look is None:
        if gone := _losing(workspace, {}):
            is_file = url.startswith("sqlite")
            return [
                _gone(
                    workspace,
                    place,
                    "is empty" if not is_file or Path(place).exists() else "is not there",
                    gone,
                )
            ]
        return [ok("review store", "none yet; the first run makes it")]
    if look.unsound:
        words = f"{place} is damaged: {first_few(look.unsound)}"
        return [fault("review store", words, _RESTORE)]
    if look.revision != HEAD:
        return [_other_revision(url, look.revision)]
    if losing := _losing(workspace, look.marks):
        if gone := [name for name in losing if name not in look.marks]:
            return [_gone(workspace, place, "knows nothing of what was asked", gone)]
        words = f"{place} holds fewer tasks or verdicts than runs found in it, of {first_few(losing)}"
        return [fault("review store", f"{words}; it may be an older one", _back(workspace))]
    found = ok("review store", f"sound, at revision {HEAD}, {look.verdicts} verdicts{_on_a_server(url)}")
    return [found, *_left_behind(workspace, look.marks)]


def _left_behind(workspace: Workspace, marks: Mapping[str, Mark]) -> list[Finding]:
    """What a file from before the store moved to its server holds that the server does not."""
    path = workspace.root / "state" / "review.sqlite"
    if workspace.config.review_store is None or not path.exists():
        return []
    try:
        look = look_at(f"sqlite:///{path}")
    except StoreError as e:
        return [warn("review store", f"{e}, left from before it moved to its server", f"move {path} away")]
    more = [n for n, m in look.marks.items() if m.verdicts > marks.get(n, Mark()).verdicts] if look else []
    words = f"{path} is left from before the store moved to its server"
    if more:
        mend = "export and import what is missing, or begin again with an empty database: 'labelaudit store copy'"
        return [fault("review store", f"{words}, and holds more verdicts, of {first_few(more)}", mend)]
    return [warn("review store", words, f"move it away, with what lies beside it: {path}*")]


def _on_a_server(url: str) -> str:
    return "" if url.startswith("sqlite") else f", at {where(url)}"


def _losing(workspace: Workspace, marks: Mapping[str, Mark]) -> list[str]:
    """Datasets of which the store holds less than runs found in it."""
    tables = workspace.root / "state" / "tables"
    return [
        name
        for name in workspace.dataset_names()
        if lost(ResultStore(tables / name / "results"), marks.get(name, Mark()), name) is not None
    ]


def _back(workspace: Workspace) -> str:
    """What to do about a store that lost something."""
    if workspace.config.review_store is None:
        what = f"put state/review.sqlite back from a backup ({_RESTORE.partition(',')[0]})"
    else:
        what = f"see that {FILE} names the right database, or put it back from a backup"
    return f"{what}; 'labelaudit run NAME --force' goes on with what there is and asks everything that is missing again"


def _gone(workspace: Workspace, place: str, what: str, datasets: list[str]) -> Finding:
    words = f"the review store is gone, its verdicts with it: {place} {what}; asked for {first_few(datasets)}"
    return fault("review store", words, _back(workspace))


def _not_read(workspace: Workspace, url: str, error: StoreError) -> Finding:
    words = str(error).removeprefix("review store ")
    said = getattr(error.__cause__, "orig", None)
    if not isinstance(said, sqlite3.Error):
        if url.startswith("sqlite"):  # other tables, a folder that is not there
            return fault("review store", words, _back(workspace))
        return fault(
            "review store",
            words,
            "see that the server answers and the URL is right; 'labelaudit store check'",
        )
    code = getattr(said, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF  # the rest tells variants apart
    if code in _DAMAGED:
        return fault("review store", words, _RESTORE)
    if code in _REFUSED:  # the store itself is sound, for all that is known
        return fault("review store", words, f"let this user write in {Path(where(url)).parent}")
    if code in _BUSY:
        return warn("review store", words, "ask again in a minute; who holds what is under 'holders'")
    mend = f"see that the disk can be read; is the file no review store: {_back(workspace)}"
    return fault("review store", words, mend)


def _other_revision(url: str, found: str | None) -> Finding:
    place = where(url)
    if found in known_revisions():
        words = f"{place} is at revision {found}, older than {HEAD}"
        if url.startswith("sqlite"):
            mend = "back it up; the next command that opens it brings it to the newest"
            return warn("review store", words, mend)
        return fault(
            "review store",
            words,
            "back it up with the server's own tools; when everybody has upgraded: 'labelaudit store migrate'",
        )
    words = f"{place} is at revision {found}, which this labelaudit (at {HEAD}) does not know"
    return fault("review store", words, "pip install --upgrade labelaudit")


def needs_instance(name: str) -> Callable[[Check], Check]:
    """A check that asks Dagster's instance, and does not repeat what other checks say is wrong with it.

    Parameters
    ----------
    name : str
        The check.
    """

    def wrap(check: Check) -> Check:
        @wraps(check)
        def asked(workspace: Workspace) -> list[Finding]:
            try:
                return check(workspace)
            except SettingsError:
                words = "not looked at: dagster.yaml is not sound"
                return [warn(name, words, "mend dagster.yaml first")]
            except InstanceError:
                words = "not looked at: Dagster's records do not open"
                return [warn(name, words, "mend Dagster's records first")]

        return asked

    return wrap


def dagster_records(workspace: Workspace) -> list[Finding]:
    """Whether Dagster's records open and have the tables of the installed Dagster."""
    name = "Dagster's records"
    if not has_instance(workspace):
        return [ok(name, "none yet; the first run makes them")]
    try:
        with open_instance(workspace) as instance:
            outdated = outdated_storages(instance)
            runs = instance.get_runs_count()
    except SettingsError:
        return [warn(name, "not looked at: dagster.yaml is not sound", "mend dagster.yaml first")]
    except AuditError as e:
        return [fault(name, str(e), _records_mend(workspace))]
    if outdated:
        words = f"the tables of {', '.join(outdated)} are of an older Dagster"
        return [fault(name, words, "start 'labelaudit up', which brings them to the newest")]
    return [ok(name, f"open, {runs} runs")]


def _records_mend(workspace: Workspace) -> str:
    home = workspace.root / "state" / "dagster"
    if not all(os.access(p, os.W_OK) for p in (home, *home.glob("**/*.db"))):
        return f"let this user write in {home}"
    return f"{_RESTORE}; or move {home} away: tables and verdicts stay, and the next run begins a new record of runs"


def dagster_settings(workspace: Workspace) -> list[Finding]:
    """Whether dagster.yaml is sound and has everything that this labelaudit would write into a new one."""
    name = "dagster.yaml"
    if not has_instance(workspace):
        return [ok(name, "none yet; the first run writes it")]
    try:
        with contextlib.suppress(InstanceError), open_instance(workspace):
            pass  # records that do not open are told by their own check
        lacking = lacking_settings(workspace)
    except SettingsError as e:
        return [fault(name, e.words, SETTINGS_MEND)]
    except ConfigError as e:
        return [fault(name, str(e), SETTINGS_MEND)]
    if lacking:
        mend = (
            "add them, or move state/dagster/dagster.yaml away: the next command writes a new one, with these. "
            "Then start 'labelaudit up' again"
        )
        return [warn(name, f"lacks {', '.join(lacking)}", mend)]
    return [ok(name, "has every setting")]


def has_instance(workspace: Workspace) -> bool:
    """Whether there is a Dagster instance; looking must not make one."""
    return (workspace.root / "state" / "dagster" / "dagster.yaml").exists()


def left_locks(workspace: Workspace) -> list[Finding]:
    """Who holds locks, and which are left by processes that were killed."""
    holders, left = [], []
    for path in sorted((workspace.root / "state" / "locks").glob("*.owner.json")):
        lock = path.with_name(path.name.removesuffix(".owner.json") + ".lock")
        owner = owner_of(lock)
        (holders if is_held(lock) else left).append(f"{lock.stem} by {owner or 'a process'}")
    words = f"held: {', '.join(holders) or 'none'}"
    if left:  # the system gave the lock itself back
        words += f"; left by processes that were killed, free to take: {', '.join(left)}"
    return [ok("holders", words)]
