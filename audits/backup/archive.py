"""A backup's file: a plain tar archive, or one in gzip, written and read as a stream.

Reading trusts nothing: only plain files are taken, no header can make it ask for much memory, and whatever
is wrong with the file is one FileError.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import tarfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

from audits.backup.manifest import PREFIX, FileEntry
from audits.errors import AuditError, FileError, plain

BLOCK = 1 << 20

#: Most that the tar reader may ask for at once: names of files, never their content.
_LARGEST_HEADER = 1 << 16

_GZIP = b"\x1f\x8b"


class ArchiveWriter:
    """Writes files into an archive and keeps what the manifest says of them.

    Parameters
    ----------
    stream : binary file
        Where the archive goes.
    compressed : bool
        Whether to write gzip.
    """

    def __init__(self, stream: BinaryIO, *, compressed: bool) -> None:
        self.entries: list[FileEntry] = []
        target = cast(BinaryIO, _Gzip(stream)) if compressed else stream
        # the GNU format knows large files and long names, and every tar reads it
        self._tar = tarfile.open(fileobj=target, mode="w", format=tarfile.GNU_FORMAT)  # noqa: SIM115
        self._finish = target.flush

    def add(self, path: str, source: BinaryIO, size: int, mtime_ns: int) -> None:
        """Add a file of the workspace: the first `size` bytes of what is open.

        Raises
        ------
        AuditError
            When the source cannot be read, or has become shorter.
        OSError
            When the archive cannot be written.
        """
        reader = _Source(path, source, size)
        self._member(PREFIX + path, cast(BinaryIO, reader), size, mtime_ns)
        hash_ = reader.digest.hexdigest()
        self.entries.append(FileEntry(path=path, size=size, blake2b=hash_, mtime_ns=max(0, mtime_ns)))

    def finish(self, name: str, data: bytes) -> None:
        """Add the manifest and end the archive; the stream stays open."""
        self._member(name, io.BytesIO(data), len(data), 0)
        self._tar.close()
        self._finish()

    def _member(self, name: str, source: BinaryIO, size: int, mtime_ns: int) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mtime, info.mode = size, max(0, mtime_ns) // 10**9, 0o644
        self._tar.addfile(info, source)


class _Gzip:
    """What is written through it is in gzip once it is flushed. The standard file type would, when an error
    has left it open, go on to write into a closed file as it is collected.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._deflate = zlib.compressobj(6, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
        self._size = 0

    def write(self, data: bytes) -> int:
        self._stream.write(self._deflate.compress(data))
        self._size += len(data)
        return len(data)

    def tell(self) -> int:
        return self._size

    def flush(self) -> None:
        self._stream.write(self._deflate.flush())


class _Source:
    """A file being copied: hashes what passes, and tells errors of reading from errors of writing."""

    def __init__(self, path: str, source: BinaryIO, size: int) -> None:
        self.digest = hashlib.blake2b(digest_size=16)
        self._path, self._source, self._left = path, source, size

    def read(self, size: int) -> bytes:
        wanted = min(size, self._left)
        try:
            data = self._source.read(wanted)
        except OSError as e:
            raise AuditError(f"{self._path} cannot be read: {e}") from e
        if len(data) < wanted:
            raise AuditError(f"{self._path} became shorter while it was copied; try again")
        self._left -= len(data)
        self.digest.update(data)
        return data


@contextlib.contextmanager
def open_archive(path: Path) -> Iterator[BinaryIO]:
    """Open a backup's file for reading, as the bytes of a tar archive; it can be read again with `seek(0)`.

    Raises
    ------
    FileError
        When it cannot be opened or read.
    """
    with contextlib.ExitStack() as stack:
        try:
            if path.exists() and not (path.is_file() or path.is_dir()):
                # a named pipe would be waited for without end
                raise FileError(f"{path}: cannot be read: is no regular file")
            stream: BinaryIO = stack.enter_context(path.open("rb"))
            compressed = stream.read(2) == _GZIP
            stream.seek(0)
        except OSError as e:
            raise FileError(f"{path}: cannot be read: {e}") from e
        if compressed:
            stream = cast(BinaryIO, stack.enter_context(gzip.GzipFile(fileobj=stream, mode="rb")))
        yield stream


#: Gives the content of a member, a block at a time.
Blocks = Callable[[], Iterator[bytes]]


def members(path: Path, stream: BinaryIO) -> Iterator[tuple[str, int, Blocks]]:
    """Go through an archive from its begin.

    Parameters
    ----------
    path : Path
        Its path, for messages.
    stream : binary file
        What `open_archive` gave.

    Yields
    ------
    name, size, blocks
        Of each member, in order; the content has to be read before the next member is asked for.

    Raises
    ------
    FileError
        When the file is damaged, cut, no tar archive, or holds anything but plain files.
    """
    with _damage(path):
        stream.seek(0)
        tar = tarfile.open(fileobj=cast(BinaryIO, _Bounded(stream)), mode="r:")  # noqa: SIM115
    while True:
        with _damage(path):
            member = tar.next()
        if member is None:
            with _damage(path):
                _to_the_end(stream)
            return
        if member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) or member.sparse is not None:
            raise FileError(f"{path}: {plain(member.name)!r} is no plain file")
        if member.size < 0:
            raise FileError(f"{path}: {plain(member.name)!r} has no possible size")
        yield member.name, member.size, _blocks(path, stream, member)


def _to_the_end(stream: BinaryIO) -> None:
    """Read what follows the last member, zeros, so that gzip comes to compare its checksum."""
    left = _LARGEST_HEADER
    while rest := stream.read(BLOCK):
        left -= len(rest)
        if left < 0 or any(rest):
            raise ValueError("something follows its end")


def _blocks(path: Path, stream: BinaryIO, member: tarfile.TarInfo) -> Blocks:
    def blocks() -> Iterator[bytes]:
        with _damage(path):
            stream.seek(member.offset_data)
        left = member.size
        while left:
            with _damage(path):
                data = stream.read(min(BLOCK, left))
                if not data:
                    raise EOFError(
                        f"{plain(member.name)!r} is cut after {member.size - left} of {member.size} bytes"
                    )
            left -= len(data)
            yield data

    return blocks


class _Bounded:
    """What the tar reader reads from: a header cannot make it take up much memory."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def read(self, size: int) -> bytes:
        if not 0 <= size <= _LARGEST_HEADER:
            raise EOFError(f"a header claims {size} bytes")
        return self._stream.read(size)

    def seek(self, offset: int) -> int:
        return self._stream.seek(offset)

    def tell(self) -> int:
        return self._stream.tell()


@contextlib.contextmanager
def _damage(path: Path) -> Iterator[None]:
    """Turn whatever damaged bytes lead to into an FileError. Nothing is written within."""
    try:
        yield
    except (OSError, EOFError, ValueError, ArithmeticError, MemoryError, RecursionError) as e:
        raise FileError(f"{path}: is damaged: {e or type(e).__name__}") from e
    except (tarfile.TarError, zlib.error) as e:
        raise FileError(f"{path}: is damaged, or no tar archive: {e}") from e
