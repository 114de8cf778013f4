"""What a backup says of itself: its format, when it was made, and every file with size and hash."""

from __future__ import annotations

import json
from pathlib import PurePosixPath

from pydantic import Field, ValidationError

from audits.errors import FileError, VersionError, plain
from audits.strict import Strict

FORMAT = "labelaudit-backup"
VERSION = 1

#: Name of the manifest in the archive, where it comes last.
MANIFEST = "manifest.json"

#: What the names of all other members begin with.
PREFIX = "workspace/"


class FileEntry(Strict):
    """One file of the workspace."""

    path: str = Field(description="Relative to the workspace, parts separated by '/'.")
    size: int = Field(ge=0, lt=2**62, description="In bytes.")
    blake2b: str = Field(pattern=r"^[0-9a-f]{32}$", description="Hash of its bytes, 16 bytes long.")
    mtime_ns: int = Field(ge=0, lt=2**62, description="When it was changed last, in ns since 1970.")


class Manifest(Strict):
    """All that a backup says of itself."""

    format: str = Field(description=f"'{FORMAT}'.")
    version: int = Field(description="Version of the format.")
    labelaudit: str = Field(description="Version of the program that made it.")
    made_at: str = Field(description="When it was begun, ISO 8601 in UTC.")
    without_data: bool = Field(description="Whether the datasets' own files were left out on purpose.")
    left_out: int = Field(ge=0, description="How many files were left out for that.")
    outside: tuple[str, ...] = Field(description="What the YAML files name and the backup does not hold.")
    files: tuple[FileEntry, ...] = Field(description="Every file, in the order of the archive.")

    def to_bytes(self) -> bytes:
        """The manifest as a JSON document, UTF-8."""
        return json.dumps(self.model_dump(mode="json"), indent=1).encode()


def read_manifest(data: bytes) -> Manifest:
    """Read a manifest.

    Raises
    ------
    FileError
        When it is damaged, or of something else.
    VersionError
        When it is of another format, most likely a newer one.
    """
    try:
        raw = json.loads(data)
    except (ValueError, RecursionError) as e:
        raise FileError(f"its manifest is not JSON: {e}") from e
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        raise FileError("it is no backup of labelaudit")
    if raw.get("version") != VERSION:
        raise VersionError(
            f"it is in version {plain(raw.get('version'))} of the format, and this labelaudit reads version {VERSION}"
        )
    try:
        return Manifest.model_validate(raw)
    except ValidationError as e:
        first = e.errors(include_url=False)[0]
        place = ".".join(plain(p) for p in first["loc"])
        raise FileError(f"its manifest is damaged: {place}: {first['msg']}") from e


def safe_path(name: str) -> PurePosixPath:
    """A name from an archive as a relative path that stays where it is put.

    Raises
    ------
    FileError
        When it is absolute, empty, or has parts such as '..'.
    """
    parts = name.split("/")
    if not name or "\0" in name or any(part in ("", ".", "..") for part in parts):
        raise FileError(f"it names a file {plain(name)!r}, which would lie outside of the workspace")
    return PurePosixPath(*parts)
