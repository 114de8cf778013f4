from __future__ import annotations

import pytest
from pydantic import ValidationError

from audits.queue_config import ReopenConfig
from audits.review_config import ReviewConfig


def test_defaults_and_bare_keys():
    policy = ReviewConfig()
    assert (policy.order, policy.exploration, policy.reopen) == ("probability", 0.0, ReopenConfig())
    assert ReviewConfig.model_validate({"reopen": None}).reopen == ReopenConfig()
    assert (policy.reopen.when, policy.reopen.kept_at, policy.reopen.changed_at) == ("strong", 0.9, 0.05)


def test_exploration_is_a_share_of_a_budget():
    with pytest.raises(
        ValidationError, match=r"'exploration' is 0\.1, a share of 'budget', which is not given"
    ):
        ReviewConfig(exploration=0.1)
    assert ReviewConfig(exploration=0.1, budget=0).exploration == 0.1
    assert ReviewConfig(exploration=0.0).budget is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"order": "random"},
        {"exploration": 1.5, "budget": 1},
        {"reopen": {"kept_at": 2}},
        {"reopen": {"when": "off"}},
    ],
)
def test_what_is_refused(wrong):
    with pytest.raises(ValidationError):
        ReviewConfig.model_validate(wrong)
