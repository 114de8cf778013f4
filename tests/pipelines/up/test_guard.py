import os
import signal
import subprocess
import sys

import pytest
from filelock import FileLock, Timeout

from pipelines.up.guard import Guard, end

#: Says when it is ready, and does not end when it is asked to.
STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); print('on', flush=True); time.sleep(600)"
#: Starts another process in its group, and says when that is ready.
PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {STUBBORN!r}])"


def start(script):
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, start_new_session=True)
    return process


@pytest.fixture
def started():
    processes = []

    def begin(script, *, ready=False):
        process = start(script)
        processes.append(process)
        if ready:
            assert process.stdout.readline() == b"on\n"
        return process

    yield begin
    for process in processes:
        end([process.pid], 0.0)
        process.wait()
        process.stdout.close()


def test_what_ends_when_asked_is_not_killed(started):
    process = started("print('on', flush=True); import time; time.sleep(600)", ready=True)
    end([process.pid], 60.0, reap=process.poll)
    assert process.returncode == -signal.SIGTERM


def test_what_does_not_end_is_killed_after_the_grace_with_what_it_started(started, processes_of, until):
    process = started(PARENT, ready=True)
    assert len(processes_of({process.pid})) == 2
    end([process.pid], 0.2, reap=process.poll)
    process.wait()
    until(lambda: not processes_of({process.pid}))


def test_hurry_ends_the_grace(started):
    process = started(STUBBORN, ready=True)
    end([process.pid], 600.0, reap=process.poll, hurry=lambda: True)
    assert process.wait() == -signal.SIGKILL


def test_groups_that_are_gone_are_passed_over(started):
    process = started("pass")
    process.wait()
    end([process.pid], 600.0)


@pytest.fixture
def watched(tmp_path):
    """A process with a guard that watches a group, which says the numbers of the guard and of the group."""
    folder = tmp_path / "sockets"
    folder.mkdir()
    script = (
        "import subprocess, sys, time\n"
        "from pathlib import Path\n"
        "from pipelines.up.guard import Guard\n"
        f"guard = Guard(Path({str(folder)!r}), Path({str(tmp_path / 'guard.lock')!r}))\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], "
        "start_new_session=True)\n"
        "gone = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], "
        "start_new_session=True)\n"
        "guard.watch(child.pid); guard.watch(gone.pid); guard.forget(gone.pid)\n"
        "print(guard.pid, child.pid, gone.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as process:
        yield process, [int(n) for n in process.stdout.readline().split()], folder
        process.kill()


def test_when_the_watched_process_is_killed_so_is_what_it_started(watched, processes_of, until, tmp_path):
    process, (guard, child, forgotten), folder = watched
    try:
        assert processes_of({child})
        lock = FileLock(tmp_path / "guard.lock")
        os.kill(guard, signal.SIGTERM)  # only the end of the watched process counts
        assert _taken(lock)
        process.kill()
        process.wait()
        until(lambda: not processes_of({guard, child}))
        assert not folder.exists()
        assert not _taken(lock)
        assert processes_of({forgotten}), "its number may have been given to another"
    finally:
        end([forgotten, child], 0.0)


def _taken(lock):
    try:
        with lock.acquire(timeout=0):
            return False
    except Timeout:
        return True


def test_a_guard_that_is_let_go_leaves_nothing(tmp_path):
    folder = tmp_path / "sockets"
    folder.mkdir()
    guard = Guard(folder, tmp_path / "guard.lock")
    assert guard.alive
    guard.close()
    assert not guard.alive
    assert not folder.exists()


def test_a_guard_that_was_killed_is_noticed(tmp_path):
    guard = Guard(tmp_path / "sockets", tmp_path / "guard.lock")
    assert guard.alive
    os.kill(guard.pid, signal.SIGKILL)
    while guard.alive:
        pass
    guard.watch(1)  # says nothing to nobody, and does not fail
    guard.close()


def test_a_guard_that_does_not_come_up_is_an_error(tmp_path):
    with pytest.raises(OSError, match="guard process ended at its start"):
        Guard(tmp_path, tmp_path / "no folder" / "guard.lock")
