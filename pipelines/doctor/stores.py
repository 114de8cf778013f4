"""Checks of what is kept: the review store, Dagster's records, the journal of alerts, locks."""

import contextlib
import sqlite3
from pathlib import Path

from audits.errors import first_few
from audits.locks import is_held, owner_of
from audits.review.schema import HEAD
from audits.workspace import Workspace
from pipelines.doctor.finding import Finding, fault, ok, warn
from pipelines.instance import lacking_settings, open_instance, outdated_storages

_RESTORE = "restore it from a backup"


def review_store(workspace: Workspace) -> list[Finding]:
    """Whether the review store can be read, is sound, and has the tables of this labelaudit."""
    from sqlalchemy import make_url

    path = Path(str(make_url(workspace.store_url).database))
    if not path.exists():
        return [ok("review store", "none yet; the first run makes it")]
    try:
        with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
            unsound = [str(r[0]) for r in connection.execute("PRAGMA quick_check(3)")]
            revision = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            verdicts = connection.execute("SELECT count(*) FROM verdict").fetchone()[0]
    except sqlite3.Error as e:
        return [fault("review store", f"{path}: {e}", _RESTORE)]
    if unsound != ["ok"]:
        return [fault("review store", f"{path} is damaged: {'; '.join(unsound)}", _RESTORE)]
    found = None if revision is None else revision[0]
    if found != HEAD:
        return [_other_revision(path, found)]
    return [ok("review store", f"sound, at revision {HEAD}, {verdicts} verdicts")]


def _other_revision(path: Path, found: str | None) -> Finding:
    import audits.review.migrations.versions as versions

    known = {p.name.split("_")[0] for folder in versions.__path__ for p in Path(folder).glob("[0-9]*.py")}
    if found in known:
        words = f"{path} is at revision {found}, older than {HEAD}"
        return warn(
            "review store", words, "back it up; the next command that opens it brings it to the newest"
        )
    words = f"{path} is at revision {found}, which this labelaudit (at {HEAD}) does not know"
    return fault("review store", words, "pip install --upgrade labelaudit")


def dagster_records(workspace: Workspace) -> list[Finding]:
    """Whether Dagster's records open and have the tables of the installed Dagster."""
    if not has_instance(workspace):
        return [ok("Dagster's records", "none yet; the first run makes them")]
    with open_instance(workspace) as instance:
        outdated = outdated_storages(instance)
        runs = instance.get_runs_count()
    if outdated:
        words = f"the tables of {', '.join(outdated)} are of an older Dagster"
        return [fault("Dagster's records", words, "start 'labelaudit up', which brings them to the newest")]
    return [ok("Dagster's records", f"open, {runs} runs")]


def dagster_settings(workspace: Workspace) -> list[Finding]:
    """Whether dagster.yaml has everything that this labelaudit would write into a new one."""
    if not has_instance(workspace):
        return [ok("dagster.yaml", "none yet; the first run writes it")]
    if lacking := lacking_settings(workspace):
        mend = (
            "add them, or move state/dagster/dagster.yaml away: the next command writes a new one, with these. "
            "Then start 'labelaudit up' again"
        )
        return [warn("dagster.yaml", f"lacks {', '.join(lacking)}", mend)]
    return [ok("dagster.yaml", "has every setting")]


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


def alert_journal(workspace: Workspace) -> list[Finding]:
    """Whether alerts were given up, or may not have arrived."""
    from audits.alerts.journal import Journal

    path = workspace.root / "state" / "alerts.jsonl"
    if not path.exists():
        return [ok("alerts", "none yet")]
    journal = Journal(path)
    mend = "look at the target; each attempt is in state/alerts.jsonl"
    troubles = {"may not have arrived": journal.uncertain(), "were given up": journal.given_up()}
    found = [
        warn(
            "alerts", f"{len(told)} {what}: {first_few(f'{t.alert.title} at {t.target}' for t in told)}", mend
        )
        for what, told in troubles.items()
        if told
    ]
    return found or [ok("alerts", "every one was delivered, or waits for its next attempt")]
