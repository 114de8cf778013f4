"""Backups of a workspace in use: what is in them, what is not, and what a crash leaves."""

from __future__ import annotations

import json
import os
import resource
import shutil
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pytest

from audits.backup import create, hidden
from audits.backup.create import back_up
from audits.backup.restore import restore
from audits.errors import AuditError, UsageError
from audits.review.store import ReviewStore
from audits.workspace import Workspace

from .conftest import contents, process, publish, verdict

_WRITER = """
import sys
from audits.review.records import NewVerdict, Question
from audits.review.store import ReviewStore
question = Question("zoo", "i0", "c0ffee", "ant", "abc")
with ReviewStore(sys.argv[1]) as store:
    for n in range(1, 100_000):
        store.add_verdicts([NewVerdict(f"v{n}", question, f"r{n}", "relabel", ("bee",))])
        print(n, flush=True)
"""

_STOPS = """
import sys, time
from pathlib import Path
from audits.backup import create
from audits.workspace import Workspace
def stop(*_):
    print("here", flush=True)
    time.sleep(600)
create.ArchiveWriter.finish = stop
create.back_up(Workspace(sys.argv[1]), Path(sys.argv[2]))
"""


def names(path: Path) -> list[str]:
    with tarfile.open(path) as tar:
        return [m.name.removeprefix("workspace/") for m in tar]


def manifest(path: Path) -> dict[str, object]:
    with tarfile.open(path) as tar:
        return json.loads(tar.extractfile("manifest.json").read())


def test_all_is_in_it_once_and_the_manifest_comes_last(workspace, tmp_path):
    result = back_up(workspace, tmp_path / "b.tar")
    found = names(result.path)
    assert found[-1] == "manifest.json"
    assert len(set(found)) == len(found) == result.files + 1
    assert set(found[:-1]) == set(contents(workspace.root))
    assert (result.left_out, result.outside, result.warnings) == (0, (), ())
    assert result.size == result.path.stat().st_size
    assert [f["path"] for f in manifest(result.path)["files"]] == found[:-1]
    # the store after the tables: it has at least the verdicts that they were made from
    assert found.index("state/review.sqlite") > max(i for i, n in enumerate(found) if "state/tables" in n)
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_every_verdict_acknowledged_before_is_in_it_while_others_are_written(workspace, tmp_path):
    with process(_WRITER, workspace.store_url) as writer:
        for round_ in range(3):
            while (last := int(writer.stdout.readline())) < 20 * (round_ + 1):
                pass
            path = back_up(workspace, tmp_path / "b.tar").path
            root = restore(path, tmp_path / f"r{round_}").root
            with closing(sqlite3.connect(root / "state" / "review.sqlite")) as store:
                assert store.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            with ReviewStore(Workspace(root).store_url) as store:
                found = [v.client_id for v in store.verdicts("zoo")]
            # all up to the last that was told, and no gap in those that came in meanwhile
            assert found == [f"v{n}" for n in range(len(found))]
            assert len(found) > last
        assert writer.poll() is None


def test_passing_files_and_half_lines_stay_out(workspace, tmp_path):
    state = workspace.state
    tables = workspace.tables("zoo").root
    passing = [
        "locks/zoo.lock",
        "locks/zoo.owner.json",
        "up.json",
        "up/here",
        "up-web.json",
        ".hidden",
        "tables/zoo/drafts/items-x/table.parquet",
        "tables/zoo/pointers.lock",
        "tables/zoo/items/.gone-1/table.parquet",
        "dagster/x.lock",
        "dagster/.telemetry/id",
    ]
    for name in passing:
        (state / name).parent.mkdir(parents=True, exist_ok=True)
        (state / name).write_text("x")
    (state / "dagster" / "up.json").write_text("kept")
    (tables / "runs.jsonl").write_bytes(b'{"a": 1}\n{"b"')
    (state / "sent.jsonl").write_bytes(b'{"half')
    (workspace.datasets_dir / "mine.jsonl").write_bytes(b'{"a": 1}\n{"b": 2}')
    os.mkfifo(state / "dagster" / "pipe")
    path = back_up(workspace, tmp_path / "b.tar").path
    found = names(path)
    assert not [n for n in passing if f"state/{n}" in found]
    assert not [n for n in found if "pipe" in n or n.endswith(("-wal", "-shm"))]
    root = restore(path, tmp_path / "r").root
    assert (root / "state" / "dagster" / "up.json").read_text() == "kept"
    assert (root / "state" / "tables" / "zoo" / "runs.jsonl").read_bytes() == b'{"a": 1}\n'
    assert (root / "state" / "sent.jsonl").read_bytes() == b""
    # what a user wrote stays as it is
    assert (root / "datasets" / "mine.jsonl").read_bytes() == b'{"a": 1}\n{"b": 2}'


