import shutil

import pytest

from pipelines.doctor.tables import tables


@pytest.fixture
def run(made_up):
    made_up.add()
    made_up.add("ape")
    made_up.ok("run", "zoo")
    return made_up


def test_all_versions_are_there_also_before_the_first_run(run):
    (found,) = tables(run.workspace)
    assert (found.state, found.words) == ("ok", "2 of 2 datasets have all theirs")
    assert not (run.root / "state" / "tables" / "ape").exists(), "looking makes nothing"


def test_a_version_that_is_missing_is_a_fault_that_the_mend_mends(run):
    store = run.workspace.tables("zoo")
    version = store.current()["findings"].version
    shutil.rmtree(store.root / "findings" / version)
    counted, broken = tables(run.workspace)
    assert counted.words == "1 of 2 datasets have all theirs"
    assert (broken.name, broken.state) == ("tables of zoo", "fault")
    assert f"findings/{version}" in broken.words
    assert broken.mend == "'labelaudit run zoo --force' makes it anew"
    run.ok("run", "zoo", "--force")
    assert [f.state for f in tables(run.workspace)] == ["ok"]


def test_a_version_that_only_a_table_was_made_from_counts_too(run):
    store = run.workspace.tables("zoo")
    items = store.current()["findings"].inputs["items"]
    (store.root / "current.json").unlink()
    shutil.rmtree(store.root / "items" / items)
    _, broken = tables(run.workspace)
    assert f"items/{items}" in broken.words, "the candidate names it"


@pytest.mark.parametrize("pointers", ["current.json", "candidate.json"])
def test_pointers_that_cannot_be_read_are_a_fault_that_the_mend_mends(run, pointers):
    path = run.workspace.tables("zoo").root / pointers
    path.write_text("{")
    _, broken = tables(run.workspace)
    assert broken.state == "fault"
    assert str(path) in broken.words
    assert "remove the file named" in broken.mend
    path.unlink()
    run.ok("run", "zoo")
    assert [f.state for f in tables(run.workspace)] == ["ok"]
