from __future__ import annotations

import os
import threading

import pytest

from audits.errors import DamagedError, DiskError, UsageError
from audits.web.security.secret import SHORTEST, VARIABLE, signing_secret


@pytest.fixture
def workspace(made_up):
    return made_up.workspace


@pytest.fixture
def file(workspace):
    return workspace.root / "state" / "web" / "secret"


def test_it_is_made_once_and_only_its_owner_reads_it(workspace, file):
    secret = signing_secret(workspace, {})
    assert len(secret) == 32
    assert file.stat().st_mode & 0o777 == 0o600
    assert signing_secret(workspace, {}) == secret
    assert [p.name for p in file.parent.iterdir()] == ["secret"], "nothing is left beside it"


def test_two_workspaces_have_two(workspace, tmp_path):
    from audits.new_workspace import init_workspace
    from audits.workspace import Workspace

    init_workspace(tmp_path / "other")
    assert signing_secret(workspace, {}) != signing_secret(Workspace(tmp_path / "other"), {})


def test_servers_that_start_at_once_have_the_same(workspace):
    found, start = [], threading.Barrier(8)

    def ask():
        start.wait()
        found.append(signing_secret(workspace, {}))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_the_environment_comes_first_and_writes_no_file(workspace, file):
    given = "x" * SHORTEST
    assert signing_secret(workspace, {VARIABLE: f" {given}\n"}) == given.encode()
    assert not file.exists()


@pytest.mark.parametrize("given", ["", "   ", "x" * (SHORTEST - 1)])
def test_a_short_one_in_the_environment_is_refused_and_not_repeated(workspace, given):
    with pytest.raises(UsageError, match=f"{VARIABLE} has {len(given.strip())} characters") as e:
        signing_secret(workspace, {VARIABLE: given})
    assert "xx" not in str(e.value)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o602, 0o601])
def test_one_that_others_may_use_is_refused(workspace, file, mode):
    signing_secret(workspace, {})
    file.chmod(mode)
    with pytest.raises(UsageError, match=f"mode {mode:o}"):
        signing_secret(workspace, {})
    file.unlink()
    assert len(signing_secret(workspace, {})) == 32, "as the message says, deleting it helps"


@pytest.mark.parametrize("text", ["", "abc", "zz" * 32, "ab" * 31, "ab" * 33])
def test_a_damaged_one_is_told_and_not_taken(workspace, file, text):
    signing_secret(workspace, {})
    file.write_text(text)
    with pytest.raises(DamagedError, match="expected 64 hexadecimal digits"):
        signing_secret(workspace, {})


def test_a_folder_that_takes_no_file_is_told(workspace, file):
    (workspace.state / "web").write_text("in the way")
    with pytest.raises(DiskError, match=str(os.path.join("state", "web"))):
        signing_secret(workspace, {})
