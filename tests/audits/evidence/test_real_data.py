"""What the evidence finds in labels that people reviewed: bars that it must not fall below."""

from __future__ import annotations

import numpy as np
import pytest

from audits.evidence import estimate
from audits.evidence.combination import combine
from audits.evidence.estimate import Reviewed, with_verdicts, without_verdicts
from audits.evidence.features import features
from benchmarks.detection.audited import Audited
from benchmarks.detection.datasets.catalogue import load
from benchmarks.detection.methods.verdicts import Picked, at_random, from_the_top, top_and_control
from tests.audits.evidence.made import NO_SIGNALS, average_precision, calibration_error

DRAWS, MANY = 4, 500


@pytest.fixture(scope="module")
def of(public_data):
    """Reads a dataset by the name of its folder; a test of one that is not there is skipped."""

    def one(name: str) -> Audited:
        if not (public_data / name).is_dir():
            pytest.skip(f"no {name} in {public_data}")
        return load(public_data / name)

    return one


@pytest.fixture(autouse=True, scope="module")
def once():
    """What no verdict changes is worked out once for all tests: it takes most of the time."""
    known: dict[tuple[str, int], object] = {}

    def kept(name, function):
        def call(inputs, *more):
            key = (name, id(inputs))
            if key not in known:
                known[key] = (function(inputs, *more), inputs)  # held, so that no other gets its id
            return known[key][0]

        return call

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(estimate, "combine", kept("combine", combine))
        patch.setattr(estimate, "features", kept("features", features))
        yield


def first_order(audited: Audited, inputs) -> float:
    found = without_verdicts(inputs, NO_SIGNALS).probability
    return average_precision(found[audited.rows], audited.wrong)


def learned(audited: Audited, picked: Picked, left: np.ndarray | None = None) -> dict[str, float]:
    """Average precision and calibration error on the judged items whose verdicts were not used."""
    rows, wrong = audited.rows, audited.wrong
    reviewed = Reviewed(rows[picked.places], wrong[picked.places], picked.inclusion)
    found = with_verdicts(audited.inputs, NO_SIGNALS, reviewed).probability[rows]
    left = np.setdiff1d(np.arange(len(rows)), picked.places) if left is None else left
    return {
        "ap": average_precision(found[left], wrong[left]),
        "ece": calibration_error(found[left], wrong[left]),
    }


def test_votes_on_images_without_any_verdict(of):
    audited = of("imagenet-half")
    assert first_order(audited, audited.models_alone) >= 0.81
    assert first_order(audited, audited.inputs) >= 0.82  # with the suggestion that came with the data


def test_votes_on_images_after_500_random_verdicts(of):
    audited = of("imagenet-half")
    n = len(audited.rows)
    told = [learned(audited, at_random(n, MANY, np.random.default_rng(d))) for d in range(DRAWS)]
    before = first_order(audited, audited.inputs)
    assert np.mean([t["ap"] for t in told]) >= max(0.83, before)
    assert np.mean([t["ece"] for t in told]) < 0.05


def test_a_queue_from_the_top_with_a_tenth_drawn_at_random_holds_on_the_rest(of):
    audited = of("imagenet-half")
    n, score = len(audited.rows), without_verdicts(audited.inputs, NO_SIGNALS).probability[audited.rows]
    naive, sound = [], []
    for d in range(DRAWS):
        rng = np.random.default_rng(d)
        half = rng.permutation(n)
        pool, left = np.sort(half[: n // 2]), half[n // 2 :]  # judged on items that no queue could reach
        top = from_the_top(score[pool], MANY)
        naive.append(learned(audited, Picked(pool[top.places], top.inclusion), left))
        first, control = top_and_control(score[pool], MANY, 0.1, rng)
        places = np.concatenate([first, control])
        chance = np.r_[np.ones(len(first)), np.full(len(control), len(control) / (len(pool) - len(first)))]
        sound.append(learned(audited, Picked(pool[places], chance), left))
    ap, error = ([np.mean([t[k] for t in told]) for told in (naive, sound)] for k in ("ap", "ece"))
    assert ap[1] > ap[0] - 0.005
    assert ap[1] > first_order(audited, audited.inputs)
    assert error[1] < 0.05 < error[0]


def test_relations_whose_labels_were_revised(of):
    audited = of("tacred-dev")
    assert first_order(audited, audited.models_alone) >= 0.62


def test_questions_whose_answers_were_verified(of):
    audited = of("mmlu-redux-half")
    assert first_order(audited, audited.models_alone) >= 0.40
    assert first_order(audited, audited.inputs) >= first_order(
        audited, audited.models_alone
    )  # with the subjects
