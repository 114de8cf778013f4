"""What the API says of itself, and who reaches it."""

from __future__ import annotations

import pytest

ROUTES = {
    ("get", "/api/v1/me"): "me",
    ("get", "/api/v1/datasets"): "datasets",
    ("get", "/api/v1/datasets/{name}/progress"): "progress",
    ("get", "/api/v1/datasets/{name}/queue"): "queue",
    ("post", "/api/v1/datasets/{name}/next"): "next",
    ("post", "/api/v1/datasets/{name}/verdicts"): "decide",
    ("get", "/api/v1/datasets/{name}/verdicts"): "verdicts",
    ("post", "/api/v1/datasets/{name}/undo"): "undo",
    ("post", "/api/v1/datasets/{name}/skip"): "skip",
    ("post", "/api/v1/datasets/{name}/import"): "import",
}


@pytest.fixture
def described(api):
    """The description as anybody reads it, without being signed in."""
    answer = api(accounts=True).guarded.visitor().get("/api/v1/openapi.json")
    assert answer.status_code == 200
    return answer.json()


def test_the_description_has_every_route_and_no_page(described):
    found = {
        (method, path): operation["operationId"]
        for path, operations in described["paths"].items()
        for method, operation in operations.items()
    }
    assert found == ROUTES


def test_every_route_says_what_it_does_and_how_it_fails(described):
    for operations in described["paths"].values():
        for method, operation in operations.items():
            assert operation["summary"]
            assert operation["description"]
            assert operation["security"] == [{"token": []}]
            statuses = set(operation["responses"])
            assert {"200", "400", "401", "403", "422", "429", "503"} <= statuses
            assert ("413" in statuses) == (method == "post")
            for status, response in operation["responses"].items():
                assert response["description"]
                if status != "200":
                    fault = response["content"]["application/json"]["schema"]["$ref"]
                    assert fault == "#/components/schemas/Fault"


@pytest.mark.parametrize(("method", "path"), list(ROUTES))
def test_nobody_gets_anything_without_being_signed_in(api, method, path):
    made = api(accounts=True)
    stranger = made.guarded.visitor()
    answer = stranger.request(method, path.replace("{name}", "zoo"), json={} if method == "post" else None)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    wrong = stranger.request(
        method, path.replace("{name}", "zoo"), headers={"authorization": "Bearer labelaudit_no"}
    )
    assert wrong.status_code == 401
    assert made.store.verdicts("zoo") == []


def test_a_method_or_a_path_that_is_not_there(api):
    visitor = api().local()
    assert visitor.get("/api/v1/nothing").json()["error"] == "http"
    answer = visitor.delete("/api/v1/me")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


def test_answers_are_kept_by_nobody(api):
    assert "no-store" in api().local().get("/api/v1/me").headers["cache-control"]
