"""What the fuzzer and the properties found in the readers, one small example each."""

from __future__ import annotations

import pytest

from audits.errors import ConfigError, FileError
from audits.ingest.file_errors import reason
from audits.ingest.tables import read_table
from audits.yaml_files import read_class_file


@pytest.mark.parametrize("end", ["", "\n"])
def test_a_missing_last_cell_is_missing_whether_the_last_line_is_ended_or_not(folder, end):
    path = folder / "last.csv"
    path.write_text(f'label,item_id\n"x",1\n"y",{end}')
    assert read_table(path, [], "all")["item_id"].to_pylist() == ["1", None]


def test_a_row_of_another_length_that_is_not_utf8_is_one_refusal(folder):
    path = folder / "broken.csv"
    path.write_bytes(b"a,b\n1,2\n\x8a,2,3\n")
    with pytest.raises(FileError, match="not UTF-8 \\(lines 3\\)"):
        read_table(path, [], "all")


def test_what_a_library_says_is_shown_on_one_line_without_signs_that_steer():
    said = reason(ValueError("unknown type: \x0e\x1b[31m\n" + "x" * 5000))
    assert said.startswith("unknown type: \\x0e\\x1b[31m x")
    assert said.isprintable()
    assert len(said) <= 600


@pytest.mark.parametrize("entry", ["1.0", "{id: 1.0}", "{id: a, name: 2.0}", "1e0"])
def test_a_class_that_is_a_float_does_not_become_another_one(folder, entry):
    path = folder / "classes.yaml"
    path.write_text(f"- '1'\n- {entry}\n")
    if entry == "1e0":  # no number in YAML
        assert read_class_file(path).ids == ("1", "1e0")
        return
    with pytest.raises(ConfigError, match=r"is the number [12]\.0; expected text or a whole number"):
        read_class_file(path)
