"""The folder that the examples of a test write to."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One folder for all examples of a module; each writes its files anew."""
    return tmp_path_factory.mktemp("properties")
