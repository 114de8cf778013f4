"""Pages that follow from the code are what the code says today."""

from __future__ import annotations

import json
import re

import jsonschema
import pytest
import yaml

from tests.documentation.pages import DOCS, load, text_of


@pytest.fixture(scope="module")
def written():
    return load(DOCS / "build.py").pages()


def test_they_are_up_to_date(written):
    stale = [p.name for p, text in written.items() if not p.exists() or p.read_text(encoding="utf-8") != text]
    assert not stale, "run 'python docs/build.py'"


def test_every_page_that_says_it_is_written_is_written(written):
    said = {p for p in DOCS.glob("*.md") if "Written by `docs/" in p.read_text(encoding="utf-8")}
    assert said == {p for p in written if p.suffix == ".md" and p.parent == DOCS}


def test_every_code_of_an_error_is_in_the_reference(written):
    from reference.errors import shipped_kinds

    page = written[DOCS / "errors.md"]
    kinds = shipped_kinds()
    assert len(kinds) > 20
    codes = [k.code for k in kinds]
    assert len(set(codes)) == len(codes), "a code names one kind"
    for kind in kinds:
        assert f"\n## {kind.code}\n" in page
        assert kind.exit_status in (1, 2, 3)
        assert kind.mend.endswith(".")
        assert kind.__doc__ != kind.__bases__[0].__doc__


def test_every_table_of_the_contracts_is_there(written):
    import pyarrow as pa

    from audits import contracts

    schemas = {name for name, value in vars(contracts).items() if isinstance(value, pa.Schema)}
    assert set(re.findall(r"^## `([A-Z_]+)`$", written[DOCS / "tables.md"], re.M)) == schemas


@pytest.fixture(scope="module")
def schema():
    return json.loads((DOCS / "dataset.schema.json").read_text(encoding="utf-8"))


def test_the_schema_takes_what_the_program_takes(schema):
    from audits.new_workspace import EXAMPLE

    jsonschema.Draft202012Validator.check_schema(schema)
    check = jsonschema.Draft202012Validator(schema).validate
    check(yaml.safe_load(EXAMPLE))
    check(
        yaml.safe_load(
            "items: {path: a.csv}\nclasses: [cat, 1, {id: 2, name: dog}]\naudits: {model_agreement: }"
        )
    )


@pytest.mark.parametrize("text", ["itemz: {path: a.csv}", "items: {path: a.csv}\nclasses: [[cat]]", "{}"])
def test_the_schema_refuses_what_the_program_refuses(schema, text):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema).validate(yaml.safe_load(text))


def test_the_graph_in_the_readme_can_be_drawn():
    from reference.mermaid import svg

    (chart,) = re.findall(r"```mermaid\n(.*?)```", text_of("README.md"), re.S)
    drawn = svg(chart)
    assert drawn.count("<rect") == len(re.findall(r'^ +\w+\(?\["', chart, re.M))
    assert drawn.count('class="edge"') == chart.count("-->")
    assert "http" not in drawn.replace("http://www.w3.org/2000/svg", "")
