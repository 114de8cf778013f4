from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from audits.audit_config import AuditsConfig
from audits.contracts import ITEMS, SIGNALS
from audits.errors import AuditError, InputError
from audits.outputs import ModelOutputs
from audits.signals import confident_learning, model_agreement, pervasive_label_errors
from audits.signals.registry import OVER_MODELS, PER_MODEL, Part, run_part, run_signals, signal_parts

N, K = 60, 3


@pytest.fixture(scope="module")
def labels() -> np.ndarray:
    return np.random.default_rng(0).integers(K, size=N).astype(np.int32)


@pytest.fixture(scope="module")
def items(labels) -> pa.Table:
    return pa.table([[f"i{k}" for k in range(N)], labels, labels.astype(str), ["x"] * N], schema=ITEMS)


@pytest.fixture(scope="module")
def outputs(labels) -> dict[str, ModelOutputs]:
    rng = np.random.default_rng(1)
    probs = rng.dirichlet(np.ones(K), size=(2, N))
    probs[:, np.arange(N), labels] += 0.7
    probs /= probs.sum(axis=2, keepdims=True)
    top = np.argsort(-probs[0], axis=1)[:, :2]
    return {
        "b_dense": ModelOutputs("b_dense", "dense", K, pred_probs=probs[0]),
        "a_dense": ModelOutputs("a_dense", "dense", K, pred_probs=probs[1]),
        "top": ModelOutputs(
            "top",
            "top_k",
            K,
            top_k_labels=top.astype(np.int32),
            top_k_probs=np.take_along_axis(probs[0], top, axis=1),
        ),
        "words": ModelOutputs("words", "labels", K, labels=rng.integers(K, size=N).astype(np.int32)),
    }


def audits(**sections) -> AuditsConfig:
    return AuditsConfig.model_validate(sections)


def blocks(table: pa.Table) -> list[tuple[str, str | None]]:
    assert table.num_rows % N == 0
    starts = range(0, table.num_rows, N)
    for start in starts:
        part = table.slice(start, N)
        assert part["item_id"].to_pylist() == [f"i{k}" for k in range(N)]
        assert len(set(part["signal"].to_pylist())) == len(set(part["model"].to_pylist())) == 1
    return [(table["signal"][s].as_py(), table["model"][s].as_py()) for s in starts]


def test_every_detector_has_its_section_and_every_section_its_detector():
    assert {*PER_MODEL, *OVER_MODELS} == set(AuditsConfig.model_fields)
    assert not set(PER_MODEL) & set(OVER_MODELS)


def test_each_audit_sees_the_models_it_can_read(items, outputs):
    table = run_signals(
        items, outputs, audits(confident_learning=None, pervasive_label_errors=None, model_agreement=None)
    )
    assert table.schema == SIGNALS
    assert blocks(table) == [
        ("confident_learning", "b_dense"),
        ("confident_learning", "a_dense"),
        ("pervasive_label_errors", "b_dense"),
        ("pervasive_label_errors", "a_dense"),
        ("model_agreement", None),
    ]
    assert set(table.slice(4 * N)["n_models"].to_pylist()) == {4}


def test_each_block_is_what_its_detector_says(items, labels, outputs):
    config = audits(
        confident_learning={"models": ["a_dense"], "filter_by": "both"},
        pervasive_label_errors={"models": ["b_dense"]},
        model_agreement={"models": ["words", "top"], "min_share": 1},
    )
    ids = items["item_id"].combine_chunks()
    expected = pa.concat_tables(
        [
            confident_learning.detect(ids, labels, outputs["a_dense"], config.confident_learning),
            pervasive_label_errors.detect(ids, labels, outputs["b_dense"], config.pervasive_label_errors),
            model_agreement.detect(ids, labels, [outputs["words"], outputs["top"]], config.model_agreement),
        ]
    )
    assert run_signals(items, outputs, config).equals(expected)


@pytest.mark.parametrize("models", [{}, {"words": None, "top": None}])
def test_an_audit_that_has_no_model_to_look_at_adds_nothing(items, outputs, models):
    chosen = {name: outputs[name] for name in models}
    table = run_signals(items, chosen, audits(confident_learning=None, pervasive_label_errors=None))
    assert table.schema == SIGNALS
    assert table.num_rows == 0


