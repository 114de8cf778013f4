"""The examples in the docstrings run."""

import doctest
import importlib
import pkgutil

import audits


def test_examples_in_docstrings():
    run = failed = 0
    for module in pkgutil.walk_packages(audits.__path__, "audits."):
        if ".migrations" in module.name:  # runs only under Alembic
            continue
        result = doctest.testmod(importlib.import_module(module.name))
        run, failed = run + result.attempted, failed + result.failed
    assert run > 3
    assert failed == 0
