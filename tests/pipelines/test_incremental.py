"""What runs compute: counted in the functions that do the work, and in what Dagster was told of each stage."""

import os
import shutil
from collections import Counter
from dataclasses import replace

import cleanlab.filter
import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from audits import fingerprints, judging
from audits.benchmark.metrics import METRICS
from audits.new_workspace import init_workspace
from audits.signals import registry
from audits.stages import ingest
from audits.stages.graph import SCORING, stages_of
from pipelines.instance import open_instance
from pipelines.runs import RunOptions, run_dataset
from tests.conftest import MadeUp
from tests.pipelines.conftest import relabel

MODELS = 3
SETTINGS = "audits: {confident_learning: {}, model_agreement: {}}\nmetrics: [accuracy]\n"
#: Before any verdict: all and common items under original and corrected labels, all under flagged-removed ones.
SCORED = 2 + 2 + 1
#: Three versions sliced by class and by difficulty.
SLICED = 3 * 2
#: How sure the comparison of two versions is, on common and on all items.
CERTAIN = 2 * 2
EVERYTHING = {
    "items": 1,
    "outputs": MODELS,
    "judged": 1 + MODELS + 2,  # valid: items and each model; usable: items, and all models at once
    "confident_learning": MODELS,
    "model_agreement": 1,
    "accuracy": MODELS * (SCORED + SLICED + CERTAIN),
}


def age(made_up):
    """Make the files look as if nobody had written to them for a while."""
    for path in (made_up.root / "datasets").rglob("*"):
        os.utime(path, (1_700_000_000, 1_700_000_000))


@pytest.fixture
def fresh(made_up):
    """A dataset with three models that was never run."""
    made_up.add(models=MODELS, yaml=SETTINGS)
    age(made_up)
    return made_up


@pytest.fixture(scope="module")
def _after_its_first_run(tmp_path_factory):
    root = tmp_path_factory.mktemp("first") / "work space"
    init_workspace(root)
    made_up = MadeUp(root)
    made_up.add(models=MODELS, yaml=SETTINGS)
    age(made_up)
    run(made_up)
    return made_up


@pytest.fixture
def zoo(_after_its_first_run, tmp_path):
    """The same dataset after its first run, in a place of its own."""
    root = tmp_path / "work space"
    shutil.copytree(_after_its_first_run.root, root)
    return MadeUp(root, dict(_after_its_first_run.flipped))


@pytest.fixture
def calls(monkeypatch):
    """How often each function that does the work was called."""
    called: Counter[str] = Counter()

    def counting(name, real):
        def counted(*args, **kwargs):
            called[name] += 1
            return real(*args, **kwargs)

        return counted

    for owner, attribute, name in (
        (ingest, "ingest_items", "items"),
        (ingest, "ingest_outputs", "outputs"),
        (judging, "_validate", "judged"),
        (cleanlab.filter, "find_label_issues", "confident_learning"),
    ):
        monkeypatch.setattr(owner, attribute, counting(name, getattr(owner, attribute)))
    agreement = registry.OVER_MODELS["model_agreement"]
    monkeypatch.setitem(registry.OVER_MODELS, "model_agreement", counting("model_agreement", agreement))
    accuracy = METRICS["accuracy"]
    monkeypatch.setitem(
        METRICS, "accuracy", replace(accuracy, compute=counting("accuracy", accuracy.compute))
    )
    return called


def run(made_up, calls=None, **options):
    """Run the dataset; gives the report, and in `calls` what was called in this run alone."""
    if calls is not None:
        calls.clear()
    return run_dataset(made_up.workspace, "zoo", lambda *_: None, RunOptions(**options))


def versions(made_up):
    return {t: r.version for t, r in made_up.workspace.tables("zoo").current().items()}


def told(made_up):
    """Of each stage what its last materialization says, and how many it has."""
    found = {}
    with open_instance(made_up.workspace) as instance:
        for stage in stages_of(made_up.workspace.dataset("zoo")):
            records = instance.fetch_materializations(dg.AssetKey(["zoo", stage]), limit=50).records
            metadata = records[0].asset_materialization.metadata
            found[stage] = (len(records), {k: v.value for k, v in metadata.items()})
    return found


