"""The parts of pages that show a card, as trees."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from audits.web.content.card import Card, card
from audits.web.content.thumb import thumb
from audits.web.content.values import LONG_ENTRY
from audits.web.pages import LONG_TEXT, templates
from tests.audits.web.content.drawn import SVG, picture
from tests.audits.web.content.shown import Shown
from tests.audits.web.visitor import Node, tree

HOSTILE = [
    "<script>alert(1)</script>",
    "</bdi></div></details><img src=x onerror=alert(1)>",
    "\"'><svg onload=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "مرحبا \u202eright to left",
    "👩‍👩‍👧 emoji",
    "w" * 10_000,
    "a\nb  c",
]


def part(name: str, **values: object) -> Node:
    return tree(templates.env.get_template(name).render(**values))


def page(shown: Card) -> Node:
    """All parts of a card, one after the other."""
    html = "".join(
        templates.env.get_template(n).render(card=shown)
        for n in ("_item.html", "_evidence.html", "_context.html")
    )
    return tree(html)


def elements(node: Node) -> Iterator[Node]:
    for child in node.children:
        if isinstance(child, Node):
            yield child
            yield from elements(child)


def raw(node: Node) -> str:
    """Text as it stands, blanks and line ends too."""
    return "".join(c if isinstance(c, str) else raw(c) for c in node.children)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """Class names, texts, lists, keys and a model's name that hold whatever they like; `<b>0` has another label."""
    shown = Shown(tmp_path_factory.mktemp("hostile") / "w")
    n = 3 * len(HOSTILE)
    shown.yaml["classes"] = [{"id": f"k{i}", "name": HOSTILE[i], "guideline": HOSTILE[i]} for i in range(3)]
    truth = np.arange(n) % 3
    given = truth.copy()
    given[0] = 1
    texts = [HOSTILE[i % len(HOSTILE)] for i in range(n)]
    shown.items(
        [f"k{k}" for k in given],
        [f"<b>{i}" for i in range(n)],
        **{
            "<i>text": texts,
            "list": [[t, t] for t in texts],
            "rows": [{"<u>key": t} for t in texts],
        },
    )
    for i in range(2):
        shown.dense(f"m{i}", np.eye(3)[truth] * 0.94 + 0.02)
    shown.yaml["models"][0]["name"] = HOSTILE[1]
    np.save(shown.folder / "v.npy", np.random.default_rng(0).normal(size=(n, 4)).astype(np.float32))
    shown.yaml["features"] = [{"name": "v", "kind": "embeddings", "path": "v.npy", "rows": "items_order"}]
    return shown.open()


#: All that these parts are made of; whatever else is there came from the data.
ELEMENTS = {
    *(
        "section",
        "div",
        "p",
        "h2",
        "h3",
        "ul",
        "li",
        "dl",
        "dt",
        "dd",
        "details",
        "summary",
        "bdi",
        "span",
        "a",
        "img",
    ),
    *("table", "thead", "tbody", "tr", "th", "td", "svg", "rect", "strong", "mark"),
}


def test_nothing_that_data_hold_becomes_part_of_the_page(hostile):
    for i in range(len(HOSTILE)):
        found = page(card(hostile, f"<b>{i}", blind=False))
        for node in elements(found):
            assert node.tag in ELEMENTS
            assert "style" not in node.attributes
            assert not [a for a in node.attributes if a.startswith("on")]
            for address in ("href", "src"):
                assert node.attributes.get(address, "/d/").startswith("/d/")


def test_a_text_is_on_the_page_as_it_is_with_its_line_breaks(hostile):
    for i, text in enumerate(HOSTILE):
        said = raw(page(card(hostile, f"<b>{i}", blind=False)))
        assert said.count(text[:LONG_TEXT]) >= 1
        assert said.count(text[:LONG_ENTRY]) >= 3  # as a text, in the list, and in the rows


def test_of_a_long_text_the_rest_is_behind_a_click(hostile):
    (more, *_) = [
        d
        for d in part("_item.html", card=card(hostile, "<b>6", blind=True)).all("details")
        if "more characters" in d.text
    ]
    assert raw(more).strip().endswith("w" * (10_000 - LONG_TEXT))


def test_texts_keep_their_own_direction_and_wrap(hostile):
    found = part("_item.html", card=card(hostile, "<b>4", blind=True))
    (text,) = [
        n for n in elements(found) if n.tag == "div" and raw(n) == HOSTILE[4] and n.attributes.get("dir")
    ][:1]
    assert text.attributes == {"class": "wrap", "dir": "auto"}


def test_a_class_name_does_not_turn_the_reason_that_names_it(shown):
    truth = np.arange(30) % 3
    given = [f"k{k}" for k in truth]
    given[0] = "k1"
    shown.yaml["classes"] = [{"id": f"k{i}", "name": HOSTILE[4] + str(i)} for i in range(3)]
    shown.items(given)
    shown.dense("m", np.eye(3)[truth] * 0.94 + 0.02)
    found = card(shown.open(), "i0", blind=False)
    assert found.reasons
    assert "right to left" in found.reasons[0]
    assert "\u202e" not in "".join(found.reasons)
    assert "\u202e" in found.given.name  # isolated on the page, and as it is


