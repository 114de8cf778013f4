"""What somebody is told who is not signed in: programs the status 401, people the way to the log-in page."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from audits.web.faults import told
from audits.web.people import NotSignedIn

#: Longest address to go back to after the log-in, in characters.
_LONGEST = 1_500


async def not_signed_in(request: Request, error: Exception) -> Response:
    """The answer to a request of nobody who is known."""
    words = str(error) if isinstance(error, NotSignedIn) else ""
    had_token = "authorization" in request.headers
    challenge = 'Bearer realm="labelaudit"' + (', error="invalid_token"' if had_token else "")
    # a script or an image that was led to the log-in page would take it for an answer
    is_page = request.headers.get("sec-fetch-dest", "document") == "document"
    is_page = is_page and "application/json" not in request.headers.get("accept", "")
    if had_token or not is_page or request.url.path.startswith("/api/"):
        return told(request, 401, words, "not-signed-in", {"WWW-Authenticate": challenge})
    return RedirectResponse(f"/login?next={quote(_way_back(request), safe='')}", 303)


def _way_back(request: Request) -> str:
    """Where to go after the log-in: the page that was asked for, or the one that a form was sent from."""
    if request.method in ("GET", "HEAD"):
        return local_path(request.url.path + (f"?{request.url.query}" if request.url.query else ""))
    try:
        sent = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        return "/"
    if sent.netloc.lower() != request.headers.get("host", "").lower():
        return "/"
    return local_path(sent.path + (f"?{sent.query}" if sent.query else ""))


def local_path(address: str) -> str:
    r"""An address when it is a path of this server, and else the first page: nobody is led elsewhere from here.

    Examples
    --------
    >>> local_path("/d/pets/review?given=cat"), local_path("//evil.example"), local_path("/\\evil.example")
    ('/d/pets/review?given=cat', '/', '/')
    """
    sound = address.startswith("/") and address[1:2] not in ("/", "\\") and address.isprintable()
    return address if sound and len(address) <= _LONGEST and "\\" not in address else "/"
