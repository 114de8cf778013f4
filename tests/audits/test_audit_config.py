import pytest
from pydantic import ValidationError

from audits.audit_config import AuditsConfig, ConfidentLearningConfig
from audits.config import (
    DatasetConfig,
)

ITEMS = {"path": "items.csv"}


def described(schema):
    yield from schema.get("properties", {}).items()
    for part in schema.get("$defs", {}).values():
        yield from described(part)


def test_confidence_weighted_entropy_is_not_adjusted():
    with pytest.raises(ValidationError, match="cleanlab does not adjust"):
        ConfidentLearningConfig(method="confidence_weighted_entropy", adjust_pred_probs=True)


def test_left_out_audits_are_the_two_defaults_and_a_bare_key_means_its_defaults():
    audits = DatasetConfig.model_validate({"items": ITEMS}).audits
    assert audits.confident_learning is not None
    assert audits.model_agreement is not None
    assert audits.pervasive_label_errors is None
    bare = DatasetConfig.model_validate({"items": ITEMS, "audits": {"pervasive_label_errors": None}}).audits
    assert bare.pervasive_label_errors is not None
    assert bare.confident_learning is None
    with pytest.raises(ValidationError, match="valid dictionary"):
        DatasetConfig.model_validate({"items": ITEMS, "audits": ["model_agreement"]})


@pytest.mark.parametrize("limit", [{"frac_noise": 0.5}, {"num_to_remove_per_class": [1, 1, 1]}])
def test_limits_that_cleanlab_would_pass_over_are_refused(limit):
    assert ConfidentLearningConfig(filter_by="both", **limit)
    for filter_by in (
        "confident_learning",
        "predicted_neq_given",
        "low_normalized_margin",
        "low_self_confidence",
    ):
        with pytest.raises(ValidationError, match=f"not with {filter_by}"):
            ConfidentLearningConfig(filter_by=filter_by, **limit)


def test_an_empty_list_of_models_is_refused_for_every_audit():
    for section in ("confident_learning", "pervasive_label_errors", "model_agreement"):
        with pytest.raises(ValidationError, match="at least 1 item"):
            AuditsConfig.model_validate({section: {"models": []}})
