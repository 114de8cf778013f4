"""Area under the margin: by hand, of logits as of probabilities, and on a real training with planted errors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from sklearn.metrics import average_precision_score

from audits.signals.area_under_margin import detect
from audits.signals.inputs import TrainingDynamics
from audits.training_config import AreaUnderMarginConfig
from tests.audits.signals.training_runs import digits_run, small

PARAMS = AreaUnderMarginConfig()


def test_by_hand():
    # margins of item 0: 2 and 0, of item 1: 1 and -4, of item 2: -2 and 2
    logits = [[[3, 1, 0], [0, 1, 0], [2, 0, 0]], [[1, 1, 0], [4, 0, 1], [0, 2, 0]]]
    table = detect(small(logits, [0, 1, 1], "logits", names=("ant", "bee", "cat")), PARAMS)
    area = np.array([1.0, -1.5, 0.0])
    np.testing.assert_allclose(table["score"].to_numpy(), 1 / (1 + np.exp(-area)))
    assert table["rank"].to_pylist() == [None, 1, None]  # 0 is not below 0
    assert table["suggested_label"].to_pylist() == [1, 0, 0]
    assert table["model"].null_count == 3
    assert table["reason"].to_pylist() == [
        None,
        "over 2 epochs of training bee was 1.50 below the strongest other class on average (logits); "
        "ant was the likeliest of the others",
        None,
    ]


def test_probabilities_give_the_area_of_their_logits():
    rng = np.random.default_rng(0)
    z, labels = rng.normal(scale=2, size=(5, 40, 4)), rng.integers(4, size=40)
    probs = np.exp(z) / np.exp(z).sum(axis=2, keepdims=True)
    a, b = detect(small(z, labels, "logits"), PARAMS), detect(small(probs, labels), PARAMS)
    np.testing.assert_allclose(a["score"].to_numpy(), b["score"].to_numpy(), atol=1e-12)
    for table, unit in ((a, "(logits)"), (b, "(log-probabilities)")):
        reasons = table["reason"].drop_null().to_pylist()
        assert reasons
        assert all(unit in x for x in reasons)
    for column in ("flagged", "rank", "suggested_label"):
        assert a[column].equals(b[column])


def test_a_probability_of_zero_counts_as_a_millionth():
    table = detect(small([[[1.0, 0.0]], [[0.5, 0.5]]], [1]), PARAMS)
    np.testing.assert_allclose(table["score"].to_numpy(), 1 / (1 + 1000))  # exp(ln(1e6) / 2)


def test_logits_of_any_size():
    table = detect(small([[[1e5, -1e5], [-1e5, 1e5]]], [0, 0], "logits"), PARAMS)
    assert table["score"].to_pylist() == [1.0, 0.0]


def test_it_ranks_planted_errors_first_in_a_real_training():
    run = digits_run()
    table = detect(run.inputs, PARAMS)
    assert average_precision_score(run.wrong, -table["score"].to_numpy()) > 0.95
    flagged = table["flagged"].to_numpy()
    assert flagged[run.wrong].mean() > 0.95
    assert run.wrong[flagged].mean() > 0.6
    right = table["suggested_label"].to_numpy()[flagged & run.wrong] == run.truth[flagged & run.wrong]
    assert right.mean() > 0.9


def test_it_does_not_depend_on_the_order_of_the_epochs():
    run = digits_run()
    values = run.inputs.training.values[::-1]
    turned = replace(run.inputs, training=TrainingDynamics(values, "probs"))
    np.testing.assert_allclose(
        detect(turned, PARAMS)["score"].to_numpy(), detect(run.inputs, PARAMS)["score"].to_numpy(), atol=1e-12
    )
