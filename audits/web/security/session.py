"""Sessions: what the signed cookie of somebody who signed in says, and until when it holds."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from itsdangerous import BadData, URLSafeSerializer

#: A session that nobody used for so long is over, in seconds.
IDLE_SECONDS = 12 * 3600

#: A session is over so long after its log-in, however much it was used, in seconds.
LONGEST_SECONDS = 7 * 24 * 3600

#: The cookie is written anew when it is older than this, in seconds: not with every answer.
RENEWED_AFTER = 600


@dataclass(frozen=True)
class Session:
    """Somebody who signed in.

    Attributes
    ----------
    name : str
        Of the account.
    epoch : int
        Of the account when they signed in; when the account has another, the session has ended.
    binding : str
        Chance that the tokens of this session's forms are made of.
    since, at : float
        When they signed in, and when the cookie was written; seconds since 1970.
    """

    name: str
    epoch: int
    binding: str
    since: float
    at: float


class Sessions:
    """Makes, seals and opens sessions.

    Parameters
    ----------
    secret : bytes
        Whoever knows it can sign in as anybody.
    now : callable, optional
        Seconds since 1970.
    """

    def __init__(self, secret: bytes, now: Callable[[], float] = time.time) -> None:
        self._secret, self._now = secret, now
        self._signer = URLSafeSerializer(
            secret,
            salt="labelaudit session",
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )
        #: Cookies know no ports: two workspaces served by one machine must not take each other's.
        self.cookie = f"labelaudit-{self._mac('cookie')[:8]}"

    def new(self, name: str, epoch: int) -> Session:
        """A session that begins now; nothing of what the browser had before is in it."""
        now = self._now()
        return Session(name, epoch, new_binding(), now, now)

    def sealed(self, session: Session) -> str:
        """The session as the text of a cookie."""
        said = [session.name, session.epoch, session.binding, session.since, session.at]
        return str(self._signer.dumps(said))

    def opened(self, text: str) -> Session | None:
        """The session in the text of a cookie; None when it was not sealed with this secret, or is over."""
        try:
            session = Session(*self._signer.loads(text))
        except (BadData, TypeError):
            return None
        now = self._now()
        over = now - session.at > IDLE_SECONDS or now - session.since > LONGEST_SECONDS
        return None if over else session

    def renewed(self, session: Session) -> Session | None:
        """The session with the moment of now, when it is time to write its cookie anew."""
        now = self._now()
        return replace(session, at=now) if now - session.at > RENEWED_AFTER else None

    def form_token(self, binding: str) -> str:
        """The token that forms of a session, or of a browser without one, must send along."""
        return self._mac(f"form:{binding}")

    def _mac(self, text: str) -> str:
        said = f"labelaudit {text}".encode("utf-8", "surrogatepass")
        return hmac.new(self._secret, said, hashlib.sha256).hexdigest()


def new_binding() -> str:
    """Chance that the tokens of forms are made of."""
    return secrets.token_urlsafe(24)
