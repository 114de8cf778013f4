"""Every method on every dataset, over several processes."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np

from audits.errors import UsageError, first_few
from benchmarks.detection.audited import Audited
from benchmarks.detection.bootstrap import interval
from benchmarks.detection.crowds import of_crowd
from benchmarks.detection.datasets import crowds, datasets_in, load
from benchmarks.detection.measure import RANDOM, Measured, measured
from benchmarks.detection.methods import clusters, online, ours, plain
from benchmarks.detection.methods.cleanlab_rankings import cleanlab_rankings
from benchmarks.detection.methods.signals import Signals, signal_rankings
from benchmarks.detection.ranking import Ranking, Wanted
from benchmarks.detection.rows import DIFFERENCE, OVER_CELLS, Row

#: What `--quick` measures: the datasets with people's verdicts but the largest, and a cell of each kind of noise.
QUICK = (
    "imagenet-half",
    "mmlu-redux-half*",
    "cifar10*",
    "20news",
    "planted-digits-symmetric-10",
    "planted-20news-pair-10",
    "planted-cifar10-class-dependent-10",
    "planted-breast_cancer-instance-dependent-20",
    "crowd:*",
)
#: What `--quick` leaves out: it takes many fits.
SLOW = ("ours_online_*", "ours_*_of_half*", "ours_*_from_the_top_*", "ours_*_explored")
#: What sets the number of threads of the libraries in use.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
#: Crowd sets are asked for by their name after this.
CROWD = "crowd:"


@dataclass(frozen=True)
class Settings:
    """What is measured, and how finely.

    Attributes
    ----------
    data : tuple of Path
        Folders that datasets are looked for in.
    datasets, methods : tuple of str
        Shell patterns of their names; empty: all. A crowd set's name stands after `crowd:`.
    without : tuple of str
        Shell patterns of methods that are left out.
    draws : int
        Draws of verdicts a learned method.
    replicates : int
        Resamples an interval.
    seed : int
    """

    data: tuple[Path, ...]
    datasets: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    draws: int = 4
    replicates: int = 1000
    seed: int = 0

    def wants(self, method: str) -> bool:
        """Whether a method is asked for."""
        asked = not self.methods or any(fnmatchcase(method, p) for p in self.methods)
        return asked and not any(fnmatchcase(method, p) for p in self.without)


def named(settings: Settings) -> list[str]:
    """The datasets that are asked for, by name, in the order of the catalogue.

    Raises
    ------
    UsageError
        When a pattern fits none.
    """
    known = [*datasets_in(*settings.data), *(f"{CROWD}{c.name}" for c in crowds(*settings.data))]
    patterns = settings.datasets or ("*",)
    if strange := [p for p in patterns if not any(fnmatchcase(k, p) for k in known)]:
        raise UsageError(
            f"no dataset is named {first_few(strange)}; there are {first_few(known, len(known))}"
        )
    return [k for k in known if any(fnmatchcase(k, p) for p in patterns)]


def rankings(audited: Audited, settings: Settings) -> list[Ranking]:
    """What every method that is asked for says of a dataset."""
    wanted: Wanted = settings.wants
    signals, draws, seed = Signals(audited), settings.draws, settings.seed
    return [
        *cleanlab_rankings(audited, wanted),
        *plain.plain_rankings(audited, wanted),
        *clusters.cluster_rankings(audited, wanted),
        *signal_rankings(audited, signals, wanted),
        *ours.without_verdicts(audited, signals, wanted),
        *ours.learned(audited, signals, wanted, draws, seed),
        *ours.queues(audited, signals, wanted, draws, seed),
        *online.online_rankings(audited, signals, wanted, seed),
    ]


def of_dataset(name: str, settings: Settings) -> tuple[Measured, float, bool]:
    """All figures of one dataset, the seconds that they took, and whether it is a cell of the mean over cells."""
    started = time.perf_counter()
    if name.startswith(CROWD):
        crowd = next(c for c in crowds(*settings.data) if f"{CROWD}{c.name}" == name)
        rows = of_crowd(crowd, settings.wants, settings.replicates, settings.seed)
        return Measured(rows), time.perf_counter() - started, False
    audited = load(name, *settings.data)
    found = measured(
        audited,
        rankings(audited, settings),
        replicates=settings.replicates,
        seed=settings.seed,
        random=settings.wants(RANDOM),
    )
    return found, time.perf_counter() - started, audited.in_mean


def run(settings: Settings, jobs: int) -> Iterator[tuple[str, Measured, float, bool]]:
    """Measure every dataset that is asked for, as each is done.

    Parameters
    ----------
    settings : Settings
    jobs : int
        Processes; 1: none but this one.
    """
    names = named(settings)
    with _one_thread():
        if jobs == 1 or len(names) == 1:
            for name in names:
                yield name, *of_dataset(name, settings)
        else:
            yield from _spread(names, settings, jobs)


def _spread(
    names: Sequence[str], settings: Settings, jobs: int
) -> Iterator[tuple[str, Measured, float, bool]]:
    # a fork would inherit locks of the threads of libraries
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, context) as pool:
        waiting = {pool.submit(of_dataset, name, settings): name for name in names}
        try:
            for done in as_completed(waiting):
                yield waiting[done], *done.result()
        finally:
            pool.shutdown(cancel_futures=True)


def over_cells(cells: Sequence[Measured]) -> list[Row]:
    """The mean over the cells of the difference to cleanlab's ensemble, of the methods that are in every cell.

    Cells on the same items were resampled alike, so that their errors are not taken for independent ones.
    """
    rows = []
    for method in cells[0].differences if cells else ():
        found = [cell.differences[method] for cell in cells if method in cell.differences]
        if len(found) < len(cells):
            continue
        value = float(np.mean([v for v, _ in found]))
        with_bounds = interval(value, np.mean([repeats for _, repeats in found], axis=0))
        rows.append(Row(OVER_CELLS, method, DIFFERENCE, value, with_bounds.low, with_bounds.high))
    return rows


@contextmanager
def _one_thread() -> Iterator[None]:
    """Leave each process one core: two threads on matrices this small only wait for each other.

    New processes read it from the environment, before they load a library that has threads.
    """
    from threadpoolctl import threadpool_limits

    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        with threadpool_limits(1):
            yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
