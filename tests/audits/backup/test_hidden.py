"""Hidden folders: gone when left, and only dead ones are cleared away."""

from __future__ import annotations

import shutil

import pytest

from audits.backup.hidden import check_room, hidden_folder, in_words
from audits.errors import AuditError


def test_it_goes_whatever_happens(tmp_path):
    def fails():
        with hidden_folder(tmp_path / "b.tar") as folder:
            assert folder.parent == tmp_path
            assert folder.name.startswith(".")
            (folder / "x").write_text("x")
            raise OSError("full")

    with pytest.raises(AuditError, match=r"b.tar cannot be written: full"):
        fails()
    assert list(tmp_path.iterdir()) == []


def test_only_what_a_dead_process_left_beside_the_same_place_is_removed(tmp_path):
    place = tmp_path / "b[1].tar"
    dead, foreign, unsure = (
        tmp_path / n for n in (".b[1].tar-part-dead", ".other.tar-part-x", ".b[1].tar-part-unsure")
    )
    for folder in (dead, foreign, unsure):
        folder.mkdir()
    for folder in (dead, foreign):
        (folder / "alive.lock").touch()
    with hidden_folder(place) as first, hidden_folder(place) as second:
        assert {p.name for p in tmp_path.iterdir()} == {first.name, second.name, foreign.name, unsure.name}


def test_room(tmp_path):
    check_room(tmp_path / "x", 1)
    with pytest.raises(AuditError, match="are free on its disk"):
        check_room(tmp_path / "x", shutil.disk_usage(tmp_path).total + 1)
    with pytest.raises(AuditError, match="cannot be written"):
        check_room(tmp_path / "none" / "x", 1)


@pytest.mark.parametrize(
    ("size", "words"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (10**18, "1000000.0 TB")]
)
def test_sizes_in_words(size, words):
    assert in_words(size) == words
