"""Where the code server listens: a socket that only this user can reach, at the same path at every start."""

import hashlib
import os
import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from audits.errors import AuditError

#: Name of the socket in its folder.
SOCKET = "code.sock"

#: A socket's path may not be longer on any system, in bytes; Dagster makes others in the folder.
_LONGEST, _ROOM = 100, 20


def socket_folder(root: Path, preferred: Path) -> Path:
    """Make a folder for sockets that only this user can enter: who reaches the code server can have it run code.

    Dagster records the path with its runs and schedules, so it stays the same from one start to the next. A
    path that is too long for a socket, or a file system that has none, leads to the folder for temporary
    files.

    Parameters
    ----------
    root : Path
        The workspace; each has a folder of its own.
    preferred : Path
        Where to make it when that can be.

    Raises
    ------
    AuditError
        When it cannot be made anywhere.
    """
    reasons = []
    for folder in _candidates(root, preferred):
        if len(os.fsencode(folder)) + _ROOM > _LONGEST:
            reasons.append(f"{folder}: the path is too long for a socket")
            continue
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            _check_private(folder)
            with socket.socket(socket.AF_UNIX) as probe:
                probe.bind(str(folder / "probe.sock"))
            (folder / "probe.sock").unlink()
        except OSError as e:
            reasons.append(f"{folder}: {e}")
            continue
        return folder
    raise AuditError("no place for the code server's socket: " + "; ".join(reasons))


def _candidates(root: Path, preferred: Path) -> Iterator[Path]:
    yield preferred
    name = f"labelaudit-{os.getuid()}-{hashlib.blake2b(os.fsencode(root), digest_size=6).hexdigest()}"
    yield from dict.fromkeys([Path(tempfile.gettempdir()) / name, Path("/tmp") / name])  # noqa: S108


def _check_private(folder: Path) -> None:
    """Raise PermissionError unless it is this user's, and no link: the name can be guessed by others."""
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise PermissionError(f"{folder} is not a folder of this user")
    folder.chmod(0o700)
