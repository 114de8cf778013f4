import pytest
from pydantic import ValidationError

from audits.audit_config import ConfidentLearningConfig
from audits.config import DatasetConfig
from audits.input_config import ClassConfig, ModelConfig, OutputsConfig
from audits.review_config import ReviewConfig

NPY = {"path": "p.npy", "rows": "items_order"}


def model(name="m", **outputs):
    return {"name": name, "out_of_sample": True, "outputs": {"kind": "dense", "path": "p.parquet", **outputs}}


def described(schema):
    yield from schema.get("properties", {}).items()
    for part in schema.get("$defs", {}).values():
        yield from described(part)


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        (ReviewConfig, {"budget": False}),
        (ReviewConfig, {"verdicts_per_item": True}),
        (ReviewConfig, {"control_rate": True}),
        (ConfidentLearningConfig, {"num_to_remove_per_class": [1, True]}),
        (OutputsConfig, {"kind": "dense", **NPY, "columns": [True, False]}),
        (ModelConfig, {**model(), "name": False}),
        (ModelConfig, {**model(), "family": True}),
        (ClassConfig, {"id": True}),
        (ClassConfig, {"id": "a", "name": False}),
        (ClassConfig, False),
        (DatasetConfig, {"items": {"path": "x.csv", "content": ["text", True]}}),
        (DatasetConfig, {"items": {"path": "x.csv", "label": False}}),
    ],
)
def test_a_bare_yes_or_no_is_never_taken_for_a_name_or_a_number(kind, config):
    with pytest.raises(ValidationError, match="YAML reads bare yes/no/on/off as booleans: put it in quotes"):
        kind.model_validate(config)


def test_booleans_are_taken_where_they_are_meant():
    config = ModelConfig.model_validate({**model(), "scored": False, "raised_flags": True})
    assert (config.scored, config.raised_flags, config.out_of_sample) == (False, True, True)
