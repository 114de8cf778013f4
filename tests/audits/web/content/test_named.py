from __future__ import annotations

from audits.web.content.named import Named, named, named_id


def test_a_class_has_its_id_its_name_and_its_guideline(shown):
    shown.yaml["classes"] = [{"id": 7, "name": "ant", "guideline": "six legs"}, {"id": 8, "name": "bee"}]
    shown.items(["7", "8", "7"])
    loaded = shown.open()
    assert named(loaded, 0) == Named("7", "ant", "six legs")
    assert named(loaded, 1) == named_id(loaded, "8") == Named("8", "bee", None)


def test_names_that_two_classes_share_come_with_the_id(shown):
    shown.yaml["classes"] = [{"id": "x", "name": "crane"}, {"id": "y", "name": "crane"}]
    shown.items(["x", "y"])
    loaded = shown.open()
    assert [named(loaded, k).name for k in (0, 1)] == ["crane (x)", "crane (y)"]


def test_no_class_has_no_name_and_one_that_is_gone_is_called_by_its_id(shown):
    shown.items(["ant", "bee"])
    loaded = shown.open()
    assert named(loaded, None) is None
    assert named(loaded, -1) is None
    assert named_id(loaded, "wasp") == Named("wasp", "wasp")
