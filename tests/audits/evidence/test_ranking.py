from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from audits.audit_config import AuditsConfig
from audits.classes import ClassList
from audits.contracts import FINDINGS, ITEMS, SIGNALS
from audits.errors import AuditError
from audits.evidence import rank_findings
from audits.signals.base import signal_table

CLASSES = ClassList(("c", "d", "h"), ("cat", "dog", "horse"))
ALL = AuditsConfig.model_validate(
    {"confident_learning": {}, "pervasive_label_errors": {}, "model_agreement": {}}
)


def make_items(labels: list[int]) -> pa.Table:
    n = len(labels)
    names = [CLASSES.names[c] for c in labels]
    return pa.table([[f"i{k}" for k in range(n)], labels, names, ["x"] * n], schema=ITEMS)


def block(signal: str, model: str | None, score, flagged=(), suggested=None, **more) -> pa.Table:
    n = len(score)
    return signal_table(
        pa.array([f"i{k}" for k in range(n)]),
        signal,
        model,
        score=np.asarray(score, dtype=float),
        flagged_in_order=np.asarray(flagged, dtype=np.intp),
        suggested=np.asarray([1] * n if suggested is None else suggested, dtype=np.int32),
        **{k: v if k == "n_models" else np.asarray(v) for k, v in more.items()},
    )


def learning(model: str, score, flagged=(), suggested=None, p_given=None, p_suggested=None) -> pa.Table:
    n = len(score)
    return block(
        "confident_learning",
        model,
        score,
        flagged,
        suggested,
        p_given=p_given or [0.25] * n,
        p_suggested=p_suggested or [0.5] * n,
    )


def agreement(score, flagged=(), suggested=None, n_agree=None, n_models=4, **probs) -> pa.Table:
    counts = np.asarray([1] * len(score) if n_agree is None else n_agree, dtype=np.int32)
    return block(
        "model_agreement", None, score, flagged, suggested, n_agree=counts, n_models=n_models, **probs
    )


def rank(items: pa.Table, *blocks: pa.Table, audits: AuditsConfig = ALL) -> pa.Table:
    table = rank_findings(items, pa.concat_tables([SIGNALS.empty_table(), *blocks]), CLASSES, audits)
    assert table.schema == FINDINGS
    assert table["rank"].to_pylist() == list(range(1, items.num_rows + 1))
    assert sorted(table["item_id"].to_pylist()) == sorted(items["item_id"].to_pylist())
    return table


def by_item(table: pa.Table, column: str) -> list:
    """A column in the order of the items."""
    rows = {r["item_id"]: r[column] for r in table.to_pylist()}
    return [rows[f"i{k}"] for k in range(len(rows))]


def audits(**sections) -> AuditsConfig:
    return AuditsConfig.model_validate(sections)


def test_the_likeliest_error_comes_first():
    table = rank(make_items([0] * 4), learning("m", [0.5, 0.1, 0.9, 0.3]))
    assert table["item_id"].to_pylist() == ["i1", "i3", "i0", "i2"]
    assert table["score"].to_pylist() == [0.1, 0.3, 0.5, 0.9]


def test_of_equal_scores_flagged_items_come_first_and_then_the_order_of_items():
    table = rank(make_items([0] * 6), learning("m", [0.5, 0.5, 0.2, 0.5, 0.5, 0.7], flagged=[4, 1]))
    assert table["item_id"].to_pylist() == ["i2", "i1", "i4", "i0", "i3", "i5"]
    assert table["flagged"].to_pylist() == [False, True, True, False, False, False]


def test_the_score_is_the_mean_over_audits_of_the_mean_over_models():
    # three models of one audit count together as much as the other audit's one verdict
    table = rank(
        make_items([0, 0]),
        learning("a", [0.1, 0.9]),
        learning("b", [0.2, 0.9]),
        learning("c", [0.6, 0.9]),
        agreement([0.9, 0.1]),
    )
    assert by_item(table, "score") == [pytest.approx((0.3 + 0.9) / 2), pytest.approx((0.9 + 0.1) / 2)]
    assert table["item_id"].to_pylist() == ["i1", "i0"]


def test_blocks_may_come_in_any_order():
    items = make_items([0, 0, 2])
    blocks = [
        learning("a", [0.1, 0.9, 0.2], flagged=[0]),
        agreement([0.3, 0.2, 0.9], flagged=[1]),
        learning("b", [0.2, 0.8, 0.2], flagged=[0, 2]),
    ]
    table = rank(items, *blocks)
    for order in ([2, 0, 1], [1, 2, 0]):
        other = rank(items, *(blocks[i] for i in order))
        for column in ("item_id", "flagged", "suggested_label"):
            assert other[column].equals(table[column])
        np.testing.assert_allclose(other["score"].to_numpy(), table["score"].to_numpy(), atol=1e-15)


