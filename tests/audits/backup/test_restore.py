"""Restoring: all as it was, or one clear error and nothing."""

from __future__ import annotations

import gzip
import io
import json
import os
import resource
import shutil
import tarfile
from pathlib import Path

import pytest

from audits.backup import hidden
from audits.backup import restore as module
from audits.backup.create import back_up
from audits.backup.restore import restore
from audits.errors import AuditError, FileError, UsageError, VersionError
from audits.workspace import Workspace

from .conftest import contents, process, rewritten

_STOPS = """
import sys, time
from pathlib import Path
from audits.backup import restore
real, calls = restore._extract, []
def stop(*a):
    real(*a)
    calls.append(a)
    if len(calls) == 5:
        print("here", flush=True)
        time.sleep(600)
restore._extract = stop
restore.restore(Path(sys.argv[1]), Path(sys.argv[2]))
"""


def refused(path, target):
    """The words of a refusal that leaves nothing behind."""
    before = sorted(target.parent.iterdir())
    with pytest.raises((FileError, VersionError)) as error:
        restore(path, target)
    assert sorted(target.parent.iterdir()) == before
    assert path.name in str(error.value)
    return str(error.value)


def member(name, data=b"x", **fields):
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for key, value in fields.items():
        setattr(info, key, value)
    return info, data


@pytest.mark.parametrize("ending", [".tar", ".tar.gz"])
def test_all_is_as_it_was(workspace, tmp_path, ending):
    path = back_up(workspace, tmp_path / f"b{ending}").path
    result = restore(path, tmp_path / "new" / "r")
    assert contents(result.root) == contents(workspace.root)
    restored = Workspace(result.root)
    assert restored.tables("zoo").current() == workspace.tables("zoo").current()
    assert restored.tables("zoo").candidates() == workspace.tables("zoo").candidates()
    for below in ("datasets/zoo/items.csv", "state/tables/zoo/results/findings/_/abc.json"):
        assert (restored.root / below).stat().st_mtime_ns == (workspace.root / below).stat().st_mtime_ns
    assert result.manifest.made_at
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["r"]


def test_a_backup_of_a_restored_workspace_holds_the_same(archive, tmp_path):
    first = restore(archive, tmp_path / "r1")
    again = back_up(Workspace(first.root), tmp_path / "b2.tar")
    second = restore(again.path, tmp_path / "r2")
    assert [f.path for f in first.manifest.files] == [f.path for f in second.manifest.files]
    assert contents(first.root) == contents(second.root)


def test_an_empty_folder_is_taken_and_keeps_its_mode(archive, tmp_path):
    target = tmp_path / "r"
    target.mkdir(mode=0o700)
    assert restore(archive, target).root == target
    assert target.stat().st_mode & 0o777 == 0o700


def test_targets_that_are_refused(archive, tmp_path, monkeypatch):
    file, full, here = tmp_path / "file", tmp_path / "full", tmp_path / "here"
    file.write_text("x")
    for folder in (full, here):
        folder.mkdir()
    (full / ".x").write_text("x")
    monkeypatch.chdir(here)
    for target, words in {
        file: "is a file",
        full: "is not empty",
        here: "is the current folder",
        Path("/proc"): "where a disk is mounted",
    }.items():
        with pytest.raises(UsageError, match=words):
            restore(archive, target)
    assert [p.name for p in full.iterdir()] == [".x"]