#: What a materialization says of the run, not of the data.
OF_THE_RUN = {"recomputed", "computed", "parts computed", "reused", "newly queued", "asked again"}


def numbers(stages):
    return {
        s: {k: v for k, v in told.items() if k not in OF_THE_RUN and not k.startswith("chart: ")}
        for s, (_, told) in stages.items()
    }


def say_another_class(made_up, model="m1"):
    """Turn the first item's probabilities of a model round, which keeps the file's size."""
    path = made_up.root / "datasets" / "zoo" / f"{model}.parquet"
    table = pq.read_table(path)
    first, second = (table[c].to_pylist() for c in ("ant", "bee"))
    first[0], second[0] = second[0], first[0]
    pq.write_table(table.set_column(1, "ant", pa.array(first)).set_column(2, "bee", pa.array(second)), path)
    return path


def test_the_second_run_computes_nothing_and_says_so_of_every_stage(fresh, calls):
    first = run(fresh, calls)
    assert dict(calls) == EVERYTHING
    before = told(fresh)
    assert all(n == 1 for n, _ in before.values())
    assert first.computed == sum(m["parts computed"] for _, m in before.values()) > 0
    second = run(fresh, calls)
    assert dict(calls) == {}
    assert (second.succeeded, second.run_id, second.computed, second.problems) == (True, None, 0, ())
    after = told(fresh)
    assert {n for n, _ in after.values()} == {2}, "every stage materializes, so that no trend has a gap"
    for _, said in after.values():
        assert (said["recomputed"], said["computed"], said["parts computed"]) == (False, "nothing", 0)
    assert numbers(after) == numbers(before)
    assert after["review_queue"][1]["newly queued"] == 0


def test_the_outputs_of_one_model_are_computed_for_it_and_for_what_looks_at_all(zoo, calls):
    say_another_class(zoo)
    report = run(zoo, calls)
    assert report.run_id is not None
    assert {k: calls[k] for k in ("items", "outputs", "judged", "confident_learning", "model_agreement")} == {
        "items": 0,
        "outputs": 1,
        "judged": 2,
        "confident_learning": 1,
        "model_agreement": 1,
    }
    after = told(zoo)
    assert after["items_candidate"][1]["recomputed"] is False
    assert after["model_outputs_candidate"][1]["computed"] == "outputs: m1"
    assert (
        after["signals"][1]["computed"]
        == "signals: confident_learning on m1, signals: model_agreement, signals"
    )
    scored = [c for c in after["scores"][1]["computed"].split(", ") if " on " in c]
    assert {c for c in scored if not c.startswith("scores: m1 ")} <= {
        f"scores: {m} on flagged-removed" for m in ("m0", "m2")
    }
    assert {n for n, _ in after.values()} == {2}
    incremental = versions(zoo)
    run(zoo, force=True)
    assert versions(zoo) == incremental


def test_labels_that_change_are_looked_at_with_the_outputs_that_are_there(zoo, calls):
    table = zoo.items()
    labels = table["label"].to_pylist()
    labels[9] = "cow" if labels[9] != "cow" else "ant"
    zoo.write_items(table.set_column(1, "label", pa.array(labels)))
    run(zoo, calls)
    assert (calls["items"], calls["outputs"], calls["confident_learning"]) == (1, 0, MODELS)


def test_content_that_changes_asks_again_and_computes_no_signal(zoo, calls):
    table = zoo.items()
    texts = [f"new {i}" for i in range(60)]
    zoo.write_items(table.set_column(2, "text", pa.array(texts)))
    run(zoo, calls)
    assert dict(calls) == {"items": 1, "judged": 3}
    assert told(zoo)["review_queue"][1]["newly queued"] == 4


def test_verdicts_lead_to_new_scores_and_nothing_before_them(zoo, calls):
    relabel(zoo, 2)
    report = run(zoo, calls)
    assert set(calls) == {"accuracy"}
    # on relabelled items too by now; the labels without flagged items are as they were
    assert calls["accuracy"] == MODELS * (3 + 3 + SLICED + CERTAIN)
    recomputed = {s for s, (_, said) in told(zoo).items() if said["recomputed"]}
    assert recomputed == set(SCORING)
    assert report.computed == 1 + (MODELS * 2 + 2) + 1


