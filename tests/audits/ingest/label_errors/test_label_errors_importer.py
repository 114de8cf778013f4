"""What an import writes, when it writes nothing, and that doing it twice changes nothing."""

import pyarrow.parquet as pq
import pytest

from audits.errors import InputError, UsageError
from audits.ingest.label_errors import import_label_errors
from audits.yaml_files import load_dataset


def snapshot(workspace):
    files = sorted(p for p in workspace.datasets_dir.rglob("*") if p.is_file())
    return {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in files}


def test_importing_twice_changes_nothing(cifar10, models, workspace, store):
    first = import_label_errors(cifar10.root, "cifar10", workspace, store, models)
    before = snapshot(workspace)
    second = import_label_errors(cifar10.root, "cifar10", workspace, store, models)
    assert snapshot(workspace) == before
    assert (first.stored, first.already) == (15, 0)
    assert (second.stored, second.already) == (0, 15)
    assert set(first.written) == set(before)
    assert second.written == ()
    assert len(store.verdicts("cifar10")) == 15


def test_an_edited_file_is_refused_unless_overwriting(cifar10, workspace, store):
    path = import_label_errors(cifar10.root, "cifar10", workspace, store).path
    original = path.read_text()
    path.write_text(original.replace("agree: 3", "agree: 4"))
    with pytest.raises(UsageError, match=r"cifar10\.yaml: there already, with other content"):
        import_label_errors(cifar10.root, "cifar10", workspace, store)
    assert load_dataset(path).config.review.agree == 4
    summary = import_label_errors(cifar10.root, "cifar10", workspace, store, overwrite=True)
    assert summary.written == (path,)
    assert path.read_text() == original


def test_an_items_file_of_other_content_is_refused(cifar10, pets, workspace, store):
    import_label_errors(cifar10.root, "cifar10", workspace, store)
    items = workspace.datasets_dir / "cifar10" / "items.parquet"
    before = items.read_bytes()
    labels = pets.labels.copy()
    labels[0] = 4
    cifar10.labels("cifar10_test_set", labels)
    with pytest.raises(UsageError, match=r"items\.parquet: there already"):
        import_label_errors(cifar10.root, "cifar10", workspace, store)
    assert items.read_bytes() == before
    items.write_bytes(b"no parquet")
    with pytest.raises(UsageError, match=r"items\.parquet: there already"):
        import_label_errors(cifar10.root, "cifar10", workspace, store)


def test_the_same_items_in_other_bytes_are_left_alone(cifar10, workspace, store):
    import_label_errors(cifar10.root, "cifar10", workspace, store)
    items = workspace.datasets_dir / "cifar10" / "items.parquet"
    pq.write_table(pq.read_table(items), items, compression="gzip")
    assert import_label_errors(cifar10.root, "cifar10", workspace, store).written == ()


def test_a_store_that_refuses_leaves_no_files(cifar10, pets, workspace, store):
    class Refuses:
        def add_verdicts(self, verdicts):
            raise InputError("no room")

    with pytest.raises(InputError, match="no room"):
        import_label_errors(cifar10.root, "cifar10", workspace, Refuses())
    assert list(workspace.datasets_dir.iterdir()) == []


def test_predictions_cannot_be_joined_to_items_that_come_from_votes(
    copy, make_entry, models, workspace, store
):
    counts = {"given": 5, "guessed": 0, "neither": 0, "both": 0}
    copy.votes("quickdraw", [make_entry(20456, 0, 66, counts)])
    with pytest.raises(UsageError, match="quickdraw has no label array"):
        import_label_errors(copy.root, "quickdraw", workspace, store, models)


def test_probabilities_are_left_out_where_items_come_from_votes(copy, make_entry, workspace, store):
    counts = {"given": 5, "guessed": 0, "neither": 0, "both": 0}
    copy.votes("quickdraw", [make_entry(20456, 0, 66, counts)])
    copy.probabilities("quickdraw", [[0.5] * 345] * 7)
    assert import_label_errors(copy.root, "quickdraw", workspace, store).models == ()


def test_bad_calls(cifar10, tmp_path, workspace, store):
    with pytest.raises(UsageError, match="nearest name is 'cifar10'"):
        import_label_errors(cifar10.root, "cifar1O", workspace, store)
    with pytest.raises(UsageError, match="is not a folder"):
        import_label_errors(tmp_path / "nowhere", "cifar10", workspace, store)
    assert list(workspace.datasets_dir.iterdir()) == []
