from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest

from audits.errors import AuditError, UsageError
from audits.locks import Owner, held, is_held, is_held_here, owner_of, remove

ROOT = Path(__file__).parents[2]
HOLD = """
import sys
from pathlib import Path
from audits.locks import held
with held(Path(sys.argv[1]), "a run", "it is being run"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def lock(tmp_path) -> Path:
    return tmp_path / "locks" / "pets.lock"


def take(path, what="a run", **options):
    return held(path, what, "dataset 'pets' is being run", **options)


def elsewhere(call):
    """What a call comes to in another thread."""
    found = []

    def run():
        try:
            found.append(call())
        except AuditError as e:
            found.append(e)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return found[0]


def enter(path, **options):
    with take(path, **options):
        return "taken"


@pytest.fixture
def holder(lock):
    """Another process that holds the lock until its standard input is closed."""
    lock.parent.mkdir(exist_ok=True)
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(lock)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
    ) as process:  # fmt: skip
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_the_thread_that_holds_a_lock_may_take_it_again(lock):
    assert (is_held(lock), is_held_here(lock), owner_of(lock)) == (False, False, None)
    with take(lock, "first"):
        with take(lock, "second"):
            assert is_held_here(lock)
        assert (is_held(lock), is_held_here(lock)) == (True, True)
        assert owner_of(lock).what == "first"
    assert (is_held(lock), is_held_here(lock), owner_of(lock)) == (False, False, None)


def test_another_thread_finds_it_taken_and_is_told_by_whom(lock):
    with take(lock, "run 1f3c"):
        refused = elsewhere(lambda: enter(lock))
        assert isinstance(refused, UsageError)
        assert str(refused).startswith(
            f"dataset 'pets' is being run by process {os.getpid()} (run 1f3c, since 20"
        )
        assert elsewhere(lambda: is_held(lock))
        assert not elsewhere(lambda: is_held_here(lock))
        assert owner_of(lock).what == "run 1f3c", "who was refused is no owner"
    assert elsewhere(lambda: enter(lock)) == "taken"


def test_another_process_finds_it_taken(lock, holder):
    assert is_held(lock)
    assert not is_held_here(lock)
    with (
        pytest.raises(UsageError, match=rf"is being run by process {holder.pid} \(a run, since "),
        take(lock),
    ):
        pytest.fail("two at once")
    holder.stdin.close()
    holder.wait()
    assert not is_held(lock)
    assert enter(lock) == "taken"


def test_who_waits_gets_it_when_it_is_given_back(lock, holder):
    threading.Timer(0.1, holder.stdin.close).start()
    assert enter(lock, wait_seconds=30) == "taken"
    with take(lock):
        assert isinstance(elsewhere(lambda: enter(lock, wait_seconds=0.3)), UsageError)


def test_waiting_without_end(lock, holder):
    threading.Timer(0.1, holder.stdin.close).start()
    assert enter(lock, wait_seconds=-1) == "taken"


def test_a_killed_owner_leaves_its_name_and_no_lock(lock, holder):
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    assert owner_of(lock).pid == holder.pid
    assert not is_held(lock)
    with take(lock, "the next"):
        assert owner_of(lock) == Owner(os.getpid(), "the next", owner_of(lock).since)
    assert owner_of(lock) is None


def test_it_is_given_back_whatever_happens(lock):
    for error in (KeyError, KeyboardInterrupt):
        with pytest.raises(error), take(lock):
            raise error
        assert not is_held(lock)
        assert owner_of(lock) is None


def test_who_only_asks_does_not_keep_anybody_out(lock):
    stop = threading.Event()

    def ask():
        while not stop.wait(0.0005):
            is_held(lock)

    asking = threading.Thread(target=ask)
    with take(lock):
        pass
    asking.start()
    try:
        assert [enter(lock) for _ in range(100)] == ["taken"] * 100
    finally:
        stop.set()
        asking.join()


def test_two_locks_are_two(lock):
    with ExitStack() as locks:
        for name in ("a", "b"):
            locks.enter_context(take(lock.with_name(f"{name}.lock")))
        assert not is_held(lock)
    assert sorted(p.name for p in lock.parent.iterdir()) == ["a.lock", "b.lock"]


@pytest.mark.parametrize("content", ["", "{", "[]", "3", '{"pid": 1}'])
def test_an_owner_that_cannot_be_read_is_nobody(lock, content):
    with take(lock):
        lock.with_suffix(".owner.json").write_text(content)
        assert owner_of(lock) is None
        assert str(elsewhere(lambda: enter(lock))) == "dataset 'pets' is being run by another process"


def test_a_folder_that_cannot_be_written_to(tmp_path):
    (tmp_path / "locks").write_text("a file in the way")
    with pytest.raises(AuditError, match="cannot be written"), take(tmp_path / "locks" / "pets.lock"):
        pytest.fail("not taken")
    (tmp_path / "more" / "pets.lock").mkdir(parents=True)
    with (
        pytest.raises(AuditError, match=r"pets\.lock cannot be written"),
        take(tmp_path / "more" / "pets.lock"),
    ):
        pytest.fail("not taken")


def test_an_owner_that_cannot_be_noted_takes_no_lock_along(lock):
    (lock.with_suffix(".owner.json") / "x").mkdir(parents=True)
    with pytest.raises(AuditError, match=r"pets\.lock cannot be written"), take(lock):
        pytest.fail("not taken")
    assert not is_held(lock)


def test_what_a_dead_owner_left_is_removed(lock, holder):
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    for _ in range(2):
        remove(lock)
        assert list(lock.parent.iterdir()) == []
    lock.mkdir()
    remove(lock)
    assert lock.is_dir(), "what cannot be removed stays"
