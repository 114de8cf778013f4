import pytest

from audits.errors import ConfigError
from pipelines.doctor.examine import CHECKS, examine, to_json
from pipelines.doctor.finding import STATES, fault, ok, warn


def test_a_fresh_workspace_has_no_fault_and_looking_makes_no_instance(made_up):
    made_up.add()
    found = examine(made_up.workspace)
    assert [f for f in found if f.state == "fault"] == []
    assert not (made_up.root / "state" / "dagster").exists()
    assert not (made_up.root / "state" / "review.sqlite").exists()


def test_a_workspace_that_was_run_has_no_fault(made_up):
    made_up.add()
    made_up.ok("run", "zoo")
    found = {f.name: f for f in examine(made_up.workspace)}
    assert {f.state for f in found.values()} == {"ok"}
    assert "1 of 1" in found["datasets"].words


def test_a_check_that_fails_is_a_fault_and_the_others_go_on(made_up):
    def refuses(_):
        raise ConfigError("cannot be so")

    def breaks(_):
        raise KeyError("what")

    found = examine(made_up.workspace, {"a": refuses, "b": breaks, "c": lambda _: [ok("c", "fine")]})
    assert [(f.name, f.state) for f in found] == [("a", "fault"), ("b", "fault"), ("c", "ok")]
    assert found[0].words == "cannot be so"
    assert "see the words" not in found[0].mend + found[1].mend
    assert "KeyError" in found[1].words


@pytest.mark.parametrize("name", CHECKS)
def test_every_check_says_something_where_the_state_is_a_file(made_up, name):
    (made_up.root / "state").rmdir()
    (made_up.root / "state").write_text("")
    for finding in examine(made_up.workspace, {name: CHECKS[name]}):
        assert finding.state in STATES
        assert finding.words
        assert bool(finding.mend) == (finding.state != "ok")


def test_a_state_that_cannot_be_written_is_a_fault(made_up):
    (made_up.root / "state").rmdir()
    (made_up.root / "state").write_text("")
    states = {f.name: f.state for f in examine(made_up.workspace)}
    assert states["state"] == states["locks"] == "fault"


def test_only_a_fault_makes_it_not_ok():
    found = [ok("a", "w"), warn("b", "w", "m")]
    assert to_json(found) == {
        "ok": True,
        "checks": [
            {"name": "a", "state": "ok", "words": "w", "mend": ""},
            {"name": "b", "state": "warn", "words": "w", "mend": "m"},
        ],
    }
    assert to_json([*found, fault("c", "w", "m")])["ok"] is False


def test_broken_settings_of_dagster_are_one_fault(made_up):
    made_up.add()
    (made_up.workspace.dagster_home / "dagster.yaml").write_text("telemetry: [")
    found = examine(made_up.workspace)
    assert [f.name for f in found if f.state == "fault"] == ["dagster.yaml"]
    assert all(f.mend for f in found if f.state != "ok")


def test_a_lock_that_may_not_be_touched_has_a_mend(made_up):
    (made_up.root / "state" / "locks" / "up.lock").mkdir(parents=True)
    found = {f.name: f for f in examine(made_up.workspace)}
    assert (found["up"].state, "let this user" in found["up"].mend) == ("fault", True)
