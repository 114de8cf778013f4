import json


def test_a_workspace_without_a_fault_exits_with_0(zoo):
    done = zoo.call("doctor")
    assert done.exit_code == 0
    assert "\nok     datasets: 1 of 1 are sound, with all their files\n" in done.stdout
    assert done.stdout.endswith(" 0 to mend\n")


def test_a_fault_exits_with_1_and_says_how_to_mend_it(made_up):
    made_up.add()
    (made_up.root / "datasets" / "zoo" / "items.parquet").unlink()
    done = made_up.call("doctor")
    assert done.exit_code == 1
    assert "\nFAULT  dataset zoo: items.path: " in done.stdout
    assert "\n       mend: put the file there, or correct items.path in " in done.stdout
    as_json = made_up.call("doctor", "--json")
    assert as_json.exit_code == 1
    found = json.loads(as_json.stdout)
    assert found["ok"] is False
    assert {tuple(c) for c in found["checks"]} == {("name", "state", "words", "mend")}


def test_no_workspace_is_a_wrong_call(made_up):
    (made_up.root / "datasets").rmdir()
    done = made_up.call("doctor")
    assert done.exit_code == 2
    assert "is not a workspace" in done.stderr
