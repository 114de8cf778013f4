"""Files that the user may not read; run as a user who is not root."""

from __future__ import annotations

from collections.abc import Callable

from tests.bad_input.case import Case
from tests.bad_input.spoiling import folder
from tests.conftest import MadeUp

#: Root may read everything: these need a user of their own.
_RUN_BY = "test_unreadable.py"


def _forbidden(name: str) -> Callable[[MadeUp], None]:
    return lambda zoo: (folder(zoo) / name).chmod(0)


CASES: tuple[Case, ...] = (
    Case(
        "yaml-unreadable",
        "YAML",
        "a file that this user may not read",
        _forbidden("../zoo.yaml"),
        "yaml",
        "{root}/datasets/zoo.yaml: cannot be read: Permission denied",
        run_by=_RUN_BY,
    ),
    Case(
        "items-unreadable",
        "items",
        "a file that this user may not read",
        _forbidden("items.parquet"),
        "file",
        "{root}/datasets/zoo/items.parquet: cannot be read as parquet: Permission denied",
        run_by=_RUN_BY,
    ),
    Case(
        "outputs-unreadable",
        "outputs",
        "a file that this user may not read",
        _forbidden("m0.parquet"),
        "file",
        "model 'm0': {root}/datasets/zoo/m0.parquet: cannot be read as parquet: Permission denied",
        run_by=_RUN_BY,
    ),
)
