"""Wrong calls. What `up` does is tested in tests/pipelines/up."""

import socket


def test_a_port_in_use_is_a_wrong_call_that_names_the_option(made_up):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        refused = made_up.call("up", "--port", str(taken.getsockname()[1]))
    assert refused.exit_code == 2
    assert "--port" in refused.stderr
    assert refused.stdout == ""


def test_wrong_options_are_wrong_calls(made_up):
    assert made_up.call("up", "--port", "70000").exit_code == 2
    assert made_up.call("up", "--port", "0", "--host", "no.such.host.invalid").exit_code == 2


def test_no_workspace_is_a_wrong_call(made_up):
    (made_up.root / "datasets").rmdir()
    assert made_up.call("up").exit_code == 2
