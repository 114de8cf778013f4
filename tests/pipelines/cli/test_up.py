"""Wrong calls. What `up` does is tested in tests/pipelines/up."""

import os
import signal
import socket
import threading
import time

import pytest

from audits.locks import held
from pipelines.up.record import lock_path, read_record


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


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="POSIX only")
def test_it_prints_the_address_and_serves_until_it_is_told_to_end(made_up):
    made_up.add(yaml="schedule: {cron: '0 3 * * *'}\nalerts: {webhooks: [{url_env: NOT_SET_HERE}]}\n")
    seen = []

    def end_when_it_serves():
        until = time.monotonic() + 120
        while time.monotonic() < until:
            # recorded once everything answers, and so long after it began to listen to signals
            if (record := read_record(made_up.workspace)) is not None:
                seen.append(record.address)
                made_up.yaml().write_text(made_up.yaml().read_text() + "# a remark\n")
                time.sleep(8)  # for what looks after processes and files to come round
                os.kill(os.getpid(), signal.SIGTERM)
                return
            time.sleep(0.1)

    thread = threading.Thread(target=end_when_it_serves)
    thread.start()
    result = made_up.call("up", "--port", "0")
    thread.join()
    assert result.exit_code == 0, result.output
    assert result.stdout == f"{seen[0]}\n"
    assert "NOT_SET_HERE" in result.stderr
    assert "zoo.yaml changed" in result.stderr
    assert result.stderr.endswith("stopped\n")
    assert read_record(made_up.workspace) is None


def test_a_second_one_says_how_to_end_the_first(made_up):
    holding, done = threading.Event(), threading.Event()

    def hold():
        with held(lock_path(made_up.workspace), "up", "x"):
            holding.set()
            done.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    holding.wait(60)
    refused = made_up.call("up", "--port", "0")
    done.set()
    thread.join()
    assert refused.exit_code == 2
    assert f"is up already by process {os.getpid()}" in refused.stderr
    assert f"stop it there with Ctrl-C, or end process {os.getpid()}" in refused.stderr
