"""The checks in Dagster's own terms: what a result holds, and what a failed one stops."""

import dagster as dg
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from assets.checks import PROBLEMS
from assets.factory import audit_graph
from assets.resources import WorkspaceResource
from audits.errors import SHOWN

BLOCKING = {
    ("items_candidate", "valid"),
    ("model_outputs_candidate", "valid"),
    ("annotations_candidate", "valid"),
}
WARNING = {(asset, "usable") for asset, _ in BLOCKING}


@pytest.fixture
def zoo(made_up):
    made_up.add(yaml="annotations: {path: zoo/annotations.csv}\n")
    _annotate(made_up, [(i, "x", "bee") for i in made_up.items()["item_id"].to_pylist()])
    return made_up


def _annotate(made_up, rows):
    path = made_up.root / "datasets" / "zoo" / "annotations.csv"
    path.write_text("item_id,annotator_id,label\n" + "".join(f"{i},{a},{label}\n" for i, a, label in rows))


def _change(made_up, file, column, values):
    """Set values of a column of a Parquet file, by row."""
    path = made_up.root / "datasets" / "zoo" / f"{file}.parquet"
    table = pq.read_table(path)
    changed = table[column].to_pylist()
    for row, value in values.items():
        changed[row] = value
    pq.write_table(
        table.set_column(table.column_names.index(column), column, pa.array(changed, table[column].type)),
        path,
    )


def _materialize(made_up):
    """Run the dataset's graph; the check results by asset and check, and the assets that materialized."""
    graph = audit_graph(made_up.workspace.dataset("zoo"))
    defs = dg.Definitions(
        assets=graph.assets,
        asset_checks=graph.checks,
        resources={"workspace": WorkspaceResource(path=str(made_up.root))},
        executor=dg.in_process_executor,
    )
    with dg.DagsterInstance.ephemeral() as instance:
        job = defs.resolve_implicit_global_asset_job_def()
        result = job.execute_in_process(instance=instance, raise_on_error=False)
    evaluations = {(e.asset_key.path[-1], e.check_name): e for e in result.get_asset_check_evaluations()}
    failed = {e.step_key for e in result.all_events if e.is_step_failure}
    told = {f"zoo__{asset}_{check}" for (asset, check), e in evaluations.items() if not e.passed}
    assert failed <= told, "a check judges broken data, it does not fall over it"
    made = {e.asset_key.path[-1] for e in result.get_asset_materialization_events()}
    return evaluations, made


def test_sound_data_passes_every_check_and_is_published(zoo):
    evaluations, made = _materialize(zoo)
    assert set(evaluations) == BLOCKING | WARNING
    for (asset, check), e in evaluations.items():
        assert e.passed, (asset, check)
        assert e.metadata["expectations"].value > 0
        assert e.metadata[PROBLEMS].value == []
    assert {"published", "comparison"} <= made


def _items(zoo):
    ids = zoo.items()["item_id"].to_pylist()
    _change(zoo, "items", "label", dict.fromkeys(range(20), "wolf"))
    return ("items_candidate", "valid"), "column 'given_label': 20 of 60 rows", ids[:SHOWN], ids[SHOWN]


def _outputs(zoo):
    ids = pq.read_table(zoo.root / "datasets" / "zoo" / "m1.parquet")["item_id"].to_pylist()
    in_items_order = [i for i in zoo.items()["item_id"].to_pylist() if i in ids[:20]]
    _change(zoo, "m1", "ant", dict.fromkeys(range(20), float("nan")))
    first, later = in_items_order[:SHOWN], in_items_order[SHOWN]
    return ("model_outputs_candidate", "valid"), "model 'm1': column 'finite': 20 of 60 rows", first, later


def _annotations(zoo):
    strangers = [f"nobody-{i:02d}" for i in range(20)]
    _annotate(zoo, [(i, "x", "bee") for i in strangers])
    return (
        ("annotations_candidate", "valid"),
        "column 'item_id': 20 of 20 rows",
        strangers[:SHOWN],
        "nobody-05",
    )


@pytest.mark.parametrize("damage", [_items, _outputs, _annotations])
def test_broken_data_blocks_and_names_the_first_few_offenders(zoo, damage):
    check, words, first, later = damage(zoo)
    evaluations, made = _materialize(zoo)
    e = evaluations[check]
    assert not e.passed
    assert e.severity == dg.AssetCheckSeverity.ERROR
    (problem,) = [p for p in e.metadata[PROBLEMS].value if words in p]
    for item in first:
        assert f"item_id {item}" in problem
    assert later not in problem, "the others are counted, not named"
    assert "and 15 more" in problem
    assert "20 of" in e.description
    assert not {"published", "signals"} & made


def test_poor_data_warns_and_goes_on(zoo):
    zoo.yaml().write_text(
        zoo.yaml().read_text().replace("name: m0, out_of_sample: true", "name: m0, out_of_sample: false")
    )
    evaluations, made = _materialize(zoo)
    e = evaluations["model_outputs_candidate", "usable"]
    assert not e.passed
    assert e.severity == dg.AssetCheckSeverity.WARN
    assert "m0" in e.description
    assert "comparison" in made


def test_an_annotator_who_labels_twice_warns_as_real_crowds_do(zoo):
    ids = zoo.items()["item_id"].to_pylist()
    _annotate(zoo, [(ids[8], "x", "bee"), (ids[8], "x", "cow"), (ids[9], "x", "bee")])
    evaluations, made = _materialize(zoo)
    e = evaluations["annotations_candidate", "usable"]
    assert e.severity == dg.AssetCheckSeverity.WARN
    assert "2 of 3 rows: the annotator labelled the item more than once" in e.description
    assert "comparison" in made


def _all_wrong_items(zoo, ids):
    _change(zoo, "items", "item_id", {1: ids[0], 2: None, 3: ""})
    _change(zoo, "items", "label", {4: None, 5: "wolf"})
    return {
        "items_candidate": [
            "the item id is missing",
            "the item id is empty",
            "the item id repeats",
            "the label is missing or not in the class list",
        ]
    }


def _all_wrong_outputs_and_annotations(zoo, ids):
    _change(zoo, "m0", "item_id", {0: "nobody", 1: None})
    _change(zoo, "m0", "ant", {2: np.inf, 3: -0.5, 4: None, 5: 1.5})
    _annotate(zoo, [("nobody", "", "wolf")])
    return {
        "model_outputs_candidate": [
            "the item id is missing",
            "the id is no item of the dataset",
            "the item has no output row",
            "a probability is not finite",
            "a probability is below 0",
            "a probability is above 1",
        ],
        "annotations_candidate": [
            "the id is no item of the dataset",
            "the annotator's id is missing",
            "the label is missing or not in the class list",
        ],
    }


@pytest.mark.parametrize("damage", [_all_wrong_items, _all_wrong_outputs_and_annotations])
def test_every_fault_is_told_at_once_and_no_check_falls_over(zoo, damage):
    told = damage(zoo, zoo.items()["item_id"].to_pylist())
    evaluations, made = _materialize(zoo)
    for asset, faults in told.items():
        problems = "\n".join(evaluations[asset, "valid"].metadata[PROBLEMS].value)
        assert not [f for f in faults if f not in problems]
    assert "published" not in made
