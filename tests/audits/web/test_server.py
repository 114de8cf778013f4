from __future__ import annotations

import contextlib
import socket
import threading
import urllib.request
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI

from audits.errors import AuditError, UsageError
from audits.web.server import Serving


def _app() -> FastAPI:
    app = FastAPI()

    @app.get("/")
    def root() -> dict[str, int]:
        return {"one": 1}

    return app


def _get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310
        return answer.read()


def test_it_answers_within_the_block_and_not_after():
    with Serving(_app(), "127.0.0.1", 0) as serving:
        assert serving.alive
        assert _get(serving.url) == b'{"one":1}'
    assert not serving.alive
    with pytest.raises(OSError, match="refused"):
        _get(serving.url)


def test_a_request_that_is_being_answered_may_end_before_the_server_does():
    app, began, may_end = FastAPI(), threading.Event(), threading.Event()

    @app.get("/slow")
    def slow() -> str:
        began.set()
        assert may_end.wait(60)
        return "done"

    answers = []
    with Serving(app, "127.0.0.1", 0) as serving:
        asking = threading.Thread(target=lambda: answers.append(_get(f"{serving.url}/slow")))
        asking.start()
        assert began.wait(60)
        threading.Timer(0.2, may_end.set).start()
    asking.join()
    assert answers == [b'"done"']


def test_a_port_in_use_and_a_host_of_others_are_wrong_calls():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"--port {port} is in use on 127.0.0.1"):
            Serving(_app(), "127.0.0.1", port)
    with pytest.raises(UsageError, match=r"--host 'no\.such\.host\.invalid'"):
        Serving(_app(), "no.such.host.invalid", 0)
    with pytest.raises(UsageError, match="cannot be used on"):
        Serving(_app(), "203.0.113.1", 0)  # an address for documentation


def test_an_app_that_does_not_come_up_says_so():
    @contextlib.asynccontextmanager
    async def broken(_: FastAPI) -> AsyncIterator[None]:
        raise RuntimeError("no store")
        yield

    with (
        pytest.raises(AuditError, match="did not come up"),
        Serving(FastAPI(lifespan=broken), "127.0.0.1", 0),
    ):
        pass


def test_an_address_that_means_all_interfaces_is_shown_as_one_to_open():
    with Serving(_app(), "0.0.0.0", 0) as serving:  # noqa: S104
        assert serving.url.startswith("http://127.0.0.1:")
        assert _get(serving.url) == b'{"one":1}'
