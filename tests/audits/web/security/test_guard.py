from __future__ import annotations

import pytest

from audits.errors import DamagedError
from audits.web.app import create_app
from tests.audits.web.conftest import PASSWORD
from tests.audits.web.visitor import Visitor


def test_another_server_on_the_same_workspace_knows_the_session(guarded, serve):
    """Also the same server after its end: nobody has to log in again since it was started anew."""
    ann = guarded.visitor("ann")
    other = serve(accounts=True)
    browser = Visitor(other.app, cookies=dict(ann.cookies))
    assert browser.get("/account").status_code == 200
    assert browser.post("/account/sessions", data={"csrf_token": ann.token()}).status_code == 303
    assert ann.get("/account").status_code == 303, "what one ends has ended in the other"


def test_a_new_secret_ends_all_sessions(made_up, guarded, serve):
    ann = guarded.visitor("ann")
    (made_up.root / "state" / "web" / "secret").unlink()
    other = serve(accounts=True)
    name = other.app.state.security.sessions.cookie
    held = dict(ann.cookies)[guarded.app.state.security.sessions.cookie]
    assert Visitor(other.app, cookies={name: held}).get("/account").status_code == 303
    assert Visitor(other.app).log_in("ann", PASSWORD).status_code == 303


def test_without_a_secret_nothing_is_served(made_up):
    (made_up.workspace.state / "web").mkdir()
    (made_up.root / "state" / "web" / "secret").write_text("x")
    (made_up.root / "state" / "web" / "secret").chmod(0o600)
    with pytest.raises(DamagedError, match="secret is damaged"):
        create_app(made_up.workspace)


def test_what_is_refused_first_is_what_costs_least(guarded):
    """A wrong name is refused before the body is read, a long body before its token is looked for."""
    browser = Visitor(guarded.app)
    long = {"content": b"x" * 2_000_000}
    assert browser.post("/login", headers={"host": "evil.example"}, **long).status_code == 400
    assert browser.post("/login", **long).status_code == 413
    assert browser.post("/login", content=b"x").status_code == 403
