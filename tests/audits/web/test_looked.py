from audits.review.activity import read
from audits.review.store import ReviewStore
from audits.web.looked import ACTION, has_looked, note_look
from audits.web.people import Person


def test_a_look_is_noted_once_for_each_person_and_question(tmp_path):
    ann, bob = Person("ann", "reviewer", address="10.0.0.1"), Person("bob", "reviewer")
    with ReviewStore(f"sqlite:///{tmp_path}/review.sqlite") as store:
        assert not has_looked(store, "q1", "ann")
        for person, question in ((ann, "q1"), (ann, "q1"), (ann, "q2"), (bob, "q1")):
            note_look(store, "zoo", question, person)
        noted = [(a.who, a.action, a.dataset, a.question_hash, a.address) for a in read(store)]
        assert noted == [
            ("bob", ACTION, "zoo", "q1", None),
            ("ann", ACTION, "zoo", "q2", "10.0.0.1"),
            ("ann", ACTION, "zoo", "q1", "10.0.0.1"),
        ]
        assert has_looked(store, "q1", "bob")
        assert not has_looked(store, "q2", "bob")
