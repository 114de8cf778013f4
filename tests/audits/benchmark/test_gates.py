import numpy as np
import pyarrow as pa
import pytest

from audits.benchmark.comparison import compare
from audits.benchmark.gates import GATES, hold
from audits.benchmark.scores import score_versions
from audits.benchmark.versions import label_versions
from audits.contracts import CONSENSUS, FINDINGS, ITEMS
from audits.errors import GateError, UsageError
from audits.outputs import ModelOutputs


def comparison(outcomes, predictions):
    """Five items given class 0; outcomes by item, predictions by model."""
    ids = ["a", "b", "c", "d", "e"]
    items = pa.table(
        {
            "item_id": ids,
            "label": pa.array([0] * 5, pa.int32()),
            "given_label": ["0"] * 5,
            "content_hash": [""] * 5,
        },
        schema=ITEMS,
    )
    rows = [
        {"item_id": i, "outcome": o, "label": k, "votes": 1, "agreeing": 1, "reviewers": [], "last_at": None}
        for i, (o, k) in outcomes.items()
    ]
    versions = label_versions(items, FINDINGS.empty_table(), pa.Table.from_pylist(rows, schema=CONSENSUS))
    models = {
        name: ModelOutputs(name, "labels", 2, labels=np.array(p, dtype=np.int32))
        for name, p in predictions.items()
    }
    scores = score_versions(models, versions, ids, ["accuracy"])
    return compare("d", versions, scores, agree=1, verdicts_per_item=1)


STAYS = comparison({"a": ("kept", 0)}, {"x": [0, 0, 0, 0, 1], "y": [0, 0, 1, 1, 1]})
TURNS = comparison(
    {"a": ("relabelled", 1), "b": ("relabelled", 1), "c": ("pending", 0)},
    {"x": [0, 0, 0, 1, 1], "y": [1, 1, 1, 1, 0]},
)


@pytest.mark.parametrize("gate", GATES)
def test_every_gate_holds_where_nothing_changes_and_breaks_where_all_does(gate):
    hold(STAYS, [gate], "accuracy")
    with pytest.raises(GateError, match=gate) as broken:
        hold(TURNS, [gate], "accuracy")
    assert broken.value.exit_status == 3


def test_all_broken_gates_are_told_at_once_each_once():
    with pytest.raises(GateError) as broken:
        hold(TURNS, ["no-pending", "no-flips", "no-pending", "same-best"], "accuracy")
    assert str(broken.value) == (
        "no-pending: 1 items wait for verdicts; no-flips: 1 pairs of models change places on accuracy; "
        "same-best: the best on accuracy was x, is y"
    )


def test_an_unknown_gate_is_refused_and_no_gate_holds():
    hold(TURNS, [], "accuracy")
    with pytest.raises(UsageError, match="nonsense"):
        hold(STAYS, ["nonsense"], "accuracy")


def test_the_command_offers_these_gates():
    from pipelines.cli.compare import Gate

    assert {g.value for g in Gate} == set(GATES)
