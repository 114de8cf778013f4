import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audits.errors import PathError, YamlError
from audits.safe_yaml import DEEPEST, LARGEST, MOST_DIGITS, parse_yaml, read_text

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(min_codepoint=32, max_codepoint=126)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)


@given(PLAIN)
def test_json_is_yaml_and_means_the_same(tmp_path_factory, value):
    assert parse_yaml(tmp_path_factory.getbasetemp() / "x.yaml", json.dumps(value)) == value


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_line_ends_and_a_byte_order_mark_do_not_matter(tmp_path, ends):
    path = tmp_path / "x.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + f"a: 1{ends}b: caf\u00e9{ends}".encode())
    assert parse_yaml(path, read_text(path)) == {"a": 1, "b": "caf\u00e9"}


def test_limits_are_where_they_are_said_to_be(tmp_path):
    path = tmp_path / "x.yaml"
    assert parse_yaml(path, "9" * MOST_DIGITS) == int("9" * MOST_DIGITS)
    with pytest.raises(YamlError, match="line 1: a number of 101 digits"):
        parse_yaml(path, "9" * (MOST_DIGITS + 1))
    deep = DEEPEST - 1
    assert parse_yaml(path, "[" * deep + "1" + "]" * deep)
    with pytest.raises(YamlError, match="nested more than"):
        parse_yaml(path, "[" * DEEPEST + "1" + "]" * DEEPEST)
    path.write_bytes(b"#" * LARGEST)
    assert parse_yaml(path, read_text(path)[:10]) is None
    path.write_bytes(b"#" * (LARGEST + 1))
    with pytest.raises(YamlError, match="is larger than 4 MB"):
        read_text(path)


def test_merge_keys_that_multiply_are_refused_too(tmp_path):
    lines = [
        "m0: &m0 {x: 1}",
        *(f"m{i}: &m{i} {{<<: [{', '.join([f'*m{i - 1}'] * 9)}]}}" for i in range(1, 30)),
    ]
    with pytest.raises(YamlError, match="aliases stand for more than 1,000,000 values"):
        parse_yaml(tmp_path / "x.yaml", "\n".join(lines))


def test_a_long_chain_of_aliases_is_read_or_refused_in_words(tmp_path):
    lines = ["a0: &a0 [x]", *(f"a{i}: &a{i} [*a{i - 1}]" for i in range(1, 1200))]
    found = parse_yaml(tmp_path / "x.yaml", "\n".join(lines))
    assert isinstance(found, dict)
    assert found["a2"] == [[["x"]]]


def test_what_is_no_file_is_refused_without_waiting_for_it(tmp_path):
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(YamlError, match="is no regular file"):
        read_text(tmp_path / "pipe.yaml")
    with pytest.raises(YamlError, match="is a folder"):
        read_text(tmp_path)
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    with pytest.raises(PathError, match="leads in a circle"):
        read_text(tmp_path / "loop.yaml")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1:30.5", "1:30.5"),
        ("1:30", "1:30"),
        ("0.5", 0.5),
        (".5e+3", 500.0),
        ("-.5", "-.5"),
        ("1.", 1.0),
        (".inf", float("inf")),
        ("1e3", "1e3"),
    ],
)
def test_numbers_are_decimal(tmp_path, text, value):
    assert parse_yaml(tmp_path / "f.yaml", f"a: {text}") == {"a": value}
