"""What a run makes of the review queue: new tasks, the order of all, and decisions that are asked again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from audits.classes import ClassList
from audits.outputs import Ints
from audits.review.consensus import Rule
from audits.review.open_queue import has_place, waits
from audits.review.ordering.candidates import Candidates
from audits.review.ordering.orders import ORDERS
from audits.review.questions import questions_of
from audits.review.records import DecidedOn, NewTask, Priority, Question, Reopening, Task
from audits.review.reopening import Decision, decisions, evidence_of_decisions, reopenings
from audits.review.routing import route
from audits.review.store import ReviewStore
from audits.review.verdicts_of import by_question
from audits.review_config import ReviewConfig
from audits.signals.inputs import Neighbours


@dataclass(frozen=True)
class Known:
    """What an order may look at beside the findings.

    Attributes
    ----------
    predicted : mapping of str to int32 array, shape (N,)
        Class index that each model predicts for the items of the dataset; `rank-impact` looks.
    neighbours : mapping of str to Neighbours
        By name of the features; `diversity` looks.
    """

    predicted: Mapping[str, Ints] = field(default_factory=dict)
    neighbours: Mapping[str, Neighbours] = field(default_factory=dict)


@dataclass(frozen=True)
class Renewal:
    """What the store is to keep of a run, all of it in one step.

    Attributes
    ----------
    tasks : list of NewTask
        All that are to be in the queue, those that are there already too.
    priorities : list of Priority
        Of all tasks on questions that the items pose.
    decisions : list of DecidedOn
        Evidence of decisions of which it is not kept yet.
    reopened : list of Reopening
        Decisions that the evidence contradicts strongly.
    """

    tasks: list[NewTask]
    priorities: list[Priority]
    decisions: list[DecidedOn]
    reopened: list[Reopening]


@dataclass(frozen=True)
class _Evidence:
    """Findings as arrays, one row a finding; `row` is the row of the item in the dataset."""

    ids: list[str]
    row: npt.NDArray[np.intp]
    rank: npt.NDArray[np.int64]
    flagged: npt.NDArray[np.bool_]
    suggested: Ints
    held_out: npt.NDArray[np.float64]
    likely: npt.NDArray[np.float64]
    reasons: pa.ChunkedArray
    at: Mapping[str, int]

    def probability(self, item_id: str) -> float | None:
        """Probability that an item's label is wrong, made without its own verdicts; None where there is none."""
        p = float(self.held_out[self.at[item_id]]) if item_id in self.at else np.nan
        return None if np.isnan(p) else p


