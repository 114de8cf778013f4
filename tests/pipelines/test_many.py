import contextlib

from pipelines import many
from pipelines.many import run_datasets
from pipelines.runs import RunOptions
from tests.pipelines.conftest import another_run


@contextlib.contextmanager
def _silent():
    yield lambda *_: None


def _run(made_up, names, **options):
    return list(run_datasets(made_up.workspace, names, _silent, RunOptions(**options)))


def test_datasets_run_in_the_order_given_and_one_that_fails_stops_no_other(made_up):
    for name in ("ape", "bear", "cat"):
        made_up.add(name)
    made_up.yaml("bear").write_text("itemz: {}\n")
    reports = _run(made_up, ["cat", "bear", "ape"])
    assert [(r.dataset, r.succeeded) for r in reports] == [("cat", True), ("bear", False), ("ape", True)]


def test_a_report_comes_as_soon_as_its_dataset_is_done(made_up):
    made_up.add("ape")
    made_up.add("bear")
    reports = run_datasets(made_up.workspace, ["ape", "bear"], _silent, RunOptions())
    assert next(reports).dataset == "ape"
    assert made_up.workspace.tables("bear").current() == {}
    reports.close()


def test_many_that_did_not_change_are_looked_at_side_by_side(made_up, monkeypatch):
    monkeypatch.setattr(many, "_MANY", 3)
    names = ["ape", "bear", "cat", "dog"]
    for name in names:
        made_up.add(name)
    first = _run(made_up, names)
    assert all(r.run_id for r in first)
    made_up.yaml("bear").write_text("itemz: {}\n")
    made_up.write_items(made_up.items("cat").slice(0, 50), "cat")
    reports = _run(made_up, names)
    assert [r.dataset for r in reports] == names
    assert [r.run_id is None for r in reports] == [True, False, False, True]
    assert not reports[1].succeeded
    for name in ("ape", "dog"):
        assert made_up.workspace.run_log(name).last().status == "unchanged"
    forced = _run(made_up, ["ape", "dog", "ape"], force=True)
    assert all(r.computed for r in forced)


def test_one_of_many_that_is_being_run_is_said(made_up, monkeypatch):
    monkeypatch.setattr(many, "_MANY", 2)
    made_up.add("ape")
    made_up.add("bear")
    _run(made_up, ["ape", "bear"])
    with another_run(made_up, "bear"):
        names = ["bear", "ape"]
        bear, ape = run_datasets(made_up.workspace, names, _silent, RunOptions())
    assert (ape.dataset, ape.run_id, ape.succeeded) == ("ape", None, True), "the others go on"
    assert (bear.dataset, bear.succeeded, bear.exit_status) == ("bear", False, 2)
    assert "'bear' is being run by process" in bear.problems[0].message


def test_a_share_of_many_is_recorded_where_nothing_changed_and_left_where_it_did(made_up):
    names = ["ape", "bear", "cat"]
    for name in names:
        made_up.add(name)
    _run(made_up, names)
    made_up.yaml("bear").write_text("itemz: {}\n")
    with another_run(made_up, "cat"):
        reports = many._share(made_up.root, names, RunOptions(wait_seconds=60))
    assert [(r.dataset, r.run_id, r.succeeded) for r in reports] == [("ape", None, True)]
    assert made_up.workspace.run_log("ape").last().status == "unchanged"
    assert made_up.workspace.run_log("cat").last().status == "done"
