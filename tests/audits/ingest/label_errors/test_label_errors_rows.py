"""Ids, labels and the index belong together, or the import is refused."""

import pickle

import numpy as np
import pyarrow.parquet as pq
import pytest

from audits.errors import InputError
from audits.ingest.label_errors import find_set, import_label_errors


def refused(copy, workspace, store, name, match, **options):
    with pytest.raises(InputError, match=match):
        import_label_errors(copy.root, name, workspace, store, **options)
    assert workspace.dataset_names() == []
    assert list(workspace.datasets_dir.iterdir()) == []
    assert store.verdicts(name) == []


def test_labels_in_another_order_do_not_join(cifar10, pets, workspace, store):
    cifar10.labels("cifar10_test_set", np.roll(pets.labels, 1))
    refused(
        cifar10,
        workspace,
        store,
        "cifar10",
        r"the ids do not join: the given label of 2 of 3 voted items .*4: votes say 9, row 4 says 0",
    )


def test_votes_on_unknown_items_are_refused_or_skipped_and_counted(cifar10, pets, workspace, store):
    cifar10.labels("cifar10_test_set", pets.labels[:5])
    refused(cifar10, workspace, store, "cifar10", r"1 of 3 voted items are not among the 5 items \(7\)")
    summary = import_label_errors(cifar10.root, "cifar10", workspace, store, skip_unknown_votes=True)
    assert (summary.skipped_items, summary.voted_items, summary.verdicts) == (1, 2, 10)
    assert {v.question.item_id for v in store.verdicts("cifar10")} == {"1", "4"}


@pytest.mark.parametrize(
    ("labels", "match"),
    [
        (np.array([3.0, 5.0, 5.0]), "expected whole-numbered labels, got float64"),
        (np.array([True, False]), "expected an array as floats or integers, got .* of bool"),
        (np.zeros((8, 1), dtype=int), r"expected one label a row, got an array of shape \(8, 1\)"),
        (np.array([3, -5, 5]), r"1 of 3 labels are below 0 \(row 1: -5\)"),
        (np.array([2**64 - 1, 5], dtype=np.uint64), "1 of 2 labels are below 0"),
    ],
)
def test_broken_label_arrays(labels, match, cifar10, workspace, store):
    cifar10.labels("cifar10_test_set", labels)
    refused(cifar10, workspace, store, "cifar10", match)


