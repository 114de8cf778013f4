"""Where the UI is served: a host, a free port, and the address to open."""

import errno
import socket
from dataclasses import dataclass

from audits.errors import UsageError

#: Ports of Dagster's UI and of the review app when none is asked for; the next free one of so many when it is taken.
DEFAULT_PORT, REVIEW_PORT, _TRIED = 3000, 8321, 50


@dataclass(frozen=True)
class Address:
    """Where the UI is served.

    Attributes
    ----------
    host : str
        What the webserver listens on.
    port : int
    instead_of : int, optional
        The default port, when it was taken and this one is another.
    """

    host: str
    port: int
    instead_of: int | None = None

    @property
    def url(self) -> str:
        """What to open in a browser on this machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    @property
    def open_to_others(self) -> bool:
        """Whether other machines can reach it."""
        found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        return not all(a[4][0].startswith("127.") or a[4][0] == "::1" for a in found)


def choose(host: str, port: int | None, default: int = DEFAULT_PORT, option: str = "port") -> Address:
    """Find where to serve.

    Parameters
    ----------
    host : str
        Name or number of an interface of this machine.
    port : int, optional
        Left out: the default, or the next free one. 0: any free one. Another number: that one or none.
    default : int
    option : str
        Name of the option that asks for the port, for messages.

    Raises
    ------
    UsageError
        When nothing can be served there.
    """
    if port is not None and not 0 <= port <= 65535:
        raise UsageError(f"--{option} {port}: expected a number from 0 to 65535")
    if port is not None:
        try:
            return Address(host, _bound(host, port))
        except OSError as e:
            if e.errno != errno.EADDRINUSE:
                raise UsageError(f"--{option} {port} cannot be used on {host}: {e.strerror}") from e
            raise UsageError(
                f"--{option} {port} is in use on {host}; give another one, or 0 for any that is free"
            ) from e
    for candidate in range(default, default + _TRIED):
        try:
            _bound(host, candidate)
        except OSError as e:
            if e.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise UsageError(f"--host {host} cannot be served: {e.strerror}") from e
            continue
        return Address(host, candidate, default if candidate != default else None)
    raise UsageError(
        f"ports {default} to {default + _TRIED - 1} are all in use on {host}; give one with --{option}"
    )


def _bound(host: str, port: int) -> int:
    """The port that a socket on this host got; raises OSError when there is none to be had."""
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (socket.gaierror, UnicodeError) as e:
        raise UsageError(f"--host {host!r} is not a name or number of this machine: {e}") from e
    with socket.socket(family, kind, protocol) as probe:
        # as the webserver does it: connections of an earlier one that linger do not count
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(where)
        probe.listen()
        return int(probe.getsockname()[1])
