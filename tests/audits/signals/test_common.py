"""What every detector promises, declared in one table that the tests below walk.

A detector that is in a registry and not in the table fails; so does one that breaks what it declares.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from audits.annotator_config import AnnotatorAmbiguityConfig, AnnotatorConsensusConfig
from audits.audit_config import (
    AuditsConfig,
    ClassThresholdsConfig,
    ConfidentLearningConfig,
    EnsembleConfidentLearningConfig,
    EntropyConfig,
    MarginConfig,
    ModelAgreementConfig,
    PervasiveLabelErrorsConfig,
    SuggestionConfig,
)
from audits.contracts import SIGNALS
from audits.errors import InputError
from audits.feature_config import DuplicateConflictsConfig, NeighbourDisagreementConfig, OutliersConfig
from audits.signals import registry
from audits.signals.registry import LEAST_CLASSES, OVER_INPUTS, OVER_MODELS, PER_MODEL
from audits.training_config import AreaUnderMarginConfig, El2nConfig, ForgettingConfig, GivenOverEpochsConfig
from tests.audits.signals.planted import ANNOTATORS, EPOCHS, K, N, Planted, plant


@dataclass(frozen=True)
class Declared:
    """What one detector, under one set of parameters, holds to.

    `recall_at_k`: of k planted ones, the share that is among the k lowest scores at the least.
    `flag_recall`: of the planted ones, the share that is flagged at the least.
    `false_flags`: of the others, the share that is flagged at the most.
    `rank_by_score`: flagged items are in the order of their scores.
    `planted`: what it looks for: wrong labels, odd items, or items of two minds.
    `suggests`: flagged items have a suggested label.
    `names_items`: its reasons name other items, of several that would do the first.
    `one_class`, `no_items`: whether it takes items that are all given one class, and no items at all.
    `two_classes`: whether it takes items of a dataset of two classes.
    `by_classes`: None, or how far scores may differ with the order of the classes, since of equal ones the first is
    taken; suggestions and words may then be others.
    `ties`: where nothing tells items apart, their scores are equal.
    `exact`: how far scores may differ where only the order of items, classes or sums does.
    """

    params: Any
    recall_at_k: float
    flag_recall: float
    rank_by_score: bool = True
    false_flags: float = 0.1
    planted: Literal["wrong", "odd", "ambiguous"] = "wrong"
    suggests: bool = True
    names_items: bool = False
    one_class: Literal["defined", "refused"] = "defined"
    no_items: Literal["defined", "refused"] = "defined"
    two_classes: Literal["defined", "refused"] = "defined"
    by_classes: float | None = None
    ties: bool = True
    exact: float = 1e-12


def confident(recall_at_k: float, flag_recall: float, **params: Any) -> Declared:
    """Detectors that compare classes refuse labels of one."""
    return Declared(
        ConfidentLearningConfig(**params), recall_at_k, flag_recall, one_class="refused", no_items="refused"
    )


def ensemble(recall_at_k: float, flag_recall: float, **params: Any) -> Declared:
    config = EnsembleConfidentLearningConfig(**params)
    return Declared(config, recall_at_k, flag_recall, one_class="refused", no_items="refused")


def thresholds(recall_at_k: float, flag_recall: float, **params: Any) -> Declared:
    config = ClassThresholdsConfig(**params)
    return Declared(config, recall_at_k, flag_recall, one_class="refused", no_items="refused")


def annotators(**declared: Any) -> Declared:
    config = AnnotatorConsensusConfig(method=declared.pop("method", "auto"))
    return Declared(config, 0.9, 0.95, **declared)


DECLARED: dict[str, tuple[Declared, ...]] = {
    "confident_learning": (
        confident(0.85, 0.8),
        confident(0.85, 0.7, filter_by="both", method="normalized_margin"),
        confident(0.85, 0.8, filter_by="prune_by_class", adjust_pred_probs=True),
        confident(0.85, 0.7, filter_by="confident_learning"),
        confident(0.85, 0.9, filter_by="predicted_neq_given", method="confidence_weighted_entropy"),
        confident(0.85, 0.8, filter_by="low_normalized_margin"),
        confident(0.85, 0.8, filter_by="low_self_confidence"),
        confident(0.85, 0.8, calibrate="temperature"),
    ),
    "pervasive_label_errors": (Declared(PervasiveLabelErrorsConfig(), 0.85, 0.8),),
    "class_thresholds": (thresholds(0.85, 0.9), thresholds(0.85, 0.9, calibrate="temperature")),
    "margin": (Declared(MarginConfig(), 0.85, 0.9),),
    "entropy": (Declared(EntropyConfig(), 0.85, 0.9),),
    "model_agreement": (Declared(ModelAgreementConfig(), 0.95, 0.95, rank_by_score=False),),
    "ensemble_confident_learning": (
        ensemble(0.95, 0.9),
        ensemble(0.95, 0.9, weights="uniform", filter_by="both"),
        ensemble(0.95, 0.9, weights="log_loss_search", filter_by="prune_by_class"),
        ensemble(0.95, 0.9, method="normalized_margin", calibrate="temperature"),
    ),
    "area_under_margin": (Declared(AreaUnderMarginConfig(), 0.9, 0.9),),
    "given_over_epochs": (Declared(GivenOverEpochsConfig(), 0.9, 0.9),),
    "forgetting": (Declared(ForgettingConfig(), 0.7, 0.3),),
    "el2n": (
        Declared(El2nConfig(), 0.9, 0.9),
        Declared(El2nConfig(epochs=2), 0.8, 0.9),
    ),
    "suggestion": (Declared(SuggestionConfig(), 0.9, 0.9),),
    "annotator_consensus": (  # glad, mace and zero_based_skill take seconds a run: their own tests have them
        annotators(),
        annotators(method="crowdlab", no_items="refused"),
        annotators(method="dawid_skene"),
        annotators(method="majority", by_classes=0.0),
        annotators(method="toptwo", by_classes=0.02, two_classes="refused"),
        annotators(method="m_msr", by_classes=1e-6, exact=1e-9),
    ),
    "annotator_ambiguity": (
        Declared(AnnotatorAmbiguityConfig(), 0.9, 0.9, planted="ambiguous", by_classes=0.02),
    ),
    "duplicate_conflicts": (
        Declared(
            DuplicateConflictsConfig(features=("copies",)),
            0.9,
            1.0,
            false_flags=0.25,  # the copies with the right label
            names_items=True,
            ties=False,
        ),
    ),
    "neighbour_disagreement": (
        Declared(NeighbourDisagreementConfig(features=("vectors",)), 0.9, 0.9, ties=False),
    ),
    "outliers": (
        Declared(OutliersConfig(features=("vectors",)), 0.9, 0.9, planted="odd", suggests=False, ties=False),
    ),
}

CASES = [(name, declared) for name, all_ in DECLARED.items() for declared in all_]
each = pytest.mark.parametrize(
    ("name", "declared"), CASES, ids=[f"{name}-{i}" for i, (name, _) in enumerate(CASES)]
)


@pytest.fixture(scope="module")
def planted() -> Planted:
    return plant()


def run(name: str, declared: Declared, planted: Planted, dtype: type[np.floating] = np.float64) -> pa.Table:
    inputs = planted.inputs(dtype)
    if name in OVER_INPUTS:
        return OVER_INPUTS[name](inputs, declared.params)
    if name in PER_MODEL:
        return PER_MODEL[name](inputs.item_ids, inputs.labels, inputs.models[0], declared.params)
    return OVER_MODELS[name](inputs.item_ids, inputs.labels, inputs.models, declared.params)


def registered() -> set[str]:
    """The names in all registries, also in one that is added."""
    tables = [
        v for k, v in vars(registry).items() if k.startswith(("PER_", "OVER_")) and isinstance(v, Mapping)
    ]
    assert len(tables) >= 6
    return {name for table in tables for name in table}


def undeclared(names: Iterable[str]) -> set[str]:
    return set(names) - set(DECLARED)


def assert_scores(table: pa.Table) -> np.ndarray:
    score = table["score"].to_numpy()
    assert np.isfinite(score).all()
    assert ((score >= 0) & (score <= 1)).all()
    return score


def assert_same(a: pa.Table, b: pa.Table, declared: Declared, but: Iterable[str] = ()) -> None:
    """Equal to the last bits of sums; ranks up to equal scores, reasons as far as they do not name one of several."""
    assert a["flagged"].null_count == b["flagged"].null_count == 0
    worst_first = [t.filter(t["flagged"]).sort_by("rank")["score"].to_numpy() for t in (a, b)]
    np.testing.assert_allclose(*worst_first, rtol=0, atol=declared.exact)
    if len(np.unique(np.round(worst_first[0], 9))) < len(worst_first[0]):
        but = (*but, "rank")
    loose = {"score", "p_given", "p_suggested"}
    skipped = {*but, *(("reason",) if declared.names_items else ())}
    for column in SIGNALS.names:
        if column in skipped:
            continue
        if column in loose:
            np.testing.assert_allclose(
                b[column].to_numpy(), a[column].to_numpy(), rtol=0, atol=declared.exact, err_msg=column
            )
        else:
            assert b[column].to_pylist() == a[column].to_pylist(), column


def test_every_detector_is_declared_and_is_an_audit():
    assert undeclared(registered()) == set()
    assert set(DECLARED) == registered()
    assert undeclared({*registered(), "a_new_one"}) == {"a_new_one"}
    assert registered() == set(AuditsConfig.model_fields)


@each
def test_the_parameters_are_those_of_its_key(name, declared):
    assert AuditsConfig(**{name: declared.params.model_dump()}) == AuditsConfig(**{name: declared.params})


@each
def test_the_table_is_in_the_contract(name, declared, planted):
    table = run(name, declared, planted)
    assert table.schema == SIGNALS
    assert table["item_id"].to_pylist() == planted.ids
    assert set(table["signal"].to_pylist()) == {name}
    assert (table["model"].null_count == N) == (name not in PER_MODEL)
    assert_scores(table)
    suggested = table["suggested_label"].fill_null(-1).to_numpy()
    assert not (suggested == planted.labels).any()
    assert suggested.max() < K
    flagged = table.filter(table["flagged"]).sort_by("rank")
    assert flagged["rank"].to_pylist() == list(range(1, flagged.num_rows + 1))
    assert table.filter(pc.invert(table["flagged"]))["rank"].null_count == N - flagged.num_rows
    assert flagged["suggested_label"].null_count == (0 if declared.suggests else flagged.num_rows)
    if declared.rank_by_score:
        assert (np.diff(flagged["score"].to_numpy()) >= 0).all()
    for column in ("p_given", "p_suggested"):
        known = table[column].drop_null().to_numpy()
        assert ((known >= 0) & (known <= 1 + 1e-9)).all()
    assert table["n_models"].null_count == 0


@each
def test_reasons_are_words_for_flagged_items_alone(name, declared, planted):
    table = run(name, declared, planted)
    reasons = table["reason"].to_pylist()
    assert all(r is None for r, f in zip(reasons, table["flagged"].to_pylist(), strict=True) if not f)
    told = [r for r in reasons if r is not None]
    assert len(told) in (0, sum(table["flagged"].to_pylist()))  # of all that are flagged, or of none
    assert all(r == r.strip() and r and "\n" not in r and not r.endswith(".") for r in told)


@each
def test_lower_is_worse_and_what_is_planted_ranks_first(name, declared, planted):
    table = run(name, declared, planted)
    score, looked_for = table["score"].to_numpy(), getattr(planted, declared.planted)
    k = int(looked_for.sum())
    lowest = np.argsort(score, kind="stable")[:k]
    assert looked_for[lowest].mean() >= declared.recall_at_k
    assert score[looked_for].mean() < score[~looked_for].mean()
    flagged = table["flagged"].to_numpy()
    assert flagged[looked_for].mean() >= declared.flag_recall
    assert flagged[~looked_for].mean() < declared.false_flags
    # and of the planted errors that are flagged, nearly all are put right by the suggestion
    hit = flagged & planted.wrong
    if declared.suggests and declared.planted == "wrong":
        right = table["suggested_label"].to_numpy()[hit] == planted.truth[hit]
        assert right.mean() > 0.9


@each
def test_the_order_of_the_items_does_not_matter(name, declared, planted):
    table = run(name, declared, planted)
    order = np.random.default_rng(2).permutation(N)
    assert_same(table.take(pa.array(order)), run(name, declared, planted.take(order)), declared)


@each
def test_the_order_of_the_classes_permutes_suggestions_alone(name, declared, planted):
    table = run(name, declared, planted)
    new = np.array([3, 0, 4, 1, 2])  # new index by old index
    other = run(name, declared, planted.relabelled(new))
    if declared.by_classes is not None:
        a, b = table["score"].to_numpy(), other["score"].to_numpy()
        np.testing.assert_allclose(b, a, rtol=0, atol=max(declared.by_classes, declared.exact))
        assert np.mean(table["flagged"].to_numpy() != other["flagged"].to_numpy()) < 0.01
        return
    was = table["suggested_label"].fill_null(-1).to_numpy()
    assert other["suggested_label"].fill_null(-1).to_pylist() == np.where(was < 0, -1, new[was]).tolist()
    assert_same(table, other, declared, but=("suggested_label",))


@each
def test_float32_scores_are_float64_scores(name, declared, planted):
    wide, narrow = run(name, declared, planted), run(name, declared, planted, np.float32)
    np.testing.assert_allclose(narrow["score"].to_numpy(), wide["score"].to_numpy(), rtol=0, atol=1e-5)
    assert narrow["flagged"].to_pylist() == wide["flagged"].to_pylist()
    assert narrow["score"].type == wide["score"].type == pa.float64()


@each
def test_running_twice_gives_the_same_and_leaves_the_arguments_alone(name, declared, planted):
    again = plant()
    first = run(name, declared, again)
    assert run(name, declared, again).equals(first)
    assert run(name, declared, planted).equals(first)
    for field in ("labels", "votes", "vectors", "copies", "training", "suggestions"):
        assert np.array_equal(getattr(again, field), getattr(planted, field)), field
    assert all(np.array_equal(a, b) for a, b in zip(again.probs, planted.probs, strict=True))


@each
def test_a_class_without_items_gets_no_item_and_breaks_nothing(name, declared, planted):
    part = planted.take(np.flatnonzero(planted.labels != K - 1))
    table = run(name, declared, part)
    score, looked_for = assert_scores(table), getattr(part, declared.planted)
    above = score[looked_for][:, None] < score[~looked_for][None, :]
    tied = score[looked_for][:, None] == score[~looked_for][None, :]
    assert above.mean() + tied.mean() / 2 > 0.85
    assert table["flagged"].to_numpy().any()


@each
def test_two_classes(name, declared, planted):
    if LEAST_CLASSES.get(name, 2) > 2:
        pytest.skip("it is absent with two classes")
    part = planted.two_classes()
    if declared.two_classes == "refused":
        with pytest.raises(InputError, match=name):
            run(name, declared, part)
        return
    table = run(name, declared, part)
    suggested = table["suggested_label"].to_pylist()
    assert all(s is None or s == 1 - g for s, g in zip(suggested, part.labels.tolist(), strict=True))
    looked_for, score = getattr(part, declared.planted), assert_scores(table)
    assert looked_for.any()
    assert score[looked_for].mean() < score[~looked_for].mean()


@each
@pytest.mark.parametrize("case", ["one_class", "no_items"])
def test_items_of_one_class_and_no_items_are_taken_or_refused_as_declared(name, declared, case, planted):
    one = planted.take(np.flatnonzero(planted.labels == 1) if case == "one_class" else np.arange(0))
    if getattr(declared, case) == "refused":
        with pytest.raises(InputError, match=name):
            run(name, declared, one)
        return
    table = run(name, declared, one)
    assert table.schema == SIGNALS
    assert table["item_id"].to_pylist() == one.ids
    assert_scores(table)
    assert not (table["suggested_label"].fill_null(-1).to_numpy() == 1).any()


@each
def test_ties_everywhere(name, declared, planted):
    if not declared.ties:
        pytest.skip("which of equally near items are neighbours is arbitrary")
    n, labels = 40, np.arange(40) % K
    even = replace(
        planted.take(np.arange(n)),
        labels=labels,
        probs=[np.full((n, K), 1 / K)] * 3,
        votes=np.tile(labels[:, None], (1, ANNOTATORS)),
        training=np.zeros((EPOCHS, n, K)),
        suggestions=np.full(n, -1),
    )
    table = run(name, declared, even)
    # nothing tells items of one class apart, and the class that argmax takes is not worse off for it
    score = assert_scores(table)
    assert all(np.ptp(score[labels == c]) == 0 for c in range(K))
    assert np.ptp(score[labels > 0]) < 1e-12
    assert score[labels == 0][0] >= score[labels == 1][0] - 1e-12
    assert all(s != g for s, g in zip(table["suggested_label"].to_pylist(), labels.tolist(), strict=True))
