"""The secret that sessions are signed with: from the environment, or a file that only its owner reads."""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from collections.abc import Mapping
from pathlib import Path

from audits.disk import made, sync_folder, writing
from audits.errors import DamagedError, UsageError
from audits.workspace import Workspace

#: Environment variable that holds the secret where several servers share one store.
VARIABLE = "LABELAUDIT_WEB_SECRET"

#: Fewest characters of a secret that comes from the environment.
SHORTEST = 32

_BYTES = 32


def signing_secret(workspace: Workspace, environ: Mapping[str, str] = os.environ) -> bytes:
    """The secret that sessions are signed with; made when there is none.

    Parameters
    ----------
    workspace : Workspace
        Its file is `state/web/secret`.
    environ : mapping of str to str
        `LABELAUDIT_WEB_SECRET` in it comes before the file.

    Raises
    ------
    UsageError
        When the variable is too short, or others than its owner may read the file.
    DamagedError
        When the file holds no secret.
    DiskError
        When the file cannot be written.
    """
    if VARIABLE in environ:
        given = environ[VARIABLE].strip()
        if len(given) < SHORTEST:
            raise UsageError(
                f"the environment variable {VARIABLE} has {len(given)} characters; at least {SHORTEST} are needed, "
                "drawn at random"
            )
        return given.encode()
    path = made(workspace.state / "web") / "secret"
    if not path.exists():
        _make(path)
    with writing(path):
        mode, text = path.stat().st_mode, path.read_text(encoding="ascii", errors="replace")
    if mode & 0o077:
        raise UsageError(
            f"{path}: others than its owner may use it (mode {mode & 0o777:o}), so anybody could sign in as anybody; "
            "delete it, and a new one is made and all sessions end"
        )
    try:
        secret = bytes.fromhex(text)
    except ValueError:
        secret = b""
    if len(secret) != _BYTES:
        raise DamagedError(
            f"{path} is damaged: expected {2 * _BYTES} hexadecimal digits; delete it, all sessions end"
        )
    return secret


def _make(path: Path) -> None:
    """Write a new secret in one step; when another process was faster, its one stays."""
    with writing(path):
        fd, temporary = tempfile.mkstemp(prefix=".secret-", dir=path.parent)  # of mode 0600
        try:
            with os.fdopen(fd, "w", encoding="ascii") as f:
                f.write(secrets.token_hex(_BYTES))
                f.flush()
                os.fsync(f.fileno())
            with contextlib.suppress(FileExistsError):
                os.link(temporary, path)
        finally:
            Path(temporary).unlink(missing_ok=True)
        sync_folder(path.parent)
