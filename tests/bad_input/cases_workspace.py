"""A workspace that is none, is spoiled, or lies where it cannot be worked in."""

from __future__ import annotations

import contextlib
import csv
import json
import shutil
import sqlite3
from collections.abc import Callable

import pipelines.instance  # noqa: F401  its kinds of errors are among the codes
from tests.bad_input.case import TABLE, Case
from tests.conftest import MadeUp

Spoil = Callable[[MadeUp], None]

#: What runs the cases that need a disk, a user or another process of their own.
PLACES = "test_places.py"


def _nothing(zoo: MadeUp) -> None:
    """The place alone is bad."""


def _state(name: str, data: bytes) -> Spoil:
    return lambda zoo: _void((zoo.root / "state" / name).write_bytes(data))


def _void(_: object) -> None:
    return None


def _settings(text: str) -> Spoil:
    return lambda zoo: _void((zoo.root / "labelaudit.yaml").write_text(text))


def _store(data: bytes) -> Spoil:
    def spoil(zoo: MadeUp) -> None:
        for path in (zoo.root / "state").glob("review.sqlite*"):
            path.unlink()
        (zoo.root / "state" / "review.sqlite").write_bytes(data)

    return spoil


def _sql(*statements: str) -> Spoil:
    def spoil(zoo: MadeUp) -> None:
        path = zoo.root / "state" / "review.sqlite"
        with contextlib.closing(sqlite3.connect(path)) as connection, connection:
            for statement in statements:
                connection.execute(statement)

    return spoil


def _other_database(zoo: MadeUp) -> None:
    _store(b"")(zoo)
    _sql("CREATE TABLE photos (id INTEGER)")(zoo)


def _folder_for_store(zoo: MadeUp) -> None:
    _store(b"")(zoo)
    (zoo.root / "state" / "review.sqlite").unlink()
    (zoo.root / "state" / "review.sqlite").mkdir()


def _findings_folder_gone(zoo: MadeUp) -> None:
    shutil.rmtree(zoo.root / "state" / "tables" / "zoo" / "findings")


def _findings_changed(zoo: MadeUp) -> None:
    (table,) = (zoo.root / "state" / "tables" / "zoo" / "findings").glob("*/*")
    table.write_bytes(table.read_bytes()[:200])


def _file_for_folder(name: str) -> Spoil:
    def spoil(zoo: MadeUp) -> None:
        shutil.rmtree(zoo.root / name)
        (zoo.root / name).write_text("")

    return spoil


def _answers(zoo: MadeUp) -> None:
    """A filled-in queue, to be stored where nothing can be."""
    zoo.ok("verdicts", "export", "zoo", str(zoo.root / "back.csv"))
    with (zoo.root / "back.csv").open(newline="") as f:
        rows = list(csv.DictReader(f))
    with (zoo.root / "back.csv").open("w", newline="") as f:
        writer = csv.DictWriter(f, list(rows[0]))
        writer.writeheader()
        writer.writerows(row | {"decision": "unsure", "reviewer": "bob"} for row in rows)


def _case(
    name: str,
    what: str,
    spoil: Spoil,
    code: str,
    message: str,
    *command: str,
    exit_status: int = 2,
    run_by: str = TABLE,
) -> Case:
    words = command or ("compare", "zoo")
    return Case(f"workspace-{name}", "workspace", what, spoil, code, message, words, exit_status, run_by)


_AT = ("--workspace", "{root}/other")
_NO_FOLDER = "{root}/other is not a workspace: it has no 'datasets' folder; 'labelaudit init' makes one"
_SETTINGS = "{root}/labelaudit.yaml: "
_STORE = "review store {root}/state/review.sqlite: "
_IMPORT = ("verdicts", "import", "zoo", "{root}/back.csv")
_ADD = ("add", "ark", "--items", "{root}/datasets/zoo/items.parquet")
_RECORDS = "{root}/state/dagster: Dagster's record of runs cannot be kept: "

