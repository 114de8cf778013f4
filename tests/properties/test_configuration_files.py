"""YAML and class files: what is written comes out, or there is one refusal."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from audits.yaml_files import load_dataset, read_class_file, read_workspace_config
from tests.properties.laws import Refused, examples, one_refusal
from tests.properties.tables import texts, words

_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | texts
    | st.dates()
    | st.sampled_from(["dense", "id", "x.npy"])
)
_TREES: st.SearchStrategy[Any] = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_SCALARS, inner, max_size=3),
    max_leaves=8,
)
_KEYS = st.sampled_from(
    ["items", "classes", "models", "review", "metrics", "tolerance", "schedule", "gates", "alerts", "x"]
)

#: Ids as class files hold them: text or whole numbers, and what is neither.
_IDS = words | st.integers(-3, 10**25) | texts
_ENTRIES = st.lists(_IDS | _TREES, max_size=5) | st.lists(_IDS, min_size=2, max_size=5, unique_by=str)


@given(items=_TREES, more=st.dictionaries(_KEYS, _TREES, max_size=3), description=texts)
@example(items={"path": "x"}, more={"classes": ["a", "b"]}, description="a\x85b")
@examples(250)
def test_a_configuration_comes_out_as_it_was_written(folder, items, more, description):
    path = folder / "zoo.yaml"
    raw = {"items": items, "description": description, **more}
    path.write_text(yaml.safe_dump(raw), encoding="utf-8")
    try:
        with one_refusal(path):
            got = load_dataset(path)
    except Refused:
        return
    assert got.config.description == description
    assert [str(c) for c in got.classes.ids] == [
        str(e["id"] if isinstance(e, dict) else e) for e in raw["classes"]
    ]


@given(path=words, ids=st.lists(words, min_size=2, max_size=4, unique=True), description=texts)
@examples(60)
def test_a_sound_configuration_is_never_refused(folder, path, ids, description):
    file = folder / "zoo.yaml"
    raw = {"items": {"path": path}, "classes": ids, "description": description}
    file.write_text(yaml.safe_dump(raw), encoding="utf-8")
    got = load_dataset(file)
    assert (got.config.items.path, list(got.classes.ids), got.config.description) == (path, ids, description)


@given(
    raw=st.binary(max_size=200)
    | texts.map(str.encode)
    | st.text(st.sampled_from("&*![]{}:-? \n\t'\"|>#%@ax1<~"), max_size=40).map(str.encode)
)
@examples(250)
def test_any_bytes_are_a_configuration_or_one_refusal(folder, raw):
    for name, read in (("zoo.yaml", load_dataset), ("labelaudit.yaml", read_workspace_config)):
        path = folder / name
        path.write_bytes(raw)
        try:
            with one_refusal(path):
                read(path)
        except Refused:
            continue


def yaml_free(entries):
    """The same without what JSON has no form for."""
    try:
        return json.dumps(entries, default=str)
    except TypeError:  # a key that is a date
        return json.dumps([str(e) for e in entries])


@pytest.mark.parametrize("ending", ["json", "yaml", "txt"])
@given(entries=_ENTRIES)
@examples(100)
def test_a_class_file_gives_its_classes_in_order(ending, folder, entries):
    path = folder / f"classes.{ending}"
    if ending == "txt":
        entries = [e.strip() for e in map(str, entries) if e.strip() and not set(e) & set("\n\r\ufeff")]
        text = "\n".join(entries)
    elif ending == "json":
        entries = json.loads(yaml_free(entries))
        text = json.dumps(entries)
    else:
        text = yaml.safe_dump(entries)
    path.write_text(text, encoding="utf-8", newline="\n")
    try:
        with one_refusal(path):
            got = read_class_file(path)
    except Refused:
        sound = all(isinstance(e, str | int) and not isinstance(e, bool) for e in entries)
        plain = [str(e) for e in entries]
        assert (
            not sound
            or len(set(plain)) < len(plain)
            or len(plain) < 2
            or not all(p.isprintable() and p for p in plain)
        )
        return
    assert list(got.ids) == [str(e["id"] if isinstance(e, dict) else e) for e in entries]