def test_databases_are_known_by_their_content_in_whatever_mode(workspace, tmp_path):
    folder = workspace.dagster_home / "history"
    folder.mkdir()
    open_ones = []
    for name, mode in (("index", "wal"), ("runs.db", "delete")):
        database = sqlite3.connect(folder / name, isolation_level=None)
        database.execute(f"PRAGMA journal_mode={mode}")
        database.execute("CREATE TABLE t (x)")
        database.execute("INSERT INTO t VALUES (1)")
        open_ones.append(database)
    open_ones[0].execute("BEGIN IMMEDIATE")
    open_ones[0].execute("INSERT INTO t VALUES (2)")  # never committed
    root = restore(back_up(workspace, tmp_path / "b.tar").path, tmp_path / "r").root
    for database in open_ones:
        database.close()
    for name in ("index", "runs.db"):
        with closing(sqlite3.connect(root / "state" / "dagster" / "history" / name)) as copy:
            assert copy.execute("SELECT x FROM t").fetchall() == [(1,)]


def test_a_damaged_database_is_no_backup(workspace, tmp_path):
    (workspace.dagster_home / "runs.db").write_bytes(b"SQLite format 3\0" + b"x" * 5000)
    with pytest.raises(AuditError, match=r"runs.db cannot be copied: "):
        back_up(workspace, tmp_path / "b.tar")
    assert [p.name for p in tmp_path.iterdir()] == [workspace.root.name]


def test_files_that_go_between_being_found_and_being_copied(workspace, tmp_path, monkeypatch):
    """A record of an old run, a log, a file of the user, and a version that nothing names any more."""
    tables = workspace.tables("zoo")
    old = tables.write("signals", pa.table({"y": [0]}), {})
    gone = [
        workspace.dagster_home / "old.db",
        workspace.dagster_home / "old.log",
        workspace.state / "sent.jsonl",
        workspace.datasets_dir / "zoo" / "items.csv",
        tables.folder("signals", old.version) / "table.parquet",
    ]
    with closing(sqlite3.connect(gone[0])) as database:
        database.execute("CREATE TABLE t (x)")
    for path in gone[1:3]:
        path.write_text("x\n")
    for step in ("data", "state", "version_files"):
        real = getattr(create.Contents, step)

        def meanwhile(self, *words, real=real):
            found = list(real(self, *words))
            for path in {f.path for f in found} & set(gone):
                path.unlink()
            return iter(found) if words == () else found

        monkeypatch.setattr(create.Contents, step, meanwhile)
    # the size was added up before; then nothing is gone yet
    monkeypatch.setattr(create, "_size", lambda *_, **__: 0)
    found = names(back_up(workspace, tmp_path / "b.tar").path)
    assert not any(path.exists() for path in gone)
    assert not {p.relative_to(workspace.root).as_posix() for p in gone} & set(found)
    assert "state/review.sqlite" in found


def test_a_database_that_goes_while_it_is_copied(workspace, tmp_path, monkeypatch):
    path = workspace.dagster_home / "old.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE t (x)")
    real = create.copy_database

    def meanwhile(source, target):
        path.unlink(missing_ok=True)
        real(source, target)

    monkeypatch.setattr(create, "copy_database", meanwhile)
    found = names(back_up(workspace, tmp_path / "b.tar").path)
    assert "state/dagster/old.db" not in found
    assert "state/review.sqlite" in found


