"""What a run of the fuzzer says at its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tests.fuzz.case import Outcome


def told(outcome: Outcome, seed: int) -> list[str]:
    """What is wrong with a case, and how it is played again."""
    lines = [f"CASE {outcome.number}: {'; '.join(outcome.faults)}", f"  labelaudit {outcome.words}"]
    lines += [f"  spoiled {s}" for s in outcome.spoiled]
    return [*lines, f"  again: python -m tests.fuzz --seed {seed} --only {outcome.number}"]


def report(outcomes: Sequence[Outcome], seed: int) -> list[str]:
    """Cases by command and status and by code, the slowest, the largest, and those at fault.

    Parameters
    ----------
    outcomes : sequence of Outcome
        In any order.
    seed : int
    """
    if not outcomes:
        return ["no case was played"]
    lines = [
        f"{len(outcomes)} cases, seed {seed}",
        "",
        f"{'command':<22}{'0':>7}{'1':>7}{'2':>7}{'3':>7}{'killed':>8}{'at fault':>10}",
    ]
    for command in sorted({o.command for o in outcomes}):
        own = [o for o in outcomes if o.command == command]
        by = Counter(o.status for o in own)
        counts = "".join(f"{by[s]:>7}" for s in (0, 1, 2, 3))
        lines.append(f"{command:<22}{counts}{by[None]:>8}{sum(bool(o.faults) for o in own):>10}")
    by_code = Counter(c for o in outcomes for c in o.codes)
    lines += ["", "by code: " + ", ".join(f"{c} {n}" for c, n in by_code.most_common())]
    how = Counter(s.rpartition(": ")[2] for o in outcomes for s in o.spoiled)
    lines += ["by mutation: " + ", ".join(f"{m} {n}" for m, n in how.most_common())]
    slowest, largest = max(outcomes, key=lambda o: o.seconds), max(outcomes, key=lambda o: o.memory)
    lines += [
        f"slowest: case {slowest.number} ({slowest.command}), {slowest.seconds:.1f} s",
        f"most memory: case {largest.number} ({largest.command}), {largest.memory / 1e6:.0f} MB",
    ]
    bad = sorted((o for o in outcomes if o.faults), key=lambda o: o.number)
    lines += [f"{len(bad)} cases at fault"]
    return lines