def renewal(
    store: ReviewStore,
    dataset: str,
    items: pa.Table,
    findings: pa.Table,
    classes: ClassList,
    policy: ReviewConfig,
    gold: Mapping[str, str],
    known: Known,
) -> Renewal:
    """Work out what a run makes of the queue; nothing is stored.

    The policy's order is taken over the flagged items, of which the budget takes the first, and again over the tasks
    that wait, which gives them their places. Tasks that are decided come after these, by rank: one whose verdicts are
    withdrawn is there again without a run.

    Parameters
    ----------
    store : ReviewStore
    dataset : str
        Name of the dataset.
    items : pyarrow.Table
        `contracts.ITEMS`, N rows.
    findings : pyarrow.Table
        `contracts.FINDINGS`. `held_out` is the probability that the given label is wrong, made without the item's
        own verdicts; null without evidence, and items then count by 1 - `score`.
    classes : ClassList
        The class list of the items.
    policy : ReviewConfig
    gold : mapping of str to str
        Class id known to be right, by item id.
    known : Known
        What the policy's order looks at.

    Raises
    ------
    InputError
        As `route`.
    """
    questions = questions_of(items, dataset, classes)
    current = {q.item_id: q for q in questions}
    # by rank, before anything else is made of the findings: what does not fit is told there
    tasks = route(findings, questions, classes, policy, gold)
    evidence = _evidence(findings, current)

    def ordered(chosen: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        candidates = Candidates(
            rows=evidence.row[chosen],
            rank=evidence.rank[chosen],
            probability=evidence.likely[chosen],
            suggested=evidence.suggested[chosen],
            labels=np.asarray(items["label"].to_numpy(), dtype=np.int32),
            predicted=known.predicted,
            neighbours=known.neighbours,
        )
        return np.asarray(chosen[ORDERS[policy.order](candidates)], dtype=np.intp)

    if policy.order != "probability":
        flagged = [evidence.ids[i] for i in ordered(np.flatnonzero(evidence.flagged))]
        tasks = route(findings, questions, classes, policy, gold, flagged)
    rule = Rule.from_config(policy)

    def posed(q: Question) -> bool:
        # not by their hashes: there may be a million items and a few hundred tasks
        return current.get(q.item_id) == q

    verdicts = by_question(v for v in store.verdicts(dataset) if posed(v.question))
    past = store.reopenings(dataset)
    now = {
        h: p
        for h, votes in verdicts.items()
        if (p := evidence.probability(votes[0].question.item_id)) is not None
    }
    noted, again = _questioned(store, dataset, decisions(verdicts, rule), now, classes, policy)
    after = {r.verdict_id for r in past}
    last = {r.question_hash: r for r in [*past, *(r for r in again if r.verdict_id not in after)]}

    there: list[Task | NewTask] = [t for t in store.tasks(dataset) if posed(t.question)]
    queued = {t.question.item_id: t for t in [*tasks, *there]}
    waiting, decided, spread = [], [], []
    for item_id, t in queued.items():
        at = evidence.at.get(item_id)
        votes = verdicts.get(t.question.hash, ())
        if at is None:
            continue
        if not has_place(t, bool(evidence.flagged[at])):
            spread.append(at)
        elif waits(votes, last.get(t.question.hash), rule):
            waiting.append(at)
        else:
            decided.append(at)
    order = [*ordered(np.array(waiting, dtype=np.intp)), *sorted(decided, key=lambda at: evidence.rank[at])]

    def priority(at: int, position: int | None) -> Priority:
        item_id, suggested = evidence.ids[at], int(evidence.suggested[at])
        return Priority(
            current[item_id].hash,
            position,
            evidence.probability(item_id),
            classes.id_of(suggested) if suggested >= 0 else None,
            tuple(evidence.reasons[at].as_py() or ()),
        )

    priorities = [priority(int(at), place) for place, at in enumerate(order, start=1)]
    priorities += [priority(at, None) for at in spread]
    return Renewal(tasks, priorities, noted, again)


def _questioned(
    store: ReviewStore,
    dataset: str,
    decided: Mapping[str, Decision],
    now: Mapping[str, float],
    classes: ClassList,
    policy: ReviewConfig,
) -> tuple[list[DecidedOn], list[Reopening]]:
    """Evidence of decisions of which it is not kept yet, and the decisions that this run's contradicts."""
    before = {h: p.probability for h, p in store.priorities(dataset).items() if p.probability is not None}
    kept = store.decided_on(dataset)
    noted = evidence_of_decisions(decided, kept, before, now)
    decided_on = kept | {d.verdict_id: d for d in noted}
    return noted, reopenings(decided, decided_on, now, classes, policy.reopen)


def _evidence(findings: pa.Table, current: Mapping[str, Question]) -> _Evidence:
    ids = findings["item_id"].to_pylist()
    rows = {item_id: row for row, item_id in enumerate(current)}
    held_out = findings["held_out"].to_numpy().astype(np.float64)  # null becomes NaN
    score = findings["score"].to_numpy().astype(np.float64)
    likely = np.where(np.isnan(held_out), 1 - score, held_out)
    return _Evidence(
        ids=ids,
        row=np.array([rows[i] for i in ids], dtype=np.intp),
        rank=findings["rank"].to_numpy().astype(np.int64),
        flagged=np.asarray(findings["flagged"].to_numpy(), dtype=np.bool_),
        suggested=findings["suggested_label"].fill_null(-1).to_numpy().astype(np.int32),
        held_out=held_out,
        likely=np.clip(np.nan_to_num(likely, nan=0.0), 0.0, 1.0),
        reasons=findings["reasons"],
        at={i: k for k, i in enumerate(ids)},
    )
