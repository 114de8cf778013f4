"""The three floors: pipelines on assets on audits, and nothing runs back up."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
FORBIDDEN = {"audits": {"dagster", "assets", "pipelines"}, "assets": {"pipelines"}, "pipelines": set()}


def _imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names.add(node.module or "")
    return names


def _files(floor: str) -> list[Path]:
    files = sorted((REPOSITORY / floor).rglob("*.py"))
    assert files
    return files


@pytest.mark.parametrize("floor", FORBIDDEN)
def test_no_floor_imports_one_above(floor):
    for path in _files(floor):
        tops = {name.split(".")[0] for name in _imports(path)}
        assert not tops & FORBIDDEN[floor], path


@pytest.mark.parametrize("floor", ["assets", "pipelines"])
def test_dagster_sees_real_annotations_and_only_its_public_names(floor):
    for path in _files(floor):
        names = _imports(path)
        assert "__future__" not in names, f"{path}: postponed annotations break Dagster's type hints"
        assert not [n for n in names if n.startswith("dagster._")], path


def test_the_library_runs_without_dagster():
    script = (
        "import sys, pkgutil, importlib, audits\n"
        "for m in pkgutil.walk_packages(audits.__path__, 'audits.'):\n"
        "    if '.migrations' not in m.name: importlib.import_module(m.name)\n"
        "assert 'dagster' not in sys.modules\n"
        "slow = {'cleanlab', 'great_expectations', 'sklearn'} & set(sys.modules)\n"
        "assert not slow, slow\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=REPOSITORY)


def test_files_stay_readable():
    lengths = [len(p.read_text(encoding="utf-8").splitlines()) for f in FORBIDDEN for p in _files(f)]
    assert max(lengths) <= 450
    assert sorted(lengths)[len(lengths) // 2] <= 150
