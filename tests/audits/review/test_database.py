from __future__ import annotations

from audits.review.database import known_revisions, look_at
from audits.review.records import NewTask, NewVerdict, Question
from audits.review.schema import HEAD
from audits.review.store import ReviewStore


def test_looking_counts_as_the_store_does(url):
    questions = [
        Question(d, i, "c0ffee", "cat", "abc") for d, i in (("pets", "1"), ("pets", "2"), ("zoo", "1"))
    ]
    assert look_at(url) is None
    with ReviewStore(url) as store:
        store.queue([NewTask(q, "flagged", 1.0, 1) for q in questions[:2]])
        given = [(questions[0], "ann"), (questions[0], "ben"), (questions[2], "ann")]
        store.add_verdicts(
            [NewVerdict(f"v{n}", q, who, "relabel", ("dog",)) for n, (q, who) in enumerate(given)]
        )
        marks = store.marks()
        look = look_at(url)
    assert look is not None
    assert {d: (m.tasks, m.verdicts) for d, m in look.marks.items()} == {"pets": (2, 2), "zoo": (0, 1)}
    assert {d: (m.tasks, m.verdicts) for d, m in marks.items()} == {"pets": (2, 2), "zoo": (0, 1)}
    assert (look.unsound, look.revision, look.verdicts) == ([], HEAD, 3)


def test_the_newest_revision_is_the_head():
    assert known_revisions()[0] == "0001"
    assert known_revisions()[-1] == HEAD
