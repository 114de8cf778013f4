"""Pictures of pages for the documentation, the same each time they are made."""

from pathlib import Path

from playwright.sync_api import Page

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "images"

#: Widths that pages are shown at.
WIDTHS = {"desktop": 1280, "phone": 390}


def shot(
    page: Page, path: str, name: str, *, width: int = 1280, dark: bool = False, folder: Path = FOLDER
) -> Path:
    """Write a picture of a page as `review-NAME-WIDTH.png`.

    Parameters
    ----------
    page : Page
        Of a served review room.
    path : str
        Of the page, with its server; empty for what is open.
    name : str
        What the picture is called.
    width : int
        Of the window.
    dark : bool
        Whether in the dark scheme.
    folder : Path
    """
    tall = 900 if width > 600 else 844
    page.set_viewport_size({"width": width, "height": tall})
    page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
    if path:
        page.goto(path)
    page.wait_for_load_state("networkidle")
    page.evaluate("() => document.fonts.ready")
    kind = next((k for k, w in WIDTHS.items() if w == width), str(width))
    to = folder / f"review-{name}-{kind}{'-dark' if dark else ''}.png"
    to.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=to, full_page=False, caret="hide", animations="disabled")
    return to
