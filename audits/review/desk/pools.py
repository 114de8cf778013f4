"""The queries that tell which tasks a person may be given, built once for each kind of question and kept.

All take the parameters `dataset`, `reviewer`, `now`, and the bounds of the filters by their names.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    String,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    or_,
    select,
)

from audits.review.desk.task_rows import LEAVES, MIXED
from audits.review.records import Role
from audits.review.schema import lease, sent_back, skipping, task_state, verdict, withdrawal

_t = task_state.c
_reviewer: ColumnElement[str] = bindparam("reviewer", type_=String)
_now = bindparam("now", type_=lease.c.expires_at.type)

#: Whether a filter leaves a task in, by the filter's name.
_FITS: dict[str, ColumnElement[bool]] = {
    "given": _t.given_label == bindparam("given", type_=String),
    "suggested": _t.suggested_label == bindparam("suggested", type_=String),
    "audit": func.replace(_t.audits, bindparam("audit", type_=String), "") != _t.audits,
    "model": func.replace(_t.models, bindparam("model", type_=String), "") != _t.models,
    "low": func.coalesce(_t.probability, 1.0 - _t.score) >= bindparam("low"),
    "high": func.coalesce(_t.probability, 1.0 - _t.score) <= bindparam("high"),
}

#: Filters that are set, by name.
Shape = frozenset[str]


def _own(hash_: ColumnElement[str], table: Any) -> ColumnElement[bool]:
    """A row of a table about the question is the person's."""
    # the question is the key: no database is to go through all that the person ever did instead
    return and_(table.c.question_hash == hash_, func.coalesce(table.c.reviewer, "") == _reviewer)


def _answered(*more: ColumnElement[bool]) -> ColumnElement[bool]:
    """The person gave a verdict on the task that is not withdrawn."""
    taken = exists().where(withdrawal.c.verdict_id == verdict.c.id)
    return exists().where(_own(_t.question_hash, verdict), ~taken, *more)


