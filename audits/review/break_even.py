"""How many wrong labels a stretch of the queue must hold for its review to do more good than harm."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from audits.inference.proportion import wilson
from audits.review.consensus import counting
from audits.review.records import StoredVerdict, Task


@dataclass(frozen=True)
class BreakEven:
    """What reviewers do to right and to wrong labels, by their verdicts on gold items.

    Attributes
    ----------
    on_right, on_wrong : int
        Verdicts on gold items whose given label is right, and on those whose is wrong. `unsure` does not count.
    overturned_right : float or None
        f: share of the first that overturn the label, in [0, 1].
    mended_wrong : float or None
        t g: share of the second that give the right label, in [0, 1].
    share : float or None
        f / (f + t g): the share of wrong labels below which review makes labels worse; None where `reason` says why.
    high : float or None
        The same with the upper end of f's 95 % interval.
    reason : str or None
        Why there is none.
    """

    on_right: int
    on_wrong: int
    overturned_right: float | None
    mended_wrong: float | None
    share: float | None
    high: float | None
    reason: str | None = None


def break_even(tasks: Iterable[Task], verdicts: Iterable[StoredVerdict]) -> BreakEven:
    """Estimate the break-even share of wrong labels from gold items.

    Of items a share p of whose labels is wrong, review leaves (1 - p)(1 - f) + p t g right, against 1 - p without
    it, where a right label is overturned with probability f and a wrong one replaced by the right one with
    probability t g. It helps where p > f / (f + t g). Going down the queue, p falls: stop when the forecast yield is
    below that share. Asking more reviewers of the same kind does not lower an f that they share.

    Parameters
    ----------
    tasks : iterable of Task
        Those without a gold label are passed over.
    verdicts : iterable of StoredVerdict
        Withdrawn and superseded ones do not count, nor does `unsure`.

    Returns
    -------
    BreakEven
        Without a share until there are verdicts on gold items of both kinds, and where no right label was
        overturned and no wrong one mended.
    """
    gold = {t.question.hash: t.gold_label for t in tasks if t.gold_label is not None}
    right = wrong = overturned = mended = 0
    for v in counting(verdicts):
        label = gold.get(v.question.hash)
        if label is None or v.decision == "unsure":
            continue
        if label == v.question.given_label:
            right += 1
            overturned += v.decision != "keep"
        else:
            wrong += 1
            mended += v.decision == "relabel" and v.labels == (label,)
    f = overturned / right if right else None
    tg = mended / wrong if wrong else None
    if f is None or tg is None:
        lacking = " and ".join(w for w, n in (("right", right), ("wrong", wrong)) if not n)
        why = f"no verdicts yet on gold items whose given label is {lacking}"
        return BreakEven(right, wrong, f, tg, None, None, why)
    if f + tg == 0:
        why = "no right label was overturned and no wrong one mended"
        return BreakEven(right, wrong, f, tg, None, None, why)
    upper = float(wilson(overturned, right).high)
    return BreakEven(right, wrong, f, tg, f / (f + tg), upper / (upper + tg))
