from collections import Counter
from datetime import UTC

import pytest

from audits.ingest.label_errors import DECIDED_AT, find_set, import_label_errors


def counted(store, name, item_id):
    return Counter((v.decision, v.labels) for v in store.verdicts(name) if v.question.item_id == item_id)


def test_votes_of_the_common_sets(cifar10, workspace, store):
    import_label_errors(cifar10.root, "cifar10", workspace, store)
    assert counted(store, "cifar10", "1") == {
        ("keep", ()): 1,
        ("relabel", ("3",)): 3,
        ("multiple", ("5", "3")): 1,
    }
    assert counted(store, "cifar10", "4") == {("keep", ()): 5}
    assert counted(store, "cifar10", "7") == {("none", ()): 4, ("multiple", ("7", "4")): 1}


def test_the_time_is_a_stated_stand_in(cifar10, workspace, store):
    import_label_errors(cifar10.root, "cifar10", workspace, store)
    assert {v.decided_at for v in store.verdicts("cifar10")} == {DECIDED_AT}
    assert DECIDED_AT.tzinfo is UTC


def test_a_guess_that_is_the_given_label_keeps_it(copy, make_entry, workspace, store):
    # as MNIST's published file has it: the same five people counted under both answers
    copy.votes("mnist", [make_entry(1, 5, 5, {"given": 4, "guessed": 4, "neither": 1})])
    copy.labels("mnist_test_set", [0, 5])
    import_label_errors(copy.root, "mnist", workspace, store)
    assert counted(store, "mnist", "1") == {("keep", ()): 8, ("none", ()): 1}


@pytest.mark.parametrize("given", ["Negative", "Neutral", "Positive"])
def test_amazon_votes_are_for_classes_whatever_the_guess(given, copy, make_entry, workspace, store):
    votes = {"positive": 1, "negative": 2, "neutral": 3, "off-topic": 4}
    copy.votes("amazon", [make_entry(1, given, "Neutral", votes)])
    import_label_errors(copy.root, "amazon", workspace, store)
    names = find_set("amazon").class_names
    expected = Counter({("none", ()): 4, ("keep", ()): votes[given.lower()]})
    for other in set(names) - {given}:
        expected["relabel", (str(names.index(other)),)] = votes[other.lower()]
    assert counted(store, "amazon", "1") == expected


def test_a_changed_given_label_takes_its_own_verdicts(cifar10, pets, workspace, store):
    import_label_errors(cifar10.root, "cifar10", workspace, store)
    entries = pets.entries()
    entries[1] |= {"given_original_label": 8, "given_original_label_name": "ship"}
    cifar10.votes("cifar10", entries)
    labels = pets.labels.copy()
    labels[4] = 8
    cifar10.labels("cifar10_test_set", labels)
    summary = import_label_errors(cifar10.root, "cifar10", workspace, store, overwrite=True)
    assert (summary.stored, summary.already) == (5, 10)
    on_item = [v.question.given_label for v in store.verdicts("cifar10") if v.question.item_id == "4"]
    assert Counter(on_item) == {"9": 5, "8": 5}
