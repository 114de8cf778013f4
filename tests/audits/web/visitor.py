"""A browser without script, for tests: keeps cookies, sends the form token, and reads pages as trees."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient

#: Under which the app is asked for; it does not answer to other names.
BASE = "http://127.0.0.1:8321"

_VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}


@dataclass
class Node:
    """An element of a page."""

    tag: str
    attributes: dict[str, str]
    children: list[Node | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All text in it, with single blanks."""
        parts = (c if isinstance(c, str) else c.text for c in self.children)
        return " ".join(" ".join(parts).split())

    def all(self, tag: str, **attributes: str) -> list[Node]:
        """Elements below it, in order; `class_` and the like stand for `class`."""
        wanted = {k.rstrip("_").replace("_", "-"): v for k, v in attributes.items()}
        found = []
        for child in self.children:
            if isinstance(child, Node):
                if child.tag == tag and wanted.items() <= child.attributes.items():
                    found.append(child)
                found += child.all(tag, **attributes)
        return found

    def one(self, tag: str, **attributes: str) -> Node:
        """The one element of a kind."""
        found = self.all(tag, **attributes)
        assert len(found) == 1, f"{len(found)} elements {tag} {attributes}"
        return found[0]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open = [Node("document", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {k: v or "" for k, v in attrs})
        self.open[-1].children.append(node)
        if tag not in _VOID:
            self.open.append(node)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
            self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def tree(html: str) -> Node:
    """The page as a tree; elements that are not closed in order are refused."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert len(reader.open) == 1, f"<{reader.open[-1].tag}> is not closed"
    return reader.open[0]


class Visitor(TestClient):
    """A browser without script. Does not follow redirects by itself."""

    def __init__(self, app: FastAPI, base_url: str = BASE, **more: Any) -> None:
        super().__init__(app, base_url=base_url, follow_redirects=False, **more)

    def page(self, path: str, status: int = 200) -> Node:
        """A page as a tree."""
        answer = self.get(path)
        assert answer.status_code == status, answer.text
        return tree(answer.text)

    def token(self) -> str:
        """The token of this browser's forms, as pages have it for scripts."""
        answer = self.get("/login", headers={"accept": "text/html"})
        if answer.status_code == 303:
            answer = self.get("/account")
        return tree(answer.text).one("meta", name="csrf-token").attributes["content"]

    def submit(self, path: str, **fields: Any) -> Any:
        """Post a form with its token; returns the answer."""
        return self.post(path, data={"csrf_token": self.token(), **fields})

    def log_in(self, name: str, password: str, next: str = "/") -> Any:
        """Log in; returns the answer, which leads to `next`."""
        return self.submit("/login", name=name, password=password, next=next)
