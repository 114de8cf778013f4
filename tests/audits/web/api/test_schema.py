"""Requests made from the API's own description, right and wrong ones: no defect, no answer that is not described."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import APIOperation, Case, GenerationMode, openapi
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.python.asgi import shutdown_lifespans

from tests.audits.web.api.conftest import Api

DESCRIPTION = "/api/v1/openapi.json"

load_all_checks()
ALL = {check.__name__: check for check in CHECKS.get_all()}

#: What a description cannot tell: which questions there are, what is already withdrawn, which classes a label names.
SEMANTIC = "positive_data_acceptance"


@dataclass
class Asker:
    """Who asks."""

    name: str
    api: Api
    headers: dict[str, str]

    def operations(self, mode: GenerationMode) -> list[APIOperation]:
        """The operations of the API as it describes itself, over the app."""
        # a wrong token is tested where nobody has a right one, which would take its place
        tokens = self.name == "nobody" or (self.name != "local" and mode is GenerationMode.POSITIVE)
        app = self.api.app
        hashes = [t.question.hash for t in self.api.store.tasks("zoo")[:4]]
        app.openapi_schema = narrowed(app.openapi(), hashes, tokens=tokens)
        return [found.ok() for found in openapi.from_asgi(DESCRIPTION, app).get_all_operations()]


def narrowed(description: dict[str, Any], questions: list[str], *, tokens: bool) -> dict[str, Any]:
    """The description with names and questions that there are, beside one that there is not.

    Requests about nothing would all be answered alike, before anything of the API is reached. Where nobody has an
    account nobody sends a token.
    """
    found = copy.deepcopy(description)
    for operations in found["paths"].values():
        for operation in operations.values():
            if not tokens:
                operation.pop("security")
            for parameter in operation.get("parameters", []):
                if parameter["name"] == "name":
                    parameter["schema"] = {"type": "string", "enum": ["zoo", "dark", "gone"]}
    schemas = found["components"]["schemas"]
    for name in ("Answer", "Skip"):
        asked = schemas[name]["properties"]["question"]
        asked.pop("pattern")
        asked["enum"] = [*questions, "0" * 32]
    schemas["Answer"]["properties"]["labels"]["items"] = {
        "type": "string",
        "enum": ["ant", "bee", "cow", "wolf"],
    }
    # an answer whose parts fit together by chance is rare: half of them name no class and no kind of mistake
    fitting = copy.deepcopy(schemas["Answer"])
    for name in ("labels", "category", "severity"):
        fitting["properties"].pop(name)
    fitting["properties"]["decision"] = {"type": "string", "enum": ["keep", "none", "unsure", "unusable"]}
    one = {"type": "array", "items": fitting, "minItems": 1, "maxItems": 1}
    several = schemas["Answers"]["properties"]["answers"]
    schemas["Answers"]["properties"]["answers"] = {"anyOf": [one, several]}
    return found


@pytest.fixture(params=["local", "nobody", "bob", "cem", "ann"])
def asker(request: pytest.FixtureRequest, api: Callable[..., Api]) -> Iterator[Asker]:
    """Each of those who may ask: without accounts, with accounts and nobody signed in, and each role by a token."""
    who = request.param
    made = api(accounts=who != "local", allowed_hosts=("testserver",))
    headers: dict[str, str] = {}
    if who == "local":
        browser = made.local()
        cookies = "; ".join(f"{k}={v}" for k, v in browser.cookies.items())
        headers = {"x-csrf-token": browser.headers["x-csrf-token"], "cookie": cookies}
    elif who != "nobody":
        headers = {"authorization": made.program(who).headers["authorization"]}
    yield Asker(who, made, headers)
    shutdown_lifespans()


#: How many requests; where a question must be one of the dataset it takes more until one fits.
EXAMPLES = {"decide": 40, "skip": 30}

SETTINGS = settings(
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def answers(asker: Asker, mode: GenerationMode) -> set[tuple[str, int]]:
    """Ask every operation and look at the answers; gives which statuses there were, by operation."""
    seen: set[tuple[str, int]] = set()
    for operation in asker.operations(mode):
        raw = operation.definition.raw
        name = raw["operationId"]
        if mode is GenerationMode.NEGATIVE and not (raw.get("parameters") or raw.get("requestBody")):
            continue  # nothing of it can be wrong

        @settings(SETTINGS, max_examples=EXAMPLES.get(name, 10))
        @given(case=operation.as_strategy(generation_mode=mode))
        def ask(case: Case) -> None:
            response = case.call(headers=dict(asker.headers))
            seen.add((name, response.status_code))  # noqa: B023  called before the next one
            case.validate_response(response, excluded_checks=[ALL[SEMANTIC]], headers=dict(asker.headers))

        ask()
    return seen


def test_requests_as_described(asker: Asker) -> None:
    seen = answers(asker, GenerationMode.POSITIVE)
    done = {operation for operation, status in seen if status == 200}
    if asker.name == "nobody":
        assert done == set()
        assert {status for _, status in seen} == {401}
        return
    # nearly all is reached; what is made up is no file of verdicts that fits
    assert done >= {"me", "datasets", "progress", "queue", "next", "decide", "skip", "verdicts"}
    assert {404, 422} <= {status for _, status in seen}
    refused = {operation for operation, status in seen if status == 403}
    assert refused == ({"import"} if asker.name == "bob" else set())


def test_requests_that_break_the_description(asker: Asker) -> None:
    seen = answers(asker, GenerationMode.NEGATIVE)
    assert {status for _, status in seen} & {400, 422}
    if asker.name == "nobody":
        assert all(status in (400, 401, 422) for _, status in seen)
