"""CIFAR-10 and 20news as published: everything that people voted on arrives, joined to the right item."""

import json
from collections import Counter, defaultdict

import numpy as np
import pyarrow.parquet as pq
import pytest

from audits.ingest.items import ingest_items
from audits.ingest.label_errors import import_label_errors
from audits.ingest.model_outputs import ingest_outputs
from audits.yaml_files import load_dataset

N_ITEMS = {"cifar10": 10_000, "20news": 7_532}
VOTED = {"cifar10": 275, "20news": 93}


@pytest.fixture(params=["cifar10", "20news"])
def imported(request, real_data, workspace, store):
    name = request.param
    summary = import_label_errors(real_data / "label-errors", name, workspace, store)
    votes = json.loads((real_data / "label-errors" / "mturk" / f"{name}_mturk.json").read_text())
    return name, summary, votes


def test_every_vote_becomes_one_verdict(imported, store):
    name, summary, votes = imported
    assert (summary.items, summary.voted_items) == (N_ITEMS[name], VOTED[name])
    assert (summary.verdicts, summary.stored, summary.already) == (5 * VOTED[name], 5 * VOTED[name], 0)
    counted = defaultdict(Counter)
    for v in store.verdicts(name):
        assert v.reviewer is None
        assert v.source == "label-errors"
        counted[v.question.item_id][(v.decision, v.labels)] += 1
    for vote in votes:
        given, guessed = str(vote["given_original_label"]), str(vote["our_guessed_label"])
        m = vote["mturk"]
        expected = {
            ("keep", ()): m["given"],
            ("relabel", (guessed,)): m["guessed"],
            ("multiple", (given, guessed)): m["both"],
            ("none", ()): m["neither"],
        }
        assert counted.pop(str(vote["id"])) == Counter({k: n for k, n in expected.items() if n})
    assert not counted


def test_verdicts_answer_the_question_that_the_general_ingest_asks(imported, workspace, store):
    name, summary, _ = imported
    dataset = load_dataset(summary.path)
    rows = {r["item_id"]: r for r in ingest_items(dataset).items.to_pylist()}
    assert len(rows) == N_ITEMS[name]
    for v in store.verdicts(name):
        q, row = v.question, rows[v.question.item_id]
        assert q.given_label == dataset.classes.id_of(row["label"])
        assert q.content_hash == row["content_hash"]
        assert q.classes_hash == dataset.classes.fingerprint


def test_items_are_the_label_array_in_its_order(imported, real_data, workspace):
    name, _, votes = imported
    table = pq.read_table(workspace.datasets_dir / name / "items.parquet")
    labels = np.load(
        real_data / "label-errors" / "original_test_labels" / f"{name}_test_set_original_labels.npy"
    )
    assert table["item_id"].to_pylist() == [str(i) for i in range(len(labels))]
    assert np.array_equal(table["label"].to_numpy(), labels)
    urls = dict(zip(table["item_id"].to_pylist(), table["url"].to_pylist(), strict=True))
    assert {i for i, u in urls.items() if u} == {str(v["id"]) for v in votes}


def test_class_names_of_the_votes_and_of_the_list_agree(imported, workspace):
    name, _, votes = imported
    classes = workspace.dataset(name).classes
    for v in votes:
        assert classes.names[v["given_original_label"]] == v["given_original_label_name"]
        assert classes.names[v["our_guessed_label"]] == v["our_guessed_label_name"]


def test_82_of_the_93_voted_newsgroup_posts_are_not_kept(real_data, workspace, store):
    import_label_errors(real_data / "label-errors", "20news", workspace, store)
    keeps = Counter(v.question.item_id for v in store.verdicts("20news") if v.decision == "keep")
    voted = {v.question.item_id for v in store.verdicts("20news")}
    assert sum(keeps[i] < 3 for i in voted) == 82


def test_the_thirteen_published_models(real_data, workspace, store):
    folder = real_data / "benchmarking-keras-pytorch" / "pytorch_cifar10"
    summary = import_label_errors(real_data / "label-errors", "cifar10", workspace, store, folder)
    dataset = load_dataset(summary.path)
    flagger, *contestants = dataset.config.models
    assert flagger.name == "cross_validated"
    assert flagger.raised_flags
    assert not flagger.scored
    assert len(contestants) == 13
    assert {m.name: m.family for m in contestants}["vgg13_bn"] == "vgg"
    items = ingest_items(dataset).items
    labels = items["label"].to_numpy()
    for m in dataset.config.models:
        outputs = ingest_outputs(dataset, m, items["item_id"].combine_chunks()).outputs
        # rows in the order of the items: every one of these models is right on more than nine in ten
        assert (outputs.predicted() == labels).mean() > 0.9, m.name
    assert all(m.scored for m in contestants)