def _skipped(*more: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(_own(_t.question_hash, skipping), *more)


_HELD = exists().where(_own(_t.question_hash, lease), lease.c.expires_at > _now)

_OTHERS = (
    select(func.count())
    .where(
        lease.c.question_hash == _t.question_hash, lease.c.reviewer != _reviewer, lease.c.expires_at > _now
    )
    .scalar_subquery()
)

#: Answered since it was reopened, where it was.
_DONE = _answered(verdict.c.id > _t.since)

#: What makes a task one that a person may be given anew, by as whom. The repeats have to be `later` than a certain
#: verdict of theirs.
_MAY: dict[Role, tuple[ColumnElement[bool], ...]] = {
    "reviewer": (_t.state == "open", ~_DONE, _t.wants > _OTHERS),
    "second": (_t.look == "second", _t.first_by != _reviewer, ~_answered(), literal(1) > _OTHERS),
    "repeat": (_t.look == "repeat", _t.first_by == _reviewer),
}
_LATER = ~_answered(verdict.c.id > bindparam("up_to"), verdict.c.role == "reviewer")


def _fits(shape: Shape) -> list[ColumnElement[bool]]:
    return [_t.dataset == bindparam("dataset"), *_filtered(shape)]


def _filtered(shape: Shape) -> list[ColumnElement[bool]]:
    return [_FITS[name] for name in sorted(shape)]


def _looked_up(shape: Shape) -> list[ColumnElement[bool]]:
    """As `_fits`, of a few tasks that another table names: written so that no database goes through all of them."""
    return [func.coalesce(_t.dataset, "") == bindparam("dataset"), *_filtered(shape)]


def place(sequence: str) -> ColumnElement[Any]:
    """What tasks are ordered by: their place in the queue, or a number in an order of the person's own."""
    if sequence == "priority":
        return _t.position
    # first the leaves in an order of the person's own, then the tasks of a leaf in another one
    times: ColumnElement[int] = bindparam("times", type_=BigInteger)
    plus: ColumnElement[int] = bindparam("plus", type_=BigInteger)
    leaf = (cast(_t.leaf, BigInteger) * times + plus) % LEAVES
    within = (cast(_t.mixed, BigInteger) * times + plus) % MIXED
    return leaf * literal(MIXED, BigInteger) + within


@cache
def pool(role: Role, shape: Shape, sequence: str, *, later: bool, leaves: bool, one: bool) -> Select[Any]:
    """Tasks that a person may be given anew, in order.

    Parameters
    ----------
    role : {"reviewer", "second", "repeat"}
    shape : frozenset of str
        Names of the filters that are set.
    sequence : {"priority", "random"}
    later : bool
        Only what the person decided by the verdict `up_to` at the latest.
    leaves : bool
        Only of the leaves `leaves`.
    one : bool
        The task `question_hash` alone, put aside or not.
    """
    at = place(sequence)
    found = select(_t.question_hash, literal(role).label("role"), at.label("place"))
    found = found.where(*_fits(shape), *_MAY[role], ~_HELD)
    if later:
        found = found.where(_LATER)
    if leaves:
        found = found.where(_t.leaf.in_(bindparam("leaves", expanding=True)))
    if one:
        return found.where(_t.question_hash == bindparam("question_hash"))
    return found.where(~_skipped()).order_by(at, _t.question_hash).limit(bindparam("limit"))


@cache
def held(shape: Shape, sequence: str) -> Select[Any]:
    """What the person holds and may still answer, the first taken first."""
    mine = and_(
        lease.c.question_hash == _t.question_hash, lease.c.reviewer == _reviewer, lease.c.expires_at > _now
    )
    wanted = or_(
        and_(_t.state == "open", lease.c.role == "reviewer", ~_DONE),
        and_(lease.c.role == _t.look, ~_answered(verdict.c.role == _t.look)),
    )
    chosen = select(_t.question_hash, lease.c.role).select_from(lease.join(task_state, mine))
    chosen = chosen.where(lease.c.dataset == bindparam("dataset"))
    return chosen.where(*_looked_up(shape), wanted).order_by(
        lease.c.taken_at, place(sequence), _t.question_hash
    )


@cache
def returned(shape: Shape) -> Select[Any]:
    """What was sent back to the person, who gave no other verdict on it since, as whom they gave the first."""
    anew = verdict.alias("anew")
    taken = exists().where(withdrawal.c.verdict_id == anew.c.id)
    answered = exists().where(
        _own(sent_back.c.question_hash, anew), anew.c.id > sent_back.c.verdict_id, ~taken
    )
    joined = sent_back.join(task_state, sent_back.c.question_hash == _t.question_hash).join(
        verdict, verdict.c.id == sent_back.c.verdict_id
    )
    aside = case((_skipped(skipping.c.at >= sent_back.c.at), 1), else_=0)
    chosen = select(_t.question_hash, verdict.c.role, aside.label("aside"), *sent_back.c)
    return (
        chosen.select_from(joined)
        .where(*_looked_up(shape), sent_back.c.reviewer == _reviewer, ~answered)
        .order_by(sent_back.c.id)
    )


@cache
def put_aside(role: Role, shape: Shape) -> Select[Any]:
    """What the person put aside and may be given, the first put aside first."""
    last = (
        select(skipping.c.question_hash, func.max(skipping.c.id).label("last"))
        .where(skipping.c.reviewer == _reviewer)
        .group_by(skipping.c.question_hash)
        .subquery()
    )
    joined = last.join(task_state, last.c.question_hash == _t.question_hash)
    chosen = select(_t.question_hash, literal(role).label("role"), last.c.last).select_from(joined)
    return (
        chosen.where(*_looked_up(shape), *_MAY[role], ~_HELD).order_by(last.c.last).limit(bindparam("limit"))
    )


#: The leaves that have open tasks, found by asking for the next one again and again.
def _leaves() -> Select[Any]:
    of_open = (_t.dataset == bindparam("dataset"), _t.state == "open")
    first = select(func.min(_t.leaf).label("leaf")).where(*of_open)
    walk = first.cte("walk", recursive=True)
    after = select(func.min(_t.leaf)).where(*of_open, _t.leaf > walk.c.leaf).scalar_subquery()
    walk = walk.union_all(select(after).where(walk.c.leaf.is_not(None)))
    return select(walk.c.leaf).where(walk.c.leaf.is_not(None))


OPEN_LEAVES = _leaves()

#: The newest verdict of a person before so many others of theirs.
AGO = (
    select(verdict.c.id)
    .where(verdict.c.reviewer == _reviewer)
    .order_by(verdict.c.id.desc())
    .offset(bindparam("between"))
    .limit(1)
)
