"""Writing to disk so that a reader sees the old or the new, a crash loses nothing acknowledged, and a disk
that refuses is one clear error.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from filelock import Timeout

from audits.errors import AuditError, DamagedError, DiskError


def fingerprint_folder(folder: Path, *, sync: bool = False) -> str:
    """Hash of the names and bytes of all files in a folder, recursively; optionally flush them to disk."""
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        digest.update(f"{path.relative_to(folder).as_posix()}\0{path.stat().st_size}\0".encode())
        with path.open("rb") as f:
            while block := f.read(1 << 20):
                digest.update(block)
            if sync:
                os.fsync(f.fileno())
    if sync:
        for path in sorted(p for p in folder.rglob("*") if p.is_dir()):
            sync_folder(path)
        sync_folder(folder)
    return digest.hexdigest()


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries to disk, so that a rename in it survives a power cut."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def write_atomic(path: Path, data: bytes) -> None:
    """Replace a file's content in one step: readers see the old or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fd, temporary = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(fd, "wb") as f:
            f.write(data)
            f.flush()
            os.fsync(f.fileno())
        # mkstemp makes files private to the user; give the ones we publish the usual mode
        umask = os.umask(0)
        os.umask(umask)
        Path(temporary).chmod(0o666 & ~umask)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def append_line(path: Path, line: str) -> None:
    """Append a line to a file and flush it to disk; raises DiskError when the disk does not take it."""
    with writing(path), path.open("a+b") as f:
        # a process that was killed may have left half a line; the next one must not grow onto it
        end = f.seek(0, os.SEEK_END)
        f.seek(max(0, end - 1))
        f.write((b"\n" if f.read(1) not in (b"", b"\n") else b"") + line.encode() + b"\n")
        f.flush()
        os.fsync(f.fileno())


def made(folder: Path) -> Path:
    """The folder, made when it is not there; raises DiskError when it cannot be."""
    with writing(folder):
        folder.mkdir(exist_ok=True)
    return folder


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the disk refuses within the block into a DiskError that names the path."""
    try:
        yield
    except Timeout:
        raise
    except OSError as e:
        raise DiskError(f"{path} cannot be written: {e}") from e


@contextlib.contextmanager
def intact(path: Path) -> Iterator[None]:
    """Turn what is wrong with a stored file that is read within the block into a DamagedError."""
    try:
        yield
    except AuditError as e:
        raise DamagedError(f"{path} is damaged: {e}") from e
    except (OSError, ValueError, LookupError, TypeError, AttributeError, EOFError, RecursionError) as e:
        raise DamagedError(f"{path} is damaged: {e or type(e).__name__}") from e
