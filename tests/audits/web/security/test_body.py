from __future__ import annotations

import anyio
import pytest

from audits.web.security.body import FORM_BYTES, IMPORT_BYTES, again, taken
from tests.audits.web.visitor import Visitor


def receiving(*messages):
    left = list(messages)

    async def receive():
        return left.pop(0)

    return receive


def part(body, more=True):
    return {"type": "http.request", "body": body, "more_body": more}


@pytest.fixture
def echo(guarded):
    """A browser of an app with a route that says how much it was sent."""
    from fastapi import Request

    async def said(request: Request):
        return {"bytes": len(await request.body())}

    said.__annotations__["request"] = Request
    guarded.app.add_api_route("/echo", said, methods=["POST", "PUT"])
    guarded.app.add_api_route("/d/zoo/import", said, methods=["POST"])
    browser = guarded.visitor("ann")
    browser.headers["x-csrf-token"] = browser.token()
    return browser


@pytest.mark.parametrize(
    ("path", "limit"),
    [("/echo", FORM_BYTES), ("/d/zoo/import", IMPORT_BYTES), ("/echo?x=/import", FORM_BYTES)],
)
def test_up_to_the_limit_and_not_a_byte_more(echo, path, limit):
    assert echo.post(path, content=b"x" * limit).json() == {"bytes": limit}
    answer = echo.post(path, content=b"x" * (limit + 1))
    assert answer.status_code == 413
    assert f"{limit:,} bytes" in answer.text


def test_what_does_not_say_its_length_is_counted(echo):
    def blocks(n):
        for _ in range(n):
            yield b"x" * 100_000

    assert echo.post("/echo", content=blocks(10)).json() == {"bytes": 1_000_000}
    assert echo.post("/echo", content=blocks(11)).status_code == 413


@pytest.mark.parametrize("length", ["-1", "1e3", "x", "9" * 30])
def test_a_length_that_is_none_is_refused(guarded, length):
    answer = Visitor(guarded.app).post("/login", content=b"name=x", headers={"content-length": length})
    assert answer.status_code == 413


def test_programs_are_told_in_json(guarded):
    answer = guarded.program("ann").put("/api/v1/x", content=b"x" * (FORM_BYTES + 1))
    assert (answer.status_code, answer.json()["error"]) == (413, "too-long")


def test_no_more_is_read_than_the_limit():
    receive = receiving(part(b"a" * 6), part(b"b" * 6), part(b"never read", False))
    assert anyio.run(taken, receive, 10) is None
    assert anyio.run(receive)["body"] == b"never read"


def test_a_body_in_parts_is_one_body_and_is_given_again_once():
    receive = receiving(part(b"ab"), part(b""), part(b"c", False), {"type": "http.disconnect"})
    body = anyio.run(taken, receive, 3)
    assert body == b"abc"
    once_more = again(body, receive)
    assert anyio.run(once_more) == part(b"abc", False)
    assert anyio.run(once_more) == {"type": "http.disconnect"}


def test_a_client_that_breaks_off_is_waited_for_no_longer():
    assert anyio.run(taken, receiving(part(b"ab"), {"type": "http.disconnect"}), 10) == b"ab"
