"""The watcher catches what hangs, eats the memory, prints without end or dies, and tells how the others ended."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("name", "status", "killed"),
    [
        ("fine", 3, None),
        ("leaves", 2, None),
        ("raises", 1, None),
        ("hangs", None, "hang"),
        ("hogs", None, "memory"),
        ("chatters", None, "printed"),
        ("dies", None, "SIGSEGV"),
    ],
)
def test_how_a_planted_process_ends(name, status, killed, tmp_path):
    words = [sys.executable, "-m", "tests.fuzz.planted", name, str(tmp_path)]
    done = subprocess.run(words, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    got = json.loads(done.stdout)
    assert got[:2] == [status, killed]
    assert (got[2] == "fine\n") == (name == "fine")
    assert ("Traceback" in got[3] and "planted" in got[3]) == (name == "raises")
