import os
import shutil
import threading
from pathlib import Path

import pytest
from sqlalchemy import make_url

from audits.errors import AuditError, ConfigError, UsageError, VersionError, WorkspaceError
from audits.workspace import Workspace

V1, V2 = "1" * 32, "2" * 32


def test_a_folder_without_datasets_is_no_workspace(tmp_path):
    for root in (tmp_path, tmp_path / "none"):
        with pytest.raises(ConfigError, match="it has no 'datasets' folder; 'labelaudit init' makes one"):
            Workspace(root)


def test_datasets_are_the_yaml_files_that_are_not_hidden(project):
    for name in ("b.yaml", "a.yaml", ".#a.yaml", "._b.yaml", "c.yml", "d.txt"):
        project.put(name, "")
    assert project.workspace.dataset_names() == ["a", "b"]
    for name, says in (("aa", "the nearest name is 'a'"), ("c", r"rename c\.yml to c\.yaml")):
        with pytest.raises(UsageError, match=f"no dataset is named '{name}' in .*; {says}"):
            project.workspace.dataset_path(name)
    with pytest.raises(ConfigError, match="expected a mapping"):
        project.workspace.dataset("a")


def test_no_dataset_at_all(project):
    with pytest.raises(UsageError, match="; there is none yet"):
        project.workspace.dataset("pets")


@pytest.mark.parametrize("name", ["plain", "a b", "ü", "50%20off", "what?", "a#b"])
def test_the_store_url_names_the_file_whatever_signs_the_path_has(tmp_path, name):
    (tmp_path / name / "datasets").mkdir(parents=True)
    workspace = Workspace(tmp_path / name)
    assert make_url(workspace.store_url).database == str(tmp_path / name / "state" / "review.sqlite")
    assert workspace.dagster_home == tmp_path / name / "state" / "dagster"
    assert workspace.dagster_home.is_dir()


def test_a_file_where_the_state_folder_belongs(project):
    (project.workspace.root / "state").write_text("")
    with pytest.raises(AuditError, match="state cannot be written"):
        project.workspace.tables("pets")


def test_a_dataset_is_run_once_at_a_time_and_free_again_after_a_failure(project):
    workspace = project.workspace
    refused = []

    def try_it():
        try:
            with workspace.run_lock("pets"):
                pass
        except UsageError as e:
            refused.append(str(e))
        with workspace.run_lock("birds"):
            pass

    def elsewhere():
        thread = threading.Thread(target=try_it)
        thread.start()
        thread.join()
        return refused

    with pytest.raises(KeyError), workspace.run_lock("pets", "run 1f3c"):  # noqa: PT012 - the block is what fails
        (said,) = elsewhere()
        assert said.startswith(f"dataset 'pets' is being run by process {os.getpid()} (run 1f3c, since ")
        raise KeyError
    assert len(elsewhere()) == 1


def test_who_takes_a_dataset_again_keeps_the_drafts_of_the_first(project):
    drafts = project.tables.root / "drafts" / "t-abc"
    with project.workspace.run_lock("pets"):
        drafts.mkdir(parents=True)
        with project.workspace.run_lock("pets"):
            assert drafts.exists()
    with project.workspace.run_lock("pets"):
        assert not drafts.exists()


def test_files_of_locks_and_logs_are_apart_for_each_dataset_and_run(project):
    workspace = project.workspace
    files = [workspace.run_lock_file("a"), workspace.run_lock_file("b"), workspace.run_alive_file("a")]
    files += [workspace.run_log("a").path, workspace.run_log("b").path]
    assert len(set(files)) == 5
    assert all(f.is_relative_to(workspace.state) for f in files)


def test_how_far_the_scores_have_come(small, verdict_store):
    small.write()
    assert small.workspace.scored_mark("pets") is None
    small.night(verdict_store)
    assert small.workspace.scored_mark("pets") == (0, 0)
    taken_back = small.say(verdict_store, "i1", "ann", "keep")
    small.say(verdict_store, "i1", "bob", "keep")
    verdict_store.withdraw(taken_back, "ann", "", "w")
    assert small.workspace.scored_mark("pets") == (0, 0), "not scored yet"
    small.run(verdict_store)
    assert small.workspace.scored_mark("pets") == (2, 1)


def test_roots_are_absolute_from_then_on(project, monkeypatch):
    monkeypatch.chdir(project.workspace.root.parent)
    relative = Workspace(project.workspace.root.name)
    monkeypatch.chdir("/")
    assert relative.root == project.workspace.root
    assert isinstance(relative.datasets_dir, Path)


def test_the_hash_of_a_yaml_is_of_its_content_and_empty_where_there_is_none(small):
    small.write()
    before = small.workspace.config_hash("pets")
    path = small.workspace.dataset_path("pets")
    path.write_text(path.read_text() + " ")
    assert small.workspace.config_hash("pets") not in ("", before)
    assert small.workspace.config_hash("never") == ""


def test_scores_whose_result_is_gone_have_come_nobody_knows_how_far(small, verdict_store):
    small.night(verdict_store)
    shutil.rmtree(small.tables.root / "results")
    assert small.workspace.scored_mark("pets") is None


def test_a_yaml_that_is_no_file_is_not_waited_for(tmp_path):
    (tmp_path / "datasets").mkdir()
    os.mkfifo(tmp_path / "datasets" / "zoo.yaml")
    assert Workspace(tmp_path).config_hash("zoo") == ""


@pytest.mark.parametrize("written", ["", "x", "-1", "1.5", "\xff", "9" * 30, "9" * 6000])
def test_a_version_that_is_another_one_or_none_is_refused(tmp_path, written):
    (tmp_path / "datasets").mkdir()
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "version").write_bytes(written.encode("latin-1"))
    with pytest.raises(VersionError if written.startswith("99") else WorkspaceError):
        Workspace(tmp_path)


def test_a_version_that_is_no_file_is_not_waited_for(tmp_path):
    (tmp_path / "datasets").mkdir()
    (tmp_path / "state").mkdir()
    os.mkfifo(tmp_path / "state" / "version")
    with pytest.raises(WorkspaceError, match="expected a file"):
        Workspace(tmp_path)
