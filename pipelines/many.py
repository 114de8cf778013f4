"""Run many datasets: those in which nothing changed side by side, the others one after the other."""

import contextlib
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace

from audits.errors import AuditError
from audits.review.store import ReviewStore
from audits.workspace import Workspace
from pipelines.instance import kept_open, open_instance
from pipelines.runs import Progress, RunOptions, RunReport, refused, run_dataset, run_if_unchanged

#: From so many datasets on, further processes are worth their start.
_MANY = 16

#: No more processes than this: they all write to one SQLite file.
_MOST_PROCESSES = 4


def run_datasets(
    workspace: Workspace,
    names: Sequence[str],
    progress: Callable[[], contextlib.AbstractContextManager[Progress]],
    options: RunOptions,
) -> Iterator[RunReport]:
    """Bring datasets up to their files and verdicts.

    Parameters
    ----------
    workspace : Workspace
    names : sequence of str
    progress : callable
        Gives a context manager of what shows the progress of one dataset.
    options : RunOptions

    Yields
    ------
    RunReport
        In the order of the names, as each is there.
    """
    unchanged: dict[str, RunReport] = {}
    if len(names) >= _MANY and not options.force:
        unchanged = _unchanged_of(workspace, names, options)
    with open_instance(workspace) as instance, ReviewStore(workspace.store_url) as store:
        for name in names:
            if name in unchanged:
                yield unchanged[name]
                continue
            try:
                with progress() as show:
                    report = run_dataset(workspace, name, show, options, instance=instance, store=store)
            except AuditError as e:  # busy, or its state is damaged: no reason to leave the others out
                report = refused(name, e)
            yield report


def _unchanged_of(workspace: Workspace, names: Sequence[str], options: RunOptions) -> dict[str, RunReport]:
    """Reports of the datasets in which nothing changed; what to record takes longer than to find out."""
    processes = min(_MOST_PROCESSES, os.cpu_count() or 1)
    with open_instance(workspace):
        pass  # its files are made once, by one process
    # forked where that can be, since a new interpreter would load everything anew; no thread runs here yet
    method = "fork" if "fork" in multiprocessing.get_all_start_methods() else "spawn"
    shares = [list(names[i::processes]) for i in range(processes)]
    with ProcessPoolExecutor(processes, multiprocessing.get_context(method)) as pool:
        found = pool.map(_share, [workspace.root] * processes, shares, [options] * processes)
        return {r.dataset: r for part in found for r in part}


def _share(root: os.PathLike[str], names: Sequence[str], options: RunOptions) -> list[RunReport]:
    workspace, reports = Workspace(root), []
    at_once = replace(options, wait_seconds=0.0)
    with (
        open_instance(workspace) as instance,
        kept_open(workspace),
        ReviewStore(workspace.store_url) as store,
    ):
        for name in names:
            with contextlib.suppress(AuditError):  # busy or broken: the caller finds out again, and says so
                report = run_if_unchanged(workspace, name, at_once, instance=instance, store=store)
                if report is not None:
                    reports.append(report)
    return reports
