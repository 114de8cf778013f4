"""The workspace's Dagster instance."""

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import dagster as dg
import yaml
from alembic.util import CommandError
from dagster_shared.check import CheckError
from sqlalchemy import inspect
from sqlalchemy.exc import SQLAlchemyError

from assets.naming import DATASET
from audits.disk import write_atomic, writing
from audits.errors import AuditError, ConfigError, StoreError, WorkspaceError
from audits.locks import held
from audits.review.database import looking, reason
from audits.review.schema import metadata
from audits.workspace import Workspace
from audits.workspace_config import FILE
from audits.yaml_files import read_yaml

#: What to do about a dagster.yaml that Dagster does not take.
SETTINGS_MEND = "correct it, or move it away: the next run writes a new one"

#: Dagster's own words may list every key it knows; so much of them is shown.
_SHOWN = 300

#: How long to wait while another process makes the databases.
_MAKING_SECONDS = 120.0

_SETTINGS = f"""\
# Written by labelaudit when it first needed a Dagster instance; yours to change.
# Runs, events and schedules are kept in SQLite files beside this one, unless 'storage' below says otherwise.

# Nothing is sent anywhere.
telemetry:
  enabled: false
nux:
  enabled: false

# Shows a dataset as not fresh when its audit is late.
freshness:
  enabled: true

# A run that never gets going, or does not end when it is told to, is marked as failed.
run_monitoring:
  enabled: true
  start_timeout_seconds: 300
  cancel_timeout_seconds: 180
  poll_interval_seconds: 60

# One run a dataset, two at once.
concurrency:
  runs:
    max_concurrent_runs: 2
    tag_concurrency_limits:
      - key: {DATASET}
        value:
          applyLimitPerUniqueValue: true
        limit: 1

# A run whose turn comes while the definitions are being loaded waits for them.
run_queue:
  max_user_code_failure_retries: 10
  user_code_failure_retry_delay: 60

# How long the definitions of many datasets may take to load.
code_servers:
  local_startup_timeout: 600
  reload_timeout: 600

# Days that ticks are kept. Most ticks find nothing to do.
retention:
  schedule:
    purge_after_days: {{skipped: 7, started: 90, success: 90, failure: 90}}
  sensor:
    purge_after_days: {{skipped: 3, started: 90, success: 90, failure: 90}}
  auto_materialize:
    purge_after_days: {{skipped: 3, started: 90, success: 90, failure: 90}}
"""


_STORAGE = """\
storage:
  postgres:
    postgres_url: {}
"""


_DRIVER = "postgresql+psycopg2://"


class InstanceError(AuditError):
    """Dagster cannot keep or read what it records."""

    code = "dagster-records"
    exit_status = 2
    mend = "Make room or let this user write there; 'labelaudit doctor' says more."


class SettingsError(ConfigError):
    """The workspace's dagster.yaml is not sound.

    Parameters
    ----------
    path : Path
        The file.
    reason : str
        What is wrong with it; shown on one line, and cut where it is long.

    Attributes
    ----------
    words : str
        The file and what is wrong, without the mend.
    """

    code = "dagster-settings"
    mend = "Correct dagster.yaml, or move it away: the next run writes a new one."

    def __init__(self, path: Path, reason: str) -> None:
        line = " ".join(reason.split()).removesuffix(".")
        if len(line) > _SHOWN:
            line = line.partition(". Expected: ")[0]
        self.words = f"{path}: {line if len(line) <= _SHOWN else line[: _SHOWN - 3] + '...'}"
        super().__init__(f"{self.words}; {SETTINGS_MEND}")


