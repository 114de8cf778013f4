import numpy as np
import pytest

from audits.errors import InputError
from audits.ingest.label_errors import import_label_errors


def uniform(n, k):
    return np.full((n, k), 1 / k, dtype=np.float32)


def test_names_come_from_the_votes_else_from_the_known_list_else_the_id(
    cifar10, workspace, store, make_entry
):
    counts = {"given": 5, "guessed": 0, "neither": 0, "both": 0}
    import_label_errors(cifar10.root, "cifar10", workspace, store)
    assert workspace.dataset("cifar10").classes.names[6] == "frog"
    cifar10.votes("cifar100", [make_entry(0, 1, 72, counts, ("aquarium_fish", "no"))])
    cifar10.labels("cifar100_test_set", [1, 0])
    import_label_errors(cifar10.root, "cifar100", workspace, store)
    classes = workspace.dataset("cifar100").classes
    assert (classes.names[1], classes.names[72], classes.names[99]) == ("aquarium_fish", "no", "99")
    assert classes.ids == tuple(str(i) for i in range(100))


def test_conflicting_names_are_refused(cifar10, pets, workspace, store):
    entries = pets.entries()
    entries[0]["given_original_label_name"] = "cat"
    cifar10.votes("cifar10", entries)
    with pytest.raises(InputError, match=r"1 class names conflict .id 1: class 5 is 'dog' and 'cat'"):
        import_label_errors(cifar10.root, "cifar10", workspace, store)


def test_two_classes_may_share_a_name(copy, make_entry, workspace, store):
    counts = {"given": 5, "guessed": 0, "neither": 0, "both": 0}
    copy.votes("cifar100", [make_entry(0, 1, 2, counts, ("crane", "crane"))])
    copy.labels("cifar100_test_set", [1, 2])
    import_label_errors(copy.root, "cifar100", workspace, store)
    assert workspace.dataset("cifar100").classes.repeated_names == ["crane"]


@pytest.mark.parametrize("where", ["labels", "votes", "predictions"])
def test_a_class_beyond_the_last_is_refused(where, cifar10, pets, models, workspace, store):
    if where == "labels":
        cifar10.labels("cifar10_test_set", np.append(pets.labels, 10))
        for path in models.glob("*.npy"):
            np.save(path, np.concatenate([np.load(path), np.load(path)[:1]]))
        file = "cifar10_test_set_original_labels.npy"
    elif where == "votes":
        entries = pets.entries()
        entries[0]["our_guessed_label"] = 10
        cifar10.votes("cifar10", entries)
        file = "cifar10_mturk.json"
    else:
        path = models / "vgg13_bn_pytorch_cifar10_top5preds.npy"
        preds = np.load(path)
        preds[3, 4] = 10
        np.save(path, preds)
        file = path.name
    with pytest.raises(InputError, match=f"cifar10 has 10 classes, 0 to 9, but {file} uses class 10"):
        import_label_errors(cifar10.root, "cifar10", workspace, store, models)
    assert list(workspace.datasets_dir.iterdir()) == []


@pytest.mark.parametrize(
    ("probabilities", "match"),
    [
        (uniform(8, 9), "have 9 columns; expected 10"),
        (uniform(7, 10), "has 7 rows, but there are 8 labels"),
        (np.zeros((8, 10), dtype=int), "expected probabilities, n x K, got int64"),
        (np.zeros(8), r"got float64 of shape \(8,\)"),
    ],
)
def test_broken_probabilities(probabilities, match, cifar10, workspace, store):
    cifar10.probabilities("cifar10_test_set", probabilities)
    with pytest.raises(InputError, match=match):
        import_label_errors(cifar10.root, "cifar10", workspace, store)
    assert list(workspace.datasets_dir.iterdir()) == []


def test_columns_decide_between_the_copies_of_a_set(copy, make_entry, workspace, store):
    counts = {"given": 5, "guessed": 0, "neither": 0, "both": 0}
    copy.votes("caltech256", [make_entry(0, 1, 2, counts)])
    copy.labels("caltech256", [1, 2])
    copy.probabilities("caltech256", uniform(2, 257))
    assert import_label_errors(copy.root, "caltech256", workspace, store).classes == 257
