"""Which conclusions of a comparison hold: a few sentences by rules on its numbers, for people in a hurry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from audits.benchmark.certainty import Certainty, Side
from audits.benchmark.comparison import Comparison
from audits.benchmark.metrics import metric_named
from audits.benchmark.versions import version_named
from audits.errors import first_few

Standing = Literal["holds", "unsure", "changed", "note"]

#: Fewer changed items than this are called few.
FEW = 30

#: How many models or pairs a sentence names.
_NAMED = 3


@dataclass(frozen=True)
class Conclusion:
    """One conclusion.

    Attributes
    ----------
    about : str
        One word: best, order, ranking, groups, changes, basis, pending.
    standing : {"holds", "unsure", "changed", "note"}
        holds: the numbers bear it; unsure: they do not, either way; changed: they bear that it is otherwise than
        under the original labels; note: it is no conclusion, but must be known to read the others.
    words : str
        One sentence.
    """

    about: str
    standing: Standing
    words: str


def conclusions(comparison: Comparison, items: str, metric: str) -> list[Conclusion]:
    """Say what holds of a comparison on one metric and item set.

    Parameters
    ----------
    comparison : Comparison
    items, metric : str
        An item set and metric for which `comparison.certain` has an entry.

    Returns
    -------
    list of Conclusion
        Models count as told apart by tests adjusted over all pairs at level 0.05, a flip as sure when
        besides at least 95 % of the resamples show it.

    Raises
    ------
    KeyError
        When it was not worked out how sure this comparison is.
    """
    certain = comparison.certain[items, metric]
    found = [*_basis(comparison), *_pending(comparison)]
    if not certain.models:
        return [*found, Conclusion("best", "note", f"no model has a score on {metric} under both versions")]
    found += _best(certain)
    if len(certain.models) > 1:
        found += [_order(comparison, certain), *_ranking(certain), *_groups(certain)]
    return [*found, *_changes(certain)]


def _basis(comparison: Comparison) -> Iterator[Conclusion]:
    after = comparison.after
    if not version_named(after.version).reviewed:
        yield Conclusion("basis", "note", f"nobody has looked at the items that {after.version} leaves out")
        return
    changed = after.relabelled + after.several
    total = comparison.versions[comparison.pair[0]].items
    share = after.relabelled / total if total else 0.0
    out = sum(after.left_out.values())
    words = f"{after.relabelled:,} of {total:,} items ({share:.2%}) have another label, {out:,} left the set"
    if after.several:
        words += f", {after.several:,} have several right labels"
    if changed < FEW:
        words += "; so few can hardly change an order for sure"
    yield Conclusion("basis", "note", words)


def _pending(comparison: Comparison) -> Iterator[Conclusion]:
    if pending := comparison.after.pending:
        yield Conclusion(
            "pending", "note", f"{pending:,} items wait for verdicts and count with their given label"
        )


def _leaders(certain: Certainty, side: Side) -> list[int]:
    best = float(np.max(side.values))
    return [int(k) for k in np.flatnonzero(np.round(side.values - best, 12) == 0)]


def _best(certain: Certainty) -> Iterator[Conclusion]:
    was, now = (_leaders(certain, side) for side in (certain.before, certain.after))
    names = [certain.models[k] for k in now]
    if len(certain.models) == 1:
        yield Conclusion("best", "note", f"{names[0]} is the only model with a score")
        return
    apart = certain.told_apart(certain.after)[now[0]]
    rivals = [k for k in range(len(certain.models)) if k not in now and not apart[k]]
    rivals.sort(key=lambda k: -certain.after.values[k])
    close = first_few((certain.models[k] for k in rivals), _NAMED)
    if len(now) > 1:
        yield Conclusion("best", "unsure", f"{first_few(names, _NAMED)} share the first place")
    elif was == now and not rivals:
        yield Conclusion("best", "holds", f"{names[0]} is best under both, told apart from every other now")
    elif was == now:
        yield Conclusion(
            "best", "unsure", f"{names[0]} is first under both, but cannot be told apart from {close}"
        )
    else:
        others = first_few((certain.models[k] for k in was if k not in now), _NAMED)
        shared = now[0] in was
        what = (
            f"no longer shares the first place with {others}"
            if shared
            else f"takes the first place from {others}"
        )
        sure = not rivals
        yield Conclusion(
            "best",
            "changed" if sure else "unsure",
            f"{names[0]} {what}"
            + (", told apart from every other" if sure else f", but cannot be told apart from {close}"),
        )


def _order(comparison: Comparison, certain: Certainty) -> Conclusion:
    m = len(certain.models)
    total = m * (m - 1) // 2
    rows = comparison.flips.to_pylist()
    turned = [f for f in rows if (f["items"], f["metric"]) == (certain.items, certain.metric)]
    if not turned:
        same = certain.agreement()["same"] or 0
        words = f"none of {total} pairs of models changes places, {same} surely keep their order"
        return Conclusion("order", "holds" if same == total else "unsure", words)
    sure = [f for f in turned if f["sure"]]
    named = first_few((f"{f['now_ahead']} passes {f['was_ahead']}" for f in sure or turned), _NAMED)
    if sure:
        return Conclusion(
            "order",
            "changed",
            f"{len(turned)} of {total} pairs change places, {len(sure)} of them surely: {named}",
        )
    return Conclusion(
        "order", "unsure", f"{len(turned)} of {total} pairs change places, none of them surely: {named}"
    )


def _ranking(certain: Certainty) -> Iterator[Conclusion]:
    row = certain.agreement()
    if row["tau_b"] is not None and row["low"] is not None:
        words = f"Kendall's tau-b between the two rankings is {row['tau_b']:.3f}"
        if row["open"]:
            open_ = "1 pair that is" if row["open"] == 1 else f"{row['open']} pairs that are"
            words += f", {row['low']:.3f} to {row['high']:.3f} as the {open_} open may turn out"
        words += f"; {row['turned']} pairs surely turn" if row["turned"] else ""
        yield Conclusion("ranking", "note", words)


def _groups(certain: Certainty) -> Iterator[Conclusion]:
    apart = certain.told_apart(certain.after)
    m = len(apart)
    shown = int(np.triu(apart, 1).sum())
    total = m * (m - 1) // 2
    top = next(g["models"] for g in certain.groups() if g["version"] == certain.after.version)
    words = f"{shown} of {total} pairs are told apart under {certain.after.version} labels"
    if len(top) > 1:
        words += f"; the top {len(top)} are not told apart from each other: {first_few(top, _NAMED)}"
    yield Conclusion("groups", "holds" if shown == total else "note", words)


def _changes(certain: Certainty) -> Iterator[Conclusion]:
    better = metric_named(certain.metric).higher_is_better
    rows = [c for c in certain.changes().to_pylist() if c["low"] is not None]
    if not rows:
        return
    up = sum(c["low"] > 0 for c in rows)
    down = sum(c["high"] < 0 for c in rows)
    least, most = (f(c["change"] for c in rows) for f in (min, max))
    gain, lose = (up, down) if better else (down, up)
    words = (
        f"{gain} of {len(rows)} models gain and {lose} lose, each by its own interval; "
        f"changes from {least:+.4f} to {most:+.4f}"
    )
    yield Conclusion("changes", "note", words)
