"""The cases of files that this user may not read, run as nobody where the tests run as root."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bad_input.cases_unreadable import CASES
from tests.bad_input.conftest import in_force, strays
from tests.bad_input.test_bad_input import PROGRESS
from tests.conftest import MadeUp

#: The user `nobody`, by the number that he has everywhere.
_NOBODY = 65534


@pytest.fixture
def theirs(good: MadeUp) -> Iterator[MadeUp]:
    """A copy of the good workspace that belongs to nobody, in a folder that everybody may enter."""
    with tempfile.TemporaryDirectory() as place:
        root = Path(place) / "work space"
        shutil.copytree(good.root, root)
        if os.geteuid() == 0:
            Path(place).chmod(0o755)
            for path in (root, *root.rglob("*")):
                os.chown(path, _NOBODY, _NOBODY)
        yield MadeUp(root)


@pytest.mark.parametrize("case", [pytest.param(c, id=c.name) for c in CASES])
def test_what_may_not_be_read_is_told_and_what_was_in_force_stays(case, theirs, monkeypatch) -> None:
    before = in_force(theirs.root)
    case.spoil(theirs)
    monkeypatch.chdir(theirs.root)
    was_root = os.geteuid() == 0
    try:
        if was_root:
            os.seteuid(_NOBODY)
        done = theirs.call(*case.command)
    finally:
        if was_root:
            os.seteuid(0)
    said = PROGRESS.sub("", done.stderr)
    assert done.exit_code == case.exit_status, done.output
    assert case.stderr(str(theirs.root)).fullmatch(said), f"\nexpected: {case.message}\ngot:      {said}"
    assert in_force(theirs.root) == before
    assert strays(theirs.root) == []
