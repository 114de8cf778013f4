"""What a stage works with: the dataset, its tables, and the results that save it from working twice."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from types import TracebackType
from typing import Any, Self

from audits.config import Dataset
from audits.errors import InputError
from audits.fingerprints import Sources, digest, look, settled
from audits.progress import report
from audits.results import Result, ResultStore
from audits.review.store import ReviewStore
from audits.table_store import TableRef, TableStore
from audits.workspace import Workspace


class Changed(Exception):  # noqa: N818 it is an answer, not an error
    """Raised while planning, at the first thing that a run would have to do; the words say what and why."""


@dataclass(frozen=True)
class Made:
    """What a part of a stage made: tables, facts, and the further files it read, as the data names them."""

    tables: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    watched: Sequence[str] = ()


@dataclass(frozen=True)
class Outcome:
    """What a stage came to.

    Attributes
    ----------
    facts : mapping
        Counts, scores and small tables (lists of dicts), as plain data.
    version : str
        Fingerprint of what it left behind.
    computed, reused : tuple of str
        What was computed in this run, and what was taken from an earlier one.
    """

    facts: Mapping[str, Any]
    version: str
    computed: tuple[str, ...] = ()
    reused: tuple[str, ...] = ()

    @property
    def recomputed(self) -> bool:
        """Whether anything was computed."""
        return bool(self.computed)


class Work:
    """One dataset, opened for the stages of one run.

    Parameters
    ----------
    workspace : Workspace
    name : str
        Name of the dataset.
    run_id : str
        The run, for the history.
    force : bool
        Compute everything, whatever is kept.
    verify : bool
        Read every file for its fingerprint, also those that look unchanged.
    planning : bool
        Change nothing and compute nothing: raise `Changed` where a run would.
    store : ReviewStore, optional
        An open review store; left out, the workspace's is opened when it is first needed.

    Raises
    ------
    UsageError, ConfigError
        As `Workspace.dataset`.
    """

    def __init__(
        self,
        workspace: Workspace,
        name: str,
        *,
        run_id: str = "",
        force: bool = False,
        verify: bool = False,
        planning: bool = False,
        store: ReviewStore | None = None,
    ) -> None:
        self.workspace = workspace
        self.dataset: Dataset = workspace.dataset(name)
        self.tables: TableStore = workspace.tables(name)
        self.results = ResultStore(self.tables.root / "results")
        self.sources = Sources(self.tables.root / "sources.json", verify=verify)
        self.run_id = run_id
        self.force = force
        self.planning = planning
        self._given_store = store
        self._done: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._given_store is None and "store" in self.__dict__:
            self.store.close()

    @cached_property
    def store(self) -> ReviewStore:
        """The review store, opened when first asked for."""
        return self._given_store or ReviewStore(self.workspace.store_url)

    def memo(
        self,
        stage: str,
        inputs: Mapping[str, Any],
        make: Callable[[], Made],
        *,
        part: str = "",
    ) -> Result:
        """Give what was kept for these inputs, or make and keep it.

        Parameters
        ----------
        stage, part : str
            What is made; a part has results of its own.
        inputs : mapping
            All that the result depends on, as plain data.
        make : callable
            Computes it.

        Raises
        ------
        Changed
            While planning, when it would have to be made.
        """
        name = f"{stage}: {part}" if part else stage
        found = self.results.find(stage, part, inputs)
        if found is not None and found.run_id == self.run_id != "":
            return found  # of this very run: neither computed again nor taken from an earlier one
        if found is not None and not self.force and self._holds(found):
            if not self.planning:
                self.results.touch(stage, part, inputs)
            self._done.setdefault(name, "reused")
            return found
        if self.planning:
            raise Changed(f"{name}: {self._why(stage, part, inputs, found)}")
        if part:
            report(name)
        began = time.time_ns()
        made = make()
        seen = {name: self._look(name) for name in made.watched}
        result = Result(
            inputs=inputs,
            tables=made.tables,
            facts=made.facts,
            # what may have changed while it was read is read again next time
            watched={n: s if s is not None and settled(s, began) else [] for n, s in seen.items()},
            run_id=self.run_id,
            at=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        self.results.keep(stage, part, result)
        self._done[name] = "computed"
        return result

    def _holds(self, result: Result) -> bool:
        """Whether a result's tables are still there and the files it watched are as they were."""
        if self.sources.verify and result.watched:
            return False
        there = self.tables.is_intact if self.sources.verify else self._is_there
        return all(there(t, v) for t, v in result.tables.items()) and all(
            self._look(name) == seen for name, seen in result.watched.items()
        )

    def _is_there(self, table: str, version: str) -> bool:
        return (self.tables.root / table / version).is_dir()

    def _look(self, name: str) -> list[int] | None:
        return look(self.dataset.path.parent / name)

    def _why(self, stage: str, part: str, inputs: Mapping[str, Any], found: Result | None) -> str:
        if found is not None:
            return "what it made or read is not there as it was"
        before = self.results.latest(stage, part)
        if before is None:
            return "not computed yet"
        changed = [k for k in {**inputs, **before.inputs} if inputs.get(k) != before.inputs.get(k)]
        return f"{', '.join(sorted(changed))} changed" if changed else "labelaudit or a library changed"

    def files(self, **paths: str | None) -> dict[str, str | None]:
        """Fingerprints of files that the YAML names, by what they are; None for one that cannot be read."""
        named = {k: p for k, p in paths.items() if p is not None}
        return {k: self.sources.fingerprint(self.dataset.resolve(p)) for k, p in named.items()}

    def unchanged(self, before: Mapping[str, str | None], **paths: str | None) -> None:
        """Raise InputError when files that were just read are no longer what they were before."""
        now = self.files(**paths)
        if changed := [str(paths[k]) for k in now if now[k] != before[k]]:
            raise InputError(f"{', '.join(changed)}: changed while it was read; run again when it is written")

    def candidate(self, ref: TableRef) -> None:
        """Make a version the candidate of its table, unless it is already."""
        if self.tables.candidates().get(ref.table) != ref:
            self._or_plan(f"{ref.table}: the candidate is another one")
            self.tables.set_candidate(ref)

    def publish(self, refs: Iterable[TableRef], drop: Iterable[str] = ()) -> None:
        """Make versions current in one step, unless they are already."""
        wanted, current = {r.table: r for r in refs}, self.tables.current()
        gone = tuple(t for t in drop if t in current)
        if gone or any(current.get(t) != r for t, r in wanted.items()):
            self._or_plan(f"{', '.join([*wanted, *gone])}: the tables in force are others")
            self.tables.publish(wanted, self.run_id, drop=gone)

    def _or_plan(self, words: str) -> None:
        if self.planning:
            raise Changed(words)

    def outcome(self, facts: Mapping[str, Any], refs: Iterable[TableRef] = ()) -> Outcome:
        """What the stage came to; the next stage's record begins here."""
        done, self._done = self._done, {}
        versions = sorted((r.table, r.version) for r in refs)
        return Outcome(
            facts,
            versions[0][1] if len(versions) == 1 else digest([versions, None if versions else dict(facts)]),
            tuple(k for k, v in done.items() if v == "computed"),
            tuple(k for k, v in done.items() if v == "reused"),
        )
