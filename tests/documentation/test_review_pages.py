"""The pages on the review room name the keys, roles and routes that there are."""

from __future__ import annotations

import json
import re

import pytest

from tests.documentation.pages import fences, text_of


def rows(page: str, head: str) -> list[list[str]]:
    """Cells of the first table of a page whose first row begins so."""
    text = text_of(page).split(f"\n| {head} |", 1)[1]
    lines = text.split("\n\n", 1)[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def keys(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_keys_of_the_review_page():
    from audits.room_config import KEYS

    digits, documented = ["1", "9"], [keys(row[0]) for row in rows("docs/review-room.md", "key")]
    assert digits in documented
    documented.remove(digits)
    assert sorted(documented) == sorted([key] for key in KEYS.values())


def test_roles():
    from audits.review.records import ACCOUNT_ROLES

    assert [row[0] for row in rows("docs/review-room-safety.md", "role")] == list(ACCOUNT_ROLES)


@pytest.fixture(scope="module")
def described():
    from fastapi import FastAPI

    from audits.web.api.router import router

    app = FastAPI()
    app.include_router(router)
    return app.openapi()


def test_routes_of_the_api(described):
    there = {
        f"{method.upper()} {path.removeprefix('/api/v1').replace('{name}', 'NAME')}"
        for path, methods in described["paths"].items()
        for method in methods
    }
    assert {keys(row[0])[0] for row in rows("docs/review-api.md", "route")} == there


def test_statuses_of_the_api(described):
    said = text_of("docs/review-api.md").split("The status says:")[1].split("\n- ")[0]
    answered = {
        status
        for methods in described["paths"].values()
        for method in methods.values()
        for status in method["responses"]
    }
    # 400 is a request that no program means to send
    assert set(re.findall(r"\b[45]\d\d\b", said)) | {"400"} == {s for s in answered if s[0] in "45"}


def test_the_decision_that_is_shown_would_be_taken():
    from audits.web.api.deciding import Answers

    (block,) = [b for b in fences("docs/review-api.md") if b.kind == "json"]
    assert Answers.model_validate(json.loads(block.text)).answers[0].decision == "relabel"


def test_figures_of_what_keeps_it_safe():
    from audits.web.security import attempts, body, passwords, secret, session

    safety = " ".join(text_of("docs/review-room-safety.md").split())
    for words in (
        f"at least {passwords.SHORTEST} characters",
        f"After {attempts.FREE_PER_ACCOUNT} failures for one account, or {attempts.FREE_PER_ADDRESS} from one address",
        f"waits {attempts.FIRST_WAIT:g} seconds",
        f"up to {attempts.LONGEST_WAIT / 60:g} minutes",
        f"{session.IDLE_SECONDS / 3600:g} hours without use and {session.LONGEST_SECONDS / 86_400:g} days",
        f"`{secret.VARIABLE}` (at least {secret.SHORTEST} characters",
        f"may have {body.FORM_BYTES / 1e6:g} MB, a file of verdicts to be imported {body.IMPORT_BYTES / 1e6:g} MB",
    ):
        assert words in safety
    assert attempts.FORGOTTEN_AFTER == 3600
    assert "failures are forgotten after an hour" in safety
