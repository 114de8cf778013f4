import pytest
from pydantic import ValidationError

from audits.audit_config import AuditsConfig, ConfidentLearningConfig
from audits.config import DatasetConfig

ITEMS = {"path": "items.csv"}


def described(schema):
    yield from schema.get("properties", {}).items()
    for part in schema.get("$defs", {}).values():
        yield from described(part)


def test_confidence_weighted_entropy_is_not_adjusted():
    with pytest.raises(ValidationError, match="cleanlab does not adjust"):
        ConfidentLearningConfig(method="confidence_weighted_entropy", adjust_pred_probs=True)


#: What costs or is told again by another audit, and runs only where it is asked for.
NOT_USUAL = {
    "ensemble_confident_learning",
    "pervasive_label_errors",
    "class_thresholds",
    "margin",
    "entropy",
}


def test_left_out_audits_are_the_usual_ones_and_a_bare_key_means_its_defaults():
    for left_out in ({}, {"audits": None}):
        audits = DatasetConfig.model_validate({"items": ITEMS, **left_out}).audits
        assert audits == AuditsConfig.usual()
        there = {name for name in AuditsConfig.model_fields if getattr(audits, name) is not None}
        assert there == set(AuditsConfig.model_fields) - NOT_USUAL
    assert audits.confident_learning == ConfidentLearningConfig()
    for name in AuditsConfig.model_fields:
        bare = DatasetConfig.model_validate({"items": ITEMS, "audits": {name: None}}).audits
        assert [n for n in AuditsConfig.model_fields if getattr(bare, n) is not None] == [name]
    assert DatasetConfig.model_validate({"items": ITEMS, "audits": {}}).audits == AuditsConfig()
    with pytest.raises(ValidationError, match="valid dictionary"):
        DatasetConfig.model_validate({"items": ITEMS, "audits": ["model_agreement"]})


def test_every_audit_says_whether_it_raises_flags():
    every = AuditsConfig.model_validate(dict.fromkeys(AuditsConfig.model_fields))
    assert all(isinstance(getattr(every, name).flags, bool) for name in AuditsConfig.model_fields)


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


def test_an_empty_list_of_models_or_features_is_refused_for_every_audit():
    every = AuditsConfig.model_validate(dict.fromkeys(AuditsConfig.model_fields))
    listed = [
        (n, k)
        for n in AuditsConfig.model_fields
        for k in ("models", "features")
        if hasattr(getattr(every, n), k)
    ]
    assert len(listed) >= 11
    for section, key in listed:
        with pytest.raises(ValidationError, match="at least 1 item"):
            AuditsConfig.model_validate({section: {key: []}})
