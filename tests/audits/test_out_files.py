from __future__ import annotations

import pytest

from audits.errors import DiskError, UsageError
from audits.out_files import checked_target, write_out


def test_a_file_is_written_as_a_whole(tmp_path):
    path = tmp_path / "out.csv"
    write_out(path, b"one")
    write_out(path, b"two")
    assert path.read_bytes() == b"two"
    assert [p.name for p in tmp_path.iterdir()] == ["out.csv"]


def test_no_folder_is_made_for_it(tmp_path):
    path = tmp_path / "none" / "out.csv"
    with pytest.raises(UsageError, match=r"there is no folder .*none$"):
        write_out(path, b"x")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_its_place_stays(tmp_path):
    (tmp_path / "out.csv").mkdir()
    with pytest.raises(UsageError, match="is a folder"):
        write_out(tmp_path / "out.csv", b"x")
    assert list((tmp_path / "out.csv").iterdir()) == []


def test_a_file_in_place_of_its_folder_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="there is no folder"):
        checked_target(tmp_path / "file" / "out.csv")


def test_what_the_disk_refuses_is_told(tmp_path):
    with pytest.raises(DiskError, match="cannot be written"):
        write_out(tmp_path / ("x" * 300), b"x")
    assert list(tmp_path.iterdir()) == []