@pytest.mark.parametrize(
    ("share", "expected"),
    [(0.01, [True, True, True, False]), (1 / 3, [True, True, True, False]),
     (0.34, [True, True, False, False]), (2 / 3, [True, True, False, False]),
     (0.67, [True, False, False, False]), (1.0, [True, False, False, False])],
)  # fmt: skip
def test_the_share_of_models_that_flag(share, expected):
    blocks = [
        learning("a", [0.5] * 4, flagged=[0, 1, 2]),
        learning("b", [0.5] * 4, flagged=[0, 1]),
        learning("c", [0.5] * 4, flagged=[0]),
    ]
    config = audits(confident_learning={"min_model_share": share})
    assert by_item(rank(make_items([0] * 4), *blocks, audits=config), "flagged") == expected


def test_each_audit_has_its_own_share_and_any_audit_flags():
    blocks = [
        learning("a", [0.5] * 3, flagged=[0]),
        learning("b", [0.5] * 3),
        block("pervasive_label_errors", "a", [0.5] * 3, flagged=[1]),
        block("pervasive_label_errors", "b", [0.5] * 3),
        agreement([0.5] * 3, flagged=[2]),
    ]
    config = audits(
        confident_learning={"min_model_share": 1.0},
        pervasive_label_errors={"min_model_share": 0.5},
        model_agreement={},
    )
    assert by_item(rank(make_items([0] * 3), *blocks, audits=config), "flagged") == [False, True, True]


@pytest.mark.parametrize("silent", ["confident_learning", "pervasive_label_errors", "model_agreement"])
def test_an_audit_that_raises_no_flags_adds_its_score_alone(silent):
    blocks = {
        "confident_learning": learning("a", [0.2] * 3, flagged=[0]),
        "pervasive_label_errors": block("pervasive_label_errors", "a", [0.4] * 3, flagged=[1]),
        "model_agreement": agreement([0.6] * 3, flagged=[2]),
    }
    config = audits(**{name: {"flags": name != silent} for name in blocks})
    table = rank(make_items([0] * 3), *blocks.values(), audits=config)
    assert by_item(table, "flagged") == [name != silent for name in blocks]
    assert by_item(table, "score") == pytest.approx([0.4] * 3)


def test_a_signal_that_is_no_longer_configured_flags_nothing():
    config = audits(model_agreement={})
    table = rank(make_items([0, 0]), learning("a", [0.1, 0.2], flagged=[0]), audits=config)
    assert by_item(table, "flagged") == [False, False]


def test_a_signal_that_no_registry_has_flags_and_suggests_nothing():
    table = rank(make_items([0, 0]), block("horoscope", None, [0.1, 0.2], flagged=[0], suggested=[1, 2]))
    assert by_item(table, "flagged") == [False, False]
    assert by_item(table, "suggested_label") == [None, None]
    assert by_item(table, "reasons") == [[], []]


def test_what_most_models_predict_is_suggested_before_what_a_flagging_model_would_have():
    table = rank(
        make_items([0, 0, 0]),
        learning("a", [0.1] * 3, flagged=[0, 1], suggested=[1, 1, 1], p_suggested=[0.99] * 3),
        agreement([0.4] * 3, suggested=[2, -1, -1]),
    )
    # i1: every model predicts the given label, but one raised a flag; i2: nothing speaks for another label
    assert by_item(table, "suggested_label") == [2, 1, None]


def test_of_the_models_that_flag_the_one_that_is_surest_suggests():
    table = rank(
        make_items([0, 0]),
        learning("a", [0.1] * 2, flagged=[0, 1], suggested=[1, 1], p_suggested=[0.4, 0.4]),
        learning("b", [0.1] * 2, flagged=[0, 1], suggested=[2, 2], p_suggested=[0.6, 0.4]),
        learning("c", [0.1] * 2, flagged=[], suggested=[2, 2], p_suggested=[0.9, 0.9]),
    )
    assert by_item(table, "suggested_label") == [2, 1]  # the first of equally sure ones


def test_the_words_of_agreement():
    table = rank(
        make_items([2, 2, 0]),
        agreement(
            [0.1, 0.2, 0.9],
            suggested=[1, 0, -1],
            n_agree=[12, 1, 0],
            n_models=13,
            p_given=[0.03, 0.456, 0.9],
            p_suggested=[0.9, 0.1, 0.0],
        ),
    )
    assert by_item(table, "reasons") == [
        ["12 of 13 models say dog; given label horse has mean probability 0.03"],
        ["1 of 13 models say cat; given label horse has mean probability 0.46"],
        [],
    ]


def test_the_words_of_one_model_and_of_models_without_probabilities():
    table = rank(make_items([2]), agreement([0.1], suggested=[1], n_agree=[1], n_models=1))
    assert by_item(table, "reasons") == [["1 of 1 model says dog"]]
    table = rank(
        make_items([2]),
        agreement([0.1], suggested=[1], n_agree=[1], n_models=1, p_given=[0.0], p_suggested=[1.0]),
    )
    assert by_item(table, "reasons") == [
        ["1 of 1 model says dog; given label horse has mean probability 0.00"]
    ]


