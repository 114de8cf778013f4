"""The gates stand, and every exception from them says why."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
TOOLS = PROJECT["tool"]
#: tests/fuzz is a program of its own, which pytest's settings do not reach
CODE = [
    p
    for folder in ("audits", "assets", "pipelines", "tests", "docs", "benchmarks", ".ci")
    for p in sorted((REPOSITORY / folder).rglob("*.py"))
    if not {"fuzz", "_build"} & set(p.parts) and p != Path(__file__).resolve()
]


def unexplained(pattern: str, text: str) -> list[int]:
    """Lines that match and have no words of comment on them or right above."""
    lines = text.splitlines()
    found = []
    for i, line in enumerate(lines):
        if match := re.search(pattern, line):
            rest = line[match.end() :]
            above = lines[i - 1].strip() if i else ""
            if not re.search(r"(#|- )\s*\w+ \w+", rest) and not above.startswith("#"):
                found.append(i + 1)
    return found


def test_pytest_is_strict():
    options = TOOLS["pytest"]["ini_options"]
    assert options["filterwarnings"] == ["error"]
    assert options["xfail_strict"]
    assert {"--strict-markers", "--strict-config"} <= set(options["addopts"].split())


def test_coverage_counts_branches_and_its_floor_only_rises():
    assert TOOLS["coverage"]["run"]["branch"]
    assert set(TOOLS["coverage"]["run"]["source"]) == {"audits", "assets", "pipelines"}
    assert TOOLS["coverage"]["report"]["fail_under"] >= 98
    assert set(TOOLS["coverage"]["report"]) == {"fail_under"}, "nothing is left out of the count"
    assert not [p for p in CODE if re.search(r"pragma: no (cover|branch)", p.read_text(encoding="utf-8"))]


def test_types_are_strict():
    assert TOOLS["mypy"]["strict"]
    assert TOOLS["mypy"]["packages"] == ["audits"]


def test_lint_and_ci_run_all_of_them():
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    lint = makefile.split("\nlint: setup\n")[1].split("\n\n")[0]
    for part in ("ruff check .", "ruff format --check .", "mypy", ".ci/dependencies.py"):
        assert part in lint
    assert "--cov" in makefile.split("\ntest: setup\n")[1].split("\n\n")[0]
    docs = makefile.split("\ndocs: ")[1].split("\n\n")[0]
    assert {"-W", "-n", "--keep-going"} <= set(docs.split())
    ci = (REPOSITORY / ".ci" / "run").read_text(encoding="utf-8")
    assert re.findall(r"^make (\w+)$", ci, re.M) == ["docs", "lint", "test"]


@pytest.mark.parametrize(
    "pattern",
    [
        r"(filterwarnings|simplefilter)\(\"ignore",
        r"pytest\.mark\.(skip|xfail)\(",
    ],
)
def test_every_exception_is_explained(pattern):
    found = [
        f"{p.relative_to(REPOSITORY)}:{n}"
        for p in CODE
        for n in unexplained(pattern, p.read_text(encoding="utf-8"))
    ]
    assert not found


def test_an_exception_without_a_reason_is_found():
    pattern = r"simplefilter\(\"ignore"
    assert unexplained(pattern, 'a = 1\nwarnings.simplefilter("ignore")\n') == [2]
    assert not unexplained(pattern, '# it cannot be helped\nwarnings.simplefilter("ignore")\n')
    assert not unexplained(pattern, 'warnings.simplefilter("ignore")  # a library warns of itself\n')


def test_no_blanket_exceptions():
    blanket = r"# noqa\s*$|# type: ignore\s*$|# ruff: noqa\s*$|# mypy: ignore-errors"
    assert not [p for p in CODE if re.search(blanket, p.read_text(encoding="utf-8"), re.M)]
