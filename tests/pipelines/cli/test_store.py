import json
import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import make_url

from audits.review import database
from audits.review.store import ReviewStore
from tests.pipelines.conftest import relabel

VARIABLE = "LABELAUDIT_STORE_URL"


@pytest.fixture
def reviewed(zoo):
    """A workspace with tasks and verdicts."""
    relabel(zoo, 3)
    return zoo


def rows(result):
    return {name: t["rows"] for name, t in result["tables"].items()}


def test_check_says_what_each_table_comes_to_and_changes_nothing(reviewed):
    path = reviewed.root / "state" / "review.sqlite"
    before = path.read_bytes()
    found = reviewed.json("store", "check")
    assert (found["store"], found["kind"], found["revision"], found["faults"]) == (
        str(path),
        "SQLite",
        "0004",
        [],
    )
    assert rows(found)["verdict"] == 3
    assert (
        found
        == reviewed.json("store", "check", str(path))
        == reviewed.json("store", "check", f"sqlite:///{path}")
    )
    assert found["tables"]["verdict"]["digest"] in reviewed.ok("store", "check")
    assert path.read_bytes() == before


def test_check_before_there_is_a_store_makes_none(made_up):
    assert "no store yet" in made_up.ok("store", "check")
    assert not (made_up.root / "state" / "review.sqlite").exists()
    assert made_up.json("store", "check")["revision"] is None


def test_check_tells_faults_with_exit_status_2(reviewed):
    with sqlite3.connect(reviewed.root / "state" / "review.sqlite") as connection:
        connection.execute("DROP TRIGGER verdict_no_update")
        connection.execute("UPDATE verdict SET decision = 'keep' WHERE id = 2")
    connection.close()
    found = reviewed.call("store", "check", "--json")
    assert found.exit_code == 2
    assert "error[store]: review store" in found.stderr
    assert "verdict 2: 'keep' takes no labels" in found.stderr
    assert [f.partition(":")[0] for f in json.loads(found.stdout)["faults"]] == [
        "table 'verdict' is append-only no more",
        "verdict 2",
    ]


def test_there_and_back_again(reviewed, postgres_url, monkeypatch, tmp_path):
    monkeypatch.setenv(VARIABLE, postgres_url)
    own = reviewed.json("store", "check")["tables"]
    there = reviewed.json("store", "copy", "workspace", f"env:{VARIABLE}")
    assert there["tables"] == own
    assert there["to"].startswith("postgresql://postgres@")
    assert "both hold" in reviewed.ok("store", "copy", postgres_url, str(tmp_path / "back 100%?.sqlite"))
    assert reviewed.json("store", "check", str(tmp_path / "back 100%?.sqlite"))["tables"] == own
    assert (tmp_path / "back 100%?.sqlite").exists()
    again = reviewed.call("store", "copy", "workspace", f"env:{VARIABLE}")
    assert (again.exit_code, "is not empty" in again.stderr) == (2, True)


def test_migrate_says_from_where_to_where(zoo, postgres_url, monkeypatch):
    assert "is at revision 0004 already" in zoo.ok("store", "migrate")
    assert "from no tables to revision 0004" in zoo.ok("store", "migrate", postgres_url)
    with ReviewStore(postgres_url) as store, store.writing() as connection:
        alembic = Config()
        alembic.set_main_option("script_location", str(Path(database.__file__).parent / "migrations"))
        alembic.attributes["connection"] = connection
        command.downgrade(alembic, "0001")
    monkeypatch.setenv(VARIABLE, postgres_url)
    (zoo.root / "labelaudit.yaml").write_text(f"review_store: {{url_env: {VARIABLE}}}\n")
    for words in (["run", "zoo"], ["status"]):
        refused = zoo.call(*words)
        assert refused.exit_code == 2
        assert "error[store-version]" in refused.stderr
        assert "'labelaudit store migrate' brings them there" in refused.stderr
    assert "older than 0004" in zoo.call("doctor").stdout
    checked = zoo.call("store", "check")
    assert (checked.exit_code, "wants 0004" in checked.stderr) == (2, True)
    assert "from revision 0001 to revision 0004" in zoo.ok("store", "migrate")
    zoo.ok("store", "check")


@pytest.mark.parametrize(
    ("store", "words"),
    [
        ("postgresql://ann:geheim@host/db", "must not hold a password"),
        ("postgresql://ann@host/db?password=geheim", "must not hold a password"),
        ("env:LABELAUDIT_NOT_SET", "LABELAUDIT_NOT_SET is not set"),
        ("oracle://host/db", "oracle databases are not supported"),
        ("no/such/folder/review.sqlite", "there is no review store at"),
        ("postgresql://ann@host/db?pass%77ord=geheim", "must not hold a password"),
        ("postgresql://ann:ge@heim@host/db", "must not hold a password"),
    ],
)
def test_stores_that_are_refused(made_up, store, words):
    refused = made_up.call("store", "check", store)
    assert refused.exit_code == 2
    assert words in refused.stderr
    assert "geheim" not in refused.output


def test_a_store_outside_needs_no_workspace(tmp_path, made_up, postgres_url):
    result = made_up.call("-w", str(tmp_path / "nowhere"), "store", "check", postgres_url)
    assert result.exit_code == 0, result.output
    assert str(make_url(postgres_url).database) in result.stdout
