"""What is shipped: the three packages, the command, and pinned names without addresses."""

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).resolve().parent.parent


def test_the_wheel_holds_the_three_packages_and_no_tests(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", str(tmp_path), str(REPOSITORY)],
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    tops = {n.split("/")[0] for n in names if ".dist-info/" not in n}
    assert tops == {"audits", "assets", "pipelines"}
    assert "audits/review/migrations/versions/__init__.py" in names or any(
        n.startswith("audits/review/migrations/versions/0001") for n in names
    )
    entry = next(n for n in names if n.endswith("entry_points.txt"))
    assert b"labelaudit = pipelines.cli:main" in zipfile.ZipFile(wheel).read(entry)


def test_constraints_are_names_and_exact_versions():
    lines = (REPOSITORY / "constraints.txt").read_text().splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert len(pins) > 50
    assert not [p for p in pins if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", p)]


def test_every_dependency_is_pinned_within_its_range():
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    wanted = [Requirement(r) for r in [*project["dependencies"], *project["optional-dependencies"]["dev"]]]
    lines = (REPOSITORY / "constraints.txt").read_text().splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    pinned = {canonicalize_name(p.name): next(iter(p.specifier)).version for p in pins}
    outside = [str(w) for w in wanted if pinned.get(canonicalize_name(w.name)) not in w.specifier]
    assert not outside
