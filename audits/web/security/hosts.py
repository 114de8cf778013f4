"""Under which names the app may be asked for: a page elsewhere could have its own name lead here (DNS rebinding)."""

from __future__ import annotations

import ipaddress
import socket

from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from audits.errors import plain
from audits.web.faults import told
from audits.web.settings import RoomSettings, is_loopback


def host_name(header: str) -> str | None:
    """The name or address in a `Host` header, in small letters and without its port; None where it is not sound.

    Examples
    --------
    >>> host_name("Labels.example:8321"), host_name("[::1]:8321"), host_name("a/b"), host_name("me@there")
    ('labels.example', '::1', None, None)
    """
    name, port = header.strip().lower(), ""
    if name.startswith("["):
        name, closing, rest = name[1:].partition("]")
        if not closing or (rest and not rest.startswith(":")):
            return None
        port = rest[1:]
        try:
            ipaddress.IPv6Address(name)
        except ValueError:
            return None
    else:
        name, _, port = name.partition(":")
    sound = name.isascii() and all(c.isalnum() or c in "-._:%" for c in name)
    return name.removesuffix(".") if name and sound and (port.isdecimal() or not port) else None


class AllowedHosts:
    """Names and addresses that the app may be asked for by.

    This machine's own names and addresses are, as far as the server listens on them. Where it listens on all of
    them, any address is: only a name can be made to lead elsewhere.

    Parameters
    ----------
    settings : RoomSettings
    """

    def __init__(self, settings: RoomSettings) -> None:
        self._everywhere = settings.host in ("0.0.0.0", "::", "")  # noqa: S104  recognised, not listened on
        named = [settings.host, *settings.allowed_hosts]
        if self._everywhere:
            named += [socket.gethostname(), socket.getfqdn()]
        self._names = {found for n in named if (found := host_name(f"[{n}]" if n.count(":") > 1 else n))}

    def __contains__(self, header: str) -> bool:
        name = host_name(header)
        if name is None:
            return False
        if name in self._names or is_loopback(name):
            return True
        return self._everywhere and _is_address(name)


class Hosts:
    """Refuses requests for names that are not the server's.

    Parameters
    ----------
    app : ASGI app
    settings : RoomSettings
    """

    def __init__(self, app: ASGIApp, settings: RoomSettings) -> None:
        self._app, self._allowed = app, AllowedHosts(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] == "http":
            sent = [v.decode("latin-1") for k, v in scope["headers"] if k == b"host"]
            if len(sent) != 1 or sent[0] not in self._allowed:
                named = plain(sent[0]) if len(sent) == 1 else f"{len(sent)} names"
                words = (
                    f"This server does not answer to {named}. Where that is one of its names, start it with "
                    "'--allow-host NAME'."
                )
                response = told(Request(scope, receive), 400, words, "host")
                await response(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
