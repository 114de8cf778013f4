"""The command; what the app does is tested in tests/audits/web and tests/browser."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest


@pytest.fixture
def reviewing(made_up):
    """Start the command as a process; gives it and the address that it prints."""
    started = []

    def begin(*words):
        command = [sys.executable, "-P", "-m", "pipelines.cli", "-w", str(made_up.root), "review", *words]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(process)
        return process, process.stdout.readline().strip()

    yield begin
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_prints_the_address_serves_and_ends_when_it_is_told(made_up, reviewing, number):
    made_up.add()
    made_up.ok("run")
    process, address = reviewing("zoo", "--port", "0", "--reviewer", "ann")
    assert address.endswith("/d/zoo/review")
    root = address.removesuffix("/d/zoo/review")
    with urllib.request.urlopen(f"{root}/health", timeout=60) as answer:  # noqa: S310
        assert json.load(answer) == {"state": "ok"}
    with urllib.request.urlopen(root, timeout=60) as answer:  # noqa: S310
        page = answer.read().decode()
    assert "ann" in page
    assert "zoo" in page
    os.kill(process.pid, number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert errors == "labelaudit: stopped\n"


def test_wrong_calls_serve_nothing(made_up):
    made_up.add()
    unknown = made_up.call("review", "zo", "--port", "0")
    assert (unknown.exit_code, unknown.stdout) == (2, "")
    assert "nearest name is 'zoo'" in unknown.stderr
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        refused = made_up.call("review", "--port", port)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert f"--port {port} is in use" in refused.stderr
