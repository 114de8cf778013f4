"""`verdicts export`, `import` and `withdraw`, and the queue they empty."""

import csv
import json

import pyarrow as pa
import pytest

AT = "2026-03-01T08:00:00Z"


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_verdicts_go_out_come_back_and_change_the_scores(zoo, tmp_path, suffix, answer):
    wrong = zoo.flipped["zoo"]
    before = zoo.json("compare", "zoo")
    assert before["items"]["pending"] == 4
    suggestion = {r["item_id"]: r["suggested_label"] for r in zoo.json("findings", "zoo", "--flagged")}
    both = {
        i: {who: ("relabel", suggestion[i] if suffix == "csv" else [suggestion[i]]) for who in ("ann", "bob")}
        for i in wrong
    }
    done = answer(zoo, tmp_path, both, suffix)
    assert done.exit_code == 0, done.output
    assert "8 verdicts stored" in done.stdout
    after = zoo.json("compare", "zoo")
    assert after["items"] == {
        **{"original": 60, "corrected": 60, "common": 60, "relabelled": 4, "several": 0, "pending": 0},
        "left_out": {},
    }
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


def test_bad_rows_are_all_named_and_nothing_is_stored(zoo, tmp_path, answer):
    a, b, c, _ = zoo.flipped["zoo"]
    answers = {a: {"ann": ("kep", "")}, b: {"ann": ("relabel", "wolf")}, c: {"ann": ("keep", "")}}
    done = answer(zoo, tmp_path, answers)
    assert done.exit_code == 2
    assert "line 2" in done.stderr
    assert "line 3" in done.stderr
    assert "line 4" not in done.stderr
    assert zoo.json("status")["datasets"][0]["verdicts"] == 0


def test_a_withdrawn_verdict_no_longer_counts(zoo, tmp_path, answer):
    item = zoo.flipped["zoo"][0]
    answer(zoo, tmp_path, {item: {"ann": ("keep", ""), "bob": ("keep", "")}})
    assert zoo.json("compare", "zoo")["items"]["pending"] == 3
    verdict = zoo.json("show", "zoo", item)["verdicts"][0]["id"]
    zoo.ok("verdicts", "withdraw", "zoo", str(verdict), "--reviewer", "ann", "--reason", "misread")
    assert zoo.json("compare", "zoo")["items"]["pending"] == 4
    shown = zoo.json("show", "zoo", item)["verdicts"]
    assert [v["withdrawn"] for v in shown] == [True, False], "it stays, marked"
    assert zoo.call("verdicts", "withdraw", "zoo", "999", "--reviewer", "ann").exit_code == 2


def test_a_changed_label_or_text_asks_again_and_a_changed_budget_does_not(zoo, tmp_path, answer):
    item = zoo.flipped["zoo"][0]
    answer(zoo, tmp_path, {item: {"ann": ("keep", ""), "bob": ("keep", "")}})
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


def test_control_and_gold_items_join_the_queue_unrecognisably(made_up, tmp_path, rows_of):
    made_up.add(yaml="review: {control_rate: 0.2, gold: {path: zoo/gold.csv}}\n")
    ids = made_up.items()["item_id"].to_pylist()
    (made_up.root / "datasets" / "zoo" / "gold.csv").write_text(
        f"item_id,label\n{ids[20]},cow\n{ids[21]},ant\n"
    )
    made_up.ok("run", "zoo")
    queue = tmp_path / "queue.csv"
    made_up.ok("verdicts", "export", "zoo", str(queue))
    rows = rows_of(queue)
    assert len(rows) > 6
    assert not {"stratum", "gold_label", "inclusion_probability"} & set(rows[0])
    assert any(row["reasons"] for row in rows)
    made_up.ok("verdicts", "export", "zoo", str(queue), "--blind")
    blind = rows_of(queue)
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


