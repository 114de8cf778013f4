"""What `--json` prints is what docs/json.md says."""

from __future__ import annotations

import json
import re

import pyarrow as pa

from tests.documentation.pages import REPOSITORY


def _keys(section: str) -> dict[str, set[str]]:
    """Documented keys of one command, from the tables of json.md: top level, and by key what is below."""
    return _keys_of(f"## labelaudit {section}")


def _keys_of(heading: str) -> dict[str, set[str]]:
    text = (REPOSITORY / "docs" / "json.md").read_text(encoding="utf-8")
    part = text.split(heading)[1].split("\n## ")[0]
    keys: dict[str, set[str]] = {"": set()}
    for names, _, meaning in re.findall(r"^\| (`.*?) \| (.*?) \| (.*?) ?\|$", part, re.M):
        for name in re.findall(r"`([^`]+)`", names):
            parent, _, key = name.rpartition(".")
            keys.setdefault(parent.removesuffix("[]"), set()).add(key)
            below = meaning.split(":")[0] if "counts" not in meaning else ""
            if found := re.findall(r"`([a-z_]+)`", below):
                keys[name] = set(found)
    return keys


def test_every_command_that_takes_json_is_documented():
    import typer
    from reference.commands import walk

    from pipelines.cli import app

    headings = re.findall(
        r"^## (labelaudit .*) --json$", (REPOSITORY / "docs" / "json.md").read_text("utf-8"), re.M
    )
    documented = {re.sub(r"( [A-Z]+)+$", "", h) for h in headings}
    commands = walk(typer.main.get_command(app), "labelaudit")
    assert documented == {name for name, c in commands if any("--json" in p.opts for p in c.params)}


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
    evidence = json.loads(call("evidence", "digits", "--json"))
    documented = _keys("evidence")
    assert set(evidence) == documented[""]
    for key in ("signals", "what_counts"):
        assert set(evidence[key][0]) == documented[key], key
    assert set(evidence["forecast"]) == documented["forecast"]
    assert set(evidence["forecast"]["break_even"]) == documented["forecast.break_even"]
    compared = json.loads(call("compare", "digits", "--json"))
    documented = _keys("compare")
    assert set(compared) == documented[""]
    for key in ("scores", "ranks", "changes", "pairs", "rank_agreement", "groups", "omnibus", "bootstrap"):
        row = compared[key] if key == "bootstrap" else compared[key][0]
        assert set(row) == documented[key], key
    guard = _keys_of("## The circularity guard")
    assert set(compared["guard"]) == guard[""]
    assert set(compared["guard"]["models"][0]) == guard["models"]
    assert set(compared["guard"]["without_own"][0]) == guard["without_own"]
    sliced = json.loads(call("compare", "digits", "--by", "class", "--json"))
    assert set(sliced["slices"][0]) == documented["slices"]
    crossing = json.loads(call("prevalence", "digits", "--json"))
    assert set(crossing) == _keys("prevalence")[""]
    board = json.loads(call("leaderboard", "--json"))
    assert set(board) == _keys("leaderboard")[""]
    counts = {"original", "corrected", "common", "relabelled", "several", "pending", "left_out"}
    assert set(compared["items"]) == counts
    status = json.loads(call("status", "--json"))
    documented = _keys("status")
    assert set(status) == documented[""]
    assert set(status["datasets"][0]) == documented["datasets"]
    assert set(status["datasets"][0]["last_run"]) == documented["datasets[].last_run"]
    cleaned = json.loads(call("clean", "--dry-run", "--json"))
    documented = _keys("clean")
    assert set(cleaned) == documented[""]
    assert set(cleaned["datasets"][0]) == documented["datasets"]
    checked = json.loads(call("store", "check", "--json"))
    assert set(checked) == _keys("store check")[""]
    assert not checked["faults"]
    for table in checked["tables"].values():
        assert set(table) == _keys("store check")["tables"]
    copied = json.loads(call("store", "copy", "workspace", str(tmp_path / "copy.sqlite"), "--json"))
    assert set(copied) == _keys("store copy")[""]
    assert copied["tables"] == checked["tables"]
    examined = json.loads(call("doctor", "--json"))
    documented = _keys("doctor")
    assert set(examined) == documented[""]
    assert set(examined["checks"][0]) == documented["checks"]


def test_json_of_what_a_dataset_may_have_beside_models_is_as_documented(made_up):
    made_up.add(
        yaml="annotations: {path: zoo/annotations.csv}\n"
        "features: [{name: text, kind: text, columns: [text]}]\n"
        "audits: {annotator_consensus: {}, duplicate_conflicts: {}}\n"
    )
    items = made_up.items()
    ids, text = items["item_id"].to_pylist(), items["text"].to_pylist()
    made_up.write_items(items.set_column(2, "text", pa.array([text[1], *text[1:]])))
    rows = [f"{ids[i]},{who},{label}" for i in range(9) for who, label in (("a", "ant"), ("b", "bee"))]
    (made_up.yaml().parent / "zoo" / "annotations.csv").write_text(
        "\n".join(["item_id,annotator_id,label", *rows])
    )
    made_up.ok("run", "zoo")
    pairs = made_up.json("duplicates", "zoo")
    assert set(pairs[0]) == _keys("duplicates")[""]
    shown = made_up.json("show", "zoo", ids[0])
    assert set(shown["duplicates"][0]) == _keys("show")["duplicates"]
    seen = made_up.json("annotators", "zoo")
    documented = _keys("annotators")
    assert set(seen) == documented[""]
    assert set(seen["agreement"]) == documented["agreement"]
    assert set(seen["annotators"][0]) == documented["annotators"]
    assert set(seen["more_votes"]) == documented["more_votes"]
    assert set(seen["more_votes"]["items"][0]) == documented["more_votes.items"]
    absent = made_up.json("evidence", "zoo")["signals"]
    assert {s["signal"] for s in absent} == {"annotator_consensus", "duplicate_conflicts"}


def test_json_of_accounts_is_as_documented(tmp_path):
    from typer.testing import CliRunner

    from pipelines.cli import app

    def call(*words, **given):
        result = CliRunner().invoke(app, ["--workspace", str(tmp_path), *words], **given)
        assert result.exit_code == 0, result.output
        return result.stdout

    call("init")
    call("users", "add", "ann", "--role", "admin", "--password-stdin", input="correct horse battery\n")
    call("users", "token", "ann", "--name", "a script")
    (ann,) = json.loads(call("users", "list", "--json"))
    assert set(ann) == _keys("users list")[""]
    (token,) = json.loads(call("users", "tokens", "--json"))
    assert set(token) == _keys("users tokens")[""]