def test_a_flipped_byte_is_found_or_does_no_harm(archive, workspace, tmp_path):
    data = archive.read_bytes()
    expected = contents(workspace.root)
    damaged, found = tmp_path / "damaged.tar", 0
    for position in range(0, len(data), len(data) // 60):
        for at in (position, position // 512 * 512):  # a header's name, too
            damaged.write_bytes(data[:at] + bytes([data[at] ^ 0x41]) + data[at + 1 :])
            try:
                root = restore(damaged, tmp_path / "r").root
            except (FileError, VersionError):
                found += 1
                assert not (tmp_path / "r").exists()
            else:  # in the padding between files
                assert contents(root) == expected
                shutil.rmtree(root)
    assert found > 40


def test_a_flipped_byte_in_gzip(workspace, tmp_path):
    path = back_up(workspace, tmp_path / "b.tar.gz").path
    data = path.read_bytes()
    for position in range(20, len(data) - 20, len(data) // 20):
        path.write_bytes(data[:position] + bytes([data[position] ^ 0x10]) + data[position + 1 :])
        refused(path, tmp_path / "r")


@pytest.mark.parametrize("ending", [".tar", ".tar.gz"])
def test_a_cut_file(workspace, tmp_path, ending):
    path = back_up(workspace, tmp_path / f"b{ending}").path
    data = path.read_bytes()
    for length in [0, 1, 100, 512, 700, *range(1024, len(data) - 12_000, len(data) // 15)]:
        path.write_bytes(data[:length])
        refused(path, tmp_path / "r")


def test_members_that_are_missing_too_many_or_changed(archive, tmp_path):
    bad, target = tmp_path / "bad.tar", tmp_path / "r"

    def grown(members):
        info, data = members[0]
        info.size += 1
        members[0] = (info, data + b"x")

    changes = {
        "1 missing": lambda m: m.pop(3),
        "1 not in its manifest": lambda m: m.insert(3, member("workspace/datasets/extra.csv")),
        "is in it twice": lambda m: m.insert(3, m[2]),
        "1 damaged": grown,
        "follows its manifest": lambda m: m.append(member("workspace/state/late")),
        "it has no manifest": lambda m: m.pop(),
        "holds 'other'": lambda m: m.insert(0, member("other")),
    }
    for words, change in changes.items():
        assert words in refused(rewritten(archive, bad, change), target)


@pytest.mark.parametrize(
    "name", ["../x", "a/../../x", "/etc/x", "a//x", "./x", "a/./x", "", "..", "a/"], ids=repr
)
def test_names_that_lead_out(archive, tmp_path, name):
    bad = rewritten(archive, tmp_path / "bad.tar", lambda m: m.insert(0, member(f"workspace/{name}")))
    words = refused(bad, tmp_path / "r")
    assert "outside of the workspace" in words or "no plain file" in words or "no backup" in words


def test_a_manifest_that_names_what_leads_out(archive, tmp_path):
    def change(members):
        info, data = members.pop()
        told = json.loads(data)
        told["files"].append({**told["files"][0], "path": "../x"})
        members.append(member(info.name, json.dumps(told).encode()))

    assert "1 missing" in refused(rewritten(archive, tmp_path / "bad.tar", change), tmp_path / "r")


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE]
)
def test_what_is_no_plain_file(archive, tmp_path, kind):
    odd = member("workspace/datasets/x", b"", type=kind, linkname="/etc/passwd")
    bad = rewritten(archive, tmp_path / "bad.tar", lambda m: m.insert(0, odd))
    assert "is no plain file" in refused(bad, tmp_path / "r")


@pytest.mark.parametrize("size", [10**7, 2**40, 2**62, 2**80, -512])
@pytest.mark.parametrize("kind", [tarfile.REGTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE])
def test_a_size_that_nothing_stands_behind(archive, tmp_path, size, kind):
    info, _ = member("workspace/datasets/x", type=kind)
    info.size = size
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT)) if size < 2**80 else None
    if header is None:
        info.size = 0
        header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
        header[124:136] = b"\x80" + size.to_bytes(11, "big")
        header[148:156] = b"%06o\0 " % tarfile.calc_chksums(bytes(header))[0]
    bad = tmp_path / "bad.tar"
    bad.write_bytes(bytes(header[:512]) + archive.read_bytes())
    refused(bad, tmp_path / "r")


def test_a_file_that_is_a_folder_too(archive, tmp_path):
    def change(members):
        info, data = members.pop()
        told = json.loads(data)
        entry = told["files"][0]
        content = members[0][1]
        for path in ("a", "a/b"):
            told["files"].append({**entry, "path": path})
            members.append(member(f"workspace/{path}", content))
        members.append(member(info.name, json.dumps(told).encode()))

    bad = rewritten(archive, tmp_path / "bad.tar", change)
    assert "1 a file and a folder (a)" in refused(bad, tmp_path / "r")


def test_files_that_are_something_else(tmp_path):
    foreign = tmp_path / "foreign.tar"
    with tarfile.open(foreign, "w") as tar:
        tar.addfile(*(lambda m: (m[0], io.BytesIO(m[1])))(member("a.txt")))
    assert "is no backup of labelaudit: it holds 'a.txt'" in refused(foreign, tmp_path / "r")
    empty = tmp_path / "empty.tar"
    tarfile.open(empty, "w").close()
    assert "has no manifest" in refused(empty, tmp_path / "r")
    text = tmp_path / "text.tar"
    text.write_text("not an archive " * 100)
    assert "is damaged, or no tar archive" in refused(text, tmp_path / "r")
    packed = tmp_path / "packed.tar.gz"
    packed.write_bytes(gzip.compress(os.urandom(5000)))
    refused(packed, tmp_path / "r")
    assert "cannot be read" in refused(tmp_path / "none.tar", tmp_path / "r")


def test_a_newer_format_is_said_to_be_one(archive, tmp_path):
    def change(members):
        info, data = members.pop()
        members.append(member(info.name, json.dumps({**json.loads(data), "version": 2}).encode()))

    bad = rewritten(archive, tmp_path / "bad.tar", change)
    assert "in version 2 of the format, and this labelaudit reads version 1" in refused(bad, tmp_path / "r")


def test_a_manifest_that_would_not_fit_into_memory(archive, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_LARGEST_MANIFEST", 100)
    assert "its manifest claims" in refused(archive, tmp_path / "r")


def test_a_target_that_cannot_be_looked_into(archive, tmp_path, monkeypatch):
    def refuse(_):
        raise PermissionError(13, "Permission denied")

    (tmp_path / "r").mkdir()
    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(AuditError, match=r"r cannot be read: .*Permission denied"):
        restore(archive, tmp_path / "r")


def test_too_little_room_is_told_before(archive, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=100)
    monkeypatch.setattr(hidden.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(AuditError, match="and 100 B are free on its disk"):
        restore(archive, tmp_path / "r")
    assert not (tmp_path / "r").exists()


def test_a_disk_that_refuses_leaves_nothing(workspace, tmp_path):
    (workspace.datasets_dir / "large.bin").write_bytes(bytes(200_000))
    path = back_up(workspace, tmp_path / "b.tar.gz").path
    before = sorted(tmp_path.iterdir())
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(AuditError, match=r"large.bin cannot be written"):
            restore(path, tmp_path / "r")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert sorted(tmp_path.iterdir()) == before
    with pytest.raises(AuditError, match="cannot be written"):
        restore(path, Path("/proc/r"))


def test_a_killed_restore_leaves_no_workspace_and_the_next_one_clears_up(archive, workspace, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    target = folder / "r"
    with process(_STOPS, archive, target) as running:
        assert running.stdout.readline() == "here\n"
        running.kill()
        running.wait()
    assert not target.exists()
    assert len(list(folder.iterdir())) == 1
    restore(archive, target)
    assert list(folder.iterdir()) == [target]
    assert contents(target) == contents(workspace.root)


def test_a_backup_that_changes_while_it_is_restored(archive, tmp_path, monkeypatch):
    real = module.check_room

    def meanwhile(place, needed):
        data = archive.read_bytes()
        at = data.index(b"item_id,label")
        archive.write_bytes(data[:at] + b"x" + data[at + 1 :])
        real(place, needed)

    monkeypatch.setattr(module, "check_room", meanwhile)
    assert "was changed since it was checked" in refused(archive, tmp_path / "r")
