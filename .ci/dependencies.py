"""Hold the dependencies to what was tested: versions, licences, known vulnerabilities. Part of `make lint`.

Versions and licences are read from what is installed and need no network. Vulnerabilities are asked of a public
service through pip-audit; where it cannot be reached the question is skipped, with the reason, and nothing fails.
"""

from __future__ import annotations

import importlib.metadata
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import Distribution
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
CONSTRAINTS = ROOT / "constraints.txt"
PROJECT = "labelaudit"
EXTRAS = ("crowd", "dev", "docs", "postgres")

#: Licences that may not come in, as they stand in metadata. The GNU GPL alone too: what is shipped is Apache-2.0.
REFUSED = re.compile(
    r"AGPL|Affero|(?<!L)(?<!Lesser )GPL|(?<!Lesser )General Public License|non-?commercial|CC-BY-NC|SSPL|Server Side"
    r"|Business Source|Commons Clause|proprietary",
    re.I,
)

#: Licences that may.
ACCEPTED = re.compile(
    r"MIT|BSD|Apache|MPL|Mozilla|PSF|Python Software Foundation|ISC|Zlib|0BSD|CC0|Public Domain|LGPL|Lesser General",
    re.I,
)

#: What the metadata alone would get wrong, with the reason.
EXPLAINED = {
    "axe-playwright-python": "MIT, by its licence file; the axe-core that it carries is MPL-2.0",
    "docutils": "public domain and BSD; the one file under the GPL is an Emacs mode, which is not installed",
}

#: Known vulnerabilities that do not concern us, by id, with the reason. There is none.
IGNORED: dict[str, str] = {}


