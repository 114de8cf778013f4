"""Start the processes of `up` in order, look after them, reload what changed, end them together."""

import socket
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import yaml

from audits.disk import write_atomic, writing
from audits.errors import SHOWN, AuditError, UsageError
from audits.workspace import Workspace
from pipelines.up import webhooks, webserver
from pipelines.up.address import Address
from pipelines.up.guard import GRACE, Guard, end
from pipelines.up.processes import Child, cap
from pipelines.up.signals import Wish
from pipelines.up.watch import Watch

#: Module whose definitions are served, and the one that serves them.
DEFINITIONS, CODE_SERVER = "pipelines.definitions", "dagster"

#: Seconds between two looks: at a process that starts, at those that run, at the YAML files, at the logs.
_STARTING, _TENDING, _FILES, _LOGS = 0.1, 0.5, 2.0, 60.0

#: How long a reload that failed waits before it is tried again, in seconds.
_RELOAD_AGAIN = 30.0


class Supervisor:
    """The code server, the webserver, the daemon and the review app of one workspace.

    Parameters
    ----------
    workspace : Workspace
    where : Address
        Where the webserver listens.
    review : Address
        Where the review app listens.
    code_socket : Path
        Socket that the code server listens on; the other two ask it for the definitions, which so are loaded
        once.
    env : mapping of str to str
        Environment of the processes.
    logs : Path
        Folder of their logs, which they also run in.
    guard : Guard
    tell : callable
        Called with a line when something happens.
    """

    def __init__(
        self,
        workspace: Workspace,
        where: Address,
        review: Address,
        code_socket: Path,
        env: Mapping[str, str],
        logs: Path,
        guard: Guard,
        tell: Callable[[str], None],
    ) -> None:
        self._url, self._socket, self._guard, self._tell = where.url, code_socket, guard, tell
        self._review_url = review.url
        self._workspace, self._watch = workspace, Watch(workspace.datasets_dir)
        #: Variables that webhooks want, each with the datasets, as of the definitions that were loaded last.
        self.wanted = webhooks.wanted(workspace)
        self._loaded = threading.Event()
        locations = logs / "workspace.yaml"
        with writing(locations):
            entry = {"grpc_server": {"socket": str(code_socket), "location_name": webserver.LOCATION}}
            write_atomic(locations, yaml.safe_dump({"load_from": [entry]}).encode())
        code = ["code-server", "start", "-m", DEFINITIONS, "-d", str(logs), "--socket", str(code_socket)]
        code += ["--location-name", webserver.LOCATION, "--use-python-environment-entry-point"]
        served = ["-w", str(locations)]
        listen = ["--host", where.host, "--port", str(where.port)]
        self.code = Child("code-server", CODE_SERVER, code, env, logs, guard)
        self.ui = Child("webserver", "dagster_webserver", [*served, *listen], env, logs, guard)
        self.daemon = Child("daemon", "dagster._daemon", ["run", *served], env, logs, guard)
        room = ["-w", str(workspace.root), "review", "--host", review.host, "--port", str(review.port)]
        self.review = Child("review", "pipelines.cli", room, env, logs, guard)
        self._children = (self.code, self.ui, self.daemon, self.review)
        self._reloading: threading.Thread | None = None
        self._files_at = self._logs_at = time.monotonic()
        self._guard_told = False

    def pids(self) -> dict[str, int]:
        """Processes by name."""
        return {c.name: c.pid for c in self._children if c.pid is not None}

    def start(self, wish: Wish) -> bool:
        """Start all; returns False when asked to end before they were up.

        Raises
        ------
        AuditError
            When one ends before it is up.
        """
        self.code.start()
        self.review.start()  # people can clear the queue while definitions are being loaded
        # the socket is there once the definitions are loaded
        if not self._wait(wish, self._code_answers, [self.code, self.review]):
            return False
        self.ui.start()
        self.daemon.start()
        if not self._wait(wish, self._all_answer, self._children):
            return False
        try:
            webserver.check_loaded(self._url)
        except AuditError as e:
            self._tell(f"the definitions do not load: {e}")
        return True

    def tend(self, wish: Wish) -> bool:
        """Look after everything once, after a pause; returns whether what is recorded of it has changed.

        Raises
        ------
        AuditError
            When one has died too often.
        """
        if wish.wait(_TENDING):
            return False
        started = any([c.tend(self._tell) for c in self._children])
        now = time.monotonic()
        if now - self._logs_at >= _LOGS:
            self._logs_at = now
            for child in self._children:
                cap(child.log)
        if now - self._files_at >= _FILES:
            self._files_at = now
            self._look_at_files()
        if not self._guard.alive and not self._guard_told:
            self._guard_told = True
            self._tell("the guard process has ended: should this process be killed, the others would go on")
        if self._loaded.is_set():
            self._loaded.clear()
            return True
        return started

    def stop(self, hurry: Callable[[], bool] = lambda: False) -> None:
        """End all together: asked first, killed after a grace, or at once when `hurry` says so."""
        end(self.pids().values(), GRACE, reap=self._reap, hurry=hurry)
        for child in self._children:
            child.forget()

    def _reap(self) -> None:
        for child in self._children:
            child.status()

    def _wait(
        self, wish: Wish, ready: Callable[[], bool], children: "tuple[Child, ...] | list[Child]"
    ) -> bool:
        while not ready():
            if wish.wait(_STARTING):
                return False
            for child in children:
                child.check_start()
        return True

    def _all_answer(self) -> bool:
        return webserver.answers(self._url) and webserver.review_answers(self._review_url)

    def _code_answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(self._socket))
            except OSError:
                return False
        return True

    def _look_at_files(self) -> None:
        if self._reloading is not None and self._reloading.is_alive():
            return
        if names := self._watch.changed():
            what = self._watch.words(names)
            self._watch.loaded()  # before: what changes while they load is loaded after that
            # loading takes seconds, and the processes are looked after all the while
            self._reloading = threading.Thread(target=self._reload, args=(names, what), daemon=True)
            self._reloading.start()

    def _reload(self, names: list[str], what: str) -> None:
        try:
            webserver.reload_definitions(self._url)
        except AuditError as e:
            self._tell(f"{what}, but the definitions do not load: {e}{self._not_sound(names)}")
            self._watch.again(_RELOAD_AGAIN)
        else:
            self._tell(f"{what}; the definitions were loaded anew{self._not_sound(names)}")
        self.wanted = webhooks.wanted(self._workspace)
        self._loaded.set()

    def _not_sound(self, names: list[str]) -> str:
        """What is wrong with the files, to be put behind what was done with them."""
        found = []
        for name in names:
            path = self._workspace.datasets_dir / name
            try:
                self._workspace.dataset(path.stem)
            except UsageError:
                continue  # removed
            except AuditError as e:
                lines = str(e).removeprefix(f"{path}: ").splitlines()
                found.append(f"; {name} is not sound: {lines[0]}")
        rest = f"; and {len(found) - SHOWN} more are not" if len(found) > SHOWN else ""
        return "".join(found[:SHOWN]) + rest