def test_a_file_that_cannot_be_read_is_no_backup(workspace, tmp_path, monkeypatch):
    data = workspace.datasets_dir / "zoo" / "items.csv"
    real = Path.open

    def refuse(self, *words, **named):
        if self == data:  # as the system would; a superuser, who may run this, is never refused
            raise PermissionError(13, "Permission denied", str(self))
        return real(self, *words, **named)

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(AuditError, match=r"items.csv cannot be read: .*Permission denied"):
        back_up(workspace, tmp_path / "b.tar")


def test_what_is_published_and_cleared_away_meanwhile(workspace, tmp_path, monkeypatch):
    tables = workspace.tables("zoo")
    before = tables.current()
    real, calls = create.named_versions, []

    def meanwhile(path, data):
        if not calls:
            calls.append(publish(tables, [7, 8, 9]))
            for ref in before.values():
                shutil.rmtree(tables.folder(ref.table, ref.version))
            (tables.root / "results" / "findings" / "_" / "abc.json").unlink()
        return real(path, data)

    monkeypatch.setattr(create, "named_versions", meanwhile)
    root = restore(back_up(workspace, tmp_path / "b.tar").path, tmp_path / "r").root
    restored = Workspace(root).tables("zoo")
    assert restored.current() == tables.current() != before
    for ref in restored.current().values():
        assert restored.read(ref.table, ref.version).equals(tables.read(ref.table, ref.version))
    assert not (restored.root / "results").exists()


def test_tables_that_change_each_time_are_given_up(workspace, tmp_path, monkeypatch):
    tables, real, counter = workspace.tables("zoo"), create.named_versions, iter(range(100, 1000))

    def meanwhile(path, data):
        if path.name == "current.json":
            publish(tables, [next(counter)])
            shutil.rmtree(tables.root / "items")
        return real(path, data)

    (tables.root / "candidate.json").unlink()
    monkeypatch.setattr(create, "named_versions", meanwhile)
    with pytest.raises(AuditError, match="'zoo': its tables changed 5 times meanwhile"):
        back_up(workspace, tmp_path / "b.tar")


@pytest.mark.parametrize("pointer", ["current", "candidate"])
def test_a_version_that_is_named_and_missing_is_no_backup(workspace, tmp_path, pointer):
    tables = workspace.tables("zoo")
    ref = tables.current()["items"] if pointer == "current" else tables.candidates()["items"]
    shutil.rmtree(tables.folder("items", ref.version))
    with pytest.raises(
        AuditError, match=f"'zoo': its tables are damaged: version {ref.version} of table 'items'"
    ):
        back_up(workspace, tmp_path / "b.tar")
    assert not (tmp_path / "b.tar").exists()


def test_a_damaged_pointer_is_no_backup(workspace, tmp_path):
    (workspace.tables("zoo").root / "current.json").write_text("{")
    with pytest.raises(AuditError, match=r"current.json is damaged"):
        back_up(workspace, tmp_path / "b.tar")


def test_without_data(workspace, tmp_path):
    result = back_up(workspace, tmp_path / "b.tar.gz", with_data=False)
    assert result.left_out == 1
    root = restore(result.path, tmp_path / "r").root
    assert sorted(p.name for p in (root / "datasets").rglob("*")) == ["zoo.yaml"]
    told = manifest(result.path)
    assert (told["without_data"], told["left_out"]) == (True, 1)


def test_a_data_file_that_changes_meanwhile_is_told(workspace, tmp_path, monkeypatch):
    data = workspace.datasets_dir / "zoo" / "items.csv"
    real = create.ArchiveWriter.add

    def meanwhile(self, path, source, size, mtime_ns):
        if path.endswith("items.csv"):
            os.truncate(data, 100)
        real(self, path, source, size, mtime_ns)

    monkeypatch.setattr(create.ArchiveWriter, "add", meanwhile)
    assert back_up(workspace, tmp_path / "b.tar").warnings == (f"{data} was changed while it was copied",)


