import shutil
from importlib.metadata import PackageNotFoundError

import pytest

from pipelines.doctor import machine


def one(found):
    (finding,) = found
    return finding


def test_this_machine_is_fit(made_up):
    for check in (machine.python, machine.packages, machine.time_zones, machine.writable, machine.locking):
        assert one(check(made_up.workspace)).state == "ok"
    left = [p for p in (made_up.root / "state").rglob("*") if p.is_file()]
    assert [p.name for p in left] == ["version"], "what was tried out is removed"


def test_another_python_is_a_fault(made_up, monkeypatch):
    monkeypatch.setattr(machine.platform, "python_version", lambda: "3.9.1")
    assert "3.9.1" in one(machine.python(made_up.workspace)).words
    assert one(machine.python(made_up.workspace)).state == "fault"


def test_packages_that_are_missing_or_of_another_version_are_named(made_up, monkeypatch):
    needed = ["no-such-package-here>=1", "numpy<1", "pytest; extra == 'dev'", "pyarrow"]
    monkeypatch.setattr(machine, "requires", lambda _: needed)
    found = one(machine.packages(made_up.workspace))
    assert found.state == "fault"
    assert "no-such-package-here is missing" in found.words
    assert "numpy is 2" in found.words
    assert "pytest" not in found.words
    assert "pyarrow" not in found.words


def test_a_checkout_that_is_not_installed_is_said(made_up, monkeypatch):
    def missing(_):
        raise PackageNotFoundError

    monkeypatch.setattr(machine, "requires", missing)
    monkeypatch.setattr(machine, "metadata", missing)
    assert one(machine.packages(made_up.workspace)).state == "warn"
    assert one(machine.python(made_up.workspace)).state == "warn"


@pytest.mark.parametrize(
    ("free", "in_use", "state"),
    [
        (999_999_999, 0, "fault"),
        (1_000_000_000, 0, "warn"),
        (5_000_000_000, 0, "ok"),
        (8_000_000_000, 9_000_000_000, "warn"),
    ],
)
def test_room_on_the_disk(made_up, monkeypatch, free, in_use, state):
    real = shutil.disk_usage(made_up.root)
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda _: real._replace(free=free))
    monkeypatch.setattr(machine, "_sizes", lambda _: [in_use])
    assert one(machine.room(made_up.workspace)).state == state


def test_a_file_system_that_grants_a_lock_twice_is_a_fault(made_up, monkeypatch):
    monkeypatch.setattr(machine, "is_held", lambda _: False)
    assert one(machine.locking(made_up.workspace)).state == "fault"


def test_missing_time_zones_are_a_fault(made_up, monkeypatch):
    monkeypatch.setattr(machine, "available_timezones", lambda: {"UTC"})
    assert one(machine.time_zones(made_up.workspace)).state == "fault"


def test_locks_that_cannot_be_taken_are_a_fault_with_a_mend(made_up):
    (made_up.root / "state" / "locks").write_text("")
    found = one(machine.locking(made_up.workspace))
    assert (found.state, "let this user write in" in found.mend) == ("fault", True)