def test_blind_the_page_holds_no_evidence_and_no_word_of_it(hostile):
    shown, blind = (page(card(hostile, "<b>0", blind=b)) for b in (False, True))
    assert "What the models say" in shown.text
    assert [n.tag for n in elements(blind) if n.tag == "section"] == ["section"]
    for word in ("models", "suggested", "flagged", "wrong", "copy", "Nearest", HOSTILE[2]):
        assert word not in blind.text
    # the same item is on both pages
    assert part("_item.html", card=card(hostile, "<b>0", blind=False)) == blind


def test_blind_items_of_one_label_differ_in_their_content_alone(hostile):
    flagged, plain = (card(hostile, f"<b>{i}", blind=True) for i in (0, 1))
    assert hostile.flagged[0]
    assert not hostile.flagged[1]
    one, other = ([(n.tag, n.attributes) for n in elements(page(c))] for c in (flagged, plain))
    assert one == other


def test_the_bars_are_as_long_as_their_figures(hostile):
    found = part("_evidence.html", card=card(hostile, "<b>0", blind=False))
    rows = found.one("table", class_="says").one("tbody").all("tr")
    assert [r.one("th").all("span", class_="role")[0].text for r in rows[:2]] == ["given", "suggested"]
    for row in rows:
        models, mean = row.all("td")
        said, of = (int(x) for x in models.text.split(" of "))
        assert float(models.all("rect")[1].attributes["width"]) == pytest.approx(100 * said / of)
        share = float(mean.text.removesuffix("%").strip())
        assert float(mean.all("rect")[1].attributes["width"]) == pytest.approx(share, abs=0.6)


def test_thirty_four_models_and_a_thousand_classes_stay_a_small_table(shown):
    k, n = 1000, 4
    rng = np.random.default_rng(0)
    shown.yaml["classes"] = [f"c{i}" for i in range(k)]
    shown.yaml["audits"] = {"model_agreement": {}}
    shown.items([f"c{i}" for i in range(n)])
    for m in range(34):
        labels = [[f"c{c}" for c in rng.choice(k, 5, replace=False)] for _ in range(n)]
        shown.top_k(f"model {m}", labels, [[0.5, 0.2, 0.1, 0.05, 0.05]] * n)
    found = part("_evidence.html", card=card(shown.open(), "i0", blind=False))
    assert len(found.one("table", class_="says").one("tbody").all("tr")) <= 6
    (details,) = found.all("details")
    assert len(details.one("tbody").all("tr")) == 34
    assert "open" not in details.attributes


def test_every_picture_has_words_for_those_who_do_not_see_it(shown):
    shown.yaml["items"] |= {"content": ["image", "drawing"], "files": ["image", "drawing"]}
    shown.items(
        ["ant", "bee"],
        image=[shown.image("a.png", picture()), None],
        drawing=[shown.image("a.svg", SVG), None],
    )
    loaded = shown.open()
    found = part("_item.html", card=card(loaded, "i0", blind=True))
    img = found.one("img")
    assert img.attributes["alt"]
    assert "tiny" in img.attributes["class"]
    link = next(a for a in found.all("a") if a.attributes["href"].endswith("?download=1"))
    assert "download" in link.attributes
    small = part("_thumb.html", thumb=thumb(loaded, 0, blind=True))
    assert small.one("img").attributes["alt"] == "Picture of i0"


def test_a_file_that_is_gone_is_told_in_the_place_of_its_picture(shown):
    shown.yaml["items"] |= {"content": ["image"], "files": ["image"]}
    shown.items(["ant", "bee"], image=[shown.image("a.png", picture()), None])
    loaded = shown.open()
    (shown.folder / "a.png").unlink()
    found = part("_item.html", card=card(loaded, "i0", blind=True))
    assert found.all("img") == []
    assert "The file is not there any more." in found.text


def test_an_item_without_content_is_shown_by_its_id(shown):
    shown.items(["ant", "bee"], ["<id>", "other"])
    assert "<id>" in part("_item.html", card=card(shown.open(), "<id>", blind=True)).text


def test_of_two_copies_the_words_that_differ_are_marked(shown):
    shown.yaml["features"] = [{"name": "text", "kind": "text", "columns": ["text"]}]
    shown.yaml["audits"] = {"duplicate_conflicts": {"text_similarity": 0.6}}
    start = "the quick brown fox jumps over the lazy"
    shown.items(["ant", "bee", "cow"], text=[f"{start} dog <b>", f"{start} cat <b>", "of quite other words"])
    found = part("_evidence.html", card=card(shown.open(), "i0", blind=False))
    assert [m.text for m in found.all("mark")] == ["dog", "cat"]
    assert [n.text for n in found.all("div", class_="twin")[1].all("strong")] == ["bee"]


def test_a_thumbnail_of_a_text_is_its_first_words_and_says_that_it_is_flagged(hostile):
    flagged = part("_thumb.html", thumb=thumb(hostile, 0, blind=False))
    assert flagged.one("span", class_="thumb-mark").text == "flagged"
    assert HOSTILE[0] in flagged.one("span", class_="thumb-text wrap").text
    assert part("_thumb.html", thumb=thumb(hostile, 0, blind=True)).all("span", class_="thumb-mark") == []