def test_a_data_file_that_becomes_shorter_meanwhile_is_no_backup(workspace, tmp_path, monkeypatch):
    real = create.ArchiveWriter.add

    def meanwhile(self, path, source, size, mtime_ns):
        real(self, path, source, size + path.endswith("items.csv"), mtime_ns)

    monkeypatch.setattr(create.ArchiveWriter, "add", meanwhile)
    for ending in (".tar", ".tar.gz"):
        with pytest.raises(AuditError, match=r"items.csv became shorter while it was copied"):
            back_up(workspace, tmp_path / f"b{ending}")


def test_places_that_a_backup_cannot_have(workspace, tmp_path):
    (tmp_path / "folder.tar").mkdir()
    for path, words in {
        tmp_path / "b.zip": "expected a file that ends in .tar or .tar.gz",
        tmp_path / ".tar": "expected a file that ends in",
        tmp_path / "none" / "b.tar": "there is no folder",
        tmp_path / "folder.tar": "is a folder",
        workspace.state / "b.tar": "the next backup would hold it",
        workspace.datasets_dir / "zoo" / "b.tar": "the next backup would hold it",
    }.items():
        with pytest.raises(UsageError, match=words):
            back_up(workspace, path)


@pytest.mark.parametrize("ending", [".tar", ".tar.gz"])
def test_a_disk_that_refuses_is_one_clear_error_and_keeps_the_old_backup(workspace, tmp_path, ending):
    (workspace.datasets_dir / "large.bin").write_bytes(os.urandom(200_000))
    path = tmp_path / f"b{ending}"
    path.write_bytes(b"old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(AuditError, match="cannot be written") as refused:
            back_up(workspace, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert refused.value.code == "disk"
    assert path.read_bytes() == b"old"
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([path.name, workspace.root.name])


def test_a_folder_that_cannot_be_written_to(workspace):
    with pytest.raises(AuditError, match=r"/proc/b.tar cannot be written"):
        back_up(workspace, Path("/proc/b.tar"))


def test_too_little_room_is_told_before(workspace, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=100)
    monkeypatch.setattr(hidden.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(AuditError, match=r"b.tar needs .* kB, and 100 B are free"):
        back_up(workspace, tmp_path / "b.tar")


def test_a_killed_backup_leaves_no_file_of_its_name_and_the_next_one_clears_up(workspace, tmp_path):
    folder = tmp_path / "backups"
    folder.mkdir()
    path = folder / "b.tar"
    with process(_STOPS, workspace.root, path) as running:
        assert running.stdout.readline() == "here\n"
        other = back_up(workspace, path)  # meanwhile: what is in use is not cleared away
        assert len(list(folder.iterdir())) == 2
        other.path.unlink()
        running.kill()
        running.wait()
    assert not path.exists()
    assert len(list(folder.iterdir())) == 1
    back_up(workspace, path)
    assert [p.name for p in folder.iterdir()] == ["b.tar"]


def test_a_workspace_without_anything(tmp_path):
    (tmp_path / "w" / "datasets").mkdir(parents=True)
    result = back_up(Workspace(tmp_path / "w"), tmp_path / "b.tar")
    assert result.files == 1, "the version of its layout"
    assert Workspace(restore(result.path, tmp_path / "r").root).dataset_names() == []


def test_tables_of_many_files_and_long_names(workspace, tmp_path):
    tables = workspace.tables("zoo")
    long = "outputs." + "m" * 120
    ref = tables.write(long, pa.table({"x": [1]}), {})
    tables.publish({long: ref}, "run")
    root = restore(back_up(workspace, tmp_path / "b.tar.gz").path, tmp_path / "r").root
    assert Workspace(root).tables("zoo").read(long, ref.version).equals(tables.read(long, ref.version))


def test_the_store_goes_on_where_it_was(workspace, tmp_path):
    root = restore(back_up(workspace, tmp_path / "b.tar").path, tmp_path / "r").root
    with ReviewStore(Workspace(root).store_url) as store:
        assert store.add_verdicts([verdict(0), verdict(1)]) == (1, 1)
