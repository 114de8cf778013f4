"""Processes as the system sees them."""

import os
import sys
import time
from pathlib import Path

import pytest


def living(groups) -> list[str]:
    """Command lines of the processes, other than ones that only wait to be reaped, of process groups."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            state, _, group = (folder / "stat").read_text().rsplit(")", 1)[1].split()[:3]
            if int(group) in groups and state not in "ZX":
                found.append((folder / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


def eventually(holds, seconds: float = 300.0):
    """Wait until something holds; how long it takes is not what is tested."""
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < deadline, "did not come about"
        time.sleep(0.05)
    return found


@pytest.fixture
def processes_of():
    """Living processes of process groups."""
    if not sys.platform.startswith("linux"):
        pytest.skip("reads /proc")
    return living


@pytest.fixture(scope="session")
def until():
    """Wait until something holds."""
    return eventually


@pytest.fixture
def is_alive():
    """Whether a process is there."""

    def there(pid: int) -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        return True

    return there
