"""One ranking of all items, with flags, suggestions and reasons."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from audits.audit_config import AuditsConfig
from audits.classes import ClassList
from audits.contracts import FINDINGS, ITEMS, SIGNALS
from audits.errors import AuditError
from audits.evidence.estimate import Evidence
from audits.evidence.ranking import FLAGGED_FROM, rank_findings
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


def evidence(
    probability, parts=None, verdicts=0, held_out=None, suggested=None, decided=None, drawn=False
) -> Evidence:
    probability = np.asarray(probability, dtype=float)
    n = len(probability)
    return Evidence(
        probability,
        probability if held_out is None else np.asarray(held_out, dtype=float),
        np.asarray([-1] * n if suggested is None else suggested, dtype=np.int32),
        {"models": np.zeros(n)}
        if parts is None
        else {k: np.asarray(v, dtype=float) for k, v in parts.items()},
        verdicts,
        None if decided is None else np.isin(np.arange(n), decided),
        drawn,
    )


def rank(
    items: pa.Table, *blocks: pa.Table, audits: AuditsConfig = ALL, known: Evidence | None = None
) -> pa.Table:
    if known is None:
        known = evidence([0.5] * items.num_rows)
    signals = pa.concat_tables([SIGNALS.empty_table(), *blocks])
    table = rank_findings(items, signals, CLASSES, audits, known)
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
    table = rank(make_items([0] * 4), learning("m", [0.5] * 4), known=evidence([0.5, 0.9, 0.1, 0.75]))
    assert table["item_id"].to_pylist() == ["i1", "i3", "i0", "i2"]
    assert table["score"].to_pylist() == pytest.approx([0.1, 0.25, 0.5, 0.9])


def test_of_equal_evidence_flagged_items_come_first_and_then_the_order_of_items():
    known = evidence([0.5, 0.5, 0.8, 0.5, 0.5, 0.3])
    table = rank(make_items([0] * 6), learning("m", [0.5] * 6, flagged=[4, 1]), known=known)
    assert table["item_id"].to_pylist() == ["i2", "i1", "i4", "i0", "i3", "i5"]
    assert table["flagged"].to_pylist() == [False, True, True, False, False, False]


def test_scores_of_signals_order_nothing_by_themselves():
    known = evidence([0.5, 0.9])
    for scores in ([0.0, 1.0], [1.0, 0.0]):
        table = rank(make_items([0, 0]), learning("m", scores), agreement(scores), known=known)
        assert by_item(table, "score") == pytest.approx([0.5, 0.1])


def test_until_verdicts_teach_it_there_is_no_probability():
    table = rank(make_items([0, 0]), learning("m", [0.1, 0.2]), known=evidence([0.9, 0.6]))
    assert table["probability"].null_count == table["held_out"].null_count == 2
    assert by_item(table, "flagged") == [False, False]


def test_what_verdicts_teach_is_a_probability_and_flags_what_is_likely_wrong():
    known = evidence(
        [0.9, FLAGGED_FROM, 0.49, 0.1],
        verdicts=60,
        held_out=[0.3, 0.5, 0.49, 0.1],
        suggested=[2, -1, 1, 0],
        drawn=True,
    )
    table = rank(
        make_items([0, 1, 0, 1]), learning("m", [0.5] * 4, flagged=[3], suggested=[1, 0, 1, 0]), known=known
    )
    assert by_item(table, "probability") == [0.9, 0.5, 0.49, 0.1]
    assert by_item(table, "held_out") == [0.3, 0.5, 0.49, 0.1]
    assert by_item(table, "flagged") == [True, True, False, True]
    # of what is likely wrong, the class the models back; of no flag none; of a flag what it comes with
    assert by_item(table, "suggested_label") == [2, None, None, 0]
    assert "wrong with probability 0.90, learned from 60 verdicts" in by_item(table, "reasons")[0]
    assert by_item(table, "reasons")[2] == []


def test_while_no_verdict_is_on_an_item_drawn_at_random_a_probability_flags_nothing():
    signals = learning("m", [0.5] * 3, flagged=[2], suggested=[1, 1, 0])
    known = [evidence([0.9, 0.6, 0.1], verdicts=60, suggested=[2, 2, 0], drawn=d) for d in (False, True)]
    queue, drawn = (rank(make_items([0, 0, 1]), signals, known=k) for k in known)
    assert by_item(queue, "flagged") == [False, False, True]
    assert by_item(queue, "suggested_label") == [None, None, 0]
    assert by_item(queue, "reasons")[0] == []
    assert by_item(drawn, "flagged") == [True, True, True]
    for column in ("item_id", "score", "probability", "held_out"):
        assert queue[column].equals(drawn[column])


def test_a_suggestion_that_is_the_given_label_is_none():
    known = evidence([0.9, 0.9], verdicts=60, suggested=[0, 1], drawn=True)
    assert by_item(rank(make_items([0, 0]), known=known), "suggested_label") == [None, 1]


CONFLICTS = AuditsConfig.model_validate({"duplicate_conflicts": {}, "confident_learning": {}})


def conflicts(score, flagged) -> pa.Table:
    return block("duplicate_conflicts", None, score, flagged, suggested=[1] * len(score))


def test_duplicates_whose_labels_differ_come_before_all_others():
    known = evidence([0.9, 0.2, 0.8, 0.3])
    blocks = [learning("m", [0.5] * 4, flagged=[0, 2]), conflicts([1.0, 0.0, 1.0, 0.3], [1, 3])]
    table = rank(make_items([0] * 4), *blocks, audits=CONFLICTS, known=known)
    assert table["item_id"].to_pylist() == ["i3", "i1", "i0", "i2"]
    assert by_item(table, "suggested_label")[1] == 1
    silent = AuditsConfig.model_validate({"duplicate_conflicts": {"flags": False}, "confident_learning": {}})
    for config in (silent, ALL):
        table = rank(make_items([0] * 4), *blocks, audits=config, known=known)
        assert table["item_id"].to_pylist() == ["i0", "i2", "i3", "i1"]


def test_once_verdicts_teach_only_equal_duplicates_come_first():
    blocks = conflicts([1.0, 0.01, 1.0, 0.3], [1, 3])
    known = evidence([0.9, 0.2, 0.4, 0.3], verdicts=60, drawn=True)
    table = rank(make_items([0] * 4), blocks, audits=CONFLICTS, known=known)
    assert table["item_id"].to_pylist() == ["i1", "i0", "i2", "i3"]
    assert by_item(table, "flagged") == [True, True, False, True]


def test_duplicates_stand_first_only_until_people_have_decided_them():
    blocks, probability = conflicts([1.0, 0.01, 1.0, 0.02, 0.03], [1, 3, 4]), [0.9, 0.2, 0.4, 0.3, 0.1]
    for decided, order in (
        ([], ["i3", "i1", "i4", "i0", "i2"]),
        ([0, 3], ["i1", "i4", "i0", "i2", "i3"]),
        ([1, 3, 4], ["i0", "i2", "i3", "i1", "i4"]),
    ):
        known = evidence(probability, verdicts=60, decided=decided)
        table = rank(make_items([0] * 5), blocks, audits=CONFLICTS, known=known)
        assert table["item_id"].to_pylist() == order
        assert by_item(table, "flagged") == [False, True, False, True, True]


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
        for column in ("item_id", "flagged", "suggested_label", "score"):
            assert other[column].equals(table[column])


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
def test_an_audit_whose_flags_are_switched_off_raises_none(silent):
    blocks = {
        "confident_learning": learning("a", [0.2] * 3, flagged=[0]),
        "pervasive_label_errors": block("pervasive_label_errors", "a", [0.4] * 3, flagged=[1]),
        "model_agreement": agreement([0.6] * 3, flagged=[2]),
    }
    config = audits(**{name: {"flags": name != silent} for name in blocks})
    table = rank(make_items([0] * 3), *blocks.values(), audits=config)
    assert by_item(table, "flagged") == [name != silent for name in blocks]


def test_a_signal_that_is_no_longer_configured_flags_nothing():
    config = audits(model_agreement={})
    table = rank(make_items([0, 0]), learning("a", [0.1, 0.2], flagged=[0]), audits=config)
    assert by_item(table, "flagged") == [False, False]


def test_a_signal_that_is_no_audit_flags_nothing():
    table = rank(make_items([0, 0]), block("horoscope", None, [0.1, 0.2], flagged=[0], suggested=[1, 2]))
    assert by_item(table, "flagged") == [False, False]


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


def test_repeated_names_carry_their_ids_in_the_words():
    classes = ClassList(("c", "k1", "k2"), ("cat", "crane", "crane"))
    items = make_items([2])
    table = rank_findings(items, agreement([0.1], suggested=[1], n_agree=[3]), classes, ALL, evidence([0.5]))
    assert table["reasons"].to_pylist() == [["3 of 4 models say crane (k1)"]]


def test_without_signals_and_models_no_item_has_a_score_or_a_flag():
    table = rank(make_items([0, 1, 2]), known=evidence([0.05] * 3, parts={}))
    assert table["item_id"].to_pylist() == ["i0", "i1", "i2"]
    for column in ("score", "suggested_label", "probability", "held_out"):
        assert table[column].null_count == 3
    assert table["flagged"].to_pylist() == [False] * 3
    assert table["given_label"].to_pylist() == [0, 1, 2]
    assert table["reasons"].to_pylist() == [[], [], []]


def test_one_item():
    signals = learning("m", [0.3], flagged=[0], suggested=[0])
    table = rank(make_items([1]), signals, known=evidence([0.7]))
    assert table.to_pylist()[0] == {
        "item_id": "i0",
        "rank": 1,
        "score": pytest.approx(0.3),
        "flagged": True,
        "given_label": 1,
        "suggested_label": 0,
        "reasons": ["confident learning on m flags it (1 of 1): dog has probability 0.25, cat 0.50"],
        "probability": None,
        "held_out": None,
    }


def test_scores_are_in_their_range_at_the_ends():
    table = rank(make_items([0, 0]), known=evidence([1.0, 0.0], verdicts=50))
    assert table["score"].to_pylist() == [0.0, 1.0]


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
        rank_findings(make_items([]), learning("m", [0.5] * 4), CLASSES, ALL, evidence([]))


def test_signals_of_other_items_or_another_order_are_refused():
    items = make_items([0] * 4)
    signals = learning("m", [0.1, 0.2, 0.3, 0.4])
    for wrong in (
        signals.take(pa.array([1, 0, 2, 3])),
        pa.concat_tables([signals, signals.take([3, 2, 1, 0])]),
    ):
        with pytest.raises(AuditError, match="different versions of the dataset"):
            rank(items, wrong)
