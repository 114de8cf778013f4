"""TopTwo against its published simulations and public sets, and a likelihood in loops."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from scipy import sparse

from audits.annotators.toptwo import _leading, toptwo
from audits.annotators.votes import once
from audits.errors import InputError
from audits.signals.inputs import Annotations
from tests.audits.annotators.crowds import NOBODY, Crowd, crowd, made, said, shuffled, votes_for

#: Error of the first and the second answer by stage, as the authors' stored simulations have it (10 repeats): 50
#: annotators, 500 items, 5 classes, p in (.001, .999).
PUBLISHED = {
    ("easy", 0.2): ((0.0744, 0.6940), (0.0462, 0.6674)),
    ("easy", 0.5): ((0.0032, 0.6234), (0.0008, 0.5894)),
    ("easy", 1.0): ((0.0000, 0.5148), (0.0000, 0.4796)),
    ("hard", 0.2): ((0.4638, 0.6188), (0.4436, 0.5594)),
    ("hard", 0.5): ((0.3822, 0.4402), (0.3708, 0.3982)),
    ("hard", 1.0): ((0.3292, 0.3314), (0.3278, 0.3294)),
}
SHARES = {"easy": (0.901, 0.999), "hard": (0.501, 0.599)}


def simulated(
    rng: np.random.Generator, filled: float, shares: tuple[float, float], n: int = 50, m: int = 500
):
    p, q = rng.uniform(0.001, 0.999, n), rng.uniform(*shares, m)
    g = rng.integers(5, size=m)
    h = (g + rng.integers(1, 5, size=m)) % 5
    knows, prefers = rng.random((n, m)) < p[:, None], rng.random((n, m)) < q
    answers = np.where(knows, np.where(prefers, g, h), rng.integers(5, size=(n, m)))
    who, item = np.nonzero(rng.random((n, m)) < filled)
    names = tuple(f"a{i:02d}" for i in range(n))
    columns = (item.astype(np.int32), who.astype(np.int32), answers[who, item].astype(np.int32))
    return Annotations(*columns, names), g, h, p, q


@pytest.mark.parametrize(("kind", "filled"), PUBLISHED)
def test_errors_of_the_simulations(kind, filled):
    errors = []
    for seed in range(20):
        annotations, g, h, _, _ = simulated(np.random.default_rng(seed), filled, SHARES[kind])
        found = toptwo(annotations, 5)
        g, h = g[found.items], h[found.items]
        pairs = ((found.first_by_rank, found.second_by_rank), (found.first, found.second))
        errors.append([[np.mean(a != g), np.mean(b != h)] for a, b in pairs])
    mean, spread = np.mean(errors, axis=0), np.std(errors, axis=0, ddof=1)
    # the published means are of 10 repeats, these of 20; three standard errors of the difference
    allowed = 3 * spread * np.sqrt(1 / 10 + 1 / 20) + 5e-4
    assert (np.abs(mean - np.array(PUBLISHED[kind, filled])) <= allowed).all()


#: Error of the first answer by stage: an independent computation from the same formulas.
DOG, BUSY_DOG, WEB = (0.2169, 0.1685), (0.1958, 0.1784), (0.1839, 0.1240)


def errors(c: Crowd, annotations: Annotations) -> tuple[float, float]:
    found = toptwo(annotations, c.n_classes)
    return 1 - c.accuracy(found.items, found.first_by_rank), 1 - c.accuracy(found.items, found.first)


@pytest.mark.parametrize(("name", "figures"), [("dog", DOG), ("web", WEB)])
def test_errors_on_public_sets(public_data, name, figures):
    c = crowd(public_data, name)
    assert errors(c, once(c.annotations)) == pytest.approx(figures, abs=5e-5)


def test_errors_on_the_busiest_annotators(public_data):
    c = crowd(public_data, "dog")
    a = c.annotations
    busiest = np.argsort(-np.bincount(a.annotators), kind="stable")[:52]
    kept = np.isin(a.annotators, busiest)
    assert kept.sum() == 7354
    names, who = np.unique(a.annotators[kept], return_inverse=True)
    few = Annotations(a.rows[kept], who.astype(np.int32), a.labels[kept], tuple(map(str, names)))
    assert errors(c, few) == pytest.approx(BUSY_DOG, abs=5e-5)


def test_second_stage_and_posterior_as_in_loops():
    annotations, *_ = simulated(np.random.default_rng(3), 0.15, SHARES["hard"], n=20, m=40)
    found = toptwo(annotations, 5)
    for at, row in enumerate(found.items):
        q, likelihood = found.share[at], {}
        mine = [
            (found.reliability[w], label)
            for r, w, label in zip(annotations.rows, annotations.annotators, annotations.labels, strict=True)
            if r == row
        ]
        for a, b in permutations(range(5), 2):
            share = {a: q, b: 1 - q}
            likelihood[a, b] = np.prod([p * share.get(x, 0) + (1 - p) / 5 for p, x in mine])
        best = max(likelihood.values())
        first = next(pair for pair, value in likelihood.items() if value >= best * (1 - 1e-9))
        assert (found.first[at], found.second[at]) == first
        of_first = [sum(v for (a, _), v in likelihood.items() if a == c) for c in range(5)]
        assert found.posterior[at] == pytest.approx(np.array(of_first) / sum(of_first), abs=1e-9)


def test_confusion_is_the_likeliest():
    annotations, *_ = simulated(np.random.default_rng(3), 0.5, SHARES["hard"], n=20, m=30)
    found = toptwo(annotations, 5)
    grid = np.linspace(0.501, 0.999, 2000)
    for at, row in enumerate(found.items):
        of_item = annotations.rows == row
        p, labels = (
            found.reliability[annotations.annotators[of_item]][:, None],
            annotations.labels[of_item][:, None],
        )
        share = np.where(labels == found.first[at], grid, np.where(labels == found.second[at], 1 - grid, 0))
        likelihood = np.log(p * share + (1 - p) / 5).sum(axis=0)
        assert found.confusion[at] == pytest.approx(1 - grid[likelihood.argmax()], abs=5e-4)


def test_confusion_and_reliability_follow_those_of_the_simulation():
    annotations, _, _, p, q = simulated(np.random.default_rng(1), 0.8, (0.501, 0.999), n=60, m=800)
    found = toptwo(annotations, 5)
    assert np.corrcoef(found.reliability, p)[0, 1] > 0.95
    wanted = 1 - q[found.items]
    assert np.corrcoef(found.confusion, wanted)[0, 1] > 0.8
    first_stage = np.sqrt(np.mean((1 - found.share - wanted) ** 2))
    assert np.sqrt(np.mean((found.confusion - wanted) ** 2)) < 0.85 * first_stage
    assert found.confusion.min() >= 0.001
    assert found.confusion.max() <= 0.499


def test_leading_vector_is_that_of_the_whole_matrix():
    rng = np.random.default_rng(0)
    dense = np.where(rng.random((12, 30)) < 0.4, rng.choice([-1.0, 1.0], size=(12, 30), p=[0.3, 0.7]), 0.0)
    found = _leading(sparse.csr_array(dense), 0.13)
    whole = np.linalg.svd(dense - 0.13)[0][:, 0]
    assert found == pytest.approx(whole * np.sign(whole.sum()), abs=1e-8)


def test_the_order_of_the_annotations_does_not_matter():
    annotations, _ = made(300, 20, 5)
    a, b = toptwo(annotations, 5), toptwo(shuffled(annotations), 5)
    assert (a.first == b.first).all()
    assert (a.second == b.second).all()
    assert a.confusion == pytest.approx(b.confusion, abs=1e-6)
    assert (a.first == toptwo(replace(annotations), 9).first).all(), "classes that nobody gave take no part"


def test_the_first_and_the_second_differ():
    found = toptwo(votes_for((4, 0, 0, 0), (0, 3, 2, 0), (1, 1, 1, 1), (0, 0, 0, 5)), 4)
    assert (found.first != found.second).all()
    assert found.first.tolist()[0] == 0
    assert (found.first[1], found.second[1]) == (1, 2)
    assert found.labels.tolist() == found.first.tolist()
    assert found.posterior.sum(axis=1) == pytest.approx(1)


def test_two_classes_are_refused():
    with pytest.raises(InputError, match=r"TopTwo needs 3 classes or more, .* there are 2"):
        toptwo(votes_for((2, 1)), 2)


@pytest.mark.parametrize(
    "annotations",
    [
        said((0, "x", 1)),
        said((0, "x", 1), (0, "y", 1), (1, "x", 1)),
        said(*((i, "x", i % 2) for i in range(6))),
        said(*((0, f"a{i}", i % 3) for i in range(6))),
        said(*((i, f"a{j}", 2) for i in range(5) for j in range(5))),
    ],
    ids=["one", "one class", "one annotator, two classes", "one item", "all equal"],
)
def test_degenerate_input(annotations):
    found = toptwo(annotations, 4)
    assert np.isfinite(found.posterior).all()
    assert np.isfinite(found.confusion).all()
    assert (found.first != found.second).all()
    if len(set(annotations.labels.tolist())) == 1:
        assert (found.first == annotations.labels[0]).all()


def test_nobody():
    found = toptwo(NOBODY, 3)
    assert (len(found.items), found.posterior.shape, found.confusion.tolist()) == (0, (0, 3), [])


def test_an_annotator_without_a_label():
    three = said((0, "x", 1), (0, "y", 2), (1, "x", 0), (1, "y", 0), (2, "x", 2), (2, "y", 2))
    found = toptwo(replace(three, names=("x", "y", "z")), 3)
    assert np.isnan(found.reliability[2])
    assert np.isfinite(found.share).all()