@contextlib.contextmanager
def open_instance(workspace: Workspace) -> Iterator[dg.DagsterInstance]:
    """Open the instance that lives in a workspace, writing its settings when there are none.

    Raises
    ------
    ConfigError
        When Dagster would read the workspace's path as another one.
    SettingsError
        When dagster.yaml is not sound, or keeps the records elsewhere than labelaudit.yaml says; a ConfigError too.
    InstanceError
        When Dagster cannot write what it records; an AuditError too.
    """
    root = str(workspace.root)
    if "?" in root or unquote(root) != root:
        # Dagster puts the path into a URL as it is; its files would land outside of the workspace
        raise ConfigError(f"{root}: Dagster cannot keep its files in a folder with '?' or '%20' in its path")
    home = workspace.dagster_home
    settings = home / "dagster.yaml"
    storage = storage_settings(workspace)
    if not settings.exists():
        with writing(settings):
            write_atomic(settings, f"{_SETTINGS}{storage}".encode())
    elif storage:
        _require_storage(settings, storage)
    try:
        with contextlib.ExitStack() as opened:
            with _made_by_one(workspace):
                with _sound(settings):
                    instance = opened.enter_context(dg.DagsterInstance.from_config(str(home)))
                instance.get_runs_count()  # each of its stores makes its tables when it is first used
                instance.all_asset_keys()
                instance.all_instigator_state()
            yield instance
    # a full disk, a missing permission, a server that does not answer: no defect here, so no traceback
    except (SQLAlchemyError, CommandError, *_server_errors(storage)) as e:
        raise InstanceError(f"{home}: Dagster's record of runs cannot be kept: {_reason(e)}") from e


def storage_settings(workspace: Workspace) -> str:
    """What dagster.yaml is to say of a database server; empty where the workspace names none.

    Raises
    ------
    WorkspaceError
        When labelaudit.yaml is not sound, names an environment variable that is not set, or a database that Dagster
        cannot use.
    """
    config = workspace.config.dagster_storage
    if config is None:
        return ""
    if find_spec("dagster_postgres") is None:
        raise WorkspaceError(
            f"{FILE}: 'dagster_storage' needs what is not installed: pip install 'labelaudit[postgres]'"
        )
    url = config.resolved()  # Dagster's own words about a variable that is not set name no file
    if not url.startswith(_DRIVER):
        # SQLAlchemy 2.1 reads postgresql:// as another driver, which Dagster's statements do not suit
        raise WorkspaceError(
            f"{FILE}: the URL of 'dagster_storage' must begin with {_DRIVER}, the driver of Dagster"
        )
    _require_free(workspace, url)
    value = f"{{env: {config.url_env}}}" if config.url_env else json.dumps(config.url)
    return f"\n# Runs, events and schedules are on a server; {FILE} says so too.\n{_STORAGE.format(value)}"


def _require_free(workspace: Workspace, url: str) -> None:
    """Refuse a database that holds a review store: Dagster would put its tables beside it, and both would be lost."""
    try:
        with looking(url) as connection:
            tables = set() if connection is None else set(inspect(connection).get_table_names())
    except StoreError as e:
        said = str(e).removeprefix("review store ").removeprefix("review store: ")
        if isinstance(e.__cause__, SQLAlchemyError):  # it does not answer
            home = workspace.root / "state" / "dagster"
            raise InstanceError(f"{home}: Dagster's record of runs cannot be kept: {said}") from e
        raise WorkspaceError(f"{FILE}: dagster_storage: {said}") from e
    if tables & set(metadata.tables):
        raise WorkspaceError(
            f"{FILE}: 'dagster_storage' names the database of a review store; each needs one of its own"
        )


def _require_storage(settings: Path, storage: str) -> None:
    """Refuse settings that keep the records elsewhere than the workspace says: they would seem to be lost."""
    found = read_yaml(settings)
    wanted = yaml.safe_load(storage)
    if isinstance(found, dict) and found.get("storage") != wanted["storage"]:
        raise SettingsError(
            settings, f"has another 'storage' than {FILE} asks for; expected {json.dumps(wanted['storage'])}"
        )


def _server_errors(storage: str) -> tuple[type[Exception], ...]:
    if not storage:
        return ()
    from dagster_postgres.utils import DagsterPostgresException

    return (DagsterPostgresException,)


