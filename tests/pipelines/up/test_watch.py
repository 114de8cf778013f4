import os

import pytest

from pipelines.up.watch import Watch


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "zoo.yaml").write_text("a")
    return tmp_path


def test_nothing_changed(folder):
    watch = Watch(folder)
    assert watch.changed() == watch.changed() == []


def test_what_was_added_removed_or_edited_is_named_once_it_holds_still(folder):
    watch = Watch(folder)
    (folder / "ape.yaml").write_text("a")
    assert watch.changed() == [], "it may be half written"
    (folder / "ape.yaml").write_text("ab")
    assert watch.changed() == []
    assert watch.changed() == ["ape.yaml"]
    watch.loaded()
    assert watch.changed() == []
    (folder / "ape.yaml").unlink()
    stat = (folder / "zoo.yaml").stat()
    os.utime(folder / "zoo.yaml", ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    assert watch.changed() == []
    assert watch.changed() == ["ape.yaml", "zoo.yaml"]


def test_a_change_that_was_taken_back_is_none(folder):
    watch = Watch(folder)
    (folder / "ape.yaml").write_text("a")
    assert watch.changed() == []
    (folder / "ape.yaml").unlink()
    assert [watch.changed() for _ in range(3)] == [[], [], []]


def test_other_files_do_not_count(folder):
    watch = Watch(folder)
    for name in (".ape.yaml", "ape.csv", "ape.yml"):
        (folder / name).write_text("a")
    (folder / "gone.yaml").symlink_to(folder / "nowhere")
    assert [watch.changed() for _ in range(2)] == [[], []]


def test_what_did_not_load_is_named_again_after_a_while(folder):
    watch = Watch(folder)
    watch.again(3600)
    assert watch.changed() == []
    watch.again(0)
    assert watch.changed() == ["zoo.yaml"]
    watch.loaded()
    assert watch.changed() == []


def test_what_became_of_each_file_is_put_into_words(folder):
    watch = Watch(folder)
    (folder / "ape.yaml").write_text("a")
    (folder / "bee.yaml").write_text("a")
    (folder / "zoo.yaml").write_text("abc")
    watch.changed()
    assert watch.words(watch.changed()) == "zoo.yaml changed; ape.yaml, bee.yaml added"
    watch.loaded()
    (folder / "zoo.yaml").unlink()
    watch.changed()
    assert watch.words(watch.changed()) == "zoo.yaml removed"