def test_without_models_there_is_no_agreement_either(items):
    assert run_signals(items, {}, audits(model_agreement=None)).num_rows == 0


def test_an_audit_that_is_not_configured_does_not_run(items, outputs):
    assert blocks(run_signals(items, outputs, audits(model_agreement={}))) == [("model_agreement", None)]
    assert run_signals(items, outputs, AuditsConfig()).num_rows == 0


@pytest.mark.parametrize("audit", PER_MODEL)
def test_a_model_without_dense_outputs_is_refused_by_name(items, outputs, audit):
    config = audits(**{audit: {"models": ["a_dense", "top", "words", "gone"]}})
    with pytest.raises(InputError, match=f"'{audit}' needs dense outputs, which 'top', 'words', 'gone'"):
        run_signals(items, outputs, config)


def test_a_model_without_outputs_is_refused_by_name(items, outputs):
    config = audits(model_agreement={"models": ["top", "gone"]})
    with pytest.raises(InputError, match="'model_agreement': there are no outputs of 'gone'"):
        run_signals(items, outputs, config)


def test_what_cleanlab_refuses_names_audit_and_model(items, outputs):
    probs = np.array(outputs["b_dense"].pred_probs)
    probs[0, 0] = 1.5  # the checks refuse it before; who calls the library without them is told here
    broken = {"b_dense": ModelOutputs("b_dense", "dense", K, pred_probs=probs)}
    with pytest.raises(InputError, match=r"'confident_learning' on model 'b_dense'.*between 0 and 1"):
        run_signals(items, broken, audits(confident_learning=None))


def test_our_own_refusals_pass_as_they_are(items, outputs):
    config = audits(confident_learning={"num_to_remove_per_class": [1, 1]})
    with pytest.raises(InputError, match=r"^audit 'confident_learning': 'num_to_remove_per_class' has 2"):
        run_signals(items, outputs, config)


def test_one_item_is_refused_with_a_word_by_what_needs_two_classes(items, outputs):
    one = {name: o.take(np.array([0])) for name, o in outputs.items()}
    with pytest.raises(InputError, match="'confident_learning' needs labels of at least 2 classes"):
        run_signals(items.slice(0, 1), one, audits(confident_learning=None))
    table = run_signals(
        items.slice(0, 1), one, audits(pervasive_label_errors=None, model_agreement=None)
    ).to_pylist()
    assert [r["item_id"] for r in table] == ["i0"] * 3


def test_outputs_of_another_number_of_items_are_refused(items, outputs):
    with pytest.raises(AuditError, match="'b_dense' has outputs for 60 items, the dataset has 59"):
        run_signals(items.slice(1), outputs, audits(model_agreement=None))


def test_parts_are_what_is_computed_at_a_time(items, outputs):
    config = audits(confident_learning=None, model_agreement={"models": ["words", "top"]})
    parts = signal_parts({name: o.kind for name, o in outputs.items()}, config)
    assert parts == [
        Part("confident_learning", "b_dense", ("b_dense",)),
        Part("confident_learning", "a_dense", ("a_dense",)),
        Part("model_agreement", None, ("words", "top")),
    ]
    assert [str(p) for p in parts] == [
        "confident_learning on b_dense",
        "confident_learning on a_dense",
        "model_agreement",
    ]
    tables = [run_part(p, items, outputs, config) for p in parts]
    assert pa.concat_tables(tables).equals(run_signals(items, outputs, config))


def test_a_part_depends_on_its_own_models_alone(items, outputs):
    config = audits(confident_learning=None, model_agreement=None)
    for part in signal_parts({name: o.kind for name, o in outputs.items()}, config):
        alone = {name: outputs[name] for name in part.models}
        assert run_part(part, items, alone, config).equals(run_part(part, items, outputs, config))


def test_a_part_whose_outputs_are_of_other_items_is_refused(items, outputs):
    config = audits(confident_learning=None)
    with pytest.raises(AuditError, match="'b_dense' has outputs for 60 items, the dataset has 59"):
        run_part(Part("confident_learning", "b_dense", ("b_dense",)), items.slice(1), outputs, config)
