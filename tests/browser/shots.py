"""Pictures of pages for the documentation, the same each time they are made."""

from pathlib import Path

from PIL import Image
from playwright.sync_api import Page

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "images"

#: Width and height of the windows that pages are shown in.
WINDOWS = {"desktop": (1280, 900), "phone": (390, 844)}

#: Colours that a picture keeps: pages have few.
COLOURS = 128


def shot(
    page: Page,
    name: str,
    *,
    window: str = "desktop",
    dark: bool = False,
    height: int | None = None,
    folder: Path = FOLDER,
) -> Path:
    """Write a picture of the page that is open as `review-NAME.png`, with `-phone` and `-dark` where it is.

    Parameters
    ----------
    page : Page
        Of a served review room.
    name : str
        What the picture is called.
    window : {"desktop", "phone"}
    dark : bool
        Whether in the dark scheme.
    height : int, optional
        Of the window; left out: as usual. 0: as high as what it shows.
    folder : Path
    """
    width, usual = WINDOWS[window]
    page.set_viewport_size({"width": width, "height": height or usual})
    page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
    page.wait_for_load_state("networkidle")
    page.evaluate("() => document.fonts.ready")
    if height == 0:
        fits = page.evaluate("Math.ceil(document.querySelector('main').getBoundingClientRect().bottom)")
        page.set_viewport_size({"width": width, "height": fits})
    ending = ("-phone" if window == "phone" else "") + ("-dark" if dark else "")
    to = folder / f"review-{name}{ending}.png"
    to.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=to, caret="hide", animations="disabled")
    with Image.open(to) as taken:
        few = taken.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    few.save(to, optimize=True)
    return to
