from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audits.web.security.refusal import local_path
from tests.audits.web.conftest import PASSWORD
from tests.audits.web.visitor import BASE, Visitor

ELSEWHERE = [
    *(
        "//evil.example",
        "///evil.example",
        "http://evil.example",
        "https:evil.example",
        "javascript:alert(1)",
    ),
    *(
        "/\\evil.example",
        "\\/evil.example",
        "/\t/evil.example",
        "\t//evil.example",
        " //evil.example",
        "evil.example",
    ),
    *(
        "",
        "/a\r\nSet-Cookie: x=y",
        "/a\\b",
        "data:text/html,x",
        "/" + "a" * 2_000,
        "/a\x00b",
        "@evil.example",
    ),
]


@pytest.mark.parametrize("address", ELSEWHERE)
def test_nobody_is_led_elsewhere(address):
    assert local_path(address) == "/"


@pytest.mark.parametrize(
    "address", ["/", "/d/zoo/review?given=cat&low=0.5", "/d/zoo/q/abc", "/users/one?name=%2F%2Fx"]
)
def test_paths_of_this_server_are_kept(address):
    assert local_path(address) == address


@given(st.text(max_size=30))
def test_what_is_left_is_a_path_of_this_server_in_the_eyes_of_a_browser(text):
    from urllib.parse import urljoin, urlsplit

    for address in (text, f"/{text}", f"//{text}", f"/\\{text}"):
        found = local_path(address)
        # browsers read a backslash as a slash and leave out tabs and line ends
        read = "".join(c for c in found.replace("\\", "/") if c not in "\t\r\n").strip()
        assert urlsplit(urljoin(BASE, read)).netloc == urlsplit(BASE).netloc


def test_a_page_leads_to_the_log_in_and_back(guarded):
    browser = Visitor(guarded.app)
    wanted = "/users/one?name=a%26b&done=x"
    answer = browser.get(wanted)
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/login?next=%2Fusers%2Fone%3Fname%3Da%2526b%26done%3Dx",
    )
    form = browser.page(answer.headers["location"]).one("form")
    fields = {i.attributes["name"]: i.attributes.get("value", "") for i in form.all("input")}
    answer = browser.post("/login", data={**fields, "name": "ann", "password": PASSWORD})
    assert (answer.status_code, answer.headers["location"]) == (303, wanted)


@pytest.mark.parametrize(
    "referer", ["http://evil.example/account", "http://[::1", "", "//evil.example", f"{BASE}//evil.example"]
)
def test_after_a_form_only_pages_of_this_server_are_gone_back_to(guarded, referer):
    answer = Visitor(guarded.app).post("/account/sessions", headers={"referer": referer})
    assert answer.headers["location"] == "/login?next=%2F"


@pytest.mark.parametrize(
    "headers", [{"accept": "application/json"}, {"sec-fetch-dest": "empty"}, {"sec-fetch-dest": "image"}]
)
def test_scripts_images_and_programs_are_told_401(guarded, headers):
    answer = Visitor(guarded.app).get("/account", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="labelaudit"'
    assert "Sign in first." in answer.text
