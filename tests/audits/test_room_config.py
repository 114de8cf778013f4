from __future__ import annotations

import pytest
from pydantic import ValidationError

from audits.review_config import ReviewConfig
from audits.room_config import KEYS, MistakeConfig, RoomConfig


def test_every_action_has_one_key_and_each_key_one_action():
    keys = RoomConfig().all_keys()
    assert keys == KEYS
    assert len(set(keys.values())) == len(keys)
    assert not any(k.isdigit() for k in keys.values()), "digits are for classes"


def test_a_key_of_ones_own_takes_the_place_of_the_default():
    keys = RoomConfig(keys={"keep": "G", "skip": ";"}).all_keys()
    assert (keys["keep"], keys["skip"], keys["undo"]) == ("g", ";", "z")


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"keeep": "g"}, "'keeep'; there are keep"),
        ({"keep": "5"}, "digits stand for the likeliest classes"),
        ({"keep": "kk"}, "a key is one letter"),
        ({"keep": ""}, "a key is one letter"),
        ({"keep": " "}, "a key is one letter"),
        ({"keep": "\n"}, "a key is one letter"),
        ({"keep": "u"}, "'u' would stand for keep and unsure"),
        ({"keep": "Q", "skip": "q"}, "'q' would stand for keep and skip"),
    ],
)
def test_keys_that_cannot_be_are_refused(keys, words):
    with pytest.raises(ValidationError, match=words):
        RoomConfig(keys=keys)


def test_what_is_asked_of_mistakes_is_off_until_it_is_named():
    assert ReviewConfig().room.mistakes is None
    asked = ReviewConfig.model_validate({"room": {"mistakes": None}}).room.mistakes
    assert asked == MistakeConfig()
    assert asked.severities[0] == "major"
    with pytest.raises(ValidationError, match="names that differ"):
        MistakeConfig(severities=("bad", "bad"))
    with pytest.raises(ValidationError, match="none that is empty"):
        MistakeConfig(categories=(" ",))


def test_a_bare_section_has_the_defaults():
    assert ReviewConfig.model_validate({"room": None}).room == RoomConfig()
    assert not RoomConfig().blind


@pytest.mark.parametrize(
    "bad", [{"lease_minutes": 0}, {"second_look": 1.5}, {"repeat": -0.1}, {"sequence": "best"}]
)
def test_numbers_out_of_range_are_refused(bad):
    with pytest.raises(ValidationError):
        RoomConfig.model_validate(bad)