CASES: tuple[Case, ...] = (
    _case("missing", "no such folder", _nothing, "workspace", _NO_FOLDER, *_AT, "status"),
    _case("none", "a folder that is no workspace", lambda zoo: (zoo.root / "other").mkdir(), "workspace", _NO_FOLDER,
          *_AT, "status"),
    _case("file", "a file in place of the folder", lambda zoo: _void((zoo.root / "other").write_text("")), "workspace",
          _NO_FOLDER, *_AT, "status"),
    _case("link-in-a-circle", "a link that leads to itself", lambda zoo: (zoo.root / "other").symlink_to("other"),
          "workspace", "{root}/other is not a workspace: {any}", *_AT, "status"),
    _case("init-on-a-file", "a file where a workspace is to be made",
          lambda zoo: _void((zoo.root / "other").write_text("")), "workspace",
          "{root}/other is a file; a workspace needs a folder there", *_AT, "init"),
    _case("datasets-is-a-file", "a file in place of the folder of datasets", _file_for_folder("datasets"), "workspace",
          "{root} is not a workspace: it has no 'datasets' folder; 'labelaudit init' makes one", "status"),
    _case("state-is-a-file", "a file in place of the folder of state", _file_for_folder("state"), "disk",
          "{root}/state{any} cannot be written: {any}"),
    _case("newer", "a workspace that a newer labelaudit works in", _state("version", b"2\n"), "version",
          "{root}: a workspace of version 2, but this labelaudit knows version 1; it was written by a newer one"),
    _case("version-no-number", "a version that is no number", _state("version", b"one\n"), "workspace",
          "{root}/state/version: expected the number of a version, got 'one'"),
    _case("settings-no-yaml", "settings that are no YAML", _settings("roots: [data\n"), "workspace",
          _SETTINGS + "is not valid YAML: line 2, column 1: {any}"),
    _case("settings-unknown-key", "settings with a key that there is not", _settings("reviewstore: {}\n"), "workspace",
          _SETTINGS + "reviewstore: unknown key; the nearest known key is 'review_store' (known: {any})"),
    _case("settings-folder", "a folder in place of the settings",
          lambda zoo: (zoo.root / "labelaudit.yaml").mkdir(), "workspace", _SETTINGS + "{any}"),
    _case("settings-password", "a password in the settings: it is not repeated",
          _settings("review_store: {url: 'postgresql://ann:sesame@host/reviews'}\n"), "workspace",
          _SETTINGS + "review_store.url: {any}holds a password; put the URL into an environment variable and name it "
          "with 'url_env'{any}"),
    _case("settings-variable-not-set", "settings that name a variable that is not set",
          _settings("review_store: {url_env: LABELAUDIT_NOT_SET}\n"), "workspace",
          "labelaudit.yaml: the environment variable LABELAUDIT_NOT_SET is not set; it holds the database's URL"),
    _case("store-no-database", "a review store that is no database", _store(b"this is no database" * 100), "store",
          _STORE + "file is not a database"),
    _case("store-other-database", "a database of something else as the review store", _other_database, "store",
          _STORE + "there is a database, but it is not a review store (tables: photos); {any}"),
    _case("store-newer", "a review store of a newer labelaudit",
          _sql("UPDATE alembic_version SET version_num = '9999'"), "store-version",
          _STORE + "it is at revision '9999', which this labelaudit (at {any}) does not know; it was written by a "
          "newer one"),
    _case("store-folder", "a folder in place of the review store", _folder_for_store, "store",
          _STORE + "unable to open database file"),
    _case("pointers-damaged", "the list of tables in force, cut off", _state("tables/zoo/current.json", b'{"items": {'),
          "damaged", "{root}/state/tables/zoo/current.json is damaged: {any}", "findings", "zoo", exit_status=1),
    _case("pointers-other", "the list of tables in force, of another form",
          _state("tables/zoo/current.json", json.dumps({"items": {"version": "../../../none", "inputs": {}}}).encode()),
          "damaged", "{root}/state/tables/zoo/current.json is damaged: table 'items': ../../../none is no version",
          "findings", "zoo", exit_status=1),
    _case("table-lost", "a table in force that is gone", _findings_folder_gone, "damaged",
          "dataset 'zoo': version {any} of table 'findings' is missing from {root}/state/tables/zoo/findings/{any}",
          "findings", "zoo", exit_status=1),
    _case("table-damaged", "a table in force that was cut off", _findings_changed, "damaged",
          "{root}/state/tables/zoo/findings/{any} is damaged: {any}; 'labelaudit run zoo --force' makes it anew",
          "findings", "zoo", exit_status=1),
    _case("full-run", "a full disk, and a run", _nothing, "dagster-records", _RECORDS + "{any}", "run", "zoo",
          "--force", run_by=PLACES),
    _case("full-import", "a full disk, and verdicts to store", _answers, "store", _STORE + "{any}", *_IMPORT,
          run_by=PLACES),
    _case("full-add", "a full disk, and a dataset to add", _nothing, "disk",
          "{root}/datasets/ark.yaml cannot be written: {any}No space left on device{any}", *_ADD, run_by=PLACES),
    _case("full-backup", "a full disk, and a backup to write", _nothing, "disk",
          "{root}/b.tar needs {any}, and {any} are free on its disk", "backup", "{root}/b.tar", run_by=PLACES),
    _case("read-only-run", "a read-only workspace, and a run", _nothing, "dagster-records", _RECORDS + "{any}", "run",
          "zoo", run_by=PLACES),
    _case("read-only-import", "a read-only workspace, and verdicts to store", _answers, "store", _STORE + "{any}",
          *_IMPORT, run_by=PLACES),
    _case("read-only-add", "a read-only workspace, and a dataset to add", _nothing, "disk",
          "{root}/datasets/ark.yaml cannot be written: {any}Read-only file system{any}", *_ADD, run_by=PLACES),
    _case("read-only-clean", "a read-only workspace, and results to remove", _nothing, "disk",
          "{root}/state/locks/dataset-zoo.lock cannot be written: {any}Read-only file system{any}", "clean",
          run_by=PLACES),
    _case("store-locked", "a review store that another process is writing to all the while", _answers, "store",
          _STORE + "another process has been writing to it for {any} s{any}", *_IMPORT, run_by=PLACES),
    _case("dataset-locked", "a dataset that another process is running", _nothing, "locked",
          "dataset 'zoo' is being run by {any}", "run", "zoo", run_by=PLACES),
)  # fmt: skip
