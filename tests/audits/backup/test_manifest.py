"""The manifest: read strictly, and no path in it leads out."""

from __future__ import annotations

import json

import pytest

from audits.backup.manifest import FORMAT, VERSION, FileEntry, Manifest, read_manifest, safe_path
from audits.errors import FileError, InputError, VersionError

ONE = Manifest(
    format=FORMAT,
    version=VERSION,
    labelaudit="0.1",
    made_at="2024-01-01T00:00:00+00:00",
    without_data=False,
    left_out=0,
    outside=("/elsewhere",),
    files=(FileEntry(path="datasets/ä.csv", size=3, blake2b="0" * 32, mtime_ns=5),),
)


def test_it_is_read_as_it_was_written():
    assert read_manifest(ONE.to_bytes()) == ONE


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": "other"}, "no backup of labelaudit"),
        ({"version": 0}, "in version 0 of the format"),
        ({"version": None}, "in version None of the format"),
        ({"extra": 1}, "damaged: extra"),
        ({"made_at": 5}, "damaged: made_at"),
        ({"files": [{"path": "a"}]}, "damaged: files.0.size"),
        ({"files": [{"path": "a", "size": -1, "blake2b": "0" * 32, "mtime_ns": 0}]}, "files.0.size"),
        ({"files": [{"path": "a", "size": 1, "blake2b": "0", "mtime_ns": 0}]}, "files.0.blake2b"),
        ({"files": [{"path": "a", "size": 1, "blake2b": "0" * 32, "mtime_ns": 2**70}]}, "files.0.mtime_ns"),
    ],
)
def test_refusals(change, words):
    with pytest.raises(VersionError if "version" in change else FileError, match=words):
        read_manifest(json.dumps({**json.loads(ONE.to_bytes()), **change}).encode())


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b"[" * 100_000, b"[]", b"1"], ids=range(6))
def test_what_is_no_manifest(data):
    with pytest.raises(InputError):
        read_manifest(data)


def test_safe_paths():
    assert str(safe_path("a/b..c/.d")) == "a/b..c/.d"
    for name in ("", "/", "/a", "a/", "a//b", ".", "./a", "..", "../a", "a/..", "a\0b"):
        with pytest.raises(InputError, match="outside of the workspace"):
            safe_path(name)
