"""Serving the review room: one process, one port, ended in order."""

from __future__ import annotations

import errno
import logging
import socket
import threading
import time
from types import TracebackType
from typing import Self

import uvicorn
from fastapi import FastAPI

from audits.errors import AuditError, UsageError

#: How long requests that are being answered have to end, in seconds.
GRACE_SECONDS = 10

#: How many connections wait to be taken.
BACKLOG = 512

_log = logging.getLogger("labelaudit.web")


class Serving:
    """The app on a port, in a thread of its own, for as long as the block lasts.

    Parameters
    ----------
    app : FastAPI
    host : str
        Name or number of an interface of this machine.
    port : int
        0: any free one.
    behind_proxy : bool
        Whether a proxy on this machine says who asks, and through which scheme.

    Attributes
    ----------
    url : str
        What to open in a browser on this machine.

    Raises
    ------
    UsageError
        When nothing can be served there.
    AuditError
        When the app does not come up.
    """

    def __init__(self, app: FastAPI, host: str, port: int, *, behind_proxy: bool = False) -> None:
        self._socket = _bound(host, port)
        shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
        shown = f"[{shown}]" if ":" in shown else shown
        self.url = f"http://{shown}:{self._socket.getsockname()[1]}"
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                server_header=False,
                date_header=True,
                proxy_headers=behind_proxy,
                backlog=BACKLOG,
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
        )
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="review room", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        while not self._server.started:
            if not self._thread.is_alive():
                self._socket.close()
                raise AuditError("the review app did not come up; its log has more") from self._error
            time.sleep(0.01)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def alive(self) -> bool:
        """Whether it serves."""
        return self._thread.is_alive()

    def stop(self, *, at_once: bool = False) -> None:
        """End it: requests that are being answered may end first, unless it is to be at once."""
        self._server.should_exit = True
        self._server.force_exit = at_once
        self._thread.join()
        self._socket.close()

    def _run(self) -> None:
        try:
            self._server.run(sockets=[self._socket])
        except (Exception, SystemExit) as e:  # the latter is how uvicorn tells that the app did not start
            _log.exception("the review app has ended")
            self._error = e


def _bound(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (socket.gaierror, UnicodeError) as e:
        raise UsageError(f"--host {host!r} is not a name or number of this machine: {e}") from e
    found = socket.socket(family, kind, protocol)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(where)
        found.listen(BACKLOG)
    except OSError as e:
        found.close()
        if e.errno == errno.EADDRINUSE:
            raise UsageError(
                f"--port {port} is in use on {host}; give another one, or 0 for any that is free"
            ) from e
        raise UsageError(f"--port {port} cannot be used on {host}: {e.strerror}") from e
    return found
