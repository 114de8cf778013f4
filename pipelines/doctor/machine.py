"""Checks of the machine: Python, packages, the disk, time zones."""

import contextlib
import os
import platform
import shutil
import tempfile
from importlib.metadata import PackageNotFoundError, metadata, requires, version
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from audits.disk import sync_folder
from audits.errors import AuditError, first_few
from audits.locks import held, is_held
from audits.workspace import Workspace
from pipelines.doctor.finding import Finding, fault, ok, warn

_PACKAGE = "labelaudit"

#: Free disk space, in bytes, below which nothing should be started, and below which somebody should look.
LITTLE, SCARCE = 1_000_000_000, 5_000_000_000


def python(_: Workspace) -> list[Finding]:
    """Whether this Python is one that labelaudit is made for."""
    found = platform.python_version()
    try:
        wanted = metadata(_PACKAGE)["Requires-Python"] or ""
    except PackageNotFoundError:
        return [_not_installed("Python")]
    if found in SpecifierSet(wanted, prereleases=True):
        return [ok("Python", f"{found} (wanted: {wanted})")]
    return [fault("Python", f"{found}, and labelaudit wants {wanted}", "install it with another Python")]


def packages(_: Workspace) -> list[Finding]:
    """Whether every package that labelaudit needs is there in a version that it is made for."""
    try:
        needed = [Requirement(r) for r in requires(_PACKAGE) or []]
    except PackageNotFoundError:
        return [_not_installed("packages")]
    needed = [r for r in needed if r.marker is None or r.marker.evaluate({"extra": ""})]
    wrong = []
    for requirement in needed:
        try:
            found = version(requirement.name)
        except PackageNotFoundError:
            wrong.append(f"{requirement.name} is missing")
            continue
        if not requirement.specifier.contains(found, prereleases=True):
            wrong.append(f"{requirement.name} is {found} (wanted: {requirement.specifier})")
    if wrong:
        return [fault("packages", first_few(wrong, 10), "pip install --upgrade labelaudit")]
    return [ok("packages", f"{len(needed)} needed, all there")]


def _not_installed(name: str) -> Finding:
    mend = "pip install labelaudit, or 'pip install -e .' in a checkout"
    return warn(name, "labelaudit is not installed as a package, so what it needs is not known", mend)


def writable(workspace: Workspace) -> list[Finding]:
    """Whether files can be written, flushed, renamed and removed where labelaudit keeps its state."""
    mend = f"let this user write in {workspace.root / 'state'}, or make room on the disk"
    try:
        with tempfile.TemporaryDirectory(prefix=".doctor-", dir=workspace.state) as folder:
            written = Path(folder) / "written"
            written.write_bytes(b"x" * 65536)
            written.replace(written.with_name("renamed"))
            sync_folder(Path(folder))
    except (AuditError, OSError, ValueError) as e:
        return [fault("state", str(e), mend)]
    return [ok("state", f"{workspace.root / 'state'} can be written")]


def locking(workspace: Workspace) -> list[Finding]:
    """Whether the file system keeps locks: on some network file systems a lock is granted to all."""
    folder = workspace.root / "state" / "locks"
    path = folder / f"doctor-{os.getpid()}.lock"
    mend = f"let this user write in {folder}; where it may, keep the workspace on a local disk"
    try:
        _ = workspace.state  # makes the folder
        with held(path, "doctor", "the doctor's lock is held"):
            if not is_held(path):
                words = f"the file system of {workspace.state} grants a lock twice, so two runs could mix"
                return [fault("locks", words, "keep the workspace on a local disk")]
    except AuditError as e:
        return [fault("locks", str(e), mend)]
    finally:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
    return [ok("locks", "a lock that is held is refused to others")]


def room(workspace: Workspace) -> list[Finding]:
    """Whether there is room on the disk, also beside what is there already."""
    state = workspace.root / "state"
    free = shutil.disk_usage(state if state.exists() else workspace.root).free
    size = sum(_sizes(state))
    words = f"{_human(free)} free, {_human(size)} in use by the state"
    if free < LITTLE:
        return [fault("disk", words, f"make room: {_human(SCARCE)} and more")]
    if free < SCARCE or free < size:
        return [
            warn("disk", words, "make room for a backup and for growth, or keep fewer results (retention)")
        ]
    return [ok("disk", words)]


def _sizes(folder: Path) -> list[int]:
    found = []
    for where, _, names in os.walk(folder):
        for name in names:
            try:
                found.append(os.lstat(os.path.join(where, name)).st_size)
            except OSError:  # removed at this moment
                continue
    return found


def _human(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e8 else f"{size / 1e6:.1f} MB"


def time_zones(_: Workspace) -> list[Finding]:
    """Whether schedules in other time zones than UTC can be read."""
    known = available_timezones()
    if "Europe/Zurich" not in known:
        return [fault("time zones", f"{len(known)} zones are known", "pip install tzdata")]
    ZoneInfo("Europe/Zurich")
    return [ok("time zones", f"{len(known)} are known")]
