"""A process that outlives `labelaudit up` for as long as it takes to end what that one started.

`up` may be killed in a way that leaves it no last word (`kill -9`, no memory left). The system then closes
the pipe between the two, which is how the guard learns of it. It is told the process groups through the
pipe: `+ID` for one that has been started, `-ID` for one that is gone.

Nothing but the standard library is imported here: the guard stays small for months.
"""

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

#: How long what runs has to end by itself before it is killed, in seconds.
GRACE = 20.0

_PAUSE = 0.1


class Guard:
    """The guard process, seen from the process that it watches.

    Parameters
    ----------
    folder : Path
        A temporary folder, which the guard removes when the watched process has ended.
    lock : Path
        A file in a folder that is there. The guard locks it for as long as it lives: once it is free, nothing
        is left of what was started.

    Raises
    ------
    OSError
        When it does not come up.
    """

    def __init__(self, folder: Path, lock: Path) -> None:
        # a session of its own: what ends the watched process's group must not end the guard
        self._process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-P", "-m", __name__, str(folder), str(lock)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        with self._process.stdout as ready:
            if not ready.readline():  # before this nothing would end what is started
                self.close()
                raise OSError(f"the guard process ended at its start (status {self._process.returncode})")

    @property
    def pid(self) -> int:
        """Its process number."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it still watches."""
        return self._process.poll() is None

    def watch(self, group: int) -> None:
        """End this process group when the watched process is gone."""
        self._say(f"+{group}")

    def forget(self, group: int) -> None:
        """Leave this process group alone: it has ended, and its number may be given to others."""
        self._say(f"-{group}")

    def close(self) -> None:
        """Let the guard go, once nothing is left to watch."""
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(2 * GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _say(self, line: str) -> None:
        with contextlib.suppress(OSError):  # a guard that is gone is noticed by its watcher, not here
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()


def end(
    groups: Iterable[int],
    grace: float = GRACE,
    *,
    reap: Callable[[], object] = lambda: None,
    hurry: Callable[[], bool] = lambda: False,
) -> None:
    """End process groups: all are asked together, then what is left after the grace is killed.

    Parameters
    ----------
    groups : iterable of int
        Their numbers; ones that are gone already are passed over.
    grace : float
        How long they have to end by themselves, in seconds.
    reap : callable
        Takes note of the caller's own children that have ended, which else count as there.
    hurry : callable
        True: the grace is over before its time.
    """
    left = [g for g in groups if _signalled(g, signal.SIGTERM)]
    deadline = time.monotonic() + grace
    while left and time.monotonic() < deadline and not hurry():
        time.sleep(_PAUSE)
        reap()
        left = [g for g in left if _signalled(g, 0)]
    for group in left:
        _signalled(group, signal.SIGKILL)
    reap()


def _signalled(group: int, number: int) -> bool:
    """Send a signal to a process group; False when there is no such group."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):  # the latter on macOS, for a group of zombies
        return False
    return True


def main() -> None:
    """Read process groups from standard input until it ends, then end what is left of them."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # only the end of the watched process counts
    folder, lock = sys.argv[1:]
    held = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
    fcntl.flock(held, fcntl.LOCK_EX)  # until this process ends
    print("ready", flush=True)
    groups: dict[int, None] = {}
    for line in sys.stdin:
        sign, number = line[:1], int(line[1:])
        if sign == "+":
            groups[number] = None
        else:
            groups.pop(number, None)
    end(groups)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
