"""`run` and `status`."""

import threading

from tests.pipelines.conftest import another_run, relabel


def test_run_of_several_datasets_goes_on_after_a_failure(made_up):
    made_up.add("ape")
    made_up.add("zoo")
    (made_up.root / "datasets" / "ape" / "items.parquet").write_bytes(b"PAR1 not really PAR1")
    result = made_up.call("run")
    assert result.exit_code == 2
    assert "ape: items_candidate" in result.stderr
    assert "zoo: done" in result.stdout


def test_all_is_said_by_no_name_or_by_all_but_not_with_names(made_up):
    assert made_up.call("run", "--all").exit_code == 2, "there is none yet"
    made_up.add("ape")
    made_up.add("zoo")
    refused = made_up.call("run", "zoo", "--all")
    assert refused.exit_code == 2
    assert "give names or --all, not both" in refused.stderr
    assert made_up.workspace.tables("zoo").current() == {}
    told = made_up.ok("run", "--all")
    assert "ape: done" in told
    assert "zoo: done" in told


def test_an_unknown_name_is_refused_before_any_work(made_up):
    made_up.add("zoo")
    refused = made_up.call("run", "zoo", "zooo")
    assert refused.exit_code == 2
    assert "the nearest name is 'zoo'" in refused.stderr
    assert made_up.workspace.tables("zoo").current() == {}


def test_a_second_run_says_that_nothing_changed(made_up):
    made_up.add()
    assert "parts computed, " in made_up.ok("run", "zoo")
    assert made_up.ok("run", "zoo") == "zoo: nothing changed, nothing computed\n"
    assert "zoo: done" in made_up.ok("run", "zoo", "--force")
    last = made_up.json("status")["datasets"][0]["last_run"]
    assert last["status"] == "done"
    assert last["began_at"] <= last["ended_at"]


def test_only_scores_does_not_go_with_force(made_up):
    made_up.add()
    assert made_up.call("run", "--only-scores", "--force").exit_code == 2
    made_up.ok("run", "zoo")
    relabel(made_up, 1)
    assert "zoo: done" in made_up.ok("run", "zoo", "--only-scores")
    assert "nothing changed" in made_up.ok("run", "zoo", "--only-scores")


def test_wait_waits_for_another_run_and_says_so_when_it_takes_longer(made_up):
    made_up.add()
    with another_run(made_up) as done:
        refused = made_up.call("run", "zoo", "--wait", "0.2")
        assert refused.exit_code == 2
        assert "(run 1f3c, since" in refused.stderr
        threading.Timer(0.3, done.set).start()
        assert "zoo: done" in made_up.ok("run", "zoo", "--wait", "60")
    assert made_up.call("run", "--wait", "-1").exit_code == 2


def test_status_tells_of_the_last_run_in_words_and_json(made_up):
    made_up.add()
    assert made_up.json("status")["datasets"][0]["last_run"] is None
    assert "never" in made_up.ok("status")
    made_up.ok("run", "zoo")
    made_up.ok("run", "zoo")
    last = made_up.json("status")["datasets"][0]["last_run"]
    assert set(last) == {"run_id", "status", "began_at", "ended_at"}
    assert (last["run_id"], last["status"]) == (None, "unchanged")
    assert "unchanged" in made_up.ok("status")
    made_up.yaml().write_text("itemz: {}\n")
    assert made_up.call("run", "zoo").exit_code == 2
    assert made_up.json("status")["datasets"][0]["last_run"]["status"] == "failed"
