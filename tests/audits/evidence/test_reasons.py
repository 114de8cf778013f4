"""Why an item is where it is, in words."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from audits.audit_config import AuditsConfig
from audits.contracts import ITEMS, SIGNALS
from audits.evidence.blocks import blocks_of
from audits.evidence.estimate import Evidence
from audits.evidence.reasons import TITLES, main_sources, reasons_of, title_of
from audits.signals.base import signal_table
from audits.signals.registry import OVER_MODELS, PER_MODEL

NAMES = ("cat", "dog", "horse")


def block(signal, model, score, flagged=(), suggested=None, **more) -> pa.Table:
    n = len(score)
    return signal_table(
        pa.array([f"i{k}" for k in range(n)]),
        signal,
        model,
        score=np.asarray(score, dtype=float),
        flagged_in_order=np.asarray(flagged, dtype=np.intp),
        suggested=np.asarray([1] * n if suggested is None else suggested, dtype=np.int32),
        **{k: v if k in ("n_models", "reasons") else np.asarray(v) for k, v in more.items()},
    )


def learning(model, score, flagged=(), suggested=None, p_given=None, p_suggested=None) -> pa.Table:
    n = len(score)
    more = {"p_given": p_given or [0.25] * n, "p_suggested": p_suggested or [0.5] * n}
    return block("confident_learning", model, score, flagged, suggested, **more)


def agreement(score, suggested=None, n_agree=None, n_models=4, **probs) -> pa.Table:
    counts = np.asarray([1] * len(score) if n_agree is None else n_agree, dtype=np.int32)
    return block("model_agreement", None, score, (), suggested, n_agree=counts, n_models=n_models, **probs)


def reasons(labels, *tables, parts=None, verdicts=0, told=(), probability=None) -> list[list[str]]:
    n = len(labels)
    items = pa.table([[f"i{k}" for k in range(n)], labels, ["x"] * n, ["x"] * n], schema=ITEMS)
    p = np.full(n, 0.5) if probability is None else np.asarray(probability, dtype=float)
    known = Evidence(
        p,
        p,
        np.full(n, -1, dtype=np.int32),
        {k: np.asarray(v, dtype=float) for k, v in (parts or {}).items()},
        verdicts,
    )
    blocks = blocks_of(items, pa.concat_tables([SIGNALS.empty_table(), *tables]))
    return reasons_of(blocks, np.asarray(labels, dtype=np.int64), NAMES, known, np.isin(np.arange(n), told))


def test_no_signals_have_no_words():
    assert reasons([0, 1]) == [[], []]


def test_the_words_of_agreement():
    found = reasons(
        [2, 2, 0],
        agreement(
            [0.1, 0.2, 0.9],
            suggested=[1, 0, -1],
            n_agree=[12, 1, 0],
            n_models=13,
            p_given=[0.03, 0.456, 0.9],
            p_suggested=[0.9, 0.1, 0.0],
        ),
    )
    assert found == [
        ["12 of 13 models say dog; given label horse has mean probability 0.03"],
        ["1 of 13 models say cat; given label horse has mean probability 0.46"],
        [],
    ]


def test_the_words_of_one_model_and_of_models_without_probabilities():
    assert reasons([2], agreement([0.1], suggested=[1], n_agree=[1], n_models=1)) == [
        ["1 of 1 model says dog"]
    ]
    sure = agreement([0.1], suggested=[1], n_agree=[1], n_models=1, p_given=[0.0], p_suggested=[1.0])
    assert reasons([2], sure) == [["1 of 1 model says dog; given label horse has mean probability 0.00"]]


def test_the_words_of_single_models_name_each_model_and_its_rank_after_those_of_agreement():
    found = reasons(
        [0, 2],
        learning(
            "resnet",
            [0.1, 0.2],
            flagged=[1, 0],
            suggested=[1, 0],
            p_given=[0.031, 0.1],
            p_suggested=[0.9, 0.6],
        ),
        block(
            "pervasive_label_errors",
            "vgg",
            [0.1, 0.2],
            flagged=[0],
            suggested=[2, 2],
            p_given=[0.2, 0.2],
            p_suggested=[0.7, 0.7],
        ),
        agreement([0.2, 0.2], suggested=[1, -1], n_agree=[2, 0], n_models=2),
    )
    assert found == [
        [
            "2 of 2 models say dog",
            "confident learning on resnet flags it (2 of 2): cat has probability 0.03, dog 0.90",
            "the lowest-margin rule on vgg flags it (1 of 1): cat has probability 0.20, horse 0.70",
        ],
        ["confident learning on resnet flags it (1 of 2): horse has probability 0.10, cat 0.60"],
    ]


def test_an_audit_of_several_models_gives_one_reason_with_means_over_those_that_flag():
    first = learning("a", [0.1, 0.2], [0, 1], [1, 0], p_given=[0.1, 0.2], p_suggested=[0.8, 0.5])
    second = learning("b", [0.1, 0.2], [0, 1], [1, 1], p_given=[0.3, 0.4], p_suggested=[0.6, 0.6])
    assert reasons([0, 2], first, second, learning("c", [0.9, 0.9])) == [
        ["confident learning flags it on 2 of 3 models: cat has mean probability 0.20, dog 0.70"],
        # the two suggest different classes: there is no one class to name beside it
        ["confident learning flags it on 2 of 3 models: horse has mean probability 0.30"],
    ]


@pytest.mark.parametrize("signal", sorted(set(PER_MODEL)))
def test_every_detector_of_single_models_has_words_with_the_names_of_classes(signal):
    tables = [
        block(signal, m, [0.1, 0.9], [0], [1, 2], p_given=[0.1, 0.9], p_suggested=[0.8, 0.1])
        for m in ("a", "b")
    ]
    title = title_of(signal)
    assert reasons([0, 1], tables[0]) == [
        [f"{title} on a flags it (1 of 1): cat has probability 0.10, dog 0.80"],
        [],
    ]
    assert reasons([0, 1], *tables) == [
        [f"{title} flags it on 2 of 2 models: cat has mean probability 0.10, dog 0.80"],
        [],
    ]


@pytest.mark.parametrize("signal", sorted(set(OVER_MODELS) - {"model_agreement"}))
def test_every_detector_of_all_models_has_words(signal):
    table = block(signal, None, [0.1, 0.9], [0], [1, 2], p_given=[0.1, 0.9], p_suggested=[0.8, 0.1])
    assert reasons([0, 1], table) == [[f"{title_of(signal)} flags it: cat has mean probability 0.10"], []]


@pytest.mark.parametrize("signal", sorted(set(AuditsConfig.model_fields) - set(PER_MODEL) - set(OVER_MODELS)))
def test_every_other_detector_says_it_in_its_own_words(signal):
    table = block(signal, None, [0.1, 0.9, 0.2], [0, 2], reasons=["like i7", "not flagged", None])
    assert reasons([0, 1, 2], table) == [["like i7"], [], [f"{title_of(signal)} flags it"]]


def test_the_source_that_counts_most_comes_first():
    tables = [
        agreement([0.1] * 3),
        block("outliers", None, [0.1] * 3, [0, 1, 2], reasons=["far off"] * 3),
        block("duplicate_conflicts", None, [0.1] * 3, [0, 1, 2], reasons=["a copy"] * 3),
        learning("m", [0.1] * 3, [0, 1, 2]),
    ]
    parts = {"models": [1.0, 0.5, -1], "outliers": [0.5, 2.0, 0.1], "duplicate_conflicts": [2.0, 1.0, 0]}
    said = "1 of 4 models say dog"
    flags = "confident learning on m flags it ({} of 3): {} has probability 0.25, dog 0.50"
    assert reasons([0, 0, 2], *tables, parts=parts) == [
        ["a copy", said, flags.format(1, "cat"), "far off"],
        ["far off", "a copy", said, flags.format(2, "cat")],
        ["far off", "a copy", said, flags.format(3, "horse")],
    ]
    # whatever the order of the signals, agreement stands before the flags of models
    assert reasons([0, 0, 2], *reversed(tables), parts=parts) == reasons([0, 0, 2], *tables, parts=parts)


def test_a_detector_of_models_counts_by_what_the_models_say_and_by_what_it_adds_itself():
    tables = [
        learning("m", [0.1] * 2, [0, 1]),
        block("outliers", None, [0.1] * 2, [0, 1], reasons=["far off"] * 2),
        block("margin", "m", [0.1] * 2, [0, 1], [1, 1], p_given=[0.2] * 2, p_suggested=[0.5] * 2),
    ]
    words = "{} on m flags it ({} of 2): cat has probability {}, dog 0.50"

    def learned(i):
        return words.format("confident learning", i, "0.25")

    def margin(i):
        return words.format(title_of("margin"), i, "0.20")

    parts = {
        "models": [1.0, 1.0],
        "outliers": [1.2, 1.2],
        "margin": [0.5, -0.5],
        "confident_learning": [0.1, 0.3],
    }
    # 1.0 + 0.5, 1.2, 1.0 + 0.1; 1.0 + 0.3, 1.2, 1.0 - 0.5
    assert reasons([0, 0], *tables, parts=parts) == [
        [margin(1), "far off", learned(1)],
        [learned(2), "far off", margin(2)],
    ]
    # a source that is not the models' has its own part alone
    alone = {"models": [5.0, 5.0], "outliers": [0.1, 0.1]}
    assert [found[-1] for found in reasons([0, 0], *tables, parts=alone)] == ["far off", "far off"]


def test_a_source_without_a_part_stands_between_those_for_and_against():
    tables = [
        block("outliers", None, [0.1], [0], reasons=["far off"]),
        block("el2n", None, [0.1], [0], reasons=["hard"]),
        block("forgetting", None, [0.1], [0], reasons=["forgotten"]),
    ]
    found = reasons([0], *tables, parts={"outliers": [-0.5], "forgetting": [0.5]})
    assert found == [["forgotten", "hard", "far off"]]


def test_where_verdicts_taught_it_the_probability_and_its_main_sources_are_named():
    parts = {"models": [2.04, -0.3, 0.0], "class pair": [-0.5, 0.2, 0.05], "subject_area": [0.11, 2.0, 0.0]}
    found = reasons([0, 1, 2], parts=parts, verdicts=120, told=[0, 1, 2], probability=[0.91, 0.666, 0.5])
    assert found == [
        [
            "wrong with probability 0.91, learned from 120 verdicts; most by what the models say (+2.0) and "
            "how often its classes are confused (-0.5)"
        ],
        [
            "wrong with probability 0.67, learned from 120 verdicts; most by subject area (+2.0) and "
            "what the models say (-0.3)"
        ],
        ["wrong with probability 0.50, learned from 120 verdicts"],
    ]


def test_the_probability_is_told_once_it_is_learned_and_of_the_items_asked_for_alone():
    assert reasons([0, 1], parts={"models": [1.0, 1.0]}, told=[0, 1]) == [[], []]
    found = reasons([0, 1], parts={"models": [1.0, 1.0]}, told=[1], verdicts=50)
    assert found[0] == []
    assert len(found[1]) == 1


def test_main_sources_are_the_largest_whatever_their_sign():
    assert main_sources({"a": 0.2, "b": -3.0, "c": 1.0}) == [("b", -3.0), ("c", 1.0)]
    assert main_sources({"a": 0.0999, "b": -0.1}) == [("b", -0.1)]
    assert main_sources({}) == []


def test_titles_are_words():
    assert title_of("confident_learning") == "confident learning"
    assert title_of("given_over_epochs") == "given over epochs"
    assert all("_" not in title for title in TITLES.values())
