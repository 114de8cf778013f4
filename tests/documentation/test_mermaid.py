"""Flow charts are drawn whole or not at all."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest
from reference.mermaid import svg

CHART = 'flowchart LR\n  a["one<br/><i>a note</i>"]\n  b["two"]\n  c(["three"])\n  a --> b\n  b --> c\n  a --> c\n'


def test_boxes_stand_below_what_they_follow_from():
    root = ET.fromstring(svg(CHART, "a <title>"))  # noqa: S314 - our own text
    tops = [float(r.get("y")) for r in root.iter("{http://www.w3.org/2000/svg}rect")]
    assert tops == sorted(tops)
    assert len(set(tops)) == 3
    assert root.get("aria-label") == "a <title>"
    texts = [t.text for t in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts == ["one", "a note", "two", "three"]


def test_everything_lies_within_the_picture():
    drawn = svg(CHART)
    left, top, width, height = map(float, re.search(r'viewBox="([^"]+)"', drawn)[1].split())
    for x, y, w, h in re.findall(r'<rect x="(\S+)" y="(\S+)" width="(\S+)" height="(\S+)"', drawn):
        assert left <= float(x)
        assert float(x) + float(w) <= left + width
        assert top <= float(y)
        assert float(y) + float(h) <= top + height


@pytest.mark.parametrize(
    "text", ["graph TD\n", 'flowchart LR\n  a["one"]\n  a --> nobody\n', "flowchart LR\n  a{x}\n"]
)
def test_what_cannot_be_drawn_is_refused(text):
    with pytest.raises(ValueError, match=r"cannot draw|expected a flowchart"):
        svg(text)
