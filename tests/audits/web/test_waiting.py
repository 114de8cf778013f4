"""What was sent back and is not answered: of everybody, of one dataset, the first sent first."""

from __future__ import annotations

import pytest

from audits.review.desk.records import Answer
from audits.review.records import NewVerdict
from audits.web.people import Person
from audits.web.room import Room
from audits.web.settings import RoomSettings
from audits.web.waiting import waiting
from tests.browser.rooms import Made

CEM = Person("cem", "adjudicator")


@pytest.fixture
def room(tmp_path):
    opened = Room(Made(n=6, wrong=3).write(tmp_path), RoomSettings())
    yield opened
    opened.close()


def test_open_ones_of_everybody(room):
    desk, store = room.desk("zoo", CEM), room.store
    asked = [t.question for t in store.tasks("zoo")]
    said = [("bob", asked[0]), ("ann", asked[1]), ("bob", asked[2])]
    store.add_verdicts(NewVerdict(f"v{i}", q, who, "keep") for i, (who, q) in enumerate(said))
    assert waiting(store, "zoo") == []
    sent = [
        desk.send_back(v.id, by="cem", note=f"note {v.id}", client_id=f"s{v.id}", address=None)
        for v in store.verdicts("zoo")
    ]
    assert waiting(store, "zoo") == sent
    assert [s.reviewer for s in sent] == ["bob", "ann", "bob"]
    assert waiting(store, "another") == []
    desk.decide("bob", [Answer("b9", asked[0].hash, "none")], address=None, shown="open")
    assert waiting(store, "zoo") == sent[1:]
    desk.undo("bob", address=None, client_id="u1")
    assert waiting(store, "zoo") == sent, "the new answer was taken back"
