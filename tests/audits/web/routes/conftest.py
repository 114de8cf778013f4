"""The app over fresh copies of small datasets, and a browser without script on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.audits.web.routes.browser import Browser, browser_on
from tests.browser.rooms import Made


@pytest.fixture(scope="session")
def made_rooms(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Workspaces with twelve texts in the queue, by their `review` section; each is made once."""
    known: dict[str, Path] = {}

    def of(**review: Any) -> Path:
        if (key := repr(review)) not in known:
            known[key] = tmp_path_factory.mktemp("made") / "work space"
            Made(n=12, review=review).write(known[key])
        return known[key]

    return of


@pytest.fixture
def on_review(made_rooms: Callable[..., Path], tmp_path: Path) -> Iterator[Callable[..., Browser]]:
    """`on_review(room={...})` is a browser on the app over a fresh copy."""
    opened: list[Browser] = []

    def of(**review: Any) -> Browser:
        opened.append(browser_on(made_rooms(**review), tmp_path / f"copy {len(opened)}"))
        return opened[-1]

    yield of
    for browser in opened:
        browser.room.close()
