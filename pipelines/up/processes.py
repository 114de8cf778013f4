"""The processes that `up` starts, their logs, and how often one that dies is started again."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from audits.errors import AuditError
from pipelines.up.guard import Guard, end

#: A log is put aside when it is larger than this, in bytes, and so many are kept beside the current one.
LOG_BYTES, LOGS_KEPT = 5_000_000, 2

#: A process that dies is started again so often within so many seconds.
RESTARTS, WITHIN = 5, 600.0

_LAST_LINES = 15

#: What Dagster colours its log with.
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")

#: Variables that Dagster's commands would take for options: set for another Dagster, they are not for ours.
_OPTION_PREFIXES = (
    "DAGIT_",
    "DAGSTER_CODE_SERVER_",
    "DAGSTER_DAEMON_",
    "DAGSTER_GRPC_",
    "DAGSTER_WEBSERVER_",
)
_OPTIONS = {
    "DAGSTER_ATTRIBUTE",
    "DAGSTER_CONTAINER_CONTEXT",
    "DAGSTER_CONTAINER_IMAGE",
    "DAGSTER_CURRENT_IMAGE",
    "DAGSTER_INJECT_ENV_VARS_FROM_INSTANCE",
    "DAGSTER_INSTANCE_REF",
    "DAGSTER_LOCATION_NAME",
    "DAGSTER_MODULE_NAME",
    "DAGSTER_PACKAGE_NAME",
    "DAGSTER_PYTHON_FILE",
    "DAGSTER_WORKING_DIRECTORY",
}


def environment(root: Path, dagster_home: Path, temporary: Path) -> dict[str, str]:
    """Environment of the processes: the workspace named, usage statistics off.

    Temporary files, Dagster's own sockets among them, go where they are removed also after a kill.
    """
    kept = {k: v for k, v in os.environ.items() if k not in _OPTIONS and not k.startswith(_OPTION_PREFIXES)}
    return {
        **kept,
        "LABELAUDIT_WORKSPACE": str(root),
        "DAGSTER_HOME": str(dagster_home),
        "TMPDIR": str(temporary),
        "DAGSTER_DISABLE_TELEMETRY": "yes",
        "GX_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PYTHONUNBUFFERED": "1",
    }


class Child:
    """A process in a group of its own, with its log, started again when it dies.

    Parameters
    ----------
    name : str
        What people call it.
    module : str
        Python module that is run.
    arguments : sequence of str
    env : mapping of str to str
        Its environment.
    folder : Path
        Folder that it runs in and that its log lies in.
    guard : Guard
        Ends its group when this process cannot.
    """

    def __init__(
        self,
        name: str,
        module: str,
        arguments: Sequence[str],
        env: Mapping[str, str],
        folder: Path,
        guard: Guard,
    ) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self._command = [sys.executable, "-P", "-m", module, *arguments]
        self._env, self._folder, self._guard = env, folder, guard
        self._process: subprocess.Popen[bytes] | None = None
        self._deaths: deque[float] = deque()
        self._start_at: float | None = None

    @property
    def pid(self) -> int | None:
        """Number of the process and of its group; None while there is none."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Start it; what it prints is appended to its log, which is capped."""
        cap(self.log)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603
                self._command,
                cwd=self._folder,
                env=dict(self._env),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C in the terminal is for `up`, which then ends all in order
            )
        self._guard.watch(self._process.pid)
        self._start_at = None

    def status(self) -> int | None:
        """Exit status once it has ended; None while it runs, or waits to be started again."""
        return None if self._process is None else self._process.poll()

    def check_start(self) -> None:
        """Raise AuditError with its last words when it has ended."""
        if (status := self.status()) is not None:
            raise AuditError(f"{self.name} {_ended(status)} at its start; {self.last_words()}")

    def tend(self, tell: Callable[[str], None]) -> bool:
        """Start it again when it has died, after a pause that grows.

        Returns
        -------
        bool
            Whether it was started.

        Raises
        ------
        AuditError
            When it has died too often.
        """
        now = time.monotonic()
        if self._process is None:
            if self._start_at is None or now < self._start_at:
                return False
            self.start()
            return True
        status = self.status()
        if status is None:
            return False
        self.stop(grace=0.0)  # what it had started itself
        self._deaths.append(now)
        while now - self._deaths[0] > WITHIN:
            self._deaths.popleft()
        if len(self._deaths) > RESTARTS:
            raise AuditError(
                f"{self.name} {_ended(status)}, for the {len(self._deaths)}th time within "
                f"{WITHIN / 60:.0f} minutes; {self.last_words()}"
            )
        pause = 2.0 ** (len(self._deaths) - 1)
        tell(f"{self.name} {_ended(status)}; it is started again in {pause:.0f} s (log: {self.log})")
        self._start_at = now + pause
        return False

    def stop(self, grace: float) -> None:
        """End what is left of its group."""
        if self._process is not None:
            end([self._process.pid], grace, reap=self._process.poll)
            self.forget()

    def forget(self) -> None:
        """Take note that its group has ended."""
        if self._process is not None:
            self._process.wait()
            self._guard.forget(self._process.pid)
            self._process = None

    def last_words(self) -> str:
        """The last lines of its log."""
        try:
            with self.log.open("rb") as f:
                f.seek(max(0, f.seek(0, os.SEEK_END) - 20_000))
                lines = _COLOUR.sub("", f.read().decode(errors="replace")).splitlines()
        except OSError as e:
            return f"its log cannot be read: {e}"
        return f"the last lines of {self.log}:\n" + "\n".join(f"  {line}" for line in lines[-_LAST_LINES:])


def cap(log: Path, size: int = LOG_BYTES, kept: int = LOGS_KEPT) -> None:
    """Put a log aside once it is too large: NAME.log.1 is the younger, NAME.log.2 the older.

    It is copied and emptied, not renamed: the process that writes it has it open, for appending. A line
    written between the two steps is lost.
    """
    if not log.exists() or log.stat().st_size <= size:
        return
    for n in range(kept, 1, -1):
        younger = log.with_name(f"{log.name}.{n - 1}")
        if younger.exists():
            younger.replace(log.with_name(f"{log.name}.{n}"))
    shutil.copyfile(log, log.with_name(f"{log.name}.1"))
    os.truncate(log, 0)


def _ended(status: int) -> str:
    return f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
