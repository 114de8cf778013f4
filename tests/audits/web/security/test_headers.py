from __future__ import annotations

import pytest
from starlette.datastructures import MutableHeaders

from audits.web.security.headers import ALWAYS, protect
from tests.audits.web.visitor import Visitor, tree


def policy(answer):
    parts = (p.split() for p in answer.headers["content-security-policy"].split(";"))
    return {p[0]: p[1:] for p in parts}


def assert_protected(answer):
    for name in ALWAYS:
        assert len(answer.headers.get_list(name)) == 1, name
    assert answer.headers["x-content-type-options"] == "nosniff"
    found = policy(answer)
    assert found["default-src"] == ["'none'"]
    assert found["frame-ancestors"] == found["base-uri"] == ["'none'"]
    assert found["script-src"] == found["style-src"] == ["'self'"]
    assert not [v for values in found.values() for v in values if "unsafe" in v or "*" in v or "http" in v]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        *(
            ("/login", 200),
            ("/", 303),
            ("/no/such/page", 404),
            ("/static/base.css", 200),
            ("/static/none.css", 404),
        ),
        *(("/static/../app.py", 404), ("/api/v1/none", 404), ("/api/v1/openapi.json", 200), ("/login/", 307)),
    ],
)
def test_every_answer_is_protected(guarded, path, status):
    answer = Visitor(guarded.app).get(path)
    assert answer.status_code == status
    assert_protected(answer)


def test_refusals_are_protected(guarded):
    browser = Visitor(guarded.app)
    for answer, status in (
        (browser.post("/login", data={"name": "x"}), 403),
        (browser.post("/login", content=b"x" * 1_000_001), 413),
        (browser.delete("/login", headers={"x-csrf-token": browser.token()}), 405),
        (browser.get("/login", headers={"host": "evil.example"}), 400),
        (browser.get("/account", headers={"accept": "application/json"}), 401),
        (guarded.visitor("bob").get("/users"), 403),
    ):
        assert answer.status_code == status
        assert_protected(answer)
        assert answer.headers["cache-control"] == "no-store"


def test_a_defect_is_protected_and_tells_nothing(guarded):
    @guarded.app.get("/broken")
    def broken():
        raise RuntimeError("the password is swordfish")

    answer = Visitor(guarded.app, raise_server_exceptions=False).get("/broken")
    assert answer.status_code == 500
    assert_protected(answer)
    assert answer.headers["cache-control"] == "no-store"
    assert "swordfish" not in answer.text
    assert "Traceback" not in answer.text


def test_pages_are_kept_nowhere_and_the_apps_own_files_for_a_while(guarded):
    ann = guarded.visitor("ann")
    assert ann.get("/").headers["cache-control"] == "no-store"
    assert ann.get("/account").headers["cache-control"] == "no-store"
    file = ann.get("/static/base.css")
    assert "public" in file.headers["cache-control"]
    assert "set-cookie" not in file.headers, "what everybody may keep says nothing of anybody"
    assert ann.get("/static/none.css").headers["cache-control"] == "no-store"


def test_a_route_may_be_stricter_and_nothing_is_there_twice():
    headers = MutableHeaders({"Content-Security-Policy": "sandbox", "cache-control": "private, max-age=60"})
    protect(headers, "/d/zoo/image", 200)
    assert headers.getlist("content-security-policy") == ["sandbox"]
    assert headers.getlist("cache-control") == ["private, max-age=60"]


def test_pages_hold_nothing_that_the_policy_would_stop(guarded):
    ann = guarded.visitor("ann")
    pages = ["/", "/account", "/users", "/users/one?name=bob", "/no/such/page"]
    for html in [Visitor(guarded.app).get("/login").text, *(ann.get(p).text for p in pages)]:
        page = tree(html)
        assert not page.all("style")
        assert not [s for s in page.all("script") if "src" not in s.attributes]
        for tag in ("a", "button", "body", "div", "form", "html", "input", "link", "p", "section", "span"):
            for node in page.all(tag):
                assert not [a for a in node.attributes if a == "style" or a.startswith("on")]
        addresses = [n.attributes.get("href", "") for n in page.all("link") + page.all("a")]
        assert all(a.startswith(("/", "#")) and not a.startswith("//") for a in addresses)
