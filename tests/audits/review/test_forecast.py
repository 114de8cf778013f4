from __future__ import annotations

import numpy as np
import pytest

from audits.errors import UsageError
from audits.review import forecast as module
from audits.review.forecast import effort_curve, forecast


@pytest.fixture(scope="session")
def votes(public_data):
    """2,654 flagged images: a plain probability, best first, and whether people found the label wrong."""
    import pyarrow.parquet as pq

    folder = public_data / "imagenet-half"
    table = pq.read_table(folder / "votes.parquet")
    ids = table["item_id"].to_pylist()
    at = {i: k for k, i in enumerate(ids)}
    share = np.zeros(len(ids))
    paths = sorted((folder / "outputs").glob("*.parquet"))
    for path in paths:
        outputs = pq.read_table(path)
        n = outputs.num_rows
        labels, p = (
            outputs[c].combine_chunks().flatten().to_numpy().reshape(n, 5)
            for c in ("top_k_labels", "top_k_probs")
        )
        top = labels[np.arange(n), p.argmax(axis=1)]
        for item_id, predicted in zip(outputs["item_id"].to_pylist(), top.tolist(), strict=True):
            if (k := at.get(item_id)) is not None:
                share[k] += (predicted == table["suggested_label"][k].as_py()) - (
                    predicted == table["given_label"][k].as_py()
                )
    probability = np.clip((share / len(paths) + 1) / 2, 0.005, 0.995)
    order = np.argsort(-probability, kind="stable")
    return probability[order], (table["votes_given"].to_numpy() < 3)[order]


def test_nothing_decided_and_nothing_waiting():
    none = forecast([0.5, 0.4], [], [])
    assert (none.expected, none.low, none.high, none.upcoming, none.after) == (None, None, None, 2, 0)
    assert none.reason == "nothing is decided yet"
    empty = forecast([], [0.5], [True])
    assert (empty.expected, empty.upcoming, empty.reason) == (None, 0, "the queue is empty")
    curve = effort_curve([], [0.5, 0.4], [True, False])
    assert curve.found.tolist() == [0, 1, 1]
    assert len(curve.reviewed) == len(curve.expected) == 0
    assert effort_curve([0.5], [], []).found.tolist() == [0]


def test_a_shorter_queue_and_the_same_seed():
    rng = np.random.default_rng(0)
    seen = rng.random(200)
    wrong = rng.random(200) < seen
    one = forecast([0.9, 0.8, 0.7], seen, wrong, seed=3)
    assert one == forecast([0.9, 0.8, 0.7], seen, wrong, seed=3)
    assert one.upcoming == 3
    assert one.after == 200
    assert 0 <= one.low <= one.expected <= one.high <= 3


def test_the_interval_holds_the_spread_of_the_sum_where_the_probabilities_are_known():
    """With ten thousand verdicts hardly anything but the Poisson-binomial is left."""
    rng = np.random.default_rng(1)
    seen = rng.random(10_000)
    wrong = rng.random(10_000) < seen
    ahead = np.sort(rng.random(100))[::-1]
    found = forecast(ahead, seen, wrong)
    assert found.expected == pytest.approx(ahead.sum(), abs=3)
    sd = np.sqrt((ahead * (1 - ahead)).sum())
    assert 2 * 1.7 * sd < found.high - found.low < 2 * 2.6 * sd


def test_fewer_verdicts_and_a_higher_level_give_wider_intervals():
    rng = np.random.default_rng(2)
    seen = rng.random(2000)
    wrong = rng.random(2000) < seen
    ahead = np.full(100, 0.6)

    def width(m, level=0.95):
        f = forecast(ahead, seen[:m], wrong[:m], level=level)
        return f.high - f.low

    assert width(5) > width(100) > width(2000)
    assert width(100, 0.99) > width(100, 0.8)


def test_probabilities_that_are_off_are_set_right_by_the_verdicts():
    rng = np.random.default_rng(3)
    seen = rng.random(1500)
    wrong = rng.random(1500) < seen**3
    ahead = np.sort(rng.random(400))[::-1][200:300]
    found = forecast(ahead, seen, wrong)
    truth = (ahead**3).sum()
    assert abs(found.expected - truth) < abs(ahead.sum() - truth) / 3
    assert found.low < truth < found.high


@pytest.mark.parametrize("how", ["random", "top", "mixed"])
@pytest.mark.parametrize("m", [100, 300, 1000])
def test_on_public_votes_nine_of_ten_intervals_hold(votes, how, m):
    probability, wrong = votes
    held, n = 0, 30
    for seed in range(n):
        rng = np.random.default_rng(seed)
        some = np.sort(rng.permutation(len(wrong))[:1600])  # in the order of the probability
        top = some[: {"random": 0, "top": m, "mixed": m * 4 // 5}[how]]
        seen = np.concatenate([top, rng.choice(np.setdiff1d(some, top), m - len(top), replace=False)])
        rest = np.setdiff1d(some, seen)
        found = forecast(probability[rest], probability[seen], wrong[seen], seed=seed)
        held += found.low <= wrong[rest[:100]].sum() <= found.high
    assert held >= 0.9 * n


def test_the_curve_begins_at_what_was_found_and_goes_on_as_the_forecast_does(votes):
    probability, wrong = votes
    curve = effort_curve(probability[600:], probability[:600], wrong[:600], points=20)
    assert curve.found[-1] == wrong[:600].sum()
    assert curve.reviewed[-1] == len(wrong)
    assert (np.diff(curve.reviewed) > 0).all()
    assert len(curve.reviewed) == 20
    assert (np.diff(curve.expected) > 0).all()
    assert (curve.low <= curve.expected).all()
    assert (curve.expected <= curve.high).all()
    assert curve.low[-1] <= wrong.sum() <= curve.high[-1]
    step = curve.reviewed[0] - 600
    next_ones = forecast(probability[600:], probability[:600], wrong[:600], upcoming=int(step))
    assert curve.expected[0] - curve.found[-1] == pytest.approx(next_ones.expected, rel=0.05)


def test_the_curve_does_not_depend_on_how_much_is_held_at_a_time(monkeypatch):
    rng = np.random.default_rng(4)
    seen, ahead = rng.random(50), rng.random(333)
    whole = effort_curve(ahead, seen, seen > 0.5, points=3)
    monkeypatch.setattr(module, "CHUNK", 10)
    parts = effort_curve(ahead, seen, seen > 0.5, points=3)
    assert parts.expected == pytest.approx(whole.expected)
    assert parts.reviewed.tolist() == whole.reviewed.tolist()


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (([0.5], [0.5, 0.6], [True]), {}, r"a probability for each of the 1 decided items, got 2"),
        (([0.5, 1.5], [0.5], [True]), {}, r"1 of 2 probabilities of the queue are not in \[0, 1\]"),
        (([0.5], [float("nan")], [True]), {}, r"1 of 1 probabilities of the decided items"),
        (([0.5], [0.5], [True]), {"level": 1.0}, "0 < level < 1"),
    ],
)
def test_wrong_arguments(arguments, options, message):
    for function in (forecast, effort_curve):
        with pytest.raises(UsageError, match=message):
            function(*arguments, **options)


def test_numbers_out_of_range():
    with pytest.raises(UsageError, match="upcoming >= 1"):
        forecast([0.5], [0.5], [True], upcoming=0)
    with pytest.raises(UsageError, match="points >= 1"):
        effort_curve([0.5], [0.5], [True], points=0)