@contextlib.contextmanager
def _sound(settings: Path) -> Iterator[None]:
    """Turn what Dagster finds wrong with its settings within the block into a SettingsError."""
    try:
        if not settings.is_file():  # a named pipe would be waited for without end
            raise SettingsError(settings, "cannot be read: is no regular file")
        settings.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as e:
        raise SettingsError(settings, f"cannot be read: {e}") from e
    try:
        yield
    except yaml.MarkedYAMLError as e:
        where = "" if e.problem_mark is None else f"line {e.problem_mark.line + 1}: "
        raise SettingsError(settings, f"{where}is not valid YAML: {e.problem}") from e
    except yaml.YAMLError as e:
        raise SettingsError(settings, f"is not valid YAML: {e}") from e
    except RecursionError as e:
        raise SettingsError(settings, "is nested too deeply") from e
    except dg.DagsterInvalidConfigError as e:
        raise SettingsError(settings, "; ".join(x.message for x in e.errors) or str(e)) from e
    except CheckError as e:
        raise SettingsError(settings, str(e).removeprefix("Failure condition: ")) from e


@contextlib.contextmanager
def _made_by_one(workspace: Workspace) -> Iterator[None]:
    """Let one process at a time make Dagster's databases: two that do it at once spoil them for good."""
    done = workspace.dagster_home / "made"
    if done.exists():
        yield
        return
    with held(
        workspace.state / "locks" / "dagster.lock",
        "making Dagster's databases",
        "Dagster's databases are being made",
        _MAKING_SECONDS,
    ):
        yield
        with writing(done):
            write_atomic(done, b"Dagster's databases in this folder are complete.\n")


def _reason(error: Exception) -> str:
    if isinstance(error, SQLAlchemyError):
        return reason(error)
    if isinstance(error, CommandError):  # Alembic on a revision that it does not know
        return f"{error}; restore a backup, or remove it"
    said = error.__cause__
    return f"{error}: {reason(said)}" if isinstance(said, SQLAlchemyError) else str(error)


def lacking_settings(workspace: Workspace) -> list[str]:
    """Settings that this labelaudit writes into a new dagster.yaml and that the workspace's does not have.

    Returns
    -------
    list of str
        Dotted names, e.g. ``concurrency.runs.max_concurrent_runs``; empty also when there is no file yet. A
        setting with another value is not lacking: the file is the user's to change.

    Raises
    ------
    ConfigError
        When the file cannot be read or is not YAML.
    """
    path = workspace.dagster_home / "dagster.yaml"
    if not path.exists():
        return []
    return _lacking(yaml.safe_load(_SETTINGS), read_yaml(path) or {})


def _lacking(wanted: dict[str, Any], present: object, prefix: str = "") -> list[str]:
    found = []
    for key, value in wanted.items():
        if not isinstance(present, dict) or key not in present:
            found.append(prefix + key)
        elif isinstance(value, dict) and isinstance(present[key], dict):
            found += _lacking(value, present[key], f"{prefix}{key}.")
    return found


def outdated_storages(instance: dg.DagsterInstance) -> list[str]:
    """Names of the instance's databases whose tables an older Dagster made, so that they want migrating."""
    storages = {
        "runs": instance.run_storage,
        "events": instance.event_log_storage,
        "schedules": instance.schedule_storage,
    }
    found = []
    for name, storage in storages.items():
        revisions = None if storage is None else storage.alembic_version()
        if revisions is not None and revisions[0] != revisions[1]:
            found.append(name)
    return found


def migrate(instance: dg.DagsterInstance) -> list[str]:
    """Bring the tables of an older Dagster to the newest; returns the names of the databases that wanted it."""
    found = outdated_storages(instance)
    if found:
        instance.upgrade()
    return found


@contextlib.contextmanager
def kept_open(workspace: Workspace) -> Iterator[None]:
    """Keep the files open that Dagster records asset events in, for when many are recorded.

    Dagster opens and closes them for each event, and SQLite folds its log into a file whenever the last
    connection to it closes. With one more there it need not: a third of the work, and most of the waiting
    for the disk.
    """
    folder = workspace.dagster_home / "history" / "runs"
    with contextlib.ExitStack() as opened:
        for name in ("index.db", ".db"):  # the second holds events without a run
            if (path := folder / name).is_file():
                connection = opened.enter_context(contextlib.closing(sqlite3.connect(path)))
                connection.execute("SELECT count(*) FROM sqlite_master").fetchone()  # only then it is open
        yield
