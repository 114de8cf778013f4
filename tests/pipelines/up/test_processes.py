import os
import signal

import pytest

from audits.errors import AuditError
from pipelines.up import processes
from pipelines.up.guard import Guard
from pipelines.up.processes import Child, cap, environment


@pytest.fixture
def guard(tmp_path):
    found = Guard(tmp_path / "sockets", tmp_path / "guard.lock")
    yield found
    found.close()


@pytest.fixture
def child(tmp_path, guard):
    """A process that runs a Python file of the test's."""
    made = []

    def make(script):
        folder = tmp_path / "code"
        folder.mkdir(exist_ok=True)
        (folder / "lives.py").write_text(script)
        logs = tmp_path / "logs"
        logs.mkdir(exist_ok=True)
        made.append(Child("lives", "lives", [], {**os.environ, "PYTHONPATH": str(folder)}, logs, guard))
        return made[-1]

    yield make
    for c in made:
        c.stop(0.0)


def test_a_process_that_ends_at_its_start_is_told_with_its_last_lines(child, until):
    c = child("print('\\x1b[32mfirst\\x1b[0m', flush=True)\nraise SystemExit('the reason')")
    c.start()
    until(lambda: c.status() is not None)
    with pytest.raises(AuditError, match=r"lives ended with status 1 at its start") as e:
        c.check_start()
    assert "  first\n  the reason" in str(e.value)


def test_a_process_that_dies_is_started_again(child, until):
    c = child("import time; time.sleep(600)")
    c.start()
    first, told = c.pid, []
    assert not c.tend(told.append)
    os.kill(first, signal.SIGKILL)
    until(lambda: c.tend(told.append))
    assert c.pid not in (None, first)
    assert told == [f"lives was ended by signal 9; it is started again in 1 s (log: {c.log})"]


def test_one_that_dies_again_and_again_is_given_up(child, until, monkeypatch):
    monkeypatch.setattr(processes, "RESTARTS", 1)
    c = child("raise SystemExit(7)")
    c.start()
    with pytest.raises(AuditError, match=r"(?s)status 7, for the 2th time within 10 minutes.*the last lines"):
        until(lambda: c.tend(lambda _: None) and False)


def test_deaths_of_long_ago_do_not_count(child, until, monkeypatch):
    monkeypatch.setattr(processes, "RESTARTS", 1)
    monkeypatch.setattr(processes, "WITHIN", 0.0)
    c = child("raise SystemExit(7)")
    told = []
    c.start()
    until(lambda: c.tend(told.append) and len(told) > 2)
    assert all("again in 1 s" in line for line in told)


def test_what_it_started_ends_with_it(child, processes_of, until):
    script = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(600)'])"
    c = child(script)
    c.start()
    group = c.pid
    until(lambda: len(processes_of({group})) == 2)
    os.kill(group, signal.SIGKILL)
    until(lambda: c.status() is not None)
    c.tend(lambda _: None)
    until(lambda: not processes_of({group}))


def test_a_log_does_not_grow_without_end(tmp_path):
    log = tmp_path / "a.log"
    with log.open("ab") as f:
        for i in range(5):
            f.write(b"%d" % i * 10)
            f.flush()
            cap(log, size=5, kept=2)
        f.write(b"more")
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {
        "a.log": b"more",
        "a.log.1": b"4" * 10,
        "a.log.2": b"3" * 10,
    }


def test_a_log_that_is_gone_has_no_last_words(child):
    c = child("")
    assert "cannot be read" in c.last_words()


def test_the_environment_names_the_workspace_and_sends_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", "/another")
    monkeypatch.setenv("DAGSTER_CODE_SERVER_PORT", "1")
    monkeypatch.setenv("DAGSTER_MODULE_NAME", "another")
    monkeypatch.setenv("DAGSTER_HOOK_URL", "kept")
    env = environment(tmp_path / "w", tmp_path / "h", tmp_path / "t")
    assert env["LABELAUDIT_WORKSPACE"] == str(tmp_path / "w")
    assert env["DAGSTER_HOME"] == str(tmp_path / "h")
    assert env["TMPDIR"] == str(tmp_path / "t")
    assert env["DAGSTER_DISABLE_TELEMETRY"] == "yes"
    assert env["GX_ANALYTICS_ENABLED"] == "false"
    assert env["DAGSTER_HOOK_URL"] == "kept"
    assert not {"DAGSTER_CODE_SERVER_PORT", "DAGSTER_MODULE_NAME"} & env.keys()
