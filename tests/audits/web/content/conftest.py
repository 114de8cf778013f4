from __future__ import annotations

from pathlib import Path

import pytest

from tests.audits.web.content.shown import Shown


@pytest.fixture
def shown(tmp_path: Path) -> Shown:
    """An empty workspace; a blank and a letter beyond ASCII in its path, as people have them."""
    return Shown(tmp_path / "my wörk")
