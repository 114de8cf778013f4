"""A workspace whose review store and Dagster's records are on a database server: everything goes as on files."""

import csv
import os
import subprocess
import sys

import pytest
import yaml

from audits.new_workspace import init_workspace
from audits.review.records import NewVerdict
from audits.review.store import ReviewStore
from audits.workspace import Workspace
from pipelines.instance import open_instance
from tests import postgres
from tests.conftest import MadeUp
from tests.pipelines.conftest import relabel

_MAIN = "from pipelines.cli import main; main()"

STORE, DAGSTER = "LABELAUDIT_STORE_URL", "LABELAUDIT_DAGSTER_URL"


@pytest.fixture
def team(made_up, postgres_server, monkeypatch):
    """A workspace on two databases of its own."""
    with postgres.database(postgres_server) as store, postgres.database(postgres_server) as records:
        monkeypatch.setenv(STORE, store)
        monkeypatch.setenv(DAGSTER, records.replace("postgresql:", "postgresql+psycopg2:"))
        (made_up.root / "labelaudit.yaml").write_text(
            f"review_store: {{url_env: {STORE}}}\ndagster_storage: {{url_env: {DAGSTER}}}\n"
        )
        made_up.add()
        yield made_up


def test_the_loop_on_a_server(team):
    team.ok("run", "zoo")
    relabel(team, 3)
    assert team.json("status")["datasets"][0]["verdicts"] == 3
    assert "done" in team.ok("run", "zoo")
    assert "nothing changed" in team.ok("run", "zoo")
    assert not (team.root / "state" / "review.sqlite").exists()
    assert not list((team.root / "state" / "dagster").rglob("*.db"))
    with open_instance(team.workspace) as instance:
        assert instance.get_runs_count() == 2
    result = team.call("doctor")
    assert "sound, at revision" in result.stdout
    assert "open, 2 runs" in result.stdout


def test_the_same_results_as_on_files(team, tmp_path):
    files = MadeUp(tmp_path / "files")
    init_workspace(files.root)
    files.add()
    for each in (team, files):
        each.ok("run", "zoo")
        relabel(each, 3)
    one, two = (each.json("compare", "zoo") for each in (team, files))
    assert one == two


def test_settings_that_keep_the_records_elsewhere_are_refused(team):
    team.ok("run", "zoo")
    settings = team.root / "state" / "dagster" / "dagster.yaml"
    written = yaml.safe_load(settings.read_text())
    assert written["storage"] == {"postgres": {"postgres_url": {"env": DAGSTER}}}
    settings.write_text(settings.read_text().partition("storage:")[0])
    refused = team.call("run", "zoo")
    assert refused.exit_code == 2
    assert "has another 'storage' than labelaudit.yaml asks for" in refused.stderr


@pytest.mark.parametrize("name", [STORE, DAGSTER])
def test_a_variable_that_is_not_set_is_one_line(team, monkeypatch, name):
    monkeypatch.delenv(name)
    refused = team.call("run", "zoo")
    assert refused.exit_code == 2
    assert f"error[workspace]: labelaudit.yaml: the environment variable {name} is not set" in refused.stderr
    assert f"{name} is not set" in team.call("doctor").stdout


def test_the_url_of_another_driver_is_refused_before_dagster_fails_on_it(team, monkeypatch):
    monkeypatch.setenv(DAGSTER, os.environ[DAGSTER].replace("+psycopg2", ""))
    refused = team.call("run", "zoo")
    assert refused.exit_code == 2
    assert "must begin with postgresql+psycopg2://" in refused.stderr


def test_one_database_for_both_is_refused(team, monkeypatch):
    store = Workspace(team.root).store_url
    monkeypatch.setenv(DAGSTER, store.replace("postgresql:", "postgresql+psycopg2:"))
    ReviewStore(store).close()
    refused = team.call("run", "zoo")
    assert (refused.exit_code, "each needs one of its own" in refused.stderr) == (2, True)
    ReviewStore(store).close()  # nothing of Dagster's was put into it


@pytest.mark.parametrize(("name", "code"), [(STORE, "store"), (DAGSTER, "dagster-records")])
def test_a_server_that_does_not_answer_is_one_error_without_the_password(team, monkeypatch, name, code):
    driver = "+psycopg2" if name == DAGSTER else ""
    monkeypatch.setenv(name, f"postgresql{driver}://ann:geheim@127.0.0.1:1/reviews")
    for words in (["run", "zoo"], ["doctor"]):
        refused = team.call(*words)
        assert refused.exit_code != 0
        assert "geheim" not in refused.output
        assert "Traceback" not in refused.output
        if words[0] == "run":
            assert refused.exit_code == 2
            assert f"error[{code}]" in refused.stderr


