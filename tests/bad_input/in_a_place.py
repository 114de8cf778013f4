"""Calls of the command in a place that does not take what is written: a full disk, a read-only one.

Run in a user namespace of its own, where anybody may mount: `unshare -rm python -m tests.bad_input.in_a_place`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.bad_input.conftest import in_force, strays
from tests.conftest import MadeUp

#: Size of the disk that is filled, in MB: several times that of the workspace.
_DISK = 96


def called(root: Path, place: str, commands: list[list[str]]) -> list[dict[str, Any]]:
    """Call commands one after the other; what each said, and whether what was in force stayed so.

    Parameters
    ----------
    root : Path
        A copy of the good workspace.
    place : str
        `full KB`: mounted on a disk of its own with so much free; `read-only`: mounted so.
    commands : list of list of str
        `{root}` in a word is the workspace.
    """
    kind, _, free = place.partition(" ")
    filler = root / "filler"
    if kind == "full":
        kept = root.with_name("kept")
        root.rename(kept)
        root.mkdir()
        _mount("-t", "tmpfs", "-o", f"size={_DISK}m", "tmpfs", str(root))
        shutil.copytree(kept, root, dirs_exist_ok=True)
        _fill(filler, int(free) << 10)
    else:
        _mount("--bind", str(root), str(root))
        _mount("-o", "remount,bind,ro", str(root))
    zoo = MadeUp(root)
    results = []
    for words in commands:
        before = in_force(root)
        done = zoo.call(*(w.replace("{root}", str(root)) for w in words))
        crashed = done.exception is not None and not isinstance(done.exception, SystemExit)
        results.append(
            {
                "exit_status": done.exit_code,
                "stdout": done.stdout,
                "stderr": done.stderr + (repr(done.exception) if crashed else ""),
                "crashed": crashed,
                "kept": in_force(root) == before,
                "strays": strays(root),
            }
        )
    if kind == "full":
        filler.unlink()
        done = zoo.call("run", "zoo", "--force")
        results.append({"exit_status": done.exit_code, "stderr": done.stderr, "stdout": done.stdout})
    return results


def _mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True)


def _fill(path: Path, free: int) -> None:
    """Write until the disk is full but for so many bytes."""
    with path.open("wb") as f:
        disk = os.statvfs(path)
        f.write(b"\0" * max(0, disk.f_bavail * disk.f_frsize - free))


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    sys.stdout.write(json.dumps(called(Path(asked["root"]), asked["place"], asked["commands"])))
