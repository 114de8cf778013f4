"""Agreement against an oracle that counts item by item in exact fractions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audits.audit_config import AuditsConfig, ModelAgreementConfig
from audits.classes import ClassList
from audits.contracts import ITEMS, SIGNALS
from audits.evidence.estimate import without_verdicts
from audits.evidence.ranking import rank_findings
from audits.outputs import ModelOutputs
from audits.signals.inputs import Inputs
from audits.signals.model_agreement import detect


def ids(n: int) -> pa.Array:
    return pa.array([f"i{k}" for k in range(n)], pa.string())


def run(labels, outputs: list[ModelOutputs], **params) -> pa.Table:
    labels = np.asarray(labels, dtype=np.int32)
    return detect(ids(len(labels)), labels, outputs, ModelAgreementConfig(**params))


def dense(name: str, probs, dtype=np.float64) -> ModelOutputs:
    probs = np.asarray(probs, dtype=dtype)
    return ModelOutputs(name, "dense", probs.shape[1], pred_probs=probs)


def labels_only(name: str, predicted, k: int) -> ModelOutputs:
    return ModelOutputs(name, "labels", k, labels=np.asarray(predicted, dtype=np.int32))


def top_k(name: str, classes, probs, k: int) -> ModelOutputs:
    return ModelOutputs(
        name, "top_k", k, top_k_labels=np.asarray(classes, np.int32), top_k_probs=np.asarray(probs)
    )


def random_model(rng: np.random.Generator, name: str, kind: str, n: int, k: int) -> ModelOutputs:
    """Sixteenths, so that ties are many and sums exact."""
    if kind == "labels":
        return labels_only(name, rng.integers(-1, k, size=n), k)
    probs = rng.multinomial(16, rng.dirichlet(np.ones(k)), size=n) / 16
    if kind == "dense":
        return dense(name, probs, rng.choice([np.float32, np.float64]))
    width = int(rng.integers(1, k + 1))
    top = np.array([rng.permutation(np.argsort(-row, kind="stable")[:width]) for row in probs])
    return top_k(name, top, np.take_along_axis(probs, top, axis=1), k)


def prediction(o: ModelOutputs, i: int) -> int:
    if o.kind == "labels":
        return int(o.labels[i])
    row = (o.pred_probs if o.kind == "dense" else o.top_k_probs)[i].tolist()
    best = row.index(max(row))
    return best if o.kind == "dense" else int(o.top_k_labels[i, best])


def probability(o: ModelOutputs, i: int, c: int) -> Fraction | None:
    if o.kind == "labels":
        return None
    if c < 0:
        return Fraction(0)
    if o.kind == "dense":
        return Fraction(float(o.pred_probs[i, c]))
    listed = {int(x): Fraction(float(p)) for x, p in zip(o.top_k_labels[i], o.top_k_probs[i], strict=True)}
    if c in listed:
        return listed[c]
    rest = (1 - sum(listed.values())) / max(o.n_classes - len(listed), 1)
    return min(rest, *listed.values()) if len(listed) > 1 else min(rest, next(iter(listed.values())))


def oracle(labels, outputs: list[ModelOutputs], k: int) -> list[dict[str, object]]:
    rows = []
    for i, given_label in enumerate(labels):
        predicted = [prediction(o, i) for o in outputs]
        counts = {c: predicted.count(c) for c in range(k) if c != given_label and c in predicted}

        def total(c: int, i: int = i, predicted: list[int] = predicted) -> Fraction:
            found = [probability(o, i, c) for o in outputs]
            return sum(
                (Fraction(p == c) if f is None else f for f, p in zip(found, predicted, strict=True)),
                Fraction(0),
            )

        other = min(counts, key=lambda c: (-counts[c], -total(c), c)) if counts else -1
        margins = []
        for o, p in zip(outputs, predicted, strict=True):
            if o.kind == "labels":
                margins.append(Fraction(int(p == given_label) - int(p == other and other >= 0)))
            else:
                margins.append(probability(o, i, int(given_label)) - probability(o, i, other))
        soft = [o for o in outputs if o.kind != "labels"]
        rows.append(
            {
                "suggested_label": other if other >= 0 else None,
                "n_agree": counts[other] if counts else None,
                "score": float((sum(margins) / len(outputs) + 1) / 2),
                "p_given": float(sum(probability(o, i, int(given_label)) for o in soft) / len(soft))
                if soft
                else None,
                "p_suggested": float(sum(probability(o, i, other) for o in soft) / len(soft))
                if soft and other >= 0
                else None,
            }
        )
    return rows


def assert_as_oracle(labels, outputs: list[ModelOutputs], k: int, min_share: float) -> None:
    table = run(labels, outputs, min_share=min_share)
    assert table.schema == SIGNALS
    expected = oracle(labels, outputs, k)
    found = table.to_pylist()
    for got, want in zip(found, expected, strict=True):
        assert (got["suggested_label"], got["n_agree"]) == (want["suggested_label"], want["n_agree"])
        for name in ("score", "p_given", "p_suggested"):
            assert got[name] == (None if want[name] is None else pytest.approx(want[name], abs=1e-12)), name
        share = Fraction(want["n_agree"] or 0, len(outputs))
        assert got["flagged"] == (want["n_agree"] is not None and float(share) >= min_share - 1e-9)
        assert (got["n_models"], got["model"], got["signal"]) == (len(outputs), None, "model_agreement")
    flagged = sorted((r for r in found if r["flagged"]), key=lambda r: r["rank"])
    assert [r["rank"] for r in flagged] == list(range(1, len(flagged) + 1))
    assert flagged == sorted(flagged, key=lambda r: (-r["n_agree"], r["score"], int(r["item_id"][1:])))


@settings(deadline=None, max_examples=200)
@given(
    seed=st.integers(0, 2**32 - 1),
    kinds=st.lists(st.sampled_from(["dense", "top_k", "labels"]), min_size=1, max_size=7),
    k=st.integers(2, 7),
    n=st.integers(1, 12),
    min_share=st.sampled_from([0.01, 1 / 3, 0.5, 0.7, 1.0]),
)
def test_random_mixes_of_models(seed, kinds, k, n, min_share):
    rng = np.random.default_rng(seed)
    outputs = [random_model(rng, f"m{j}", kind, n, k) for j, kind in enumerate(kinds)]
    assert_as_oracle(rng.integers(k, size=n), outputs, k, min_share)


def test_many_classes_and_models():
    rng = np.random.default_rng(8)
    kinds = rng.choice(["dense", "top_k", "labels"], size=25)
    outputs = [random_model(rng, f"m{j}", str(kind), 20, 300) for j, kind in enumerate(kinds)]
    assert_as_oracle(rng.integers(300, size=20), outputs, 300, 0.1)


def test_the_words_of_the_issue():
    classes = ClassList(("0", "1", "2"), ("cat", "dog", "horse"))
    # twelve are sure of a dog; the thirteenth says horse with 0.39, and 0.39 / 13 = 0.03
    outputs = [dense(f"m{j}", [[0.0, 1.0, 0.0]]) for j in range(12)] + [dense("m12", [[0.31, 0.30, 0.39]])]
    signals = run([2], outputs)
    items = pa.table([["i0"], [2], ["horse"], ["x"]], schema=ITEMS)
    audits = AuditsConfig(model_agreement=ModelAgreementConfig())
    given = np.array([2], dtype=np.int32)
    inputs = Inputs(items["item_id"].combine_chunks(), given, 3, {o.model: o for o in outputs})
    known = without_verdicts(inputs, signals)
    (finding,) = rank_findings(items, signals, classes, audits, known).to_pylist()
    assert finding["reasons"] == ["12 of 13 models say dog; given label horse has mean probability 0.03"]
    assert (finding["suggested_label"], finding["flagged"], finding["rank"]) == (1, True, 1)
    margin = (12 * -1.0 + 0.39 - 0.30) / 13
    assert signals["score"].to_pylist() == [pytest.approx((margin + 1) / 2, abs=1e-12)]
    assert finding["score"] == pytest.approx(1 - known.probability[0])


def test_of_equal_counts_the_higher_mean_probability_wins_over_the_class_order():
    outputs = [dense("a", [[0.0, 0.51, 0.49]]), dense("b", [[0.0, 0.1, 0.9]])]
    row = run([0], outputs).to_pylist()[0]
    assert (row["suggested_label"], row["n_agree"]) == (2, 1)


def test_of_equal_counts_and_probabilities_the_first_class_wins_whatever_the_order_of_models():
    probs = [0.1, 0.2, 0.3]  # whose sum depends on the order of adding
    rows = [[[0.0, p, 0.6 - p, 0.4 - 0.0]] for p in probs]
    a = [dense(f"a{i}", [[0.0, 0.6, 0.4 - r[0][1] / 10, r[0][1] / 10]]) for i, r in enumerate(rows)]
    b = [dense(f"b{i}", [[0.0, 0.4 - r[0][1] / 10, 0.6, r[0][1] / 10]]) for i, r in enumerate(rows)]
    for mix in (a + b, b + a, [*b[::-1], *a], [a[0], b[1], a[1], b[2], b[0], a[2]]):
        assert run([0], mix)["suggested_label"].to_pylist() == [1]


def test_a_missing_answer_agrees_with_nobody_and_counts_as_a_model():
    table = run([0, 0, 1], [labels_only("a", [-1, 1, -1], 2), labels_only("b", [-1, -1, 0], 2)])
    assert table["suggested_label"].to_pylist() == [None, 1, 0]
    assert table["n_agree"].to_pylist() == [None, 1, 1]
    assert table["n_models"].to_pylist() == [2, 2, 2]
    assert table["score"].to_pylist() == [0.5, 0.25, 0.25]
    assert table["flagged"].to_pylist() == [False, True, True]
    assert table["p_given"].null_count == table["p_suggested"].null_count == 3


def test_when_every_model_agrees_with_the_given_label_there_is_nothing_to_suggest():
    table = run([1, 0], [dense("a", [[0.2, 0.8], [0.9, 0.1]]), labels_only("b", [1, 0], 2)], min_share=0.01)
    assert table["suggested_label"].to_pylist() == [None, None]
    assert table["flagged"].to_pylist() == [False, False]
    assert table["p_given"].to_pylist() == [0.8, 0.9]
    np.testing.assert_allclose(table["score"].to_numpy(), [(0.9 + 1) / 2, (0.95 + 1) / 2])


def test_the_most_agreed_come_first_though_others_score_worse():
    three = [[0.4, 0.6], [0.0, 1.0]]
    outputs = [dense("a", three), dense("b", three), dense("c", [[0.4, 0.6], [0.55, 0.45]])]
    table = run([0, 0], outputs)
    assert table["score"][0].as_py() > table["score"][1].as_py()
    assert table["rank"].to_pylist() == [1, 2]


def test_equal_shares_and_scores_keep_the_order_of_items():
    outputs = [dense("a", [[0.25, 0.75]] * 5), labels_only("b", [1] * 5, 2)]
    assert run([0] * 5, outputs)["rank"].to_pylist() == [1, 2, 3, 4, 5]


def test_a_top_k_model_whose_first_column_is_not_its_likeliest_class():
    outputs = [top_k("a", [[0, 2]], [[0.3, 0.6]], 4)]
    row = run([0], outputs).to_pylist()[0]
    assert (row["suggested_label"], row["n_agree"], row["flagged"]) == (2, 1, True)
    assert row["score"] == pytest.approx((0.3 - 0.6 + 1) / 2)


def test_float32_and_float64_agree():
    rng = np.random.default_rng(4)
    probs = rng.dirichlet(np.ones(5), size=(3, 80))
    labels = rng.integers(5, size=80)
    wide = run(labels, [dense(f"m{j}", p) for j, p in enumerate(probs)])
    narrow = run(labels, [dense(f"m{j}", p, np.float32) for j, p in enumerate(probs)])
    for name in ("suggested_label", "n_agree", "flagged"):
        assert wide[name].equals(narrow[name])
    np.testing.assert_allclose(wide["score"].to_numpy(), narrow["score"].to_numpy(), atol=1e-6)