def test_the_secret_is_in_no_file_and_no_output(team, monkeypatch):
    """A password in the variables reaches neither the state folder nor what commands print."""
    secret = "s3cr3t-" + "x" * 8
    for name in (STORE, DAGSTER):
        monkeypatch.setenv(name, os.environ[name].replace("postgres:@", f"postgres:{secret}@"))
    outputs = [
        team.ok("run", "zoo"),
        team.call("doctor").output,
        team.ok("store", "check"),
        team.ok("status"),
    ]
    relabel(team, 1)
    outputs.append(team.ok("run", "zoo"))
    outputs.append(team.call("store", "copy", "workspace", f"env:{STORE}").output)
    assert not any(secret in text for text in outputs)
    for path in team.root.rglob("*"):
        if path.is_file():
            assert secret.encode() not in path.read_bytes(), path


def test_a_backup_holds_the_store_and_comes_back(team, tmp_path, postgres_server, monkeypatch):
    team.ok("run", "zoo")
    relabel(team, 3)
    team.ok("run", "zoo")
    told = team.call("backup", str(tmp_path / "b.tar"))
    assert told.exit_code == 0
    assert "copy of it as state/review.sqlite" in told.output
    assert "Dagster's record of runs is on a database server" in told.output
    compared = team.json("compare", "zoo")
    with postgres.database(postgres_server) as other:
        monkeypatch.setenv(STORE, other)  # the server is lost; here is a new one
        team.ok("-w", str(tmp_path / "new"), "restore", str(tmp_path / "b.tar"))
        lost = team.call("-w", str(tmp_path / "new"), "run", "zoo")
        assert lost.exit_code != 0
        assert "is not the one it was" in lost.stderr
        copy = tmp_path / "new" / "state" / "review.sqlite"
        team.ok("-w", str(tmp_path / "new"), "store", "copy", str(copy), f"env:{STORE}")
        team.ok("-w", str(tmp_path / "new"), "run", "zoo")
        assert MadeUp(tmp_path / "new").json("compare", "zoo")["scores"] == compared["scores"]


def test_a_backup_without_the_store_that_runs_found_is_refused(team, tmp_path, postgres_server, monkeypatch):
    team.ok("run", "zoo")
    relabel(team, 3)
    team.ok("run", "zoo")
    with postgres.database(postgres_server) as other:
        monkeypatch.setenv(STORE, other)
        refused = team.call("backup", str(tmp_path / "b.tar"))
    assert (refused.exit_code, "is not the one it was" in refused.stderr) == (2, True)
    assert not (tmp_path / "b.tar").exists()


def test_moving_a_workspace_to_a_server(made_up, postgres_url, monkeypatch):
    made_up.add()
    made_up.ok("run", "zoo")
    relabel(made_up, 3)
    made_up.ok("run", "zoo")
    compared = made_up.json("compare", "zoo")
    monkeypatch.setenv(STORE, postgres_url)
    made_up.ok("store", "copy", "workspace", f"env:{STORE}")
    (made_up.root / "labelaudit.yaml").write_text(f"review_store: {{url_env: {STORE}}}\n")
    assert made_up.json("compare", "zoo") == compared
    left = made_up.root / "state" / "review.sqlite"
    assert "is left from before the store moved" in made_up.call("doctor").stdout
    with ReviewStore(f"sqlite:///{left}") as old:  # by a process that was started before
        relabelled = old.tasks("zoo")[-1]
        old.add_verdicts([NewVerdict("late", relabelled.question, "bob", "keep")])
    assert "holds more verdicts, of zoo" in made_up.call("doctor").stdout
    left.unlink()
    assert "nothing changed" in made_up.ok("run", "zoo"), "the store holds what it held"
    relabel(made_up, 1)
    assert "done" in made_up.ok("run", "zoo")


def test_eight_processes_of_the_command_at_once_lose_and_double_nothing(team, tmp_path):
    """Eight people import their files at the same time, two of them the same one."""
    team.ok("run", "zoo")
    queue = tmp_path / "queue.csv"
    team.ok("verdicts", "export", "zoo", str(queue))
    with queue.open(newline="") as f:
        tasks = list(csv.DictReader(f))
    processes = []
    for k in range(8):
        path = tmp_path / f"{min(k, 6)}.csv"
        with path.open("w", newline="") as f:
            writer = csv.DictWriter(f, list(tasks[0]))
            writer.writeheader()
            writer.writerows({**t, "decision": "keep", "reviewer": f"r{min(k, 6)}"} for t in tasks)
        words = ["-c", _MAIN, "-w", str(team.root), "verdicts", "import", "zoo", str(path)]
        processes.append(
            subprocess.Popen([sys.executable, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        )
    for p in processes:
        _, err = p.communicate(timeout=120)
        assert p.returncode == 0, err
    with ReviewStore(team.workspace.store_url) as store:
        given = [(v.reviewer, v.question.item_id) for v in store.verdicts("zoo")]
    assert len(given) == len(set(given)) == 7 * len(tasks)
