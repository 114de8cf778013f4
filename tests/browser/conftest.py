"""A real browser against a real server. Where there is none the tests are skipped with the reason; in CI they fail."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, sync_playwright

from tests.browser.rooms import Made, Running, copied, running

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


# A browser of the module, not of the session: Playwright's event loop counts as running in this thread for as long as
# it lives, and other tests of the same process run loops of their own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium, headless."""
    path = next((p for n in NAMES if (p := shutil.which(n))), None)
    if path is None:
        words = f"there is no browser: none of {', '.join(NAMES)} is on the PATH"
        if os.environ.get("CI"):
            pytest.fail(words)
        pytest.skip(words)
    arguments = ["--disable-dev-shm-usage", "--disable-gpu", "--force-prefers-reduced-motion"]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")  # Chromium refuses to sandbox what root runs
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=arguments)
        yield launched
        launched.close()


class Visitor:
    """A browser of one person, and all that must not happen in it: faults, messages of the console, strange origins."""

    def __init__(self, context: BrowserContext, base: str) -> None:
        self.context, self.base = context, base
        self.strange: list[str] = []
        self.faults: list[str] = []
        self.dialogs: list[str] = []
        self.forgiven: tuple[str, ...] = ()
        context.route("**/*", self._route)
        context.on("weberror", lambda e: self.faults.append(str(e.error)))
        context.on("console", lambda m: m.type in ("error", "warning") and self.faults.append(m.text))
        context.on("dialog", lambda d: (self.dialogs.append(d.message), d.accept()))
        context.set_default_timeout(10_000)

    def _route(self, route: Route) -> None:
        url = route.request.url
        if url.startswith(self.base) or url.startswith(("data:", "blob:")):
            route.continue_()
        else:
            self.strange.append(url)
            route.abort()

    def open(self, path: str) -> Page:
        """A new tab on a page of the server."""
        page = self.context.new_page()
        page.goto(self.base + path)
        return page

    def check(self) -> None:
        """Fail on what must not have happened."""
        assert not self.strange, f"asked other origins for {self.strange[:5]}"
        left = [f for f in self.faults if not any(word in f for word in self.forgiven)]
        assert not left, f"the browser complained: {left[:5]}"


@pytest.fixture
def visiting(browser: Browser) -> Callable[..., "contextmanager[Visitor]"]:
    """`with visiting(room) as visitor:` is a browser of its own, checked at the end."""

    @contextmanager
    def visit(
        room: Running, *, width: int = 1280, height: int = 900, dark: bool = False, **more: object
    ) -> Iterator[Visitor]:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            **more,
        )
        visitor = Visitor(context, room.url)
        try:
            yield visitor
            visitor.check()
        finally:
            context.close()

    return visit


@pytest.fixture(scope="session")
def workspaces(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Made], Path]:
    """Workspaces by what is in them, each made once."""
    made: list[tuple[Made, Path]] = []

    def of(dataset: Made) -> Path:
        for known, path in made:
            if known == dataset:
                return path
        path = tmp_path_factory.mktemp("made") / "work space"
        dataset.write(path)
        made.append((dataset, path))
        return path

    return of


@pytest.fixture
def serve(workspaces: Callable[[Made], Path], tmp_path: Path) -> Callable[..., "contextmanager[Running]"]:
    """`with serve(Made(...)) as room:` is a fresh copy of the dataset's workspace, served."""

    @contextmanager
    def of(dataset: Made | None = None) -> Iterator[Running]:
        workspace = copied(workspaces(dataset or Made()), tmp_path / "work space")
        with running(workspace) as room:
            yield room

    return of
