"""The gate on dependencies lets through what was tested and nothing else."""

from __future__ import annotations

import json
import subprocess
from email.message import Message

import pytest

from tests.documentation.pages import REPOSITORY, load

gate = load(REPOSITORY / ".ci" / "dependencies.py")


class _Installed:
    """What the gate reads of an installed distribution."""

    def __init__(self, name, version="1.0", requires=(), licence="MIT", classifiers=()):
        self.version, self.requires, self.metadata = version, list(requires), Message()
        self.metadata["Name"] = name
        if licence:
            self.metadata["License-Expression"] = licence
        for classifier in classifiers:
            self.metadata["Classifier"] = f"License :: {classifier}"


def _found(*installed):
    return {d.metadata["Name"]: d for d in installed}


def test_what_is_installed_here_passes():
    project = gate.tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    needed, missing = gate.closure(gate.declared(project, ["dev"]), gate.find)
    assert not missing
    assert {"cleanlab", "dagster", "numpy", "pytest", "psutil"} <= needed.keys()
    assert not gate.version_faults(needed, gate.pinned(gate.CONSTRAINTS.read_text()))
    assert not gate.licence_faults(needed)


def test_every_extra_is_declared():
    project = gate.tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    assert set(gate.EXTRAS) == set(project["optional-dependencies"])


def test_the_closure_follows_extras_and_markers():
    found = _found(
        _Installed("a", requires=["b[fast]", "c; python_version < '3'", "d; extra == 'more'"]),
        _Installed("b", requires=["e; extra == 'fast'", "a"]),
        _Installed("e"),
    )
    needed, missing = gate.closure(["a", "f>=1"], lambda name: found.get(name))
    assert set(needed) == {"a", "b", "e"}
    assert missing == ["f (for labelaudit)"]
    needed, missing = gate.closure(["A[more]"], lambda name: found.get(name.lower()))
    assert missing == ["d (for a)"]


def test_our_own_extra_stands_for_what_is_in_it():
    project = {"dependencies": ["a"], "optional-dependencies": {"dev": ["labelaudit[b]", "c"], "b": ["d"]}}
    assert gate.declared(project, ["dev", "b"]) == ["a", "c", "d"]


def test_another_version_and_a_missing_pin_are_told():
    faults = gate.version_faults(
        _found(_Installed("a", "2.0"), _Installed("b"), _Installed("c")), gate.pinned("# x\na==1.0\nC==1.0\n")
    )
    assert faults == ["a: 2.0 is installed, 1.0 is pinned", "b 1.0 is needed but not pinned"]


@pytest.mark.parametrize(
    "said",
    [
        "AGPL-3.0-only",
        "GPL-3.0-or-later",
        "GNU General Public License v3 (GPLv3)",
        "CC-BY-NC-4.0",
        "SSPL-1.0",
        "Proprietary",
        "Hippocratic",
        "",
    ],
)
def test_licences_that_may_not_come_in(said):
    assert gate.licence_faults(_found(_Installed("a", licence=said)))


@pytest.mark.parametrize(
    "said",
    [
        "MIT",
        "BSD-3-Clause AND Zlib",
        "LGPL-3.0-only",
        "Apache-2.0 OR BSD-2-Clause",
        "MPL-2.0",
        "PSF-2.0",
        "0BSD OR CC0-1.0",
    ],
)
def test_licences_that_may(said):
    assert not gate.licence_faults(_found(_Installed("a", licence=said)))


def test_the_licence_is_read_from_classifiers_where_there_is_no_expression():
    gpl = _Installed("a", licence="", classifiers=["OSI Approved :: GNU Affero General Public License v3"])
    assert gate.licence(gpl) == "GNU Affero General Public License v3"
    assert gate.licence_faults({"a": gpl})
    lesser = _Installed(
        "a", licence="", classifiers=["OSI Approved", "OSI Approved :: GNU Lesser General Public License v3"]
    )
    assert not gate.licence_faults({"a": lesser})


def test_what_is_explained_is_needed():
    for name, reason in gate.EXPLAINED.items():
        assert reason
        if (installed := gate.find(name)) is not None:
            said = gate.licence(installed)
            assert gate.REFUSED.search(said) or not gate.ACCEPTED.search(said), f"{name} needs no explanation"
    assert all(gate.IGNORED.values())


def _audited(*rows):
    return json.dumps({"dependencies": list(rows), "fixes": []})


CLEAN = {"name": "a", "version": "1.0", "vulns": []}
BAD = {
    "name": "b",
    "version": "1.0",
    "vulns": [{"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": ["1.1"]}],
}
UNKNOWN = {"name": "c", "skip_reason": "not found"}


def test_a_known_vulnerability_fails():
    assert gate.read_audit(_audited(CLEAN, BAD, UNKNOWN), "") == (
        ["b 1.0: PYSEC-1, mended in 1.1"],
        "2 packages looked at, 1 unknown to the service",
    )


def test_an_ignored_one_does_not(monkeypatch):
    monkeypatch.setitem(gate.IGNORED, "CVE-1", "we do not call it")
    assert gate.read_audit(_audited(CLEAN, BAD), "") == ([], "2 packages looked at")


def test_a_service_that_knows_no_package_is_no_clean_bill():
    faults, words = gate.read_audit(_audited(UNKNOWN), "")
    assert (faults, words.split(":")[0]) == ([], "skipped")


def test_without_a_network_nothing_fails():
    faults, words = gate.read_audit("", "Traceback\nrequests.exceptions.ConnectionError: no route")
    assert not faults
    assert words.startswith("skipped: the service cannot be reached")


def test_an_audit_that_breaks_for_another_reason_fails():
    faults, _ = gate.read_audit("", "error: no such option")
    assert faults == ["pip-audit failed: error: no such option"]


def test_a_service_that_does_not_answer_is_skipped(monkeypatch):
    def never(*args, timeout, **kwargs):
        raise subprocess.TimeoutExpired(args, timeout)

    monkeypatch.setattr(gate.subprocess, "run", never)
    assert gate.vulnerabilities(gate.CONSTRAINTS, 5) == ([], "skipped: no answer within 5 s")


@pytest.mark.parametrize(("faults", "status"), [([], 0), (["b 1.0: PYSEC-1"], 1)])
def test_the_gate_tells_each_part(monkeypatch, capsys, faults, status):
    monkeypatch.setattr(gate, "vulnerabilities", lambda _: (faults, "2 packages looked at"))
    assert gate.main() == status
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        f"dependencies, {p}" for p in ("versions", "licences", "vulnerabilities")
    ]
