"""Exit statuses: 0 done, 1 the work failed, 2 the input, the call or the place is wrong, 3 a gate does not hold."""

import csv

import pytest


@pytest.fixture
def rivals(made_up, tmp_path):
    """Two models of which one agrees with the wrong labels; a reviewer's corrections turn their order."""
    folder = made_up.root / "datasets"
    truth = ["a", "a", *"abababab"]
    given = ["b", "b", *truth[2:]]
    predictions = {"agrees": given, "knows": [*truth[:-1], "a"]}
    assert truth[-1] == "b"
    rows = "".join(f"{i},{label}\n" for i, label in enumerate(given))
    (folder / "items.csv").write_text("item_id,label\n" + rows)
    text = "items: {path: items.csv}\nclasses: [a, b]\nmetrics: [accuracy]\nmodels:\n"
    for name, predicted in predictions.items():
        rows = "".join(f"{i},{label}\n" for i, label in enumerate(predicted))
        (folder / f"{name}.csv").write_text("item_id,predicted_label\n" + rows)
        text += f"  - {{name: {name}, out_of_sample: true, outputs: {{kind: labels, path: {name}.csv}}}}\n"
    (folder / "rivals.yaml").write_text(text)
    made_up.ok("run", "rivals")
    queue = tmp_path / "queue.csv"
    made_up.ok("verdicts", "export", "rivals", str(queue))
    with queue.open(newline="") as f:
        tasks = list(csv.DictReader(f))
    for task in tasks:
        right = truth[int(task["item_id"])]
        keep = right == task["given_label"]
        task |= {"decision": "keep", "labels": ""} if keep else {"decision": "relabel", "labels": right}
        task["reviewer"] = "ann"
    with queue.open("w", newline="") as f:
        writer = csv.DictWriter(f, list(tasks[0]))
        writer.writeheader()
        writer.writerows(tasks)
    made_up.ok("verdicts", "import", "rivals", str(queue))
    return made_up


@pytest.mark.parametrize(
    ("gate", "says"),
    [
        ("no-flips", "no-flips: 1 pairs of models change places on accuracy"),
        ("same-best", "same-best: the best on accuracy was agrees, is knows"),
    ],
)
def test_3_when_models_change_places_against_a_gate(rivals, gate, says):
    broken = rivals.call("compare", "rivals", "--gate", gate)
    assert broken.exit_code == 3
    assert says in broken.stderr
    assert "flip: knows passes agrees" in broken.stdout, "the comparison is printed all the same"
    both = rivals.call("compare", "rivals", "--gate", "no-flips", "--gate", "same-best", "--json")
    assert both.exit_code == 3
    assert both.stdout.startswith("{")
    assert "no-flips" in both.stderr
    assert "same-best" in both.stderr


def test_0_when_every_gate_holds(rivals):
    assert rivals.call("compare", "rivals").exit_code == 0
    assert rivals.call("compare", "rivals", "--gate", "no-pending").exit_code == 0


def test_1_when_the_work_fails(made_up):
    made_up.add()
    made_up.ok("run", "zoo")
    (made_up.root / "state" / "tables" / "zoo" / "current.json").write_text("{")
    failed = made_up.call("compare", "zoo")
    assert failed.exit_code == 1
    assert "error[damaged]" in failed.stderr
    assert "current.json is damaged" in failed.stderr


def test_2_when_there_is_no_working_where_it_was_told_to(made_up):
    made_up.add()
    made_up.ok("run", "zoo")
    for path in (made_up.root / "state").glob("review.sqlite*"):
        path.unlink()
    (made_up.root / "state" / "review.sqlite").write_bytes(b"this is no database" * 100)
    for words in (["run", "zoo"], ["compare", "zoo"], ["status"]):
        failed = made_up.call(*words)
        assert failed.exit_code == 2, words
        assert "review.sqlite" in failed.stderr
        assert "Traceback" not in failed.stderr


def test_2_when_the_input_or_the_call_is_wrong(made_up):
    made_up.add()
    wrong = [
        ["nonsense"],
        ["run", "--nonsense"],
        ["run", "zooo"],
        ["compare"],
        ["findings", "zoo", "--limit", "0"],
    ]
    for words in wrong:
        assert made_up.call(*words).exit_code == 2, words
    made_up.yaml().write_text(made_up.yaml().read_text() + "reviw: {}\n")
    refused = made_up.call("run", "zoo")
    assert refused.exit_code == 2
    assert "'review'" in refused.stderr


def test_the_worst_of_several_datasets_decides(made_up):
    made_up.add("ape")
    made_up.add("zoo")
    made_up.yaml("ape").write_text("itemz: {}\n")
    result = made_up.call("run", "zoo", "ape")
    assert result.exit_code == 2
    assert "zoo: done" in result.stdout
    assert "1 of 2 datasets failed" in result.stderr
