"""The table of bad input: whatever comes in is refused in words, and what was in force stays in force."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter

import pytest

from audits.errors import kinds
from tests.bad_input.case import ANY, TABLE, WHERE, Accepted, Case
from tests.bad_input.conftest import in_force, strays
from tests.bad_input.gathered import ACCEPTED, CASES
from tests.conftest import MadeUp

#: A step that is under way, as a person sees it, and what is only poor.
PROGRESS = re.compile(r"^(?:\[\d+/\d+\]|labelaudit: warning:) .*\n", re.MULTILINE)

#: Least number of kinds, and of those the rooms of files that an audit reads.
_KINDS, _READ = 60, 60


@pytest.fixture(scope="session")
def compared(good: MadeUp) -> str:
    """The comparison of the good workspace."""
    return good.ok("compare", "zoo", "--json")


@pytest.mark.parametrize("case", [pytest.param(c, id=c.name) for c in CASES if c.run_by == TABLE])
def test_bad_input_is_refused_in_words_and_what_was_in_force_stays(
    case: Case, good: MadeUp, copied: MadeUp, compared: str
) -> None:
    before = in_force(copied.root)
    case.spoil(copied)
    spoiled = in_force(copied.root)
    root = str(copied.root)
    done = copied.call(*(w.replace("{root}", root) for w in case.command))

    said = PROGRESS.sub("", done.stderr)
    assert done.exit_code == case.exit_status, done.output
    assert done.exception is None or isinstance(done.exception, SystemExit)
    assert "Traceback" not in done.output
    assert case.stderr(root).fullmatch(said), f"\nexpected: {case.message}\ngot:      {said}"
    assert in_force(copied.root) == spoiled, "the last good state was touched"
    assert strays(copied.root) == []
    if spoiled == before:  # else it is the workspace itself that is spoiled
        _put_back(good, copied)
        assert copied.ok("compare", "zoo", "--json") == compared, "not as it was, with the input mended"


def _put_back(good: MadeUp, copied: MadeUp) -> None:
    for place in (copied.root / "datasets", copied.root / "labelaudit.yaml"):
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
        else:
            place.unlink(missing_ok=True)
    shutil.copytree(good.root / "datasets", copied.root / "datasets")


@pytest.mark.parametrize("odd", [pytest.param(a, id=a.name) for a in ACCEPTED])
def test_what_only_looks_odd_comes_out_by_id_unchanged(odd: Accepted, copied: MadeUp) -> None:
    given = {r["item_id"]: r["given_label"] for r in _findings(copied)}
    meant = odd.change(copied)
    expected = given if meant is None else dict(zip(*meant, strict=True))
    copied.ok("run", "zoo")
    assert {r["item_id"]: r["given_label"] for r in _findings(copied)} == expected
    if meant is None:  # else there may be no models
        scores = json.loads(copied.ok("compare", "zoo", "--json"))["scores"]
        assert max(s["n"] for s in scores if s["version"] == "original") == len(expected)


def _findings(zoo: MadeUp) -> list[dict[str, str]]:
    found: list[dict[str, str]] = zoo.json("findings", "zoo", "--limit", "1000")
    return found


def test_the_good_workspace_is_good(copied: MadeUp, compared: str) -> None:
    done = copied.call("run", "zoo", "--force")
    assert done.exit_code == 0, done.output
    assert json.loads(copied.ok("compare", "zoo", "--json"))["scores"] == json.loads(compared)["scores"]
    assert strays(copied.root) == []


def test_the_table_is_sound() -> None:
    names = Counter(c.name for c in [*CASES, *ACCEPTED])
    assert [n for n, count in names.items() if count > 1] == []
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", n) for n in names)
    assert {c.where for c in [*CASES, *ACCEPTED]} <= set(WHERE)
    assert len(CASES) >= _KINDS
    known = {k.code: k.exit_status for k in kinds()}
    assert {c.name: c.exit_status for c in CASES if known.get(c.code) != c.exit_status} == {}
    assert [c.name for c in CASES if not c.message.replace(ANY, "").strip()] == [], "a message of nothing"


def test_every_room_has_bad_input() -> None:
    rooms = Counter(c.where for c in CASES)
    assert [w for w in WHERE if not rooms[w]] == []
    assert sum(rooms[w] for w in WHERE[:4]) >= _READ
