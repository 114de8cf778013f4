"""Run a function in a forked process of its own, watched: it may hang, eat the memory, or die."""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")
_EVERY_SECONDS = 0.01


@dataclass(frozen=True)
class Limits:
    """What a process may take before it is killed.

    Attributes
    ----------
    seconds : float
        By the clock, on a machine with nothing else to do; on a busy one in proportion.
    memory, printed : int
        Bytes it holds in memory, shared ones among them, and bytes it may print.
    """

    seconds: float = 60.0
    memory: int = 2 << 30
    printed: int = 64 << 20


@dataclass(frozen=True)
class Ended:
    """How a process ended.

    Attributes
    ----------
    status : int or None
        Its exit status; None when it was killed.
    killed : str or None
        Why it was killed: `hang`, `memory`, `printed`, or the signal's name when it died by itself.
    seconds : float
    memory : int
        The most it held, in bytes.
    out, err : bytes
        What it printed; at most the first mebibyte of each.
    """

    status: int | None
    killed: str | None
    seconds: float
    memory: int
    out: bytes
    err: bytes


def watched(work: Callable[[], int], folder: Path, limits: Limits | None = None) -> Ended:
    """Run a function in a forked process; it gives the exit status.

    The calling process must have one thread only: a fork copies the locks of the others as they are.

    Parameters
    ----------
    work : callable
        A traceback of what it raises goes to standard error, with status 1, as in an interpreter.
    folder : Path
        Where what it prints is kept, in `out` and `err`.
    limits : Limits, optional
    """
    limits = limits or Limits()
    out, err = folder / "out", folder / "err"
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        _be_the_child(work, out, err)
    killed, most = None, 0
    while True:
        ended, code, used = os.wait4(child, os.WNOHANG)
        if ended:
            break
        most = max(most, _memory_of(child))
        printed = sum(p.stat().st_size for p in (out, err) if p.exists())
        for why, much in (
            ("hang", time.monotonic() - began > limits.seconds * _how_busy()),
            ("memory", most > limits.memory),
            ("printed", printed > limits.printed),
        ):
            if much and killed is None:
                killed = why
                os.killpg(child, signal.SIGKILL)  # it may have children of its own
        time.sleep(_EVERY_SECONDS)
    most = max(most, used.ru_maxrss * 1024)
    if killed is None and os.WIFSIGNALED(code):
        killed = signal.Signals(os.WTERMSIG(code)).name
    if killed is None and most > limits.memory:
        killed = "memory"  # it was quicker than the watcher
    status = os.WEXITSTATUS(code) if os.WIFEXITED(code) else None
    return Ended(status, killed, time.monotonic() - began, most, _head(out), _head(err))


def _be_the_child(work: Callable[[], int], out: Path, err: Path) -> None:
    status = 1
    try:
        os.setpgid(0, 0)
        for path, number in ((out, 1), (err, 2)):
            opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(opened, number)
            os.close(opened)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - ends with the process
        sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
        status = work()
    except SystemExit as e:
        status = e.code if isinstance(e.code, int) else 0 if e.code is None else 1
    except BaseException:
        traceback.print_exc()
    finally:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(status)  # no clean-up of what belongs to the parent


def _how_busy() -> float:
    """Processes that want a processor, for each that there is; at least 1."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def _memory_of(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * _PAGE
    except (OSError, IndexError):  # it has just ended, or the system has no such file
        return 0


def _head(path: Path) -> bytes:
    if not path.exists():
        return b""
    with path.open("rb") as f:
        return f.read(1 << 20)
