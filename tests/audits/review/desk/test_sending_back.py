from __future__ import annotations

import pytest

from audits.errors import UsageError, VerdictsError
from audits.review.records import NewVerdict


@pytest.fixture
def room(room_of):
    return room_of(3)


def send(room, verdict_id, client_id="s1", note="look again"):
    return room.desk().send_back(verdict_id, by="dora", note=note, client_id=client_id, address=None)


def test_it_tells_who_and_why(room):
    v = room.say("ann", 0)
    sent = send(room, v.id)
    assert (sent.verdict_id, sent.reviewer, sent.sent_by, sent.note) == (v.id, "ann", "dora", "look again")
    assert (sent.question_hash, sent.at) == (room.hash(0), room.clock())


def test_what_cannot_be_sent_back(room):
    with pytest.raises(UsageError, match="has no verdict 99"):
        send(room, 99)
    room.store.add_verdicts([NewVerdict("x", room.questions[1], None, "keep")])
    with pytest.raises(UsageError, match="of nobody known"):
        send(room, 1)
    first = room.say("ann", 0)
    second = room.say("ann", 0, "none")
    with pytest.raises(UsageError, match="counts no more: ann gave another one since"):
        send(room, first.id)
    sent = send(room, second.id)
    with pytest.raises(UsageError, match="sent back already; ann has not answered"):
        send(room, second.id, "s2")
    with pytest.raises(VerdictsError, match="stored with another"):
        send(room, second.id, note="something else")
    with pytest.raises(VerdictsError, match="client id is empty"):
        send(room, second.id, "")
    room.desk().undo("ann", address=None, client_id="u")
    with pytest.raises(UsageError, match="withdrawn already"):
        send(room, second.id, "s3")
    assert room.desk().take("ann").sent_back == sent, "withdrawing it is no answer"


def test_an_answer_taken_back_leaves_it_open_again(room):
    v = room.say("ann", 0)
    sent = send(room, v.id)
    room.say("ann", 0, "none")
    assert room.desk().take("ann").sent_back is None
    room.desk().undo("ann", address=None, client_id="u")
    assert room.desk().take("ann").sent_back == sent


def test_a_second_look_sent_back_is_a_second_look_again(room):
    room.say("ann", 0)
    v = room.say("bob", 0, role="second")
    send(room, v.id)
    assert room.desk().take("bob").role == "second"
    assert room.say("bob", 0, "none").role == "second"
