"""Talk to Dagster's webserver over HTTP."""

import http.client
import json
import urllib.error
import urllib.request
from typing import Any

from audits.errors import AuditError

#: Name of the one code location.
LOCATION = "labelaudit"

_RELOAD = """
mutation ($name: String!) {
  reloadRepositoryLocation(repositoryLocationName: $name) {
    __typename
    ... on WorkspaceLocationEntry { locationOrLoadError { __typename ... on PythonError { message } } }
    ... on PythonError { message }
    ... on RepositoryLocationNotFound { message }
    ... on ReloadNotSupported { message }
    ... on UnauthorizedError { message }
  }
}
"""

_LOADED = """
query ($name: String!) {
  workspaceLocationEntryOrError(name: $name) {
    __typename
    ... on WorkspaceLocationEntry { locationOrLoadError { __typename ... on PythonError { message } } }
    ... on PythonError { message }
  }
}
"""

#: Loading hundreds of datasets takes a while; a server that hangs must not be waited for without end.
_LOAD_SECONDS, _ANSWER_SECONDS = 600.0, 10.0

# A proxy that the environment names is for the world outside, not for this machine.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def answers(url: str) -> bool:
    """Whether Dagster's webserver answers at an address."""
    try:
        return "dagster_webserver_version" in _get(f"{url}/server_info")
    except AuditError:
        return False


def review_answers(url: str) -> bool:
    """Whether the review app answers at an address."""
    try:
        return _get(f"{url}/health").get("state") == "ok"
    except AuditError:
        return False


def reload_definitions(url: str) -> None:
    """Have the definitions loaded anew; raises AuditError with what Dagster says when they do not load."""
    _raise_error(graphql(url, _RELOAD, {"name": LOCATION}, _LOAD_SECONDS)["reloadRepositoryLocation"])


def check_loaded(url: str) -> None:
    """Raise AuditError with what Dagster says when the definitions did not load."""
    _raise_error(graphql(url, _LOADED, {"name": LOCATION}, _LOAD_SECONDS)["workspaceLocationEntryOrError"])


def graphql(
    url: str, query: str, variables: dict[str, Any] | None = None, timeout: float = _ANSWER_SECONDS
) -> dict[str, Any]:
    """Ask Dagster's GraphQL endpoint.

    Raises
    ------
    AuditError
        When nothing, or something else than data, comes back.
    """
    body = json.dumps({"query": query, "variables": variables or {}}).encode()
    request = urllib.request.Request(  # noqa: S310 the address is our own
        f"{url}/graphql", data=body, headers={"Content-Type": "application/json"}
    )
    found = _get(request, timeout)
    if found.get("errors") or not isinstance(found.get("data"), dict):
        raise AuditError(f"{url}: Dagster refused a query: {found.get('errors')}")
    data: dict[str, Any] = found["data"]
    return data


def _get(request: str | urllib.request.Request, timeout: float = _ANSWER_SECONDS) -> dict[str, Any]:
    where = request if isinstance(request, str) else request.full_url
    try:
        with _opener.open(request, timeout=timeout) as response:
            found = json.load(response)
    except (OSError, ValueError, http.client.HTTPException) as e:
        raise AuditError(f"{where} does not answer as Dagster's webserver does: {e}") from e
    return found if isinstance(found, dict) else {}


def _raise_error(entry: dict[str, Any] | None) -> None:
    if entry is None:
        raise AuditError("Dagster knows no definitions of this workspace")
    loaded = entry.get("locationOrLoadError")
    if entry.get("__typename") != "WorkspaceLocationEntry":
        raise AuditError(f"{entry.get('__typename')}: {entry.get('message', 'no reason given')}")
    if loaded is None:
        raise AuditError("the definitions are still being loaded")
    if loaded.get("__typename") == "PythonError":
        raise AuditError(str(loaded.get("message")))