def test_label_studio_gets_tasks_and_gives_back_verdicts_once(zoo, tmp_path):
    tasks, config = tmp_path / "tasks.json", tmp_path / "tasks.json.config.xml"
    told = zoo.ok("verdicts", "export", "zoo", str(tasks), "--format", "label-studio")
    assert "4 tasks" in told
    assert str(config) in told
    assert config.is_file()
    exported = json.loads(tasks.read_text())
    assert {t["data"]["item_id"] for t in exported} == set(zoo.flipped["zoo"])
    for number, task in enumerate(exported, start=1):
        suggested = task.pop("predictions")[0]["result"]
        task["annotations"] = [
            {
                "id": 10 * number + k,
                "completed_by": {"id": k, "email": who},
                "result": suggested,
                "updated_at": AT,
            }
            for k, who in enumerate(("ann", "bob"))
        ]
    back = tmp_path / "project-1.json"
    back.write_text(json.dumps(exported))
    assert "8 verdicts stored, 0 were there already" in zoo.ok("verdicts", "import", "zoo", str(back))
    assert "0 verdicts stored, 8 were there already" in zoo.ok("verdicts", "import", "zoo", str(back))
    assert zoo.json("compare", "zoo")["items"]["relabelled"] == 4
    zoo.ok("verdicts", "export", "zoo", str(tasks), "--format", "label-studio")
    assert json.loads(tasks.read_text()) == []


def test_a_blind_export_for_label_studio_has_no_predictions(zoo, tmp_path):
    tasks = tmp_path / "tasks.json"
    zoo.ok("verdicts", "export", "zoo", str(tasks), "--format", "label-studio", "--blind")
    assert {key for t in json.loads(tasks.read_text()) for key in t} == {"data"}


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_the_history_goes_to_another_workspace_with_what_was_withdrawn(zoo, tmp_path, answer, suffix):
    item = zoo.flipped["zoo"][0]
    answer(zoo, tmp_path, {item: {"ann": ("keep", ""), "bob": ("none", "")}})
    verdict = zoo.json("show", "zoo", item)["verdicts"][0]["id"]
    zoo.ok("verdicts", "withdraw", "zoo", str(verdict), "--reviewer", "cem", "--reason", "misread")
    history = tmp_path / f"history.{suffix}"
    assert "2 verdicts" in zoo.ok("verdicts", "export", "zoo", str(history), "--history")
    for file in (zoo.root / "state").glob("review.sqlite*"):
        file.unlink()
    told = zoo.ok("verdicts", "import", "zoo", str(history))
    assert "2 verdicts stored, 0 were there already, 0 rows without a decision, 1 withdrawn" in told
    shown = zoo.json("show", "zoo", item)["verdicts"]
    assert [(v["reviewer"], v["decision"], v["withdrawn"]) for v in shown] == [
        ("ann", "keep", True),
        ("bob", "none", False),
    ]
    assert "0 verdicts stored, 2 were there already" in zoo.ok("verdicts", "import", "zoo", str(history))


def test_category_and_severity_come_in_where_the_yaml_asks_for_them(zoo, tmp_path, rows_of):
    queue = tmp_path / "queue.csv"
    zoo.ok("verdicts", "export", "zoo", str(queue))
    row = rows_of(queue)[0] | {"decision": "none", "reviewer": "ann"}

    def back(**more):
        with queue.open("w", newline="") as f:
            writer = csv.DictWriter(f, [*row, "category", "severity"])
            writer.writeheader()
            writer.writerow(row | more)
        return zoo.call("verdicts", "import", "zoo", str(queue))

    refused = back(severity="major")
    assert refused.exit_code == 2
    assert "'severity' is not asked for" in refused.stderr
    yaml = zoo.yaml().read_text()
    zoo.yaml().write_text(yaml.replace("review: {", "review: {room: {mistakes: {}}, "))
    refused = back(severity="majr")
    assert refused.exit_code == 2
    assert "unknown severity 'majr'; there are major, minor, borderline" in refused.stderr
    assert "1 verdicts stored" in back(severity="major", category="out of vocabulary").stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("h.csv", "--history", "--blind"), "--history writes what people answered"),
        (("h.json", "--history", "--format", "label-studio"), "--history writes what people answered"),
        (("q.csv", "--files-at", "/x"), "--files-at is for --format label-studio"),
        (("q.csv", "--format", "label-studio"), "expected a name that ends in .json for Label Studio"),
        (("h.json", "--history"), "expected a name that ends in .csv or .jsonl"),
    ],
)
def test_options_that_do_not_go_together(zoo, tmp_path, words, message):
    done = zoo.call("verdicts", "export", "zoo", str(tmp_path / words[0]), *words[1:])
    assert done.exit_code == 2
    assert message in done.stderr
    assert not (tmp_path / words[0]).exists()
