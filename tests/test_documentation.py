"""Documentation is executed or checked against the program."""

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
TEXTS = [REPOSITORY / "README.md", REPOSITORY / "CHANGELOG.md", *sorted((REPOSITORY / "docs").glob("*.md"))]


@pytest.fixture(scope="module")
def build():
    spec = importlib.util.spec_from_file_location("docs_build", REPOSITORY / "docs" / "build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_pages_that_follow_from_the_code_are_up_to_date(build):
    for path, text in build.pages().items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name}: run 'python docs/build.py'"


def test_every_link_to_a_file_leads_somewhere():
    for page in TEXTS:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_readme_can_be_followed(tmp_path):
    """Run every bash and python block of the README in order, in one folder, as a newcomer would."""
    blocks = re.findall(r"```(bash|python)\n(.*?)```", (REPOSITORY / "README.md").read_text("utf-8"), re.S)
    assert {kind for kind, _ in blocks} == {"bash", "python"}
    script = ["set -euo pipefail"]
    for i, (kind, text) in enumerate(blocks):
        if kind == "python":
            (tmp_path / f"block{i}.py").write_text(text, encoding="utf-8")
        script.append(f"python block{i}.py" if kind == "python" else text)
    environment = {
        **{k: v for k, v in os.environ.items() if k != "LABELAUDIT_WORKSPACE"},
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    done = subprocess.run(
        ["bash", "-c", "\n".join(script)], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    # the three planted errors are found, corrected, and nothing else is changed
    before = (tmp_path / "items.csv").read_text().splitlines()
    after = (tmp_path / "items-cleaned.csv").read_text().replace('"', "").splitlines()
    changed = [
        a.split(",")[:2] for a, b in zip(after, before, strict=True) if a.split(",")[1] != b.split(",")[1]
    ]
    assert changed == [["wine-3", "barolo"], ["wine-70", "grignolino"], ["wine-150", "barbera"]]
    assert "3 relabelled, 0 left out, 0 pending" in done.stdout


def test_the_example_configuration_is_sound(tmp_path):
    from audits.new_workspace import init_workspace
    from audits.yaml_files import load_dataset

    init_workspace(tmp_path)
    (tmp_path / "datasets" / "reviews.yaml").write_text((tmp_path / "example-dataset.yaml").read_text())
    dataset = load_dataset(tmp_path / "datasets" / "reviews.yaml")
    assert len(dataset.config.models) == 3


def _keys(section: str) -> dict[str, set[str]]:
    """Documented keys of one command, from the tables of json.md: top level, and by key what is below."""
    text = (REPOSITORY / "docs" / "json.md").read_text(encoding="utf-8")
    part = text.split(f"## labelaudit {section}")[1].split("\n## ")[0]
    keys: dict[str, set[str]] = {"": set()}
    for names, _, meaning in re.findall(r"^\| (`.*?) \| (.*?) \| (.*?) ?\|$", part, re.M):
        for name in re.findall(r"`([^`]+)`", names):
            parent, _, key = name.rpartition("[].")
            keys.setdefault(parent, set()).add(key)
            below = meaning.split(":")[0] if "counts" not in meaning else ""
            if found := re.findall(r"`([a-z_]+)`", below):
                keys[name] = set(found)
    return keys


def test_json_is_as_documented(tmp_path):
    from typer.testing import CliRunner

    from pipelines.cli import app

    def call(*words):
        result = CliRunner().invoke(app, ["--workspace", str(tmp_path / "demo"), *words])
        assert result.exit_code == 0, result.output
        return result.stdout

    CliRunner().invoke(app, ["demo", "--dir", str(tmp_path / "demo")])
    findings = json.loads(call("findings", "digits", "--json"))
    assert set(findings[0]) == _keys("findings")[""]
    shown = json.loads(call("show", "digits", findings[0]["item_id"], "--json"))
    documented = _keys("show")
    assert set(shown) == documented[""]
    for key in ("finding", "task", "consensus"):
        assert set(shown[key]) == documented[key], key
    for key in ("models", "signals", "verdicts", "label_versions"):
        assert set(shown[key][0]) == documented[key], key
    compared = json.loads(call("compare", "digits", "--json"))
    documented = _keys("compare")
    assert set(compared) == documented[""]
    for key in ("scores", "ranks"):
        assert set(compared[key][0]) == documented[key], key
    assert set(compared["items"]) == {"original", "corrected", "common", "pending", "left_out"}
    status = json.loads(call("status", "--json"))
    documented = _keys("status")
    assert set(status) == documented[""]
    assert set(status["datasets"][0]) == documented["datasets"]
    assert set(status["datasets"][0]["last_run"]) == documented["datasets[].last_run"]
    cleaned = json.loads(call("clean", "--dry-run", "--json"))
    documented = _keys("clean")
    assert set(cleaned) == documented[""]
    assert set(cleaned["datasets"][0]) == documented["datasets"]
    examined = json.loads(call("doctor", "--json"))
    documented = _keys("doctor")
    assert set(examined) == documented[""]
    assert set(examined["checks"][0]) == documented["checks"]


def _table(page: str, section: str) -> list[list[set[str]]]:
    """Names in backticks of each cell, row by row, of the table below a heading."""
    part = (
        (REPOSITORY / "docs" / page).read_text(encoding="utf-8").split(f"## {section}\n")[1].split("\n## ")[0]
    )
    rows = [line.strip("|").split(" | ") for line in part.splitlines() if line.startswith("|")][2:]
    return [[set(re.findall(r"`([^`]+)`", cell)) for cell in row] for row in rows]


def _columns(section: str) -> set[str]:
    return set().union(*(row[0] for row in _table("files.md", section)))


def test_columns_of_files_are_as_documented():
    from audits import contracts
    from audits.benchmark.export import EXPORT_COLUMNS
    from audits.review.verdict_files import ANSWERED, ASKED, CONTENT, OPTIONAL

    assert _columns("The review queue") == {*ASKED, *ANSWERED, *OPTIONAL, f"{CONTENT}..."}
    assert _columns("A label version") == set(EXPORT_COLUMNS)
    assert _columns("A patch") == set(contracts.PATCH.names)


def test_values_in_json_are_as_documented():
    from audits.benchmark.metrics import METRICS
    from audits.benchmark.outcomes import REASONS, STATES
    from audits.benchmark.scores import ITEM_SETS
    from audits.benchmark.versions import VERSIONS
    from audits.review.consensus import OUTCOMES
    from audits.review.records import DECISIONS, STRATA
    from audits.signals.registry import OVER_MODELS, PER_MODEL

    known = [DECISIONS, OUTCOMES, STATES, REASONS, STRATA, VERSIONS, ITEM_SETS, METRICS]
    documented = [row[1] for row in _table("json.md", "Values")]
    assert documented == [set(values) for values in [*known, {*PER_MODEL, *OVER_MODELS}]]


def test_every_environment_variable_and_command_the_readme_names_exists():
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"LABELAUDIT_[A-Z]+", text)) == {"LABELAUDIT_WORKSPACE"}
    pages = (REPOSITORY / "docs" / "commands.md").read_text(encoding="utf-8")
    named = {
        m.strip() for m in re.findall(r"`labelaudit ([a-z]+(?: (?:export|import|withdraw|apply))?)", text)
    }
    assert named
    assert not [n for n in named if f"## labelaudit {n}" not in pages]
    options = set(re.findall(r"`[^`]*?(--[a-z-]+)", text)) - {"--workspace"}
    assert not [o for o in options if o not in pages]
