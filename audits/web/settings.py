"""How the review room is served."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass


@dataclass(frozen=True)
class RoomSettings:
    """How the review room is served.

    Attributes
    ----------
    host : str
        What the server listens on.
    port : int
    datasets : tuple of str or None
        Which datasets are served; None: all of the workspace.
    local_reviewer : str
        Under which name verdicts are stored where there are no accounts.
    accounts : bool
        Whether people must sign in.
    allowed_hosts : tuple of str
        Names and addresses that the app may be asked for by, beside `host`; guards against DNS rebinding.
    https : bool
        Whether people reach it through https (a proxy before it): cookies are then sent through https alone.
    rescore_when_cleared : bool
        Whether new scores are made by themselves when a decision has cleared a dataset's queue.
    """

    host: str = "127.0.0.1"
    port: int = 8321
    datasets: tuple[str, ...] | None = None
    local_reviewer: str = "local"
    accounts: bool = False
    allowed_hosts: tuple[str, ...] = ()
    https: bool = False
    rescore_when_cleared: bool = False

    @property
    def local(self) -> bool:
        """Whether only this machine reaches it."""
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Whether a name or an address is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
