import shutil
import socket
import stat
import tempfile
from pathlib import Path

import pytest

from audits.errors import AuditError
from pipelines.up import sockets
from pipelines.up.sockets import SOCKET, socket_folder


@pytest.fixture
def short():
    """A folder with a short path, which that of a test may not be."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder)


def test_only_the_user_can_enter_it(short):
    (short / "up").mkdir(mode=0o755)
    folder = socket_folder(short, short / "up")
    assert folder == short / "up"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(str(folder / SOCKET))


def test_a_long_path_leads_to_the_folder_for_temporary_files_always_to_the_same(short):
    root = short / ("long" * 30)
    root.mkdir()
    folder = socket_folder(root, root / "up")
    try:
        assert folder.is_dir()
        assert root not in folder.parents
        assert socket_folder(root, root / "up") == folder
    finally:
        shutil.rmtree(folder)


def test_a_place_that_somebody_else_prepared_is_not_taken(short, monkeypatch):
    (short / "elsewhere").mkdir()
    (short / "up").symlink_to(short / "elsewhere")
    monkeypatch.setattr(sockets, "_candidates", lambda root, preferred: [preferred])
    with pytest.raises(AuditError, match="not a folder of this user"):
        socket_folder(short, short / "up")


def test_no_place_at_all_is_said_with_every_reason(short, monkeypatch):
    (short / "file").write_text("")
    tried = [short / "file", short / ("long" * 30)]
    monkeypatch.setattr(sockets, "_candidates", lambda root, preferred: tried)
    with pytest.raises(AuditError, match=r"file.*; .*too long for a socket"):
        socket_folder(short, short / "up")