def test_only_scores_are_those_three_stages(zoo, calls):
    relabel(zoo, 1)
    report = run(zoo, calls, only_scores=True)
    assert report.succeeded
    assert set(calls) == {"accuracy"}
    assert {s for s, (n, _) in told(zoo).items() if n == 2} == set(SCORING)
    assert run(zoo, calls).run_id is None, "a whole run finds nothing more to do"


def test_force_computes_everything_once(zoo, calls):
    before = versions(zoo)
    report = run(zoo, calls, force=True)
    assert dict(calls) == EVERYTHING
    assert report.reused == told(zoo)["published"][1]["reused"], "what its checks have judged in the same run"
    assert versions(zoo) == before


def test_a_touched_file_is_no_change(zoo, calls):
    (zoo.root / "datasets" / "zoo" / "m1.parquet").touch()
    assert run(zoo, calls).run_id is None
    assert dict(calls) == {}


def test_verifying_finds_what_looks_unchanged(zoo, calls, monkeypatch):
    # as on a system that does not tell when a file was last changed in any way
    real = fingerprints.look
    for place in ("audits.fingerprints.look", "audits.work.look"):
        monkeypatch.setattr(place, lambda p: None if (seen := real(p)) is None else [*seen[:3], 0])
    assert run(zoo).run_id is None  # the files of this copy are known from now on
    path = zoo.root / "datasets" / "zoo" / "m1.parquet"
    before = path.stat()
    say_another_class(zoo)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_ino) == (before.st_size, before.st_ino)
    assert run(zoo, calls).run_id is None
    assert run(zoo, calls, verify=True).run_id is not None
    assert (calls["outputs"], calls["confident_learning"]) == (1, 1)


def test_a_gate_that_changes_is_weighed_and_nothing_is_computed(zoo, calls):
    zoo.yaml().write_text(zoo.yaml().read_text() + "gates: {max_flag_rate: 0.01}\n")
    for _ in range(2):  # in a run, and when nothing changed since
        report = run(zoo, calls)
        assert dict(calls) == {}
        assert (report.succeeded, report.computed, report.exit_status) == (True, 0, 3)
        (problem,) = report.problems
        assert "4 of 60 items are flagged" in problem.message
    assert report.run_id is None


def test_broken_input_is_said_again_without_judging_it_again(zoo, calls):
    before = versions(zoo)
    table = zoo.items()
    labels = table["label"].to_pylist()
    labels[9] = "wolf"
    zoo.write_items(table.set_column(1, "label", pa.array(labels)))
    first = run(zoo, calls)
    assert (calls["items"], calls["judged"]) == (1, 2)
    again = run(zoo, calls)
    assert dict(calls) == {}
    assert first.problems == again.problems
    assert "wolf" in again.problems[0].message
    assert first.exit_status == again.exit_status == 2
    assert versions(zoo) == before
    zoo.write_items(table)
    mended = run(zoo, calls)  # which makes what is in force the candidate again
    assert (mended.succeeded, mended.computed, dict(calls)) == (True, 0, {})
    assert versions(zoo) == before
    assert run(zoo, calls).run_id is None


def test_a_file_that_changes_while_it_is_read_is_wrong_input(zoo, monkeypatch):
    before = versions(zoo)
    path = say_another_class(zoo)
    real = ingest.ingest_outputs

    def slow(*args):
        read = real(*args)
        with path.open("ab") as f:
            f.write(b"more")
        return read

    monkeypatch.setattr(ingest, "ingest_outputs", slow)
    report = run(zoo)
    assert report.exit_status == 2
    assert "m1.parquet: changed while it was read; run again when it is written" in report.problems[0].message
    assert versions(zoo) == before


def test_the_command_says_what_was_computed(zoo):
    assert zoo.ok("run", "zoo") == "zoo: nothing changed, nothing computed\n"
    say_another_class(zoo)
    assert "zoo: done (run " in zoo.ok("run", "zoo")
