"""Draw the Mermaid flow charts of the pages as SVG when the site is built: no script, no network.

Code hosts draw the same text themselves. Only what our charts use is understood: boxes, rounded boxes and
arrows; anything else is refused, so that a chart cannot be half drawn.
"""

import html
import re
from dataclasses import dataclass, field

_NODE = re.compile(r'^(\w+)(\(\[|\[)"(.*)"(\]\)|\])$')
_EDGE = re.compile(r"^(\w+) --> (\w+)$")

#: Sizes in pixels at the site's text size.
_CHARACTER, _LINE, _PAD, _GAP_X, _GAP_Y, _BULGE = 7.2, 18, 12, 28, 34, 34


@dataclass
class _Box:
    lines: list[str]
    rounded: bool
    layer: int = 0
    x: float = 0.0  # of its middle
    y: float = 0.0  # of its top
    width: float = 0.0
    height: float = 0.0
    parents: list[str] = field(default_factory=list)


def svg(text: str, title: str = "Flow chart") -> str:
    """A flow chart as an SVG element that takes its colours from the page.

    Parameters
    ----------
    text : str
        A Mermaid `flowchart`.
    title : str
        What the picture shows, for those who do not see it.

    Raises
    ------
    ValueError
        When a line is none that can be drawn.
    """
    boxes = _parsed(text)
    _place(boxes)
    edges = [_edge(boxes[p], box, boxes, i) for box in boxes.values() for i, p in enumerate(box.parents)]
    reach = _BULGE + max(abs(b.x) + b.width / 2 for b in boxes.values())
    height = max(b.y + b.height for b in boxes.values()) + 4
    drawn = "".join(f'<path class="edge" d="{d}" marker-end="url(#arrow)"/>' for d in edges)
    drawn += "".join(_box(b) for b in boxes.values())
    return (
        f'<svg class="flowchart" role="img" aria-label="{html.escape(title)}" xmlns="http://www.w3.org/2000/svg" '
        f'viewBox="{-reach:.0f} -2 {2 * reach:.0f} {height:.0f}" width="{2 * reach:.0f}" height="{height:.0f}">'
        '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        f'orient="auto"><path class="tip" d="M0 0L8 4L0 8z"/></marker></defs>{drawn}</svg>'
    )


def _parsed(text: str) -> dict[str, _Box]:
    first, *lines = [line.strip() for line in text.strip().splitlines()]
    if not re.fullmatch(r"flowchart (LR|TD)", first):
        raise ValueError(f"expected a flowchart, got {first!r}")
    boxes: dict[str, _Box] = {}
    for line in lines:
        if node := _NODE.match(line):
            boxes[node[1]] = _Box(re.split(r"<br ?/?>", node[3]), rounded=node[2] == "([")
        elif (edge := _EDGE.match(line)) and {edge[1], edge[2]} <= boxes.keys():
            boxes[edge[2]].parents.append(edge[1])
        else:
            raise ValueError(f"cannot draw the line {line!r}")
    return boxes


def _place(boxes: dict[str, _Box]) -> None:
    """From top to bottom, whatever the chart says: ten stages beside each other fit no phone."""
    for box in boxes.values():  # parents stand before their children
        box.layer = max((boxes[p].layer + 1 for p in box.parents), default=0)
        box.width = 2 * _PAD + _CHARACTER * max(len(re.sub(r"<.*?>", "", line)) for line in box.lines)
        box.height = _PAD + _LINE * len(box.lines)
    top = 0.0
    for layer in range(1 + max(b.layer for b in boxes.values())):
        row = [b for b in boxes.values() if b.layer == layer]
        left = -(sum(b.width for b in row) + _GAP_X * (len(row) - 1)) / 2
        for box in row:
            box.x, box.y = left + box.width / 2, top
            left += box.width + _GAP_X
        top += max(b.height for b in row) + _GAP_Y


def _edge(source: _Box, target: _Box, boxes: dict[str, _Box], number: int) -> str:
    down = source.y + source.height
    between = [b for b in boxes.values() if source.layer < b.layer < target.layer]
    aligned = source.x == target.x and all(abs(b.x - source.x) > b.width / 2 for b in between)
    if not between or aligned:
        bend = (target.y - down) / 2
        return (
            f"M{source.x:.0f} {down:.0f}C{source.x:.0f} {down + bend:.0f} {target.x:.0f} {target.y - bend:.0f} "
            f"{target.x:.0f} {target.y:.0f}"
        )
    side = 1 if number % 2 else -1  # around what stands between, to the left and to the right in turn
    out = side * (_BULGE + max(abs(b.x) + b.width / 2 for b in [source, target, *between]))
    start, end = source.x + side * source.width / 2, target.x + side * target.width / 2
    high, low = source.y + source.height / 2, target.y + target.height / 2
    return f"M{start:.0f} {high:.0f}C{out:.0f} {high:.0f} {out:.0f} {low:.0f} {end:.0f} {low:.0f}"


def _box(box: _Box) -> str:
    x, radius = box.x - box.width / 2, box.height / 2 if box.rounded else 4
    drawn = f'<rect x="{x:.0f}" y="{box.y:.0f}" width="{box.width:.0f}" height="{box.height:.0f}" rx="{radius:.0f}"/>'
    for i, line in enumerate(box.lines):
        bare = html.escape(re.sub(r"<.*?>", "", line))
        kind = ' class="note"' if "<i>" in line else ""
        y = box.y + _PAD / 2 + _LINE * (i + 0.72)
        drawn += f'<text x="{box.x:.0f}" y="{y:.0f}" text-anchor="middle"{kind}>{bare}</text>'
    return drawn
