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


def form(path, browser, charset, value=b"zz"):
    """A form that says how it is written, as no page of the app sends it."""
    body = b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\n' + value + b"\r\n--x--\r\n"
    kind = f"multipart/form-data; boundary=x; charset={charset}"
    return browser.post(path, content=body, headers={"content-type": kind})


@pytest.mark.parametrize(
    "charset", ["undefined", "punycode", '"UTF-7"', "unicode_escape", "latin-1", "none-such"]
)
def test_a_form_in_no_utf8_is_refused_before_it_is_read(guarded, charset):
    answer = form("/login", Visitor(guarded.app), charset, b"\\ud800")
    assert answer.status_code == 415
    assert "expected UTF-8" in answer.text
    assert answer.headers["content-security-policy"]


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", '"utf8"', "us-ascii"])
def test_a_form_that_says_it_is_utf8_is_read(guarded, charset):
    assert form("/login", Visitor(guarded.app), charset).status_code == 403, "it lacks the token of a page"


def test_files_say_as_they_like_how_they_are_written(echo):
    answer = echo.post("/echo", content=b"x", headers={"content-type": "text/csv; charset=latin-1"})
    assert answer.json() == {"bytes": 1}
