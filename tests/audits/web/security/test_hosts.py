from __future__ import annotations

import socket

import pytest

from audits.web.security.hosts import AllowedHosts, host_name
from audits.web.settings import RoomSettings
from tests.audits.web.visitor import Visitor

LOOPBACK = [
    "localhost",
    "LOCALHOST:8321",
    "127.0.0.1",
    "127.0.0.1:1",
    "127.9.9.9",
    "[::1]",
    "[::1]:8321",
    "localhost.",
]


@pytest.mark.parametrize("host", LOOPBACK)
def test_this_machine_by_its_own_names(host):
    assert host in AllowedHosts(RoomSettings())


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "evil.example:8321", "127.0.0.1.evil.example", "localhost.evil.example"),
        *("evil.example#localhost", "localhost@evil.example", "evil.example/localhost", "user:localhost"),
        *(
            "",
            " ",
            ":8321",
            "[::1",
            "[::1]x",
            "[localhost]",
            "[]",
            "192.168.0.7",
            "0.0.0.0",  # noqa: S104
            "localhost:evil",
        ),
        *("lоcalhost", "127.0.0.1, evil.example", "2130706433", "0x7f.1"),
    ],
)
def test_any_other_name_is_refused(host):
    assert host not in AllowedHosts(RoomSettings())


def test_what_it_was_started_with_is_allowed():
    allowed = AllowedHosts(RoomSettings(host="192.168.0.7", allowed_hosts=("Labels.Example", "fe80::1")))
    for host in ("192.168.0.7:8321", "labels.example", "LABELS.example:443", "[fe80::1]:8321", "localhost"):
        assert host in allowed
    for host in ("192.168.0.8", "other.example", "x.labels.example"):
        assert host not in allowed


@pytest.mark.parametrize("everywhere", ["0.0.0.0", "::"])  # noqa: S104
def test_a_server_on_all_addresses_answers_to_any_address_but_not_to_any_name(everywhere):
    allowed = AllowedHosts(RoomSettings(host=everywhere))
    for host in ("10.1.2.3:8321", "[fe80::1]:8321", socket.gethostname()):
        assert host in allowed
    for host in ("evil.example", "10.1.2.3.evil.example"):
        assert host not in allowed


def test_a_name_that_leads_here_is_told_nothing(guarded):
    page = Visitor(guarded.app, base_url="http://evil.example:8321").get("/login")
    assert page.status_code == 400
    assert "does not answer to evil.example:8321" in page.text
    assert "--allow-host" in page.text
    assert "set-cookie" not in page.headers
    assert page.headers["content-security-policy"]


def test_a_spoofed_name_is_refused_for_people_programs_and_files(guarded):
    for path in ("/", "/api/v1/openapi.json", "/static/base.css", "/no/such/page"):
        assert guarded.program("ann").get(path, headers={"host": "evil.example"}).status_code == 400
    assert guarded.visitor("ann").post("/logout", headers={"host": "evil.example"}).status_code == 400
    assert guarded.visitor("ann").get("/", headers={"x-forwarded-host": "evil.example"}).status_code == 200


def test_what_is_sent_as_a_name_is_shown_as_text(guarded):
    page = Visitor(guarded.app).get("/", headers={"host": "<script>alert(1)</script>"})
    assert page.status_code == 400
    assert "<script>alert" not in page.text


@pytest.mark.parametrize("hosts", [[], [b"localhost", b"evil.example"], [b"localhost", b"localhost"]])
def test_no_name_and_two_names_are_refused(guarded, hosts):
    import anyio

    sent = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    scope = {
        **{"type": "http", "http_version": "1.1", "method": "GET", "scheme": "http", "path": "/login"},
        **{
            "raw_path": b"/login",
            "query_string": b"",
            "root_path": "",
            "client": ("1.2.3.4", 5),
            "server": None,
        },
        "headers": [(b"host", h) for h in hosts],
    }
    anyio.run(guarded.app, scope, receive, send)
    assert sent[0]["status"] == 400


def test_the_name_is_what_stands_before_the_port():
    assert host_name("Labels.Example:80") == "labels.example"
    assert host_name("[FE80::1]:80") == "fe80::1"
    assert host_name("a:b:c") is None
