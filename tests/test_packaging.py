"""What is shipped: the three packages, the command, and pinned names without addresses."""

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).resolve().parent.parent
PACKAGES = ("audits", "assets", "pipelines")


def test_the_wheel_holds_the_three_packages_and_no_tests(tmp_path):
    # from a copy: what an earlier build left behind beside the sources would come along
    source = tmp_path / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, source)
    for package in (*PACKAGES, "tests"):
        shutil.copytree(REPOSITORY / package, source / package, ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", str(tmp_path), str(source)],
        check=True,
        capture_output=True,
    )
    (path,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(path) as wheel:
        names = {n for n in wheel.namelist() if ".dist-info/" not in n}
        modules = {p.relative_to(source).as_posix() for k in PACKAGES for p in (source / k).rglob("*.py")}
        pages = {
            p.relative_to(source).as_posix()
            for kind in ("templates", "static")
            for p in (source / "audits" / "web" / kind).iterdir()
        }
        assert len(pages) > 20
        assert names == {*modules, *pages, "audits/py.typed"}
        (entry,) = [n for n in wheel.namelist() if n.endswith("entry_points.txt")]
        assert b"labelaudit = pipelines.cli:main" in wheel.read(entry)
        (metadata,) = [n for n in wheel.namelist() if n.endswith(".dist-info/METADATA")]
        text = wheel.read(metadata).decode()
    assert "Name: labelaudit\n" in text
    assert "License-Expression: Apache-2.0\n" in text
    assert {s.strip() for s in re.search(r"Requires-Python: (.*)", text)[1].split(",")} == {">=3.11", "<3.14"}


def test_constraints_are_names_and_exact_versions():
    lines = (REPOSITORY / "constraints.txt").read_text().splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert len(pins) > 50
    assert not [p for p in pins if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", p)]
    assert "//" not in "".join(lines), "no addresses, in comments neither"


def test_every_dependency_is_pinned_within_its_range():
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    optional = [r for extra in project["optional-dependencies"].values() for r in extra]
    wanted = [Requirement(r) for r in [*project["dependencies"], *optional]]
    lines = (REPOSITORY / "constraints.txt").read_text().splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    pinned = {canonicalize_name(p.name): next(iter(p.specifier)).version for p in pins}
    outside = [
        str(w)
        for w in wanted
        if w.name != "labelaudit" and pinned.get(canonicalize_name(w.name)) not in w.specifier
    ]
    assert not outside
