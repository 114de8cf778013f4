"""The pictures of the documentation: written to docs/images when LABELAUDIT_SCREENSHOTS is set, tried out otherwise."""

import os

import pytest
from PIL import Image

from tests.browser.reviewing import press, question, sent
from tests.browser.rooms import Made
from tests.browser.shots import FOLDER, WIDTHS, shot


@pytest.fixture
def folder(tmp_path):
    return FOLDER if os.environ.get("LABELAUDIT_SCREENSHOTS") else tmp_path / "images"


def test_pages_look_the_same_each_time_and_fill_the_window(serve, visiting, tmp_path):
    with serve() as room, visiting(room) as visitor:
        page = visitor.open("/d/zoo/review")
        for kind, width in WIDTHS.items():
            twice = [
                shot(page, visitor.base + "/d/zoo/review", "try", width=width, folder=tmp_path / str(i))
                for i in (1, 2)
            ]
            pictures = [Image.open(p).convert("RGB") for p in twice]
            assert pictures[0].width == width
            assert twice[0].name == f"review-try-{kind}.png"
            assert pictures[0].tobytes() == pictures[1].tobytes()
            assert len(pictures[0].getcolors(maxcolors=2**24)) > 20


def test_pictures_for_the_documentation(serve, visiting, folder):
    """The review page of texts; those of real content are in the documentation's own list."""
    texts = Made(n=20, text="The {}th item of a small made-up dataset, a text of one line.".format)
    with serve(texts) as room, visiting(room) as visitor:
        page = visitor.open("/d/zoo/review")
        press(page, "k")
        decided = question(page)
        press(page, "s")
        sent(page)
        pages = {
            "item": "/d/zoo/review",
            "blind-free": f"/d/zoo/q/{decided}",
            "history": "/d/zoo/history",
        }
        for name, path in pages.items():
            for width in WIDTHS.values():
                assert (
                    shot(page, visitor.base + path, name, width=width, folder=folder).stat().st_size > 5_000
                )
