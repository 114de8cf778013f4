"""`make fuzz`: spoil the demo's own files at random and call the command on them, for so many seconds."""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

# Threads of their own would make it unsafe to fork, and two workers have a core each.
os.environ |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
os.environ["ARROW_DEFAULT_MEMORY_POOL"] = "system"

from tests.fuzz.case import Outcome, as_line, clear, from_line, play
from tests.fuzz.child import Limits, watched
from tests.fuzz.grounds import make_grounds
from tests.fuzz.report import report, told
from tests.fuzz.warm import warm

#: How many folders of cases at fault are kept to look at.
_KEPT = 20

#: For so few cases it does not pay to load everything in advance.
_FEW = 50


def main(arguments: list[str] | None = None) -> int:
    """Play cases until the time is up; 1 when any was at fault."""
    options = _options(arguments)
    seed = options.seed if options.seed is not None else secrets.randbelow(10**6)
    print(f"seed {seed}", flush=True)
    scratch = Path(tempfile.mkdtemp(prefix="labelaudit-fuzz-", dir=options.dir))
    grounds = options.grounds or scratch / "grounds"
    if not grounds.exists():
        made = watched(
            lambda: make_grounds(grounds, demo=not options.small) or 0,
            _folder(scratch / "making"),
            Limits(600),
        )
        if made.status != 0:
            print(made.err.decode(errors="replace"), file=sys.stderr)
            shutil.rmtree(grounds, ignore_errors=True)
            return 1
    one = options.only is not None
    warm(grounds, scratch / "warming", 0 if one else 2 if options.cases <= _FEW else 99)
    if one:
        return _one(seed, options.only, grounds, scratch / f"case-{options.only}")
    outcomes = _many(seed, options, grounds, scratch)
    print("\n".join(["", *report(outcomes, seed)]))
    if any(o.faults for o in outcomes):
        print(f"the folders of cases at fault are in {scratch}")
        return 1
    shutil.rmtree(scratch)
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0, help="how long cases are begun")
    parser.add_argument("--cases", type=int, default=10**9, help="how many cases at most")
    parser.add_argument("--seed", type=int, help="decides all cases; drawn and printed when left out")
    parser.add_argument("--only", type=int, metavar="CASE", help="play one case again, and show and keep it")
    parser.add_argument("--workers", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument(
        "--small", action="store_true", help="without the demo's dataset, whose models take a minute"
    )
    parser.add_argument(
        "--grounds", type=Path, help="folder of the good state: made when it is not there, and kept"
    )
    parser.add_argument("--dir", type=Path, help="where to work; a disk in memory is fastest")
    return parser.parse_args(arguments)


def _many(seed: int, options: argparse.Namespace, grounds: Path, scratch: Path) -> list[Outcome]:
    """Fork workers that each play every so-many-th case, and print what is at fault as it is found."""
    workers = options.workers
    until, kept = time.monotonic() + options.seconds, _KEPT // workers
    notes = [scratch / f"worker-{w}.jsonl" for w in range(workers)]
    children = []
    for w, note in enumerate(notes):
        note.touch()
        child = os.fork()
        if child == 0:
            _work(seed, range(w, options.cases, workers), until, grounds, scratch, note, kept)
        children.append(child)
    outcomes: list[Outcome] = []
    read = [0] * workers
    try:
        while True:
            children = [c for c in children if os.waitpid(c, os.WNOHANG)[0] == 0]
            for w, note in enumerate(notes):
                lines = note.read_text().splitlines()
                for outcome in map(from_line, lines[read[w] :]):
                    outcomes.append(outcome)
                    if outcome.faults:
                        print("\n".join(told(outcome, seed)), flush=True)
                read[w] = len(lines)
            if not children:
                break
            time.sleep(0.5)
    except KeyboardInterrupt:
        for child in children:
            os.kill(child, signal.SIGTERM)
    return outcomes


def _work(
    seed: int, numbers: range, until: float, grounds: Path, scratch: Path, note: Path, kept: int
) -> None:
    status = 1
    try:
        for number in numbers:
            if time.monotonic() > until:
                break
            case = scratch / f"case-{number}"
            outcome, _ = play(seed, number, grounds, case)
            if outcome.faults and kept:
                kept -= 1
            else:
                clear(case)
            with note.open("a") as f:
                f.write(as_line(outcome))
        status = 0
    finally:
        sys.stderr.flush()
        os._exit(status)


def _one(seed: int, number: int, grounds: Path, case: Path) -> int:
    outcome, ended = play(seed, number, grounds, case)
    print(f"labelaudit {outcome.words}", *(f"  spoiled {s}" for s in outcome.spoiled), sep="\n")
    print(
        f"status {ended.status}, {ended.seconds:.1f} s, {ended.memory / 1e6:.0f} MB; what it left is in {case}"
    )
    print(f"--- standard output\n{ended.out.decode(errors='replace')}")
    print(f"--- standard error\n{ended.err.decode(errors='replace')}")
    print("\n".join(told(outcome, seed)) if outcome.faults else "nothing is wrong")
    return 1 if outcome.faults else 0


def _folder(path: Path) -> Path:
    path.mkdir(parents=True)
    return path


if __name__ == "__main__":
    sys.exit(main())
