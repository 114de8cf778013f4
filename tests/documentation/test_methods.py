"""Every signal, rule and metric has a section in the method notes: what it is, what it cannot say, its source."""

from __future__ import annotations

import re

import pytest

from audits.benchmark.metric_names import general_name
from audits.benchmark.metrics import METRICS
from audits.signals.registry import OVER_INPUTS, OVER_MODELS, PER_MODEL
from tests.documentation.pages import text_of

PAGE = text_of("docs/methods.md")
PARTS = {m[1]: m[2] for m in re.finditer(r"^## (\w+)\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S)}
SECTIONS = {
    part: {m[1]: m[2] for m in re.finditer(r"^### ([^\n]+)\n(.*?)(?=^### |\Z)", text, re.M | re.S)}
    for part, text in PARTS.items()
}


def test_there_is_a_section_for_each_and_no_other():
    assert set(SECTIONS["Signals"]) == {f"`{name}`" for name in (*PER_MODEL, *OVER_MODELS, *OVER_INPUTS)}
    assert set(SECTIONS["Metrics"]) == {f"`{name}`" for name in map(general_name, METRICS)}
    assert len(SECTIONS["Rules"]) >= 4


@pytest.mark.parametrize(
    ("part", "name"), [(part, name) for part, named in SECTIONS.items() for name in named]
)
def test_a_section_has_its_limits_and_a_reference(part, name):
    text = " ".join(SECTIONS[part][name].split())
    assert "What it cannot say:" in text
    reference = re.search(r"References?( for[^:]*)?: (.*)", text)
    assert reference, f"{name} names no source"
    assert re.search(r"\((19|20)\d\d\)", reference[2]), f"{name}: the source has no year"
    assert re.search(r"\*.+?\*|as above", reference[2]), f"{name}: the source has no title"


def test_metrics_are_also_in_how_it_decides():
    table = text_of("docs/how-it-decides.md").split("## Metrics")[1]
    assert re.findall(r"^\| `(\w+)` \|", table, re.M) == [general_name(name) for name in METRICS]
