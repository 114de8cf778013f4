"""The archive's file: what is written is read back, by us and by any tar."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess

import pytest

from audits.backup.archive import BLOCK, ArchiveWriter, members, open_archive
from audits.errors import AuditError, InputError

FILES = {"a": b"", "b/" + "ä" * 90 + "/" + "c" * 200: b"x" * 700, "large": bytes(range(256)) * (BLOCK // 100)}


def written(path):
    with path.open("wb") as stream:
        writer = ArchiveWriter(stream, compressed=path.suffix == ".gz")
        for name, data in FILES.items():
            writer.add(name, io.BytesIO(data), len(data), 1_700_000_000_123_456_789)
        writer.finish("manifest.json", b"{}")
    return writer.entries


@pytest.mark.parametrize("name", ["x.tar", "x.tar.gz"])
def test_what_is_written_is_read_back_more_than_once(tmp_path, name):
    entries = written(tmp_path / name)
    assert [(e.path, e.size) for e in entries] == [(n, len(d)) for n, d in FILES.items()]
    assert [e.blake2b for e in entries] == [
        hashlib.blake2b(d, digest_size=16).hexdigest() for d in FILES.values()
    ]
    expected = [*((f"workspace/{n}", d) for n, d in FILES.items()), ("manifest.json", b"{}")]
    with open_archive(tmp_path / name) as stream:
        for _ in range(2):
            found = [(n, b"".join(blocks())) for n, _, blocks in members(tmp_path / name, stream)]
            assert found == expected


@pytest.mark.parametrize("name", ["x.tar", "x.tar.gz"])
def test_any_tar_reads_it(tmp_path, name):
    written(tmp_path / name)
    subprocess.run(["tar", "xf", name], cwd=tmp_path, check=True)
    for path, data in FILES.items():
        assert (tmp_path / "workspace" / path).read_bytes() == data


def test_only_the_size_that_was_told_is_taken(tmp_path):
    writer = ArchiveWriter(io.BytesIO(), compressed=False)
    source = io.BytesIO(b"12345")
    writer.add("a", source, 3, 0)
    assert source.tell() == 3
    with pytest.raises(AuditError, match="b became shorter"):
        writer.add("b", io.BytesIO(b"12"), 3, 0)


def test_a_source_that_cannot_be_read_is_told_from_a_target():
    class Broken(io.BytesIO):
        def read(self, *_):
            raise OSError("gone")

    with pytest.raises(AuditError, match="a cannot be read: gone"):
        ArchiveWriter(io.BytesIO(), compressed=False).add("a", Broken(), 3, 0)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="cannot be read"), open_archive(tmp_path / "none.tar"):
        pass
    with pytest.raises(InputError, match="cannot be read"), open_archive(tmp_path):
        pass


def test_a_named_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "x.tar")
    with (
        pytest.raises(InputError, match=r"x\.tar: cannot be read: is no regular file"),
        open_archive(tmp_path / "x.tar"),
    ):
        pass
