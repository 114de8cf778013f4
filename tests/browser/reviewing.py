"""The review page in a browser, as tests look at it."""

from __future__ import annotations

from playwright.sync_api import Page, expect

#: A decided item has gone when another one is there and can be answered.
_NEXT = """before => {
    const task = document.querySelector("#task");
    return task && task.dataset.question !== before && !document.querySelector("#stage[aria-busy=true]");
}"""


def question(page: Page) -> str | None:
    """The question that is shown; None where none is."""
    return page.locator("#task").get_attribute("data-question")


def given(page: Page) -> str:
    """Name of the given label that is shown."""
    return page.locator(".is-given .label-name").inner_text()


def press(page: Page, *keys: str) -> str | None:
    """Press keys, and wait for the item that comes after; gives its question."""
    before = question(page)
    for key in keys:
        page.keyboard.press(key)
    page.wait_for_function(_NEXT, arg=before)
    return question(page)


def sent(page: Page) -> None:
    """Wait until nothing waits to be sent."""
    page.wait_for_function("() => !Object.keys(localStorage).some(k => k.startsWith('labelaudit/unsent/'))")


def waiting(page: Page) -> int:
    """How many decisions this browser keeps."""
    found = page.evaluate("Object.keys(localStorage).filter(k => k.startsWith('labelaudit/unsent/')).length")
    return int(found)


def waits(page: Page, n: int) -> None:
    """Wait until so many decisions wait to be sent; what is under way may still arrive."""
    page.wait_for_function(
        "n => Object.keys(localStorage).filter(k => k.startsWith('labelaudit/unsent/')).length === n", arg=n
    )


def no_sideways_scroll(page: Page) -> None:
    """Fail when the page is wider than the window."""
    wide = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert wide[0] <= wide[1], f"the page is {wide[0]} wide in a window of {wide[1]}"


def told(page: Page, words: str) -> None:
    """Wait for what the page tells."""
    expect(page.locator("#told")).to_contain_text(words)