def test_the_words_of_single_models_name_each_model_and_its_rank_after_those_of_agreement():
    table = rank(
        make_items([0, 2]),
        learning("resnet", [0.1, 0.2], flagged=[1, 0], suggested=[1, 0], p_given=[0.031, 0.1], p_suggested=[0.9, 0.6]),
        block(
            "pervasive_label_errors", "vgg", [0.1, 0.2], flagged=[0], suggested=[2, 2],
            p_given=[0.2, 0.2], p_suggested=[0.7, 0.7],
        ),
        agreement([0.2, 0.2], suggested=[1, -1], n_agree=[2, 0], n_models=2),
    )  # fmt: skip
    assert by_item(table, "reasons") == [
        [
            "2 of 2 models say dog",
            "confident learning on resnet flags it (2 of 2): cat has probability 0.03, dog 0.90",
            "the lowest-margin rule on vgg flags it (1 of 1): cat has probability 0.20, horse 0.70",
        ],
        ["confident learning on resnet flags it (1 of 2): horse has probability 0.10, cat 0.60"],
    ]


def test_an_audit_of_several_models_gives_one_reason_with_means_over_those_that_flag():
    table = rank(
        make_items([0, 2]),
        learning(
            "a", [0.1, 0.2], flagged=[0, 1], suggested=[1, 0], p_given=[0.1, 0.2], p_suggested=[0.8, 0.5]
        ),
        learning(
            "b", [0.1, 0.2], flagged=[0, 1], suggested=[1, 1], p_given=[0.3, 0.4], p_suggested=[0.6, 0.6]
        ),
        learning("c", [0.9, 0.9]),
    )
    assert by_item(table, "reasons") == [
        ["confident learning flags it on 2 of 3 models: cat has mean probability 0.20, dog 0.70"],
        # the two suggest different classes: there is no one class to name beside it
        ["confident learning flags it on 2 of 3 models: horse has mean probability 0.30"],
    ]


def test_repeated_names_carry_their_ids_in_the_words():
    classes = ClassList(("c", "k1", "k2"), ("cat", "crane", "crane"))
    items = make_items([2])
    table = rank_findings(items, agreement([0.1], suggested=[1], n_agree=[3]), classes, ALL)
    assert table["reasons"].to_pylist() == [["3 of 4 models say crane (k1)"]]


def test_without_signals_no_item_has_a_score_or_a_flag():
    table = rank(make_items([0, 1, 2]))
    assert table["item_id"].to_pylist() == ["i0", "i1", "i2"]
    assert table["score"].null_count == 3
    assert table["flagged"].to_pylist() == [False] * 3
    assert table["given_label"].to_pylist() == [0, 1, 2]
    assert table["suggested_label"].null_count == 3
    assert table["reasons"].to_pylist() == [[], [], []]


def test_one_item():
    table = rank(make_items([1]), learning("m", [0.3], flagged=[0], suggested=[0]))
    assert table.to_pylist()[0] == {
        "item_id": "i0",
        "rank": 1,
        "score": 0.3,
        "flagged": True,
        "given_label": 1,
        "suggested_label": 0,
        "reasons": ["confident learning on m flags it (1 of 1): dog has probability 0.25, cat 0.50"],
    }


def test_a_score_that_is_missing_comes_last():
    signals = learning("m", [0.9, 0.5, 1.0])
    scores = pa.array([0.9, None, 1.0], pa.float64())
    signals = signals.set_column(3, SIGNALS.field("score"), scores)
    table = rank(make_items([0, 0, 0]), signals)
    assert table["item_id"].to_pylist() == ["i0", "i2", "i1"]
    assert table["score"].to_pylist() == [0.9, 1.0, None]


def test_signals_in_several_chunks_are_the_same():
    items = make_items([0] * 4)
    whole = pa.concat_tables([learning("a", [0.4, 0.3, 0.2, 0.1], flagged=[3]), agreement([0.5] * 4)])
    pieces = pa.concat_tables([whole.slice(0, 1), whole.slice(1, 4), whole.slice(5)])
    chunked_items = pa.concat_tables([items.slice(0, 3), items.slice(3)])
    assert rank(chunked_items, pieces).equals(rank(items, whole))


@pytest.mark.parametrize("rows", [1, 3, 5])
def test_signals_of_another_number_of_items_are_refused(rows):
    with pytest.raises(AuditError, match=f"{rows} signal rows do not fit 4 items"):
        rank(make_items([0] * 4), learning("m", [0.5] * rows))


def test_no_items_have_no_findings():
    with pytest.raises(AuditError, match="4 signal rows do not fit 0 items"):
        rank_findings(make_items([]), learning("m", [0.5] * 4), CLASSES, ALL)


def test_signals_of_other_items_or_another_order_are_refused():
    items = make_items([0] * 4)
    signals = learning("m", [0.1, 0.2, 0.3, 0.4])
    for wrong in (
        signals.take(pa.array([1, 0, 2, 3])),
        pa.concat_tables([signals, signals.take([3, 2, 1, 0])]),
    ):
        with pytest.raises(AuditError, match="different versions of the dataset"):
            rank(items, wrong)
