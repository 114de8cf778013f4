"""From rankings to rows: every figure with its bootstrap interval, differences paired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from benchmarks.detection.audited import Audited
from benchmarks.detection.bootstrap import interval, resampled
from benchmarks.detection.methods.cleanlab_rankings import ENSEMBLE
from benchmarks.detection.methods.ours import OF_HALF, OURS
from benchmarks.detection.ranked import Ranked, calibration_error
from benchmarks.detection.ranking import Draw, Ranking
from benchmarks.detection.rows import DIFFERENCE, Row

Floats = npt.NDArray[np.float64]
RANDOM = "random"
#: Random orders that are drawn, at most.
RANDOM_ORDERS = 200
FIRST = 100
#: Items reviewed after which the errors found are told.
EFFORT = (50, 100, 200, 500, 1000, 2000, 5000)
FOUND = "errors_found_at_"
#: Shares of the ranking in which the recall is told.
RECALL = {0.05: "recall_in_first_5_percent", 0.1: "recall_in_first_10_percent"}
#: Points of an effort curve.
CURVE_POINTS = 100


@dataclass
class Measured:
    """What is told of one dataset.

    Attributes
    ----------
    rows : list of Row
    curves : list of (dataset, method, items reviewed, errors found)
    differences : dict of str to (float, float array)
        By method, average precision minus that of cleanlab's ensemble, and its replicates.
    """

    rows: list[Row] = field(default_factory=list)
    curves: list[tuple[str, str, int, float]] = field(default_factory=list)
    differences: dict[str, tuple[float, Floats]] = field(default_factory=dict)


def measured(
    audited: Audited, rankings: Sequence[Ranking], *, replicates: int, seed: int, random: bool = True
) -> Measured:
    """Every metric of every ranking, and the differences to cleanlab's ensemble where it is among them.

    Parameters
    ----------
    audited : Audited
    rankings : sequence of Ranking
    replicates : int
        Resamples of the judged items (or of their groups); 0: no intervals.
    seed : int
    random : bool
        Whether a random order is told, too.
    """
    counts = resampled(len(audited.rows), replicates, seed, audited.groups)
    found = Measured()
    if random:
        found.rows += random_order(audited, replicates, seed)
    precision: dict[str, tuple[float, Floats]] = {}
    for ranking in rankings:
        values = _over_draws(audited, ranking, counts)
        if ranking.effort_only:
            values = {metric: v for metric, v in values.items() if metric.startswith(FOUND)}
        else:
            precision[ranking.method] = values["average_precision"]
        found.rows += [
            _row(audited.name, ranking.method, metric, value, repeats)
            for metric, (value, repeats) in values.items()
        ]
        found.curves += _curve(audited, ranking)
    for method in precision:
        if method.startswith(OURS) and ENSEMBLE in precision and method != OF_HALF:
            (ours, our_repeats), (theirs, their_repeats) = precision[method], precision[ENSEMBLE]
            found.differences[method] = (ours - theirs, our_repeats - their_repeats)
            found.rows.append(_row(audited.name, method, DIFFERENCE, *found.differences[method]))
    return found


def random_order(audited: Audited, replicates: int, seed: int) -> list[Row]:
    """What a random order gives: the expected value, and the interval over so many random orders."""
    wrong = audited.wrong[audited.is_scored]
    n, prevalence = len(wrong), float(wrong.mean())
    first = min(FIRST, n)
    expected = {
        "average_precision": prevalence,
        "auroc": 0.5 if 0 < prevalence < 1 else np.nan,
        f"precision_at_{FIRST}": prevalence,
        **({name: share for share, name in RECALL.items()} if audited.recall else {}),
        **{f"{FOUND}{many}": many * prevalence for many in EFFORT if many < n},
    }
    rng = np.random.default_rng([seed, n])
    drawn: dict[str, list[float]] = {name: [] for name in expected}
    for _ in range(min(replicates, RANDOM_ORDERS)):
        of_one = _metrics(
            Ranked(rng.permutation(n).astype(np.float64), wrong), None, n, first, audited.recall
        )
        for name in expected:
            drawn[name].append(float(of_one[name][0]))
    return [
        _row(audited.name, RANDOM, name, value, np.array(drawn[name])) for name, value in expected.items()
    ]


def _over_draws(audited: Audited, ranking: Ranking, counts: np.ndarray) -> dict[str, tuple[float, Floats]]:
    """Each metric and its replicates, means over the draws of a ranking."""
    each = [_of_draw(audited, draw, counts, probability=ranking.probability) for draw in ranking.draws]
    names = [name for name in each[0] if all(name in e for e in each)]
    return {
        name: (float(np.mean([e[name][0] for e in each])), np.mean([e[name][1] for e in each], axis=0))
        for name in names
    }


def _of_draw(
    audited: Audited, draw: Draw, counts: np.ndarray, *, probability: bool
) -> dict[str, tuple[float, Floats]]:
    left = np.flatnonzero(draw.left)
    score, wrong = draw.score[audited.rows[left]], audited.wrong[left]
    ranked, drawn = Ranked(score, wrong), counts[:, left]
    first = min(FIRST, len(left))
    points = _metrics(ranked, None, len(left), first, audited.recall)
    repeats = _metrics(ranked, drawn, len(left), first, audited.recall) if len(drawn) else {}
    none = np.empty(0)
    found = {name: (float(value[0]), repeats.get(name, none)) for name, value in points.items()}
    if probability:
        error = calibration_error(score, wrong, drawn) if len(drawn) else none
        found["ece"] = (float(calibration_error(score, wrong)[0]), error)
    return found


def _metrics(
    ranked: Ranked, counts: np.ndarray | None, n: int, first: int, recall: bool
) -> dict[str, Floats]:
    effort = [many for many in EFFORT if many < n]
    shares = list(RECALL) if recall else []
    raw = ranked.measure(counts, [*{first, *effort}, *shares])
    found = {
        "average_precision": raw["average_precision"],
        "auroc": raw["auroc"],
        f"precision_at_{FIRST}": raw[f"found_{first}"] / first,
        **{f"{FOUND}{many}": raw[f"found_{many}"] for many in effort},
    }
    if shares:
        with np.errstate(invalid="ignore", divide="ignore"):
            found |= {RECALL[share]: raw[f"found_{share}"] / raw["wrong"] for share in shares}
    return found


def _curve(audited: Audited, ranking: Ranking) -> list[tuple[str, str, int, float]]:
    least = min(int(draw.left.sum()) for draw in ranking.draws)
    points = np.unique(np.linspace(1, least, min(CURVE_POINTS, least)).round().astype(int)).tolist()
    each = []
    for draw in ranking.draws:
        ranked = Ranked(draw.score[audited.rows[draw.left]], audited.wrong[draw.left])
        raw = ranked.measure(None, points)
        each.append([float(raw[f"found_{many}"][0]) for many in points])
    found = np.mean(each, axis=0)
    return [(audited.name, ranking.method, many, float(f)) for many, f in zip(points, found, strict=True)]


def _row(dataset: str, method: str, metric: str, value: float, repeats: Floats) -> Row:
    with_bounds = interval(value, repeats)
    return Row(dataset, method, metric, value, with_bounds.low, with_bounds.high)
