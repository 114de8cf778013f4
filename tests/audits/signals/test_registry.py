from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from audits.audit_config import AuditsConfig
from audits.contracts import ITEMS, SIGNALS
from audits.errors import AuditError, InputError
from audits.outputs import ModelOutputs
from audits.signals import confident_learning, duplicates, model_agreement, pervasive_label_errors, registry
from audits.signals.inputs import Annotations, Features, Inputs, Neighbours, Present, TrainingDynamics
from audits.signals.registry import (
    FEATURE_KINDS,
    KINDS,
    LEAST_CLASSES,
    OVER_ANNOTATIONS,
    OVER_FEATURES,
    OVER_INPUTS,
    OVER_MODELS,
    OVER_SUGGESTIONS,
    OVER_TRAINING,
    PER_MODEL,
    WITH_DUPLICATES,
    WITH_NEIGHBOURS,
    Part,
    absent_signals,
    most_neighbours,
    run_audits,
    run_part,
    run_signals,
    signal_parts,
)

N, K = 60, 3

#: Every audit there is, with its defaults.
EVERYTHING = AuditsConfig.model_validate(dict.fromkeys(AuditsConfig.model_fields))


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
    rooms = (PER_MODEL, OVER_MODELS, OVER_ANNOTATIONS, OVER_FEATURES, OVER_TRAINING, OVER_SUGGESTIONS)
    names = [name for room in rooms for name in room]
    assert sorted(names) == sorted(AuditsConfig.model_fields)
    assert len(set(names)) == len(names)
    assert {*PER_MODEL, *OVER_MODELS, *OVER_INPUTS} == set(names)
    for about in (KINDS, LEAST_CLASSES, FEATURE_KINDS, WITH_NEIGHBOURS, WITH_DUPLICATES):
        assert set(about) <= set(names)
    assert all("neighbours" in _section(name).model_fields for name in WITH_NEIGHBOURS)


def _section(name):
    return type(getattr(EVERYTHING, name))


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


@pytest.mark.parametrize("audit", [a for a in PER_MODEL if a not in KINDS])
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


def given(labels, outputs, **more) -> Inputs:
    return Inputs(pa.array([f"i{k}" for k in range(N)]), labels, K, outputs, **more)


def test_parts_are_what_is_computed_at_a_time(items, labels, outputs):
    config = audits(confident_learning=None, model_agreement={"models": ["words", "top"]})
    inputs = given(labels, outputs)
    parts = signal_parts(inputs.present, config)
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
    tables = [run_part(p, inputs, config) for p in parts]
    assert pa.concat_tables(tables).equals(run_signals(items, outputs, config))
    assert run_audits(inputs, config).equals(run_signals(items, outputs, config))


def test_a_part_depends_on_its_own_models_alone(labels, outputs):
    config = audits(confident_learning=None, model_agreement=None)
    inputs = given(labels, outputs)
    for part in signal_parts(inputs.present, config):
        alone = given(labels, {name: outputs[name] for name in part.models})
        assert run_part(part, alone, config).equals(run_part(part, inputs, config))


def test_a_part_whose_outputs_are_of_other_items_is_refused(labels, outputs):
    short = {"b_dense": outputs["b_dense"].take(np.arange(N - 1))}
    with pytest.raises(AuditError, match="'b_dense' has outputs for 59 items, the dataset has 60"):
        run_part(
            Part("confident_learning", "b_dense", ("b_dense",)),
            given(labels, short),
            audits(confident_learning=None),
        )


ALL_THERE = Present(
    models={"dense": "dense", "top": "top_k", "words": "labels"},
    n_classes=K,
    annotations=True,
    features={"vectors": "embeddings", "columns": "numeric", "words": "text", "pictures": "images"},
    training=True,
    suggestions=True,
)