def pinned(text: str) -> dict[str, str]:
    """Version by canonical name, from the text of the constraints file."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in (line.split("==") for line in lines)}


def closure(
    wanted: Iterable[str], find: Callable[[str], Distribution | None]
) -> tuple[dict[str, Distribution], list[str]]:
    """Everything that requirements need here, and what needs it in turn.

    Returns
    -------
    found : dict of canonical name to Distribution
    missing : list of str
        What is needed and not installed, with what needs it.
    """
    found: dict[str, Distribution] = {}
    missing: set[str] = set()
    seen: set[tuple[str, str]] = set()
    waiting = [(Requirement(text), "", PROJECT) for text in wanted]
    while waiting:
        requirement, extra, needed_by = waiting.pop()
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
            continue
        if (distribution := find(requirement.name)) is None:
            missing.add(f"{requirement.name} (for {needed_by})")
            continue
        name = canonicalize_name(requirement.name)
        found[name] = distribution
        for own in ("", *requirement.extras):
            if (name, own) not in seen:
                seen.add((name, own))
                waiting += [(Requirement(text), own, name) for text in distribution.requires or ()]
    return found, sorted(missing)


def declared(project: Mapping[str, Any], extras: Iterable[str]) -> list[str]:
    """What pyproject.toml asks for, with these extras; an extra of our own stands for what is in it."""
    optional = project.get("optional-dependencies", {})
    found = [*project["dependencies"], *(text for extra in extras for text in optional[extra])]
    return [text for text in found if canonicalize_name(Requirement(text).name) != PROJECT]


def version_faults(needed: Mapping[str, Distribution], pins: Mapping[str, str]) -> list[str]:
    """What is installed in another version than pinned, or not pinned at all."""
    faults = []
    for name, distribution in sorted(needed.items()):
        if name in ("pip", "setuptools"):  # the environment's own, which no constraints file pins
            continue
        if name not in pins:
            faults.append(f"{name} {distribution.version} is needed but not pinned")
        elif pins[name] != distribution.version:
            faults.append(f"{name}: {distribution.version} is installed, {pins[name]} is pinned")
    return faults


def licence(distribution: Distribution) -> str:
    """What the metadata say: the expression, or else the classifiers, or else the first line of the text."""
    metadata = distribution.metadata
    if expression := metadata.get("License-Expression"):
        return str(expression)
    classifiers = [
        c.split(" :: ")[-1] for c in metadata.get_all("Classifier") or () if c.startswith("License ::")
    ]
    named = [c for c in classifiers if c != "OSI Approved"]
    return "; ".join(named) or str(metadata.get("License") or "").split("\n")[0][:100]


def licence_faults(needed: Mapping[str, Distribution]) -> list[str]:
    """What has a licence that may not come in, or one that nobody has looked at."""
    faults = []
    for name, distribution in sorted(needed.items()):
        said = licence(distribution)
        if name in EXPLAINED:
            continue
        if REFUSED.search(said):
            faults.append(f"{name}: the licence {said!r} may not come in")
        elif not ACCEPTED.search(said):
            faults.append(f"{name}: unknown licence {said!r}; look at it and add it to .ci/dependencies.py")
    return faults


def read_audit(output: str, errors: str) -> tuple[list[str], str]:
    """Faults, and a line that says what was looked at or why nothing was, from what pip-audit wrote."""
    try:
        audited = json.loads(output)["dependencies"]
    except (ValueError, KeyError, TypeError):
        last = ([line for line in errors.splitlines() if line.strip()] or ["pip-audit said nothing"])[-1]
        if re.search(r"Connection|Timeout|timed out|ServiceError|Resolution|HTTPError|Proxy|SSL", errors):
            causes = re.findall(r"\w+(?:Error|Timeout)\b", last)
            return [], f"skipped: the service cannot be reached ({causes[-1] if causes else last[:120]})"
        return [f"pip-audit failed: {last}"], "failed"
    passed_over = [d["name"] for d in audited if "skip_reason" in d]
    looked_at = len(audited) - len(passed_over)
    if not looked_at:  # pip-audit itself would say 'no known vulnerabilities found'
        return [], "skipped: the service knows none of the packages"
    faults = [
        f"{d['name']} {d['version']}: {v['id']}, mended in {', '.join(v['fix_versions']) or 'no release yet'}"
        for d in audited
        for v in d.get("vulns", ())
        if not {v["id"], *v.get("aliases", ())} & IGNORED.keys()
    ]
    unknown = f", {len(passed_over)} unknown to the service" if passed_over else ""
    return faults, f"{looked_at} packages looked at{unknown}"


def vulnerabilities(constraints: Path, seconds: float = 120) -> tuple[list[str], str]:
    """Ask for known vulnerabilities of all pins; never fails for lack of a network."""
    command = [
        sys.executable,
        "-m",
        "pip_audit",
        "-r",
        str(constraints),
        "--no-deps",
        "--disable-pip",
        "-f",
        "json",
    ]
    command += ["--vulnerability-service", "osv", "--timeout", "5", "--progress-spinner", "off"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        return [], f"skipped: no answer within {seconds:g} s"
    return read_audit(done.stdout, done.stderr)


def find(name: str) -> Distribution | None:
    """The installed distribution of a name."""
    try:
        return importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def main() -> int:
    """Check everything, print a line each, and give the exit status."""
    # 'make setup' leaves the docs site's packages out; what is not installed cannot be looked at
    extras = [e for e in EXTRAS if e != "docs" or find("sphinx") is not None]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed, missing = closure(declared(project, extras), find)
    versions = [f"{m} is not installed" for m in missing]
    versions += version_faults(needed, pinned(CONSTRAINTS.read_text(encoding="utf-8")))
    vulnerable, looked = vulnerabilities(CONSTRAINTS)
    without = "" if "docs" in extras else " (without the docs site's, which are not installed)"
    results = [
        ("versions", versions, f"{len(needed)} packages are as pinned{without}"),
        ("licences", licence_faults(needed), f"{len(needed)} looked at"),
        ("vulnerabilities", vulnerable, looked),
    ]
    for what, faults, good in results:
        for line in faults or [good]:
            sys.stdout.write(f"dependencies, {what}: {line}\n")
    return int(any(faults for _, faults, _ in results))


if __name__ == "__main__":
    raise SystemExit(main())
