"""Load in advance what the commands load, so that a forked case need not."""
# ruff: noqa: S311  nothing here is a secret

from __future__ import annotations

import contextlib
import functools
import importlib
import json
import sys
import threading
import warnings
from pathlib import Path
from random import Random

from tests.fuzz.case import run_command
from tests.fuzz.child import Limits, watched
from tests.fuzz.commands import CALLS, Call
from tests.fuzz.grounds import fresh_copy


def warm(grounds: Path, folder: Path, calls: int) -> None:
    """Call commands on the good state, in processes of their own, and load the modules that they loaded.

    Parameters
    ----------
    grounds, folder : Path
        The good state, and where to work.
    calls : int
        How many commands, the most frequent ones first; what the others load, each of their cases loads.

    Raises
    ------
    RuntimeError
        When a command is refused on the good state, or loading started a thread: forking would be unsafe.
    """
    folder.mkdir(parents=True)
    for place, make in enumerate(sorted(CALLS, key=CALLS.__getitem__, reverse=True)[:calls]):
        case, seen = folder / f"case-{place}", folder / f"modules-{place}.json"
        fresh_copy(grounds, case)
        call = make("zoo", Random(0))

        ended = watched(functools.partial(_call, call, case, seen), folder, Limits(300))
        if ended.status not in ((0, 1, 3) if call.reports else (0, 3)):
            raise RuntimeError(
                f"{call.words} is refused on the good state: {ended.err.decode(errors='replace')}"
            )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for name in json.loads(seen.read_text()):
                with contextlib.suppress(Exception):  # some only load within another one
                    importlib.import_module(name)
    if threading.active_count() > 1:
        raise RuntimeError(f"loading started threads: {threading.enumerate()}")


def _call(call: Call, case: Path, seen: Path) -> int:
    try:
        return run_command(call, case)
    finally:
        seen.write_text(json.dumps(sorted(sys.modules)))
