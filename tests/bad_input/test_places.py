"""Bad input that is a place: a full disk, a read-only workspace, what another process holds. All of it for real."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from audits.review.backends import backend
from tests.bad_input.case import Case
from tests.bad_input.cases_workspace import CASES, PLACES
from tests.bad_input.conftest import in_force
from tests.conftest import REPOSITORY, MadeUp

_MINE = [c for c in CASES if c.run_by == PLACES]

#: The place of a case by what its name begins with.
_PLACES = {"workspace-full-": "full 0", "workspace-read-only-": "read-only"}

#: A namespace in which this user may mount.
_NAMESPACE = ["unshare", "--map-root-user", "--mount"]

_PROGRESS = re.compile(r"^\[\d+/\d+\] .*\n", re.MULTILINE)

_HOLD_STORE = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1] + "/state/review.sqlite", isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""

_HOLD_DATASET = """
import sys
from audits.workspace import Workspace
with Workspace(sys.argv[1]).run_lock("zoo", "labelaudit run"):
    print("held", flush=True)
    sys.stdin.read()
"""


def _may_mount() -> bool:
    try:
        tried = subprocess.run([*_NAMESPACE, "true"], capture_output=True)
    except OSError:
        return False
    return tried.returncode == 0


needs_mounts = pytest.mark.skipif(
    not _may_mount(), reason="nobody but root may mount here, also in a namespace"
)


def _at(place: str) -> list[Case]:
    return [c for c in _MINE for begin, p in _PLACES.items() if p == place and c.name.startswith(begin)]


def _called_in(place: str, root: Path, commands: list[tuple[str, ...]]) -> list[dict[str, Any]]:
    asked = json.dumps({"root": str(root), "place": place, "commands": commands})
    words = [*_NAMESPACE, sys.executable, "-m", "tests.bad_input.in_a_place"]
    done = subprocess.run(words, input=asked, capture_output=True, text=True, cwd=REPOSITORY)
    assert done.returncode == 0, done.stderr
    results: list[dict[str, Any]] = json.loads(done.stdout)
    return results


@pytest.fixture(scope="module", params=["full 0", "read-only"])
def said(request, good: MadeUp, tmp_path_factory) -> dict[str, Any]:
    """What the commands of all cases of one place said, by the name of the case."""
    root = tmp_path_factory.mktemp("place") / "work space"
    shutil.copytree(good.root, root)
    cases = _at(request.param)
    for case in cases:
        case.spoil(MadeUp(root))
    results = _called_in(request.param, root, [c.command for c in cases])
    return {
        "root": str(root),
        "after": results[len(cases) :],
        "cases": list(zip(cases, results, strict=False)),
    }


@needs_mounts
def test_a_place_that_takes_nothing_is_told_and_nothing_is_lost(said: dict[str, Any]) -> None:
    assert len(said["cases"]) >= 4
    for case, done in said["cases"]:
        told = _PROGRESS.sub("", done["stderr"])
        assert not done["crashed"], told
        assert done["exit_status"] == case.exit_status, (case.name, done)
        assert case.stderr(said["root"]).fullmatch(told), (
            f"{case.name}\nexpected: {case.message}\ngot: {told}"
        )
        assert done["kept"], case.name
        assert done["strays"] == [], case.name
    assert [d["exit_status"] for d in said["after"]] in ([0], []), "with room again it works"


@needs_mounts
@pytest.mark.parametrize("free_kb", [96, 400, 700])
def test_a_disk_that_fills_up_under_way_keeps_what_was_in_force(free_kb, copied: MadeUp) -> None:
    """Where it fills differs by machine and release; that it is told, and harmless, does not."""
    copied.ok("run", "zoo", "--force")  # places in the queue follow the verdicts since the last run
    for done in _called_in(f"full {free_kb}", copied.root, [("run", "zoo", "--force")]):
        assert done["exit_status"] in (0, 2), done
        assert "Traceback" not in done["stderr"]
        assert not done.get("crashed")
        assert done.get("kept", True)


@contextmanager
def _held(script: str, root: Path) -> Iterator[None]:
    """Another process that holds something of a workspace."""
    words = [sys.executable, "-c", script, str(root)]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        try:
            yield
        finally:
            other.communicate("")


@pytest.mark.parametrize(("name", "script"), [("store", _HOLD_STORE), ("dataset", _HOLD_DATASET)])
def test_what_another_process_holds_is_told(name, script, copied: MadeUp, monkeypatch) -> None:
    monkeypatch.setattr(backend, "BUSY_SECONDS", 0.3)
    (case,) = (c for c in _MINE if c.name == f"workspace-{name}-locked")
    case.spoil(copied)
    before = in_force(copied.root)
    words = [w.replace("{root}", str(copied.root)) for w in case.command]
    with _held(script, copied.root):
        done = copied.call(*words)
    told = _PROGRESS.sub("", done.stderr)
    assert done.exit_code == case.exit_status
    assert case.stderr(str(copied.root)).fullmatch(told), told
    assert in_force(copied.root) == before
    assert copied.call(*words).exit_code == 0, "once the other has ended it works"


def test_every_case_of_a_place_is_run() -> None:
    run = [c.name for place in _PLACES.values() for c in _at(place)]
    assert sorted([*run, "workspace-dataset-locked", "workspace-store-locked"]) == sorted(
        c.name for c in _MINE
    )
