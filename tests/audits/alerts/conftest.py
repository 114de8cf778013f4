"""A receiver on this machine that answers as a test says, and alerts to send to it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from audits.alerts.alert import Alert


@dataclass
class Receiver:
    """Takes posts; `script` holds the answers to come, the last one for all further posts.

    An answer is a status, a status with headers, or 'hang'.
    """

    script: list[Any] = field(default_factory=lambda: [200])
    posts: list[tuple[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    release: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def next(self) -> Any:
        return self.script.pop(0) if len(self.script) > 1 else self.script[0]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = found.next()
            found.posts.append((self.path, json.loads(body)))
            found.keys.append(self.headers["Idempotency-Key"])
            if answer == "hang":
                found.release.wait(20)
                return
            status, headers = answer if isinstance(answer, tuple) else (answer, {})
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self):
            found.posts.append(("GET " + self.path, None))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_port}/T0SECRET/B0SECRET/xyzzy"
    yield found
    found.release.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def make_alert():
    def make(message="flag rate 0.07 is above 0.05", run_id="run-1", **fields) -> Alert:
        known = {
            "dataset": "zoo",
            "kind": "gate_failed",
            "subject": "findings:gate_max_flag_rate",
            "at": datetime(2026, 1, 2, 3, 4, tzinfo=UTC),
        }
        return Alert(**{**known, "message": message, "run_id": run_id, **fields})

    return make
