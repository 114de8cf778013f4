"""Make a workspace from a backup: all of it and as it was, or nothing."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from audits.backup.archive import Blocks, members, open_archive
from audits.backup.hidden import check_room, hidden_folder, in_words
from audits.backup.manifest import MANIFEST, PREFIX, FileEntry, Manifest, read_manifest, safe_path
from audits.disk import made, sync_folder, writing
from audits.errors import AuditError, FileError, UsageError, VersionError, first_few, plain

#: Largest manifest that is read, in bytes: some millions of files.
_LARGEST_MANIFEST = 1 << 30


@dataclass(frozen=True)
class RestoreResult:
    """What was restored.

    Attributes
    ----------
    root : Path
        The workspace.
    manifest : Manifest
        What the backup says of itself.
    """

    root: Path
    manifest: Manifest


def restore(path: Path, target: Path) -> RestoreResult:
    """Make a workspace from a backup.

    The whole backup is checked before anything is written. The workspace is put together beside its place,
    flushed to disk and renamed.

    Parameters
    ----------
    path : Path
        A file that `back_up` wrote.
    target : Path
        A folder that is not there yet, or is empty; not the current folder.

    Returns
    -------
    RestoreResult

    Raises
    ------
    UsageError
        When the target is none that can be restored to.
    FileError
        When the file is no backup, damaged, cut, or names what does not belong into a workspace.
    AuditError
        When the disk has not enough room or does not take it.
    """
    target = _checked(target)
    with open_archive(path) as stream:
        manifest = check_backup(path, stream)
        with writing(target):
            target.parent.mkdir(parents=True, exist_ok=True)
        check_room(target, sum(f.size for f in manifest.files))
        with hidden_folder(target) as folder:
            root = made(folder / "workspace")
            wanted = {f.path: f for f in manifest.files}
            for name, _, blocks in members(path, stream):
                if name != MANIFEST:
                    _extract(path, root, wanted[name.removeprefix(PREFIX)], blocks)
            with writing(target):
                for place in ("datasets", "state"):  # without files they are not in the backup
                    made(root / place)
                for below in (p for p in root.rglob("*") if p.is_dir()):
                    sync_folder(below)
                sync_folder(root)
                if target.exists():
                    shutil.copymode(target, root)
                root.rename(target)  # an empty folder is replaced; one that has filled since is not
                sync_folder(target.parent)
    return RestoreResult(target, manifest)


def check_backup(path: Path, stream: BinaryIO) -> Manifest:
    """Read a whole backup and compare it with its manifest.

    Parameters
    ----------
    path : Path
        Its path, for messages.
    stream : binary file
        What `archive.open_archive` gave.

    Raises
    ------
    FileError
        When anything is wrong with it.
    """
    there: dict[str, tuple[int, str]] = {}
    manifest = None
    for name, size, blocks in members(path, stream):
        if manifest is not None:
            raise FileError(f"{path}: {plain(name)!r} follows its manifest")
        if name == MANIFEST:
            if size > _LARGEST_MANIFEST:
                raise FileError(f"{path}: its manifest claims {in_words(size)}")
            with _about(path):
                manifest = read_manifest(b"".join(blocks()))
        elif not name.startswith(PREFIX):
            raise FileError(f"{path} is no backup of labelaudit: it holds {plain(name)!r}")
        else:
            with _about(path):
                place = str(safe_path(name.removeprefix(PREFIX)))
            if place in there:
                raise FileError(f"{path}: {plain(place)!r} is in it twice")
            there[place] = (size, _hash(blocks))
    if manifest is None:
        raise FileError(f"{path} is no backup of labelaudit, or it is cut: it has no manifest")
    _compare(path, manifest, there)
    return manifest


def _compare(path: Path, manifest: Manifest, there: dict[str, tuple[int, str]]) -> None:
    wanted = {f.path: (f.size, f.blake2b) for f in manifest.files}
    problems = {
        "missing": [p for p in wanted if p not in there],
        "not in its manifest": [p for p in there if p not in wanted],
        "damaged": [p for p, found in there.items() if wanted.get(p, found) != found],
        "a file and a folder": sorted({str(d) for p in there for d in PurePosixPath(p).parents} & set(there)),
    }
    told = [f"{len(names)} {what} ({first_few(names)})" for what, names in problems.items() if names]
    if told:
        raise FileError(f"{path}: of {len(wanted)} files {'; '.join(told)}")


def _extract(path: Path, root: Path, entry: FileEntry, blocks: Blocks) -> None:
    place = root / safe_path(entry.path)
    hashed = hashlib.blake2b(digest_size=16)
    with writing(place):
        place.parent.mkdir(parents=True, exist_ok=True)
        target = place.open("xb")
    with target:
        for block in blocks():
            hashed.update(block)
            with writing(place):
                target.write(block)
        with writing(place):
            target.flush()
            os.fsync(target.fileno())
            # which result was used last, and whether a file changed since, goes by these times
            os.utime(target.fileno(), ns=(entry.mtime_ns, entry.mtime_ns))
    if hashed.hexdigest() != entry.blake2b:
        raise FileError(f"{path}: {plain(entry.path)!r} was changed since it was checked")


def _checked(target: Path) -> Path:
    place = Path(os.path.realpath(target))
    if place.exists():
        if not place.is_dir():
            raise UsageError(f"{target} is a file; a backup is restored to a new or empty folder")
        if place == Path.cwd() or place.is_mount():
            what = "the current folder" if place == Path.cwd() else "where a disk is mounted"
            raise UsageError(f"{target} is {what}, which cannot be replaced; name a new folder with -w")
        try:
            if any(place.iterdir()):
                raise UsageError(f"{target} is not empty; a backup is restored to a new or empty folder")
        except OSError as e:
            raise AuditError(f"{target} cannot be read: {e}") from e
    return place


def _hash(blocks: Blocks) -> str:
    hashed = hashlib.blake2b(digest_size=16)
    for block in blocks():
        hashed.update(block)
    return hashed.hexdigest()


@contextlib.contextmanager
def _about(path: Path) -> Iterator[None]:
    try:
        yield
    except (FileError, VersionError) as e:
        raise type(e)(f"{path}: {e}") from e
