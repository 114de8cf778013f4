"""The command as a user calls it: what it prints, what it refuses, and with which exit status."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from pipelines.cli import app

LABELAUDIT = Path(sys.executable).with_name("labelaudit")
COMMANDS = [
    "init",
    "add",
    "import",
    "run",
    "status",
    "findings",
    "show",
    "verdicts",
    "compare",
    "labels",
    "demo",
]


@pytest.fixture
def zoo(made_up):
    made_up.add(yaml="review: {verdicts_per_item: 2, agree: 2}\n")
    made_up.ok("run", "zoo")
    return made_up


def _answer(zoo, tmp_path, answers, suffix="csv", **columns):
    """Export the queue, fill it in, import it; answers by item id: (decision, labels) a reviewer."""
    queue = tmp_path / f"queue.{suffix}"
    zoo.ok("verdicts", "export", "zoo", str(queue))
    rows = _rows(queue) if suffix == "csv" else _lines(queue)
    filled = []
    for row in rows:
        for reviewer, (decision, labels) in answers.get(row["item_id"], {}).items():
            filled.append({**row, "reviewer": reviewer, "decision": decision, "labels": labels, **columns})
    if suffix == "csv":
        with queue.open("w", newline="") as f:
            writer = csv.DictWriter(f, list(rows[0]))
            writer.writeheader()
            writer.writerows(filled)
    else:
        queue.write_text("".join(json.dumps(r) + "\n" for r in filled))
    return zoo.call("verdicts", "import", "zoo", str(queue))


def _rows(path):
    with path.open(newline="") as f:
        return list(csv.DictReader(f))


def _lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize("words", [[], *([c] for c in COMMANDS), ["verdicts", "import"], ["labels", "apply"]])
def test_help_is_there_for_every_command(words):
    result = CliRunner().invoke(app, [*words, "--help"])
    assert result.exit_code == 0
    assert "Usage" in result.stdout
    if not words:
        listed = [
            line.split()[0] for line in result.stdout.split("Commands:")[1].splitlines() if line.strip()
        ]
        assert set(listed) >= set(COMMANDS)
        assert "3" in result.stdout.split("Exit status")[1]


def test_help_imports_nothing_slow():
    script = (
        "import sys; sys.argv = ['labelaudit', '--help']\n"
        "from pipelines.cli import main\n"
        "try: main()\n"
        "except SystemExit as e: assert not e.code\n"
        "slow = {'dagster', 'pandas', 'pyarrow', 'numpy', 'sklearn', 'cleanlab', 'great_expectations',"
        " 'sqlalchemy', 'pydantic'} & set(sys.modules)\n"
        "assert not slow, slow\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, stdout=subprocess.DEVNULL)


def test_the_installed_command_runs_and_tells_errors_on_standard_error(tmp_path):
    done = subprocess.run([LABELAUDIT, "-w", tmp_path, "run"], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "is not a workspace" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_reader_that_stops_early_is_no_error(zoo):
    script = f"'{LABELAUDIT}' -w '{zoo.root}' findings zoo --json | head -c 10; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True)
    assert done.returncode in (0, 141)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("environment", [None, {"PATH": os.defpath, "CI": "true"}])
def test_a_table_whose_reader_stops_early_is_no_error(zoo, environment):
    command = [LABELAUDIT, "-w", zoo.root, "compare", "zoo"]
    table = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
    table.stdout.close()
    assert table.wait(timeout=60) == 0


@pytest.mark.parametrize("words", [["findings", "zoo"], ["findings", "zoo", "--json"]])
def test_an_output_that_is_not_utf_8_gets_escapes(zoo, words):
    table = zoo.items()
    ids = [f"{i}-\u0436\U0001f600" for i in table["item_id"].to_pylist()]
    zoo.write_items(table.set_column(0, "item_id", pa.array(ids)))
    zoo.yaml().write_text("items: {path: zoo/items.parquet}\nclasses: [ant, bee, cow]\n")
    zoo.ok("run", "zoo")
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [LABELAUDIT, "-w", zoo.root, *words], stdout=subprocess.PIPE, check=True, env=environment
    )
    text = done.stdout.decode("ascii")
    if "--json" in words:
        assert {r["item_id"] for r in json.loads(text)} == set(ids)
    else:
        assert "\\u0436\\U0001f600" in text


def test_init_makes_a_workspace_and_leaves_one_alone(tmp_path):
    root = tmp_path / "new"
    first = CliRunner().invoke(app, ["-w", str(root), "init"])
    assert first.exit_code == 0
    assert (root / "datasets").is_dir()
    (root / "example-dataset.yaml").write_text("mine")
    second = CliRunner().invoke(app, ["-w", str(root), "init"])
    assert second.exit_code == 0
    assert (root / "example-dataset.yaml").read_text() == "mine"


def test_add_derives_classes_that_must_be_confirmed(made_up, tmp_path):
    items = tmp_path / "items.csv"
    items.write_text("item_id,label\n" + "".join(f"{i:03d},{'yes' if i % 2 else 'no'}\n" for i in range(10)))
    labels = tmp_path / "m.csv"
    labels.write_text("item_id,predicted_label\n" + "".join(f"{i:03d},yes\n" for i in range(10)))
    made_up.ok("add", "poll", "--items", str(items), "--model", f"m={labels}", "--in-sample")
    refused = made_up.call("run", "poll")
    assert refused.exit_code == 2
    assert "not confirmed" in refused.stderr
    path = made_up.yaml("poll")
    path.write_text(path.read_text().replace("classes_confirmed: false", "classes_confirmed: true"))
    made_up.ok("run", "poll")
    found = made_up.json("findings", "poll")
    assert {r["item_id"] for r in found} == {f"{i:03d}" for i in range(10)}, "zeros in front of an id stay"
    assert {r["given_label"] for r in found} == {"yes", "no"}


def test_add_refuses_what_it_cannot_tell(made_up, tmp_path):
    items = tmp_path / "items.csv"
    items.write_text("item_id,label\n1,a\n2,b\n")
    assert made_up.call("add", "x").exit_code == 2
    assert made_up.call("add", "x", "--items", str(items), "--model", f"m={items}").exit_code == 2
    assert made_up.call("add", "x y", "--items", str(items)).exit_code == 2
    assert made_up.call("add", "x", "--items", str(tmp_path / "none.csv")).exit_code == 2
    assert not made_up.yaml("x").exists()
    made_up.ok("add", "x", "--items", str(items))
    assert made_up.call("add", "x", "--items", str(items)).exit_code == 2


def test_classes_can_be_derived_into_a_yaml_that_has_none(made_up):
    made_up.add()
    lines = made_up.yaml().read_text().splitlines()
    made_up.yaml().write_text("\n".join(line for line in lines if not line.startswith("classes")))
    refused = made_up.call("run", "zoo")
    assert "add zoo --derive-classes" in refused.stderr
    made_up.ok("add", "zoo", "--derive-classes")
    text = made_up.yaml().read_text()
    made_up.yaml().write_text(text.replace("classes_confirmed: false", "classes_confirmed: true"))
    made_up.ok("run", "zoo")


def test_names_that_do_not_exist_name_the_nearest(zoo):
    for words in (["run", "zooo"], ["findings", "zooo"], ["compare", "zooo"], ["show", "zooo", "x"]):
        result = zoo.call(*words)
        assert result.exit_code == 2, words
        assert "'zoo'" in result.stderr
    item = zoo.flipped["zoo"][0]
    result = zoo.call("show", "zoo", item + "x")
    assert result.exit_code == 2
    assert item in result.stderr


def test_what_was_never_run_says_so(made_up):
    made_up.add()
    for words in (["findings", "zoo"], ["compare", "zoo"], ["show", "zoo", "x"]):
        result = made_up.call(*words)
        assert result.exit_code == 2, words
        assert "labelaudit run zoo" in result.stderr
    assert made_up.json("status")["datasets"][0]["last_run"] is None


def test_run_of_several_datasets_goes_on_after_a_failure(made_up):
    made_up.add("ape")
    made_up.add("zoo")
    (made_up.root / "datasets" / "ape" / "items.parquet").write_bytes(b"PAR1 not really PAR1")
    result = made_up.call("run")
    assert result.exit_code == 2
    assert "ape: items_candidate" in result.stderr
    assert "zoo: done" in result.stdout


def test_tables_and_json_of_findings_agree(zoo):
    rows = zoo.json("findings", "zoo")
    assert len(rows) == 60
    assert [r["rank"] for r in rows] == list(range(1, 61))
    assert zoo.json("findings", "zoo", "--limit", "3") == rows[:3]
    assert zoo.json("findings", "zoo", "--flagged") == [r for r in rows if r["flagged"]]
    text = zoo.ok("findings", "zoo", "--limit", "2")
    assert "4 of 60 items flagged" in text
    assert rows[0]["item_id"] in text
    assert rows[2]["item_id"] not in text
    assert "2 of 2 models say" in rows[0]["reasons"][0]


def test_show_gathers_all_that_is_known(zoo, tmp_path):
    item = zoo.flipped["zoo"][0]
    done = _answer(zoo, tmp_path, {item: {"ann": ("keep", ""), "bob": ("multiple", "ant|bee")}})
    assert done.exit_code == 0, done.output
    view = zoo.json("show", "zoo", item)
    assert view["content"] == {"text": f"text of {item}"}
    assert [m["agrees"] for m in view["models"]] == [False, False]
    assert {v["reviewer"]: v["labels"] for v in view["verdicts"]} == {"ann": [], "bob": ["ant", "bee"]}
    assert view["consensus"]["outcome"] == "no_agreement"
    assert {v["version"]: v["state"] for v in view["label_versions"]} == {
        "original": "given",
        "corrected": "left_out",
        "flagged-removed": "left_out",
    }
    text = zoo.ok("show", "zoo", item)
    for words in (f"text of {item}", "queued as flagged", "no agreement", "bob", "ant, bee"):
        assert words in text


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_verdicts_go_out_come_back_and_change_the_scores(zoo, tmp_path, suffix):
    wrong = zoo.flipped["zoo"]
    before = zoo.json("compare", "zoo")
    assert before["items"]["pending"] == 4
    suggestion = {r["item_id"]: r["suggested_label"] for r in zoo.json("findings", "zoo", "--flagged")}
    both = {
        i: {who: ("relabel", suggestion[i] if suffix == "csv" else [suggestion[i]]) for who in ("ann", "bob")}
        for i in wrong
    }
    done = _answer(zoo, tmp_path, both, suffix)
    assert done.exit_code == 0, done.output
    assert "8 verdicts stored" in done.stdout
    after = zoo.json("compare", "zoo")
    assert after["items"] == {"original": 60, "corrected": 60, "common": 60, "pending": 0, "left_out": {}}
    accuracy = {
        s["version"]: s["value"]
        for s in after["scores"]
        if (s["model"], s["items"], s["metric"]) == ("m0", "common", "accuracy")
    }
    assert accuracy["corrected"] - accuracy["original"] == pytest.approx(4 / 60)
    again = zoo.call("verdicts", "import", "zoo", str(tmp_path / f"queue.{suffix}"))
    assert "0 verdicts stored, 8 were there already" in again.stdout
    zoo.ok("run", "zoo")
    assert zoo.json("status")["datasets"][0]["queue"] == {"open": 0, "complete": 4, "outdated": 0}


def test_bad_rows_are_all_named_and_nothing_is_stored(zoo, tmp_path):
    a, b, c, _ = zoo.flipped["zoo"]
    answers = {a: {"ann": ("kep", "")}, b: {"ann": ("relabel", "wolf")}, c: {"ann": ("keep", "")}}
    done = _answer(zoo, tmp_path, answers)
    assert done.exit_code == 2
    assert "line 2" in done.stderr
    assert "line 3" in done.stderr
    assert "line 4" not in done.stderr
    assert zoo.json("status")["datasets"][0]["verdicts"] == 0


def test_a_withdrawn_verdict_no_longer_counts(zoo, tmp_path):
    item = zoo.flipped["zoo"][0]
    _answer(zoo, tmp_path, {item: {"ann": ("keep", ""), "bob": ("keep", "")}})
    assert zoo.json("compare", "zoo")["items"]["pending"] == 3
    verdict = zoo.json("show", "zoo", item)["verdicts"][0]["id"]
    zoo.ok("verdicts", "withdraw", "zoo", str(verdict), "--reviewer", "ann", "--reason", "misread")
    assert zoo.json("compare", "zoo")["items"]["pending"] == 4
    shown = zoo.json("show", "zoo", item)["verdicts"]
    assert [v["withdrawn"] for v in shown] == [True, False], "it stays, marked"
    assert zoo.call("verdicts", "withdraw", "zoo", "999", "--reviewer", "ann").exit_code == 2


def test_a_changed_label_or_text_asks_again_and_a_changed_budget_does_not(zoo, tmp_path):
    item = zoo.flipped["zoo"][0]
    _answer(zoo, tmp_path, {item: {"ann": ("keep", ""), "bob": ("keep", "")}})
    text = zoo.yaml().read_text()
    zoo.yaml().write_text(text.replace("review: {", "review: {budget: 2, "))
    zoo.ok("run", "zoo")
    assert zoo.json("status")["datasets"][0]["queue"] == {"open": 3, "complete": 1, "outdated": 0}
    zoo.yaml().write_text(text)
    table = zoo.items()
    texts = table["text"].to_pylist()
    texts[0] = "another text"
    zoo.write_items(table.set_column(2, "text", pa.array(texts)))
    zoo.ok("run", "zoo")
    assert zoo.json("status")["datasets"][0]["queue"] == {"open": 4, "complete": 0, "outdated": 1}
    shown = zoo.json("show", "zoo", item)["verdicts"]
    assert [v["answers_current_question"] for v in shown] == [False, False]


def test_gates_decide_the_exit_status(zoo, tmp_path):
    assert zoo.call("compare", "zoo").exit_code == 0
    pending = zoo.call("compare", "zoo", "--gate", "no-pending")
    assert pending.exit_code == 3
    assert "4 items wait" in pending.stderr
    assert zoo.call("compare", "zoo", "--gate", "no-flips", "--json").exit_code == 0
    assert zoo.call("compare", "zoo", "--gate", "nonsense").exit_code == 2


def test_a_consensus_or_metric_that_makes_no_sense_is_refused(zoo):
    assert zoo.call("compare", "zoo", "--consensus", "0").exit_code == 2
    refused = zoo.call("compare", "zoo", "--metric", "accuracyy")
    assert refused.exit_code == 2
    assert "accuracyy" in refused.stderr


def test_flagged_removed_is_marked_unreviewed_everywhere(zoo, tmp_path):
    text = zoo.ok("compare", "zoo", "--version", "flagged-removed")
    assert "UNREVIEWED" in text
    assert "(unreviewed)" in text
    compared = zoo.json("compare", "zoo", "--version", "flagged-removed")
    assert {v["version"]: v["reviewed"] for v in compared["versions"]} == {
        "original": True,
        "corrected": True,
        "flagged-removed": False,
    }
    out = tmp_path / "out.parquet"
    result = zoo.call("labels", "export", "zoo", str(out), "--version", "flagged-removed")
    assert result.exit_code == 0
    assert "unreviewed" in result.stderr
    table = pq.read_table(out)
    assert table.num_rows == 56
    assert set(table["reviewed"].to_pylist()) == {False}


def test_compare_names_what_a_models_outputs_cannot_give(zoo):
    rows = zoo.json("compare", "zoo")["scores"]
    top5 = [r for r in rows if r["metric"] == "top5_accuracy"]
    assert top5
    assert all(r["value"] is None and r["reason"] for r in top5)
    assert all((r["value"] is None) == (r["reason"] is not None) for r in rows)
    assert "-:" in zoo.ok("compare", "zoo", "--metric", "top5_accuracy")


def test_labels_are_exported_and_a_patch_applies_by_id(zoo, tmp_path):
    wrong = zoo.flipped["zoo"]
    suggestion = {r["item_id"]: r["suggested_label"] for r in zoo.json("findings", "zoo", "--flagged")}
    answers = {i: {w: ("relabel", suggestion[i]) for w in ("ann", "bob")} for i in wrong[:3]}
    answers[wrong[3]] = {w: ("none", "") for w in ("ann", "bob")}
    assert _answer(zoo, tmp_path, answers).exit_code == 0
    assert "59 items" in zoo.ok("labels", "export", "zoo", str(tmp_path / "v.csv"))
    patch = tmp_path / "patch.jsonl"
    zoo.ok("labels", "export", "zoo", str(patch), "--patch")
    assert {r["item_id"] for r in _lines(patch)} == set(wrong)
    assert {r["reviewers"] for r in _lines(patch)} == {"ann;bob"}
    shuffled = tmp_path / "copy.parquet"
    pq.write_table(zoo.items().take(list(reversed(range(60)))), shuffled)
    out = tmp_path / "patched.parquet"
    zoo.ok("labels", "apply", str(patch), str(shuffled), str(out))
    patched = dict(zip(*(pq.read_table(out)[c].to_pylist() for c in ("item_id", "label")), strict=True))
    assert len(patched) == 59
    assert {i: patched[i] for i in wrong[:3]} == {i: suggestion[i] for i in wrong[:3]}
    for further in (["--version", "original"], ["--include-left-out"]):
        assert zoo.call("labels", "export", "zoo", str(patch), "--patch", *further).exit_code == 2


def test_control_and_gold_items_join_the_queue_unrecognisably(made_up, tmp_path):
    made_up.add(yaml="review: {control_rate: 0.2, gold: {path: zoo/gold.csv}}\n")
    ids = made_up.items()["item_id"].to_pylist()
    (made_up.root / "datasets" / "zoo" / "gold.csv").write_text(
        f"item_id,label\n{ids[20]},cow\n{ids[21]},ant\n"
    )
    made_up.ok("run", "zoo")
    queue = tmp_path / "queue.csv"
    made_up.ok("verdicts", "export", "zoo", str(queue))
    rows = _rows(queue)
    assert len(rows) > 6
    assert not {"stratum", "gold_label", "inclusion_probability"} & set(rows[0])
    assert any(row["reasons"] for row in rows)
    made_up.ok("verdicts", "export", "zoo", str(queue), "--blind")
    blind = _rows(queue)
    assert not any(row["reasons"] or row["suggested_label"] for row in blind)
    assert {r["item_id"] for r in blind} == {r["item_id"] for r in rows}
    assert [r["item_id"] for r in blind] != [r["item_id"] for r in rows]
    for row in rows:
        row |= {"decision": "keep", "reviewer": "ann"}
    with queue.open("w", newline="") as f:
        writer = csv.DictWriter(f, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    made_up.ok("verdicts", "import", "zoo", str(queue))
    (gold,) = made_up.json("status")["datasets"][0]["gold"]
    assert gold == {"reviewer": "ann", "answered": 2, "right": 2}
    assert "reviewer ann answered 2 gold items, 2 rightly" in made_up.ok("status")


def test_data_cannot_steer_the_terminal(made_up):
    made_up.add()
    table = made_up.items()
    texts = ["\x1b[2J[bold red]gone[/] <b>x</b>"] * 60
    made_up.write_items(table.set_column(2, "text", pa.array(texts)))
    made_up.ok("run", "zoo")
    text = made_up.ok("show", "zoo", made_up.flipped["zoo"][0])
    assert "\x1b" not in text
    assert "[bold red]gone[/] <b>x</b>" in text


def test_a_message_cannot_steer_the_terminal(made_up):
    made_up.add()
    yaml = made_up.yaml()
    yaml.write_text(yaml.read_text().replace("zoo/items.parquet", '"zoo/\\e]0;gone\\a\\e[2Jitems.parquet"'))
    result = made_up.call("run", "zoo")
    assert result.exit_code == 2
    assert "\x1b" not in result.output
    assert "zoo/\\x1b]0;gone\\x07\\x1b[2Jitems.parquet" in result.stderr
