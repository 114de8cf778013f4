"""The examples in the docstrings run."""

import doctest
import importlib
import pkgutil

import pytest

import assets
import audits
import pipelines


def _modules_with_examples() -> list[str]:
    found = []
    for package in (audits, assets, pipelines):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            source = module.module_finder.find_spec(module.name).loader.get_source(module.name)
            if ">>> " in source and ".migrations" not in module.name:  # these run only under Alembic
                found.append(module.name)
    return found


MODULES = _modules_with_examples()


def test_there_are_examples():
    assert len(MODULES) > 10


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings(name):
    result = doctest.testmod(importlib.import_module(name))
    assert result.attempted
    assert not result.failed