def test_with_everything_there_nothing_is_absent():
    assert absent_signals(ALL_THERE, EVERYTHING) == {}
    parts = signal_parts(ALL_THERE, EVERYTHING)
    assert {p.signal for p in parts} == set(AuditsConfig.model_fields)
    seen = {p.signal: p for p in parts}
    assert seen["annotator_consensus"] == Part(
        "annotator_consensus", None, ("dense",), beside=("annotations",)
    )
    assert seen["suggestion"].models == ("dense", "top", "words")
    assert seen["duplicate_conflicts"].features == ("vectors", "columns", "words", "pictures")
    assert seen["duplicate_conflicts"].beside == ("duplicates",)
    assert {p.model for p in parts if p.signal == "margin"} == {"dense", "top"}
    assert {p.model for p in parts if p.signal == "entropy"} == {"dense"}
    assert {p.beside for p in parts if p.signal in OVER_TRAINING} == {("training",)}


NO_DENSE = "no model has dense outputs"
WITHOUT = {
    "models": (
        Present({}, K, True, ALL_THERE.features, True, True),
        {n: "there are no models" for n in (*PER_MODEL, *OVER_MODELS)},
    ),
    "dense": (
        Present({"words": "labels"}, K, True, ALL_THERE.features, True, True),
        {n: NO_DENSE for n in (*PER_MODEL, "ensemble_confident_learning")}
        | {"margin": "no model has dense or top_k outputs"},
    ),
    "annotations": (
        Present(ALL_THERE.models, K, False, ALL_THERE.features, True, True),
        {n: "there are no annotations" for n in OVER_ANNOTATIONS},
    ),
    "features": (
        Present(ALL_THERE.models, K, True, {}, True, True),
        {n: "there are no features" for n in OVER_FEATURES},
    ),
    "training": (
        Present(ALL_THERE.models, K, True, ALL_THERE.features, False, True),
        {n: "there are no training dynamics" for n in OVER_TRAINING},
    ),
    "suggestions": (
        Present(ALL_THERE.models, K, True, ALL_THERE.features, True, False),
        {"suggestion": "the items have no column of suggestions"},
    ),
    "a third class": (
        Present(ALL_THERE.models, 2, True, ALL_THERE.features, True, True),
        {"annotator_ambiguity": "it needs 3 classes or more, and there are 2"},
    ),
}


@pytest.mark.parametrize(("present", "expected"), WITHOUT.values(), ids=WITHOUT)
def test_what_lacks_its_input_is_absent_and_says_why(present, expected):
    assert absent_signals(present, EVERYTHING) == expected
    there = {p.signal for p in signal_parts(present, EVERYTHING)}
    assert there == set(AuditsConfig.model_fields) - set(expected)


def test_what_is_not_configured_is_neither_there_nor_absent():
    assert absent_signals(Present({}, K), AuditsConfig()) == {}
    assert set(absent_signals(Present({}, K), audits(outliers=None))) == {"outliers"}


def test_crowdlab_needs_dense_outputs_and_the_other_methods_look_at_no_model():
    words = Present({"words": "labels"}, K, annotations=True)
    assert absent_signals(words, audits(annotator_consensus={"method": "crowdlab"})) == {
        "annotator_consensus": f"for the method crowdlab {NO_DENSE}"
    }
    for method in ("auto", "dawid_skene"):
        config = audits(annotator_consensus={"method": method})
        assert signal_parts(words, config)[0].models == ()
    config = audits(annotator_consensus={"method": "dawid_skene"})
    assert signal_parts(ALL_THERE, config)[0].models == ()
    with pytest.raises(InputError, match="'annotator_consensus' needs dense outputs, which 'words' has not"):
        signal_parts(words, audits(annotator_consensus={"method": "crowdlab", "models": ["words"]}))


