import socket

import pytest

from audits.errors import UsageError
from pipelines.up import address
from pipelines.up.address import Address, choose


@pytest.fixture
def taken():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        yield s.getsockname()[1]


def test_an_asked_for_port_that_is_in_use_is_refused_with_the_option_named(taken):
    with pytest.raises(UsageError, match=rf"--port {taken} is in use on 127.0.0.1"):
        choose("127.0.0.1", taken)


def test_a_default_port_that_is_in_use_gives_way_to_the_next_and_says_so(taken):
    found = choose("127.0.0.1", None, taken)
    assert taken < found.port < taken + 50
    assert found.instead_of == taken


def test_when_all_default_ports_are_in_use_the_option_is_named(taken, monkeypatch):
    monkeypatch.setattr(address, "_TRIED", 1)
    with pytest.raises(UsageError, match="--review-port"):
        choose("127.0.0.1", None, taken, "review-port")


def test_port_0_is_any_free_one():
    found = choose("127.0.0.1", 0)
    assert found.port > 0
    assert found.instead_of is None
    assert choose("127.0.0.1", found.port) == found


@pytest.mark.parametrize("port", [None, 0, 3000])
def test_a_host_that_is_not_of_this_machine_is_refused(port):
    with pytest.raises(UsageError, match=r"--host|--port"):
        choose("no.such.host.invalid", port)
    with pytest.raises(UsageError, match=r"--host|--port"):
        choose("203.0.113.1", port)  # an address for documentation


def test_a_port_out_of_range_is_refused():
    with pytest.raises(UsageError, match="from 0 to 65535"):
        choose("127.0.0.1", 65536)


@pytest.mark.parametrize(
    ("host", "url", "others"),
    [
        ("127.0.0.1", "http://127.0.0.1:80", False),
        ("localhost", "http://localhost:80", False),
        ("0.0.0.0", "http://127.0.0.1:80", True),  # noqa: S104
        ("::1", "http://[::1]:80", False),
        ("::", "http://[::1]:80", True),
    ],
)
def test_the_url_can_be_opened_on_this_machine(host, url, others):
    where = Address(host, 80)
    assert where.url == url
    assert where.open_to_others is others
