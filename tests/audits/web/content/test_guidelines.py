from __future__ import annotations

import json

import pytest

from audits.web.content.guidelines import guidelines_of

TOLD = [{"id": "ant", "guideline": "Six legs, no wings."}, {"id": "bee", "guideline": "  "}, "cow"]


def test_the_classes_of_the_yaml_have_theirs(shown):
    shown.yaml["classes"] = TOLD
    shown.items(["ant", "bee", "cow"])
    shown.open()
    assert guidelines_of(shown.workspace.dataset("shown")) == {"ant": "Six legs, no wings."}


@pytest.mark.parametrize("name", ["list.json", "list.yaml", "list.yml"])
def test_so_do_those_of_a_file_of_classes(shown, name):
    (shown.folder / name).write_text(json.dumps(TOLD))  # JSON is YAML too
    del shown.yaml["classes"]
    shown.yaml["classes_file"] = name
    shown.items(["ant", "bee", "cow"])
    assert shown.open().guidelines == {"ant": "Six legs, no wings."}


def test_a_file_of_lines_has_none(shown):
    (shown.folder / "list.txt").write_text("ant\nbee\ncow\n")
    del shown.yaml["classes"]
    shown.yaml["classes_file"] = "list.txt"
    shown.items(["ant", "bee", "cow"])
    assert shown.open().guidelines == {}
