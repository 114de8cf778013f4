"""What the watcher and the oracle must catch, planted: `python -m tests.fuzz.planted NAME FOLDER`."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.fuzz.child import Limits, watched

LIMITS = Limits(seconds=1.0, memory=150 << 20, printed=1 << 20)


def _fine() -> int:
    print("fine")
    return 3


def _leaves() -> int:
    raise SystemExit(2)


def _raises() -> int:
    raise KeyError("planted")


def _hangs() -> int:
    if os.fork() == 0:  # a child of its own must go too
        time.sleep(600)
    time.sleep(600)
    return 0


def _hogs() -> int:
    hoard = []
    while True:
        hoard.append(bytearray(b"x") * (8 << 20))
        time.sleep(0.01)


def _chatters() -> int:
    while True:
        print("x" * 10_000)


def _dies() -> int:
    os.kill(os.getpid(), signal.SIGSEGV)
    return 0


PLANTED: dict[str, Callable[[], int]] = {
    "fine": _fine, "leaves": _leaves, "raises": _raises, "hangs": _hangs, "hogs": _hogs,
    "chatters": _chatters, "dies": _dies,
}  # fmt: skip

if __name__ == "__main__":
    # in a process of its own: whoever tests this has threads, which a fork does not go well with
    ended = watched(PLANTED[sys.argv[1]], Path(sys.argv[2]), LIMITS)
    print(json.dumps([ended.status, ended.killed, ended.out.decode()[:20], ended.err.decode()]))
