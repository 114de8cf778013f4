"""Links between the pages lead somewhere, on a code host and on the site."""

from __future__ import annotations

import re

import pytest

from tests.documentation.pages import DOCS, PAGES, REPOSITORY, text_of


def _slug(heading: str) -> str:
    """The anchor that code hosts and the site give to a heading."""
    words = re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower())
    return words.strip().replace(" ", "-")


@pytest.mark.parametrize("page", PAGES)
def test_every_link_to_a_file_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", text_of(page)):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        path = (PAGES[page].parent / name).resolve() if name else PAGES[page]
        assert path.exists(), f"{page} links to {target}"
        assert path.is_relative_to(REPOSITORY), f"{page} links to {target}"
        if anchor:
            text = re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)
            anchors = {_slug(h) for h in re.findall(r"^#+ (.+)$", text, re.M)}
            assert anchor in anchors, f"{page} links to {target}"


def test_every_page_is_in_the_sites_menu():
    menu = set()
    for page in ("docs/index.md", "docs/api/index.md"):
        folder = PAGES[page].parent
        for toc in re.findall(r"```\{toctree\}\n(.*?)```", text_of(page), re.S):
            menu |= {
                (folder / line).relative_to(DOCS) for line in toc.split("\n") if re.match(r"[a-z]", line)
            }
    sources = [p for p in [*DOCS.rglob("*.md"), *DOCS.rglob("*.rst")] if "_build" not in p.parts]
    pages = {p.relative_to(DOCS).with_suffix("") for p in sources}
    assert {p.as_posix() for p in pages - menu} == {"index"}
    assert not menu - pages
