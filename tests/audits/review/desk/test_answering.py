from __future__ import annotations

import pytest

from audits.errors import VerdictsError
from audits.room_config import MistakeConfig, RoomConfig


def test_category_and_severity_where_the_dataset_asks(room_of):
    room = room_of(4, room=RoomConfig(mistakes=MistakeConfig()))
    v = room.say("ann", 0, "relabel", "h", category="fine-grained", severity="major")
    assert (v.category, v.severity) == ("fine-grained", "major")
    assert room.say("ann", 1, "none").category is None, "neither has to be told"
    for more, words in (
        ({"category": "coarse"}, "the category must be one of fine-grained, out of vocabulary"),
        ({"severity": "mayor"}, "the severity must be one of major, minor, borderline, got 'mayor'"),
    ):
        with pytest.raises(VerdictsError, match=words):
            room.say("ann", 2, "none", **more)
    with pytest.raises(VerdictsError, match="'keep' finds no mistake, so it takes no severity"):
        room.say("ann", 2, severity="major")


def test_category_where_nobody_asks(room_of):
    room = room_of(1)
    with pytest.raises(VerdictsError, match="asks for no category of mistakes, got 'x'"):
        room.say("ann", 0, "none", category="x")


def test_labels_must_be_classes(room_of):
    room = room_of(2)
    with pytest.raises(VerdictsError, match=r"item 'i0': 1 labels are not in the class list \(x\)"):
        room.say("ann", 0, "relabel", "x")
    with pytest.raises(VerdictsError, match=r"2 labels are not in the class list \(<b>, dog\)"):
        room.say("ann", 0, "multiple", "<b>", "dog", "d")
    assert room.say("ann", 0, "multiple", "c", "d").labels == ("c", "d")


def test_one_answer_a_question_at_once(room_of):
    room = room_of(2)
    with pytest.raises(VerdictsError, match="1 questions are answered twice at once"):
        room.desk().decide("ann", [room.answer(0), room.answer(0)], address=None, shown=None)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"seconds": -1.0}, "finite number"),
        ({"seconds": float("nan")}, "finite number"),
        ({"comment": "x" * 10_001}, "at most 10000"),
        ({"client_id": ""}, "client id is empty"),
        ({"client_id": "x" * 2001}, "at most 2000"),
    ],
)
def test_parts_that_cannot_be_stored(room_of, more, words):
    room = room_of(1)
    with pytest.raises(VerdictsError, match=words):
        room.say("ann", 0, **more)
    with pytest.raises(VerdictsError, match="the decision must be one of"):
        room.say("ann", 0, "maybe")
    assert room.store.verdicts("pets") == []
