"""The other sets, from the first entries of their published files; label arrays made up around them."""

import json
from collections import Counter

import numpy as np
import pyarrow.parquet as pq
import pytest

from audits.errors import InputError, UsageError
from audits.ingest.label_errors import find_set, import_label_errors


@pytest.fixture
def sample(real_data, copy):
    """Copies a set's sample votes into the made-up repository and returns them."""
    folder = real_data / "label-errors-samples"
    if not folder.is_dir():
        pytest.skip("no samples of the other sets in the public data")

    def take(name):
        votes = json.loads((folder / "mturk" / f"{name}_mturk.json").read_text())
        copy.votes(name, votes)
        index = find_set(name).index
        names = json.loads((folder / "dataset_indexing" / index).read_text()) if index else []
        return votes, names

    return take


def given_by_id(workspace, name):
    table = pq.read_table(workspace.datasets_dir / name / "items.parquet")
    return dict(zip(table["item_id"].to_pylist(), table["label"].to_pylist(), strict=True))


def scattered_labels(n, n_classes, rows):
    """Labels that are all different from the voted ones, except at the voted rows."""
    labels = np.array([n_classes - 1 - r % (n_classes // 2) for r in range(n)], dtype=np.uint16)
    for row, label in rows.items():
        labels[row] = label
    return labels


@pytest.mark.parametrize(("name", "n"), [("mnist", 400), ("cifar100", 9)])
def test_ids_are_rows(name, n, sample, copy, workspace, store):
    votes, _ = sample(name)
    n_classes = find_set(name).n_classes[0]
    rows = {v["id"]: v["given_original_label"] for v in votes}
    copy.labels(f"{name}_test_set", scattered_labels(n, n_classes, rows))
    summary = import_label_errors(copy.root, name, workspace, store)
    given = given_by_id(workspace, name)
    assert list(given) == [str(i) for i in range(n)]
    assert {str(i): label for i, label in rows.items()}.items() <= given.items()
    dataset = workspace.dataset(name)
    assert len(dataset.classes) == n_classes
    assert dataset.classes.names[votes[0]["our_guessed_label"]] == votes[0]["our_guessed_label_name"]
    assert summary.stored == sum(sum(v["mturk"].values()) for v in votes)


def test_caltech256_keeps_the_file_of_each_row(sample, copy, workspace, store):
    votes, names = sample("caltech256")
    n = 20
    names = names + [f"001.ak47/001_{r + 1:04d}.jpg" for r in range(len(names), n)]
    copy.index(find_set("caltech256").index, names)
    copy.labels("caltech256", np.zeros(n, dtype=np.uint16))
    import_label_errors(copy.root, "caltech256", workspace, store)
    table = pq.read_table(workspace.datasets_dir / "caltech256" / "items.parquet").to_pylist()
    assert [r["file"] for r in table] == names
    for v in votes:
        row = next(r for r in table if r["item_id"] == str(v["id"]))
        assert row["url"] == v["url"]
        assert row["url"].endswith(row["file"])


def test_caltech256_has_a_clutter_class_only_where_a_label_says_so(sample, copy, workspace, store):
    sample("caltech256")
    labels = np.zeros(20, dtype=np.uint16)
    copy.labels("caltech256", labels)
    assert import_label_errors(copy.root, "caltech256", workspace, store).classes == 256
    labels[19] = 256
    copy.labels("caltech256", labels)
    assert import_label_errors(copy.root, "caltech256", workspace, store, overwrite=True).classes == 257
    labels[19] = 257
    copy.labels("caltech256", labels)
    with pytest.raises(
        InputError, match=r"257 classes, 0 to 256, but caltech256_original_labels.npy uses class 257"
    ):
        import_label_errors(copy.root, "caltech256", workspace, store, overwrite=True)


def test_imagenet_ids_are_file_numbers_and_rows_positions_in_the_index(sample, copy, workspace, store):
    votes, names = sample("imagenet")
    # the voted files stand at rows that are not their numbers, behind a file of another class
    voted = [v["url"].split("imagenet/")[1] for v in votes]
    names = ["val/n01443537/ILSVRC2012_val_00000236.JPEG", *reversed(sorted({*names, *voted}))]
    labels = np.array([1] + [0] * (len(names) - 1), dtype=np.uint16)
    copy.index(find_set("imagenet").index, names)
    copy.labels("imagenet_val_set", labels)
    summary = import_label_errors(copy.root, "imagenet", workspace, store)
    table = pq.read_table(workspace.datasets_dir / "imagenet" / "items.parquet").to_pylist()
    assert [r["file"] for r in table] == names
    for row in table:
        assert row["file"].endswith(f"_{int(row['item_id']):08d}.JPEG")
    by_id = {r["item_id"]: r for r in table}
    for v in votes:
        assert by_id[str(v["id"])]["label"] == v["given_original_label"]
        assert by_id[str(v["id"])]["url"] == v["url"]
    assert by_id["236"]["label"] == 1
    assert summary.classes == 1000
    assert workspace.dataset("imagenet").classes.names[389] == "snoek"
    assert workspace.dataset("imagenet").classes.names[999] == "999"


def test_imdb_ids_join_through_the_index(sample, copy, workspace, store):
    votes, names = sample("imdb")
    voted = [v["id"].removeprefix("test/") + ".txt" for v in votes]
    names = ["pos/10003_9.txt", *names, *voted, "pos/1_10.txt"]
    copy.index(find_set("imdb").index, names)
    copy.labels("imdb_test_set", [int(n.startswith("pos")) for n in names])
    import_label_errors(copy.root, "imdb", workspace, store)
    given = given_by_id(workspace, "imdb")
    assert list(given) == ["test/" + n.removesuffix(".txt") for n in names]
    classes = workspace.dataset("imdb").classes
    assert classes.names == ("Negative", "Positive")
    for v in votes:
        assert classes.names[given[v["id"]]] == v["given_original_label"]
        answers = Counter(s.decision for s in store.verdicts("imdb") if s.question.item_id == v["id"])
        m = v["mturk"]
        assert answers["keep"] == m["given"]
        assert answers["relabel"] == m["guessed"]
        assert answers["none"] == m["neutral"] + m["off-topic"]
    assert {s.labels for s in store.verdicts("imdb") if s.decision == "relabel"} == {("1",)}


def test_quickdraw_items_are_the_voted_ones(sample, copy, workspace, store):
    votes, _ = sample("quickdraw")
    summary = import_label_errors(copy.root, "quickdraw", workspace, store)
    assert given_by_id(workspace, "quickdraw") == {str(v["id"]): v["given_original_label"] for v in votes}
    dataset = workspace.dataset("quickdraw")
    assert (summary.items, summary.classes, len(dataset.classes)) == (3, 345, 345)
    assert dataset.classes.names[0] == "Eiffel Tower"
    assert dataset.config.audits.model_dump(exclude_none=True) == {}


def test_amazon_votes_name_classes_and_neutral_is_one(sample, copy, workspace, store):
    votes, _ = sample("amazon")
    import_label_errors(copy.root, "amazon", workspace, store)
    classes = workspace.dataset("amazon").classes
    given = given_by_id(workspace, "amazon")
    for v in votes:
        own = given[str(v["id"])]
        assert classes.names[own] == v["given_original_label"]
        expected = Counter()
        for key, n in v["mturk"].items():
            if n and key == "off-topic":
                expected["none", ()] += n
            elif n and key == v["given_original_label"].lower():
                expected["keep", ()] += n
            elif n:
                expected["relabel", (str(classes.names.index(key.title())),)] += n
        found = Counter(
            (s.decision, s.labels) for s in store.verdicts("amazon") if s.question.item_id == str(v["id"])
        )
        assert found == expected


def test_audioset_is_refused(real_data, workspace, store):
    with pytest.raises(UsageError, match="multi-label"):
        import_label_errors(real_data / "label-errors-samples", "audioset", workspace, store)
    assert workspace.dataset_names() == []
