"""The evidence: without verdicts, and learned from verdicts of several kinds of samples."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from audits.signals.inputs import Inputs
from benchmarks.detection.audited import Audited
from benchmarks.detection.methods import verdicts
from benchmarks.detection.methods.signals import Signals
from benchmarks.detection.methods.verdicts import Picked
from benchmarks.detection.ranking import Draw, Ranking, Wanted, single

OURS = "ours_0"
SIZES = (100, 500, 1000)
#: Verdicts of the comparison of samples, and of that with the models alone.
QUEUE = ALONE = 500

#: From the score of the items that may be reviewed, their number and a generator to the items that are.
_Policy = Callable[[np.ndarray, int, np.random.Generator], Picked]
POLICIES: dict[str, _Policy] = {
    f"ours_{QUEUE}_of_half_at_random": lambda score, many, rng: verdicts.at_random(len(score), many, rng),
    f"ours_{QUEUE}_from_the_top_naive": lambda score, many, rng: verdicts.from_the_top(score, many),
    f"ours_{QUEUE}_from_the_top_with_control": verdicts.with_control,
    f"ours_{QUEUE}_explored": verdicts.explored,
}
OF_HALF = "ours_0_of_half"


def without_verdicts(audited: Audited, signals: Signals, wanted: Wanted) -> list[Ranking]:
    """The evidence from the models alone, and with what else the dataset has."""
    found, left = [], audited.is_scored
    if wanted(OURS):
        score = _unlearned(signals.models_alone, signals.of_models())
        found.append(single(OURS, score, left, probability=True))
    if audited.beside and wanted(name := f"{OURS}_with_{audited.beside}"):
        score = _unlearned(signals.inputs, signals.of_all())
        found.append(single(name, score, left, probability=True))
    return found


def learned(audited: Audited, signals: Signals, wanted: Wanted, draws: int, seed: int) -> list[Ranking]:
    """The evidence learned from random draws of verdicts, from all that the dataset has and from the models alone.

    Only sizes of which the pool holds twice as many. Verdicts that were used are not scored.
    """
    found = []
    pool = np.flatnonzero(audited.is_pool)
    for size in SIZES:
        if not audited.learned or len(pool) < 2 * size:
            continue
        alone = f"ours_{size}_without_{audited.beside}"
        for name in (f"ours_{size}", alone) if audited.beside and size == ALONE else (f"ours_{size}",):
            if not wanted(name):
                continue
            made = []
            for draw in range(draws):
                picked = verdicts.at_random(len(pool), size, np.random.default_rng([seed, size, draw]))
                inputs = signals.models_alone if name == alone else signals.inputs
                table = signals.of_models() if name == alone else signals.of_all()
                made.append(
                    _learned(audited, signals, inputs, table, pool, picked, audited.is_scored, seed + draw)
                )
            found.append(Ranking(name, tuple(made), probability=True))
    return found


def queues(audited: Audited, signals: Signals, wanted: Wanted, draws: int, seed: int) -> list[Ranking]:
    """The evidence learned from samples that are not random, all judged on the same items.

    The judged items are halved at random: verdicts come from one half in the order of a policy, rankings are judged
    on the other, which is as it would be without any review. Beside them, what the same number of random verdicts
    of the half, and none, give.
    """
    names = [name for name in (*POLICIES, OF_HALF) if wanted(name)]
    if not names or not audited.learned or audited.pool is not None or len(audited.rows) < 4 * QUEUE:
        return []
    first = _unlearned(signals.inputs, signals.of_all())
    made: dict[str, list[Draw]] = {name: [] for name in names}
    for draw in range(draws):
        rng = np.random.default_rng([seed, QUEUE, draw])
        half = rng.permutation(len(audited.rows)) < len(audited.rows) // 2
        pool = np.flatnonzero(half)
        for name in names:
            if name == OF_HALF:
                made[name].append(Draw(first, ~half))
                continue
            picked = POLICIES[name](first[audited.rows[pool]], QUEUE, rng)
            table = signals.of_all()
            made[name].append(
                _learned(audited, signals, signals.inputs, table, pool, picked, ~half, seed + draw)
            )
    return [Ranking(name, tuple(drawn), probability=True) for name, drawn in made.items()]


def _unlearned(inputs: Inputs, table: pa.Table) -> np.ndarray:
    from audits.evidence import estimate

    return np.asarray(estimate.without_verdicts(inputs, table).probability, dtype=np.float64)


def _learned(
    audited: Audited,
    signals: Signals,
    inputs: Inputs,
    table: pa.Table,
    pool: np.ndarray,
    picked: Picked,
    scored: np.ndarray,
    seed: int,
) -> Draw:
    from audits.evidence import estimate

    used = pool[picked.places]
    reviewed = estimate.Reviewed(audited.rows[used], audited.wrong[used], picked.inclusion)
    known = signals.combination(inputs, table)
    evidence = estimate.with_verdicts(inputs, table, reviewed, seed=seed, combination=known)
    left = scored.copy()
    left[used] = False
    return Draw(np.asarray(evidence.probability, dtype=np.float64), left)
