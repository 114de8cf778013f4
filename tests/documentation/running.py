"""Run the blocks of a page as somebody who follows it would."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.documentation.pages import fences


def follow(page: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run every bash and python block of a page in order, in one shell and one folder."""
    script = ["set -euo pipefail"]
    for i, block in enumerate(b for b in fences(page) if b.kind in ("bash", "python")):
        if block.kind == "python":
            (folder / f"block{i}.py").write_text(block.text, encoding="utf-8")
        script.append(f"python block{i}.py" if block.kind == "python" else block.text)
    return run(["bash", "-c", "\n".join(script)], folder)


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command with this Python first in the path, and no workspace of the caller's."""
    environment = {
        **{k: v for k, v in os.environ.items() if k not in ("LABELAUDIT_WORKSPACE", "PYTEST_ADDOPTS")},
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
