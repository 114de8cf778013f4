from __future__ import annotations

import pytest

from audits.report.lettering import cut, text_width
from audits.report.names import fitted
from tests.audits.report.conftest import ODD_NAMES


@pytest.mark.parametrize("name", [*ODD_NAMES, "", "short", "ab" * 299, "ab" * 400, "é" * 700])
@pytest.mark.parametrize("width", [20, 130, 540])
def test_it_is_what_cutting_the_whole_name_makes_of_it(name, width):
    assert fitted(name, 13, width) == cut(name, 13, width)


def test_a_name_of_a_million_signs_is_cut_as_one_of_a_thousand():
    name = "first " + "x" * 1_000_000 + " last"
    found = fitted(name, 13, 130)
    assert found == fitted("first " + "x" * 1_000 + " last", 13, 130)
    assert found.startswith("first")
    assert found.endswith("last")
    assert text_width(found, 13) <= 130
