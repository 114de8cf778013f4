"""Serve a workspace: one code server, Dagster's UI, its daemon and the review app, started and stopped together."""

import contextlib
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path

from audits.disk import made
from audits.errors import AuditError, UsageError
from audits.locks import held, owner_of
from audits.workspace import Workspace
from pipelines.instance import migrate, open_instance
from pipelines.up import address, processes, webhooks
from pipelines.up.guard import GRACE, Guard
from pipelines.up.record import (
    UpRecord,
    guard_lock_path,
    lock_path,
    read_record,
    record_path,
    write_record,
)
from pipelines.up.signals import Wish, wishes
from pipelines.up.sockets import SOCKET, socket_folder
from pipelines.up.supervisor import Supervisor

#: How long to wait for what a killed `up` left to be ended, in seconds.
_EARLIER_SECONDS = 3 * GRACE

Tell = Callable[[str], None]


def up(
    workspace: Workspace,
    host: str = "127.0.0.1",
    port: int | None = None,
    *,
    review_host: str = "127.0.0.1",
    review_port: int | None = None,
    on_ready: Callable[[str], None] = print,
    before_start: Callable[[Workspace], None] | None = None,
    tell: Tell | None = None,
) -> None:
    """Serve a workspace until SIGINT, SIGTERM or SIGHUP; then everything that was started has ended.

    Parameters
    ----------
    workspace : Workspace
    host : str
        What the UI listens on.
    port : int, optional
        Left out: 3000, or the next free one. 0: any free one. Another number: that one or none.
    review_host : str
        What the review app listens on.
    review_port : int, optional
        As `port`; left out: 8321, or the next free one.
    on_ready : callable
        Called once with the address, when the UI answers.
    before_start : callable, optional
        Called with the workspace before anything is started, while nobody else can serve it.
    tell : callable, optional
        Called with a line for people when something happens. Everything told is in `state/logs/up/up.log` too.

    Raises
    ------
    UsageError
        When the workspace is served already, or nothing can be served at that host and port.
    AuditError
        When a process does not come up, or dies too often; the message has the last lines of its log.
    """
    logs = made(made(workspace.state / "logs") / "up")
    with ExitStack() as stack:
        wish = stack.enter_context(wishes())
        stack.enter_context(_only_one(workspace))
        said = stack.enter_context(_log(logs / "up.log", tell))
        where = address.choose(host, port)
        room = address.choose(review_host, review_port, address.REVIEW_PORT, "review-port")
        with open_instance(workspace) as instance:
            if migrated := migrate(instance):
                said(f"Dagster's records of {', '.join(migrated)} were brought to the newest tables")
        if before_start is not None:
            before_start(workspace)
        for chosen in (where, room):
            if chosen.instead_of is not None:
                said(f"port {chosen.instead_of} is in use; {chosen.port} is taken instead")
        if where.open_to_others:
            said(f"{host} can be reached from other machines, and Dagster's UI asks nobody for a password")
        _serve(workspace, where, room, logs, wish, on_ready, said)


@contextlib.contextmanager
def _only_one(workspace: Workspace) -> Iterator[None]:
    """Hold the workspace; a refusal says where it is served. The record goes when this ends."""
    refusal = f"{workspace.root} is up already"
    if (other := read_record(workspace)) is not None:
        refusal += f" at {other.address}, started"
    with ExitStack() as stack:
        try:
            stack.enter_context(held(lock_path(workspace), "up", refusal))
        except UsageError as e:
            owner = owner_of(lock_path(workspace))
            end = f", or end process {owner.pid}" if owner else ""
            raise UsageError(f"{e}; stop it there with Ctrl-C{end}") from e
        try:
            # what a dead one left: its record, and for some seconds its processes
            with held(
                guard_lock_path(workspace), "up", "an earlier up is still being ended", _EARLIER_SECONDS
            ):
                record_path(workspace).unlink(missing_ok=True)
            yield
        finally:
            record_path(workspace).unlink(missing_ok=True)


def _serve(
    workspace: Workspace,
    where: address.Address,
    room: address.Address,
    logs: Path,
    wish: Wish,
    on_ready: Callable[[str], None],
    tell: Tell,
) -> None:
    folder = socket_folder(workspace.root, workspace.state / "up")
    env = processes.environment(workspace.root, workspace.dagster_home, folder)
    since = datetime.now(UTC).isoformat(timespec="seconds")
    with contextlib.closing(Guard(folder, guard_lock_path(workspace))) as guard:
        supervisor = Supervisor(workspace, where, room, folder / SOCKET, env, logs, guard, tell)

        def record() -> None:
            children = {**supervisor.pids(), "guard": guard.pid}
            hooks = webhooks.looked_up(supervisor.wanted, env)
            served = (where.url, where.host, where.port)
            write_record(workspace, UpRecord(*served, os.getpid(), since, children, hooks, room.url))

        try:
            if not supervisor.start(wish):
                return
            record()
            tell(f"{where.url} serves {workspace.root}")
            tell(f"{room.url} is the review app")
            for line in webhooks.not_set(supervisor.wanted, env):
                tell(line)
            on_ready(where.url)
            while not wish.given:
                if supervisor.tend(wish):
                    record()
        except AuditError as e:
            tell(str(e))
            raise
        finally:
            supervisor.stop(hurry=lambda: wish.urgent)
            if wish.given:
                tell("stopped")


@contextlib.contextmanager
def _log(path: Path, tell: Tell | None) -> Iterator[Tell]:
    """A `tell` that also writes a log, and that a terminal which is gone does not stop."""
    handler = RotatingFileHandler(
        path, maxBytes=processes.LOG_BYTES, backupCount=processes.LOGS_KEPT, encoding="utf-8"
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%Y-%m-%dT%H:%M:%S%z"))
    logger = logging.Logger("labelaudit.up")
    logger.addHandler(handler)

    def said(line: str) -> None:
        logger.info(line)
        if tell is not None:
            with contextlib.suppress(OSError):
                tell(line)

    try:
        yield said
    finally:
        handler.close()