def test_nothing_is_unpickled(cifar10, workspace, store):
    path = cifar10.labels("cifar10_test_set", [0])
    np.save(path, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    refused(cifar10, workspace, store, "cifar10", r"cannot be read as a \.npy array|is empty|is a zip")
    path.write_bytes(pickle.dumps([1, 2, 3]))
    refused(cifar10, workspace, store, "cifar10", r"cannot be read as a \.npy array|is empty|is a zip")
    path.write_bytes(b"")
    refused(cifar10, workspace, store, "cifar10", r"cannot be read as a \.npy array|is empty|is a zip")
    with path.open("wb") as f:
        np.savez(f, a=np.arange(3))
    refused(cifar10, workspace, store, "cifar10", "is a zip archive")


def test_a_truncated_array_is_refused(cifar10, workspace, store):
    path = cifar10.root / "original_test_labels" / "cifar10_test_set_original_labels.npy"
    path.write_bytes(path.read_bytes()[:-3])
    refused(cifar10, workspace, store, "cifar10", r"cannot be read as a \.npy array|is empty|is a zip")


def test_an_empty_label_array_is_refused(cifar10, workspace, store):
    cifar10.labels("cifar10_test_set", np.zeros(0, dtype=int))
    refused(cifar10, workspace, store, "cifar10", r"original_labels\.npy: holds no labels")


def imdb(copy, make_entry, names, labels):
    counts = {"given": 4, "guessed": 1, "neutral": 0, "off-topic": 0}
    copy.votes("imdb", [make_entry("test/neg/1_1", "Negative", "Positive", counts)])
    copy.labels("imdb_test_set", labels)
    copy.index(find_set("imdb").index, names)
    return copy


def test_labels_and_index_must_agree_in_length(copy, make_entry, workspace, store):
    imdb(copy, make_entry, ["neg/1_1.txt"], [0, 1])
    refused(copy, workspace, store, "imdb", r"has 2 labels, but .* names 1 files")


def test_an_index_with_broken_entries(copy, make_entry, workspace, store):
    imdb(copy, make_entry, ["neg/1_1.txt", 7], [0, 1])
    refused(copy, workspace, store, "imdb", r"1 rows are no file names \(row 1: 7\)")
    imdb(copy, make_entry, ["neg/1_1.txt", "neg/x.txt"], [0, 1])
    refused(copy, workspace, store, "imdb", "1 file names give no item id of imdb")


def test_a_file_listed_twice_is_two_items_and_the_votes_go_to_the_first(copy, make_entry, workspace, store):
    imdb(copy, make_entry, ["neg/1_1.txt", "neg/1_1.txt", "pos/1_9.txt"], [0, 0, 1])
    summary = import_label_errors(copy.root, "imdb", workspace, store)
    ids = pq.read_table(workspace.datasets_dir / "imdb" / "items.parquet")["item_id"].to_pylist()
    assert ids == ["test/neg/1_1", "test/neg/1_1#2", "test/pos/1_9"]
    assert summary.repeated_files == ("neg/1_1.txt",)
    assert {v.question.item_id for v in store.verdicts("imdb")} == {"test/neg/1_1"}
    assert "neg/1_1.txt" in summary.path.read_text()


def test_a_file_listed_twice_with_two_labels_is_refused(copy, make_entry, workspace, store):
    imdb(copy, make_entry, ["neg/1_1.txt", "neg/1_1.txt", "pos/1_9.txt"], [0, 1, 1])
    refused(copy, workspace, store, "imdb", r"1 files are listed more than once \(neg/1_1.txt\)")


def test_imagenet_files_may_not_repeat(copy, make_entry, workspace, store):
    counts = {"given": 5, "guessed": 0, "neither": 0, "both": 0}
    copy.votes("imagenet", [make_entry(293, 0, 48, counts)])
    names = ["val/n01440764/ILSVRC2012_val_00000293.JPEG"] * 2
    copy.index(find_set("imagenet").index, names)
    copy.labels("imagenet_val_set", [0, 0])
    refused(copy, workspace, store, "imagenet", "1 files are listed more than once")


def test_sets_whose_ids_need_the_index_are_refused_without_it(copy, make_entry, workspace, store):
    imdb(copy, make_entry, ["neg/1_1.txt"], [0])
    (copy.root / "dataset_indexing" / find_set("imdb").index).unlink()
    refused(copy, workspace, store, "imdb", "item ids of imdb can only be joined by it")


def test_missing_files_are_named(cifar10, workspace, store):
    (cifar10.root / "original_test_labels" / "cifar10_test_set_original_labels.npy").unlink()
    refused(
        cifar10,
        workspace,
        store,
        "cifar10",
        "expected cifar10_test_set_original_labels.npy or cifar10_val_set",
    )
    (cifar10.root / "mturk" / "cifar10_mturk.json").unlink()
    refused(cifar10, workspace, store, "cifar10", "holds the reviewers' votes for cifar10")


def test_quickdraw_ids_are_rows_where_it_has_a_label_array(copy, make_entry, workspace, store):
    counts = {"given": 5, "guessed": 0, "neither": 0, "both": 0}
    copy.votes("quickdraw", [make_entry(2, 30, 48, counts)])
    copy.labels("quickdraw", [9, 9, 30, 9])
    summary = import_label_errors(copy.root, "quickdraw", workspace, store)
    assert (summary.items, summary.voted_items) == (4, 1)


def test_items_have_a_url_only_where_the_votes_know_one(cifar10, pets, workspace, store):
    entries = pets.entries()
    for e in entries:
        del e["url"]
    cifar10.votes("cifar10", entries)
    import_label_errors(cifar10.root, "cifar10", workspace, store)
    table = pq.read_table(workspace.datasets_dir / "cifar10" / "items.parquet")
    assert table.column_names == ["item_id", "label"]