def test_features_that_are_not_there_or_cannot_be_looked_at_are_refused_by_name(monkeypatch):
    with pytest.raises(InputError, match="'outliers': no features are named 'gone', 'lost'"):
        signal_parts(ALL_THERE, audits(outliers={"features": ["gone", "vectors", "lost"]}))
    monkeypatch.setitem(FEATURE_KINDS, "outliers", ("embeddings", "numeric"))
    with pytest.raises(InputError, match="'outliers' compares embeddings or numeric, which 'words' is not"):
        signal_parts(ALL_THERE, audits(outliers={"features": ["words"]}))
    assert signal_parts(ALL_THERE, audits(outliers=None))[0].features == ("vectors", "columns")
    alone = Present({}, K, features={"words": "text"})
    assert absent_signals(alone, audits(outliers=None)) == {
        "outliers": "there are no features that are embeddings or numeric"
    }


def test_one_graph_of_neighbours_is_as_large_as_the_most_that_any_audit_asks_for():
    config = audits(
        neighbour_disagreement={"neighbours": 5, "features": ["vectors", "words"]},
        outliers={"neighbours": 12, "features": ["vectors"]},
        duplicate_conflicts=None,
    )
    pairs = {"columns": duplicates.NEIGHBOURS, "pictures": duplicates.NEIGHBOURS}
    assert most_neighbours(ALL_THERE, config) == {"vectors": 12, "words": 5, **pairs}
    assert most_neighbours(ALL_THERE, audits(duplicate_conflicts={"features": ["words"]})) == {}
    assert most_neighbours(ALL_THERE, audits(confident_learning=None)) == {}


@pytest.fixture
def looked_at(monkeypatch):
    """What each detector was handed, in place of what it would find in it."""
    seen = {}

    def looking(name):
        def look(inputs, params):
            seen[name] = inputs
            return SIGNALS.empty_table()

        return look

    for name in OVER_INPUTS:
        monkeypatch.setitem(registry.OVER_INPUTS, name, looking(name))
    return seen


def test_a_detector_is_handed_what_its_part_names_and_no_more(labels, outputs, looked_at):
    graph = Neighbours("v", np.zeros((N, 12), dtype=np.int32), np.zeros((N, 12), dtype=np.float32), "cosine")
    inputs = given(
        labels,
        outputs,
        annotations=Annotations(*[np.zeros(1, dtype=np.int32)] * 3, names=("ann",)),
        features={n: Features(n, "embeddings", vectors=np.ones((N, 2), np.float32)) for n in "vw"},
        neighbours={"v": graph},
        duplicates=pa.table({}),
        training=TrainingDynamics(np.zeros((2, N, K)), "logits"),
        suggestions=labels,
        splits=pa.array(["a"] * N),
        groups={"source": labels},
    )
    config = audits(
        **dict.fromkeys(OVER_INPUTS)
        | {"outliers": {"neighbours": 4, "features": ["v"]}, "duplicate_conflicts": {"features": ["w"]}}
    )
    run_audits(inputs, config)
    assert set(looked_at) == set(OVER_INPUTS)

    def handed(name):
        of = looked_at[name]
        nothing = {"outputs": {}, "features": {}, "neighbours": {}, "groups": {}}
        own = ("item_id", "item_ids", "labels", "n_classes", "class_names")
        fields = {k: v for k, v in vars(of).items() if k not in own and not k.startswith("_")}
        return {k for k, v in fields.items() if v is not None and not (k in nothing and not v)}

    assert handed("annotator_consensus") == {"annotations", "outputs"}
    assert handed("annotator_ambiguity") == {"annotations"}
    assert handed("outliers") == {"features", "neighbours"}
    assert handed("duplicate_conflicts") == {"features", "duplicates", "splits"}
    assert handed("forgetting") == {"training"}
    assert handed("suggestion") == {"suggestions", "outputs"}
    assert looked_at["outliers"].neighbours["v"].rows.shape == (N, 4), "no more than it asks for"
    assert list(looked_at["duplicate_conflicts"].features) == ["w"]
    assert list(looked_at["annotator_consensus"].outputs) == ["b_dense", "a_dense"]
