"""One case: the good state copied, some of it spoiled, one call, and what the oracle says of it."""
# ruff: noqa: S311  nothing here is a secret

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random

from tests.fuzz.child import Ended, Limits, watched
from tests.fuzz.commands import Call, choose_call
from tests.fuzz.grounds import fresh_copy
from tests.fuzz.mutators import mutate
from tests.fuzz.oracle import codes, faults, look

#: How often labelaudit's own files are spoiled, and which: there are few of some kinds that matter much.
_STATE = 0.15
_OWN = (
    "ws/state/review.sqlite", "ws/state/review.sqlite", "ws/state/version", "ws/state/tables/{name}/*.json*",
    "ws/state/tables/{name}/*.json*", "ws/state/tables/{name}/*/*/*", "ws/state/tables/{name}/*/*/*",
    "ws/state/tables/{name}/results/**/*", "ws/state/locks/*", "ws/state/dagster/**/*",
)  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """What came of one case.

    Attributes
    ----------
    number : int
    command : str
    words : str
        The call.
    spoiled : list of str
        What was done to which file.
    status : int or None
    codes : list of str
    seconds : float
    memory : int
        Bytes.
    faults : list of str
        What the oracle found.
    """

    number: int
    command: str
    words: str
    spoiled: list[str]
    status: int | None
    codes: list[str]
    seconds: float
    memory: int
    faults: list[str]


def play(
    seed: int, number: int, grounds: Path, case: Path, limits: Limits | None = None
) -> tuple[Outcome, Ended]:
    """Play a case in a folder that is not there yet, and leave the folder as the call left it.

    Parameters
    ----------
    seed, number : int
        They alone decide what is called and what is spoiled.
    grounds : Path
        What `make_grounds` made.
    case : Path
    limits : Limits, optional
    """
    rng = Random(f"{seed}:{number}")
    names = sorted(p.stem for p in (grounds / "ws" / "datasets").glob("*.yaml"))
    call, name = choose_call(names, rng)
    shown = case.with_name(case.name + "-shown")
    shown.mkdir(parents=True, exist_ok=True)
    prepared = watched(lambda: _prepare(grounds, case, shown, call, name, rng), shown, limits)
    if prepared.status != 0:
        why = prepared.killed or prepared.err.decode(errors="replace")[-500:]
        return _outcome(number, call, [], prepared, [f"the mutator: {why}"]), prepared
    spoiled = json.loads((shown / "spoiled.json").read_text())
    before = look(case)
    ended = watched(lambda: run_command(call, case), shown, limits)
    own = any(
        s.startswith("ws/state/") and not s.startswith("ws/state/dagster/dagster.yaml") for s in spoiled
    )
    found = faults(call, ended, before, case, state_spoiled=own)
    return _outcome(number, call, spoiled, ended, found), ended


def clear(case: Path) -> None:
    """Remove the folders of a case."""
    for folder in (case, case.with_name(case.name + "-shown")):
        shutil.rmtree(folder, ignore_errors=True)


def run_command(call: Call, case: Path) -> int:
    """Run the command in this process, as its entry point does, with a home and a folder for scratch of its own."""
    for name in ("home", "tmp"):
        (case / name).mkdir(exist_ok=True)
    os.environ |= {"HOME": str(case / "home"), "TMPDIR": str(case / "tmp")}
    tempfile.tempdir = None
    os.chdir(case)
    words = [w.replace("{case}", str(case)) for w in call.words]
    sys.argv = ["labelaudit", "--workspace", str(case / call.workspace), *words]
    from pipelines.cli import main

    main()
    return 0


def _prepare(grounds: Path, case: Path, shown: Path, call: Call, name: str, rng: Random) -> int:
    fresh_copy(grounds, case)
    spoiled = []
    for _ in range(rng.choice([1, 1, 1, 1, 2, 3])):
        own = call.workspace == "ws" and rng.random() < _STATE
        pattern = rng.choice(_OWN if own else call.spoils).replace("{name}", name)
        files = [p for p in sorted(case.glob(pattern)) if p.is_file() or p.is_symlink()]
        if files:
            path = rng.choice(files)
            done = mutate(path, rng, accidents_only=own)
            spoiled.append(f"{path.relative_to(case)}: {done}")
    (shown / "spoiled.json").write_text(json.dumps(spoiled))
    return 0


def _outcome(number: int, call: Call, spoiled: list[str], ended: Ended, found: list[str]) -> Outcome:
    words = " ".join(call.words)
    return Outcome(
        number, call.command, words, spoiled, ended.status, codes(ended), ended.seconds, ended.memory, found
    )


def as_line(outcome: Outcome) -> str:
    """An outcome as a line of JSON."""
    return json.dumps(asdict(outcome)) + "\n"


def from_line(line: str) -> Outcome:
    """An outcome from its line."""
    return Outcome(**json.loads(line))
