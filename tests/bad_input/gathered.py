"""All cases of the table, from the modules of this folder that hold them."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from tests.bad_input.case import Accepted, Case

_MODULES = [
    import_module(f"tests.bad_input.{p.stem}") for p in sorted(Path(__file__).parent.glob("cases_*.py"))
]

#: Every kind of bad input.
CASES: tuple[Case, ...] = tuple(c for m in _MODULES for c in m.CASES)

#: What looks odd but is read as it is meant.
ACCEPTED: tuple[Accepted, ...] = tuple(a for m in _MODULES for a in getattr(m, "ACCEPTED", ()))
