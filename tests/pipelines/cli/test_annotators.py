"""`annotators`."""

import csv
import shutil

import numpy as np
import pytest

import pipelines.cli.annotators  # noqa: F401  adds the command
from audits.new_workspace import init_workspace
from tests.conftest import CLASSES, MadeUp

YAML = "annotations: {path: zoo/annotations.csv}\n"


def annotate(made: MadeUp, name: str = "zoo") -> None:
    """Three annotators label the first 50 of 60 items: two as the truth is, one mostly; one more labels one item."""
    rng = np.random.default_rng(3)
    ids = made.items(name)["item_id"].to_pylist()
    rows = []
    for i, id_ in enumerate(ids[:50]):
        rows += [(id_, who, CLASSES[i % 3]) for who in ("ann", "ben")]
        rows.append((id_, "cat", CLASSES[i % 3 if rng.random() < 0.6 else (i + 1) % 3]))
    rows.append((ids[50], "dan", CLASSES[50 % 3]))
    with (made.root / "datasets" / name / "annotations.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("item_id", "annotator_id", "label"), *rows])


@pytest.fixture(scope="module")
def run_once(tmp_path_factory):
    root = tmp_path_factory.mktemp("crowd") / "work space"
    init_workspace(root)
    made = MadeUp(root)
    made.add("zoo", yaml=YAML)
    annotate(made)
    made.ok("run", "zoo")
    made.add("plain", n=40)
    made.ok("run", "plain")
    made.add("later")
    return made


@pytest.fixture
def zoo(run_once, tmp_path):
    """A copy of it that a test may change."""
    shutil.copytree(run_once.root, tmp_path / "copy")
    return MadeUp(tmp_path / "copy", dict(run_once.flipped))


def test_json(run_once):
    view = run_once.json("annotators", "zoo")
    assert (view["dataset"], view["method"]) == ("zoo", "crowdlab")
    assert (view["items"], view["annotated"], view["annotations"]) == (60, 51, 151)
    alpha = view["agreement"]
    assert alpha["low"] < alpha["alpha"] < alpha["high"]
    assert (alpha["items"], alpha["annotations"], alpha["reason"]) == (50, 150, None)
    people = {p["annotator_id"]: p for p in view["annotators"]}
    assert view["annotators"][0] == people["cat"], "the least accurate comes first"
    assert people["cat"]["with_others"] < people["ann"]["with_others"]
    assert people["ann"]["low"] <= people["ann"]["accuracy"] <= people["ann"]["high"]
    dan = people["dan"]
    assert (dan["labels"], dan["shared"], dan["accuracy"], dan["with_consensus"]) == (1, 0, None, None)
    assert view["annotators"][-1] == dan
    listed = view["more_votes"]
    assert listed["total"] == len(listed["items"]) >= 9
    assert [i["annotations"] for i in listed["items"][:9]] == [0] * 9
    assert listed["items"][0]["consensus"] is None
    assert {i["given_label"] for i in listed["items"]} <= set(CLASSES)


def test_another_method_and_limits(run_once):
    view = run_once.json("annotators", "zoo", "--method", "majority", "--sure", "0.2", "--limit", "2")
    assert view["method"] == "majority"
    assert len(view["annotators"]) == 2
    assert (view["more_votes"]["total"], len(view["more_votes"]["items"])) == (10, 2)
    text = run_once.ok("annotators", "zoo", "--method", "majority", "--limit", "2")
    assert "4 annotators, the least accurate first; 2 of them are shown" in text


def test_text(run_once):
    text = run_once.ok("annotators", "zoo")
    assert "zoo: 151 annotations by 4 annotators, of 51 of 60 items; consensus by crowdlab" in text
    assert "Krippendorff's alpha: 0." in text
    assert "over 150 annotations of 50 items" in text
    assert "items need more votes, the least settled first" in text
    assert text.index("cat") < text.index("ann ")


def test_nothing_is_left_open(run_once, capsys):
    from pipelines.cli.annotators import print_annotators

    view = run_once.json("annotators", "zoo")
    view["more_votes"] = {"sure": 0.8, "items": []}
    print_annotators(view, 20)
    said = capsys.readouterr().out
    assert (
        "No item needs more votes: each has two annotations or more, and its consensus a support of 0.8"
        in said
    )


def test_one_of_each(run_once, capsys):
    from pipelines.cli.annotators import print_annotators

    view = run_once.json("annotators", "zoo")
    view |= {"annotations": 1, "items": 1, "annotated": 1, "annotators": view["annotators"][:1]}
    view["more_votes"]["items"] = view["more_votes"]["items"][:1]
    view["agreement"] |= {"low": None, "high": None, "items": 1}
    print_annotators(view, 20)
    said = capsys.readouterr().out
    assert "zoo: 1 annotation by 1 annotator, of 1 of 1 item; consensus" in said
    assert "(no interval), over 150 annotations of 1 item (" in said
    assert "1 annotator, the least accurate first" in said
    assert "1 item needs more votes, the least settled first" in said


def test_the_method_and_the_models_of_the_yaml(zoo):
    zoo.add("zoo", yaml=YAML + "audits: {annotator_consensus: {method: wawa}}\n")
    assert zoo.json("annotators", "zoo")["method"] == "wawa"
    zoo.add("zoo", yaml=YAML + "audits: {annotator_consensus: {models: [m1]}}\n")
    one = zoo.json("annotators", "zoo")
    zoo.add("zoo", models=3, yaml=YAML + "audits: {annotator_consensus: {models: [m2]}}\n")
    result = zoo.call("annotators", "zoo")
    assert result.exit_code == 2
    assert "there are no dense outputs of 'm2'" in result.stderr, "the last run had no such model"
    assert one["method"] == "crowdlab"
    assert one != zoo.json("annotators", "zoo", "--method", "majority")


def test_no_agreement_without_a_second_annotator(zoo):
    path = zoo.root / "datasets" / "zoo" / "annotations.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], *(x for x in lines if ",ann," in x)]) + "\n")
    zoo.ok("run", "zoo")
    view = zoo.json("annotators", "zoo")
    assert view["agreement"]["alpha"] is None
    assert view["method"] == "dawid_skene"
    assert view["more_votes"]["total"] == view["items"]
    text = zoo.ok("annotators", "zoo")
    assert "Krippendorff's alpha: none, no item has two annotations" in text
    assert "60 items need more votes" in text


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("plain", "dataset 'plain' has no annotations: its YAML names none under 'annotations'"),
        ("later", "dataset 'later' was never run; 'labelaudit run later' does"),
        ("zo", "zoo"),
    ],
)
def test_refusals(run_once, name, words):
    result = run_once.call("annotators", name)
    assert result.exit_code == 2
    assert words in result.stderr


def test_wrong_options(run_once):
    assert run_once.call("annotators", "zoo", "--method", "vote").exit_code == 2
    assert run_once.call("annotators", "zoo", "--sure", "1.5").exit_code == 2
