"""`backup` and `restore`, on a workspace that was run."""

import pyarrow.parquet as pq
import pytest

from audits.review.store import ReviewStore


@pytest.fixture
def answered(zoo, tmp_path, answer):
    assert answer(zoo, tmp_path, {i: {"ann": ("keep", "")} for i in zoo.flipped["zoo"]}).exit_code == 0
    return zoo


def verdicts(made_up):
    with ReviewStore(made_up.workspace.store_url) as store:
        return store.verdicts("zoo")


def test_a_restored_workspace_is_the_same_and_works(answered, tmp_path):
    file = tmp_path / "b.tar.gz"
    assert "b.tar.gz: " in answered.ok("backup", str(file))
    old = answered.workspace.tables("zoo")
    kept, compared = verdicts(answered), answered.json("compare", "zoo")
    runs = [d["last_run"] for d in answered.json("status")["datasets"]]
    answered.root = tmp_path / "restored"
    assert "files, as of 20" in answered.ok("restore", str(file))
    assert verdicts(answered) == kept != []
    assert answered.json("compare", "zoo") == compared
    assert [d["last_run"] for d in answered.json("status")["datasets"]] == runs
    new = answered.workspace.tables("zoo")
    assert new.current() == old.current()
    for ref in new.current().values():
        for path in old.folder(ref.table, ref.version).glob("*.parquet"):
            assert pq.read_table(new.folder(ref.table, ref.version) / path.name).equals(pq.read_table(path))
    answered.ok("run", "zoo")
    assert verdicts(answered) == kept
    assert answered.call("restore", str(file)).exit_code == 2  # not empty any more


def test_without_data_the_rest_is_there_and_it_is_said(answered, tmp_path):
    file = tmp_path / "b.tar"
    assert "left out: 3 files of the datasets" in answered.ok("backup", str(file), "--without-data")
    kept = verdicts(answered)
    answered.root = tmp_path / "restored"
    result = answered.call("restore", str(file))
    assert result.exit_code == 0
    assert "3 files of the datasets were left out of the backup" in result.stderr
    assert verdicts(answered) == kept
    answered.json("findings", "zoo")  # from the tables, which are there
    failed = answered.call("run", "zoo")
    assert failed.exit_code == 2
    assert "items.parquet" in failed.stderr


def test_what_is_outside_is_warned_of(made_up, tmp_path):
    made_up.yaml("far").write_text("items: {path: ../../far.csv}\nclasses: [ant, bee]\n")
    file = str(tmp_path / "b.tar")
    (made_up.root / "datasets" / "broken.csv").symlink_to("none")
    made = made_up.call("backup", file)
    assert "broken.csv is left out: the link leads nowhere" in made.stderr
    made_up.root = tmp_path / "restored"
    restored = made_up.call("restore", file)
    for result in (made, restored):
        assert result.exit_code == 0
        assert f"outside of the workspace, so not {'in' if result is made else 'restored'}" in result.stderr
        assert str(tmp_path / "far.csv") in result.stderr


def test_refusals_have_their_exit_statuses(made_up, tmp_path):
    assert made_up.call("backup", str(tmp_path / "b.zip")).exit_code == 2
    file = tmp_path / "b.tar"
    file.write_text("no archive")
    made_up.root = tmp_path / "restored"
    for words in (("restore", str(file)), ("restore", str(tmp_path / "none.tar")), ("backup", str(file))):
        result = made_up.call(*words)
        assert result.exit_code == 2
        assert result.stderr.startswith("labelaudit: error[")
    assert not made_up.root.exists()
