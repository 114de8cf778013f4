"""The audits of annotations in the YAML."""

from typing import get_args

import pytest
from pydantic import ValidationError

from audits.annotator_config import Aggregator, AnnotatorAmbiguityConfig, AnnotatorConsensusConfig


def test_defaults():
    consensus, ambiguity = AnnotatorConsensusConfig(), AnnotatorAmbiguityConfig()
    assert (consensus.flags, consensus.method, consensus.models) == (True, "auto", None)
    assert (ambiguity.flags, ambiguity.min_confusion) == (False, 0.25)


def test_two_answers_are_never_the_default():
    assert AnnotatorConsensusConfig().method != "toptwo"
    assert "toptwo" in get_args(Aggregator)


@pytest.mark.parametrize("value", [0, 0.5, -1, "half"])
def test_a_confusion_out_of_range(value):
    with pytest.raises(ValidationError, match="min_confusion"):
        AnnotatorAmbiguityConfig(min_confusion=value)


@pytest.mark.parametrize("given", [{"method": "vote"}, {"models": []}, {"metod": "majority"}])
def test_what_is_refused(given):
    with pytest.raises(ValidationError):
        AnnotatorConsensusConfig(**given)
