from __future__ import annotations

from audits.review.records import Question
from audits.review.verdicts_of import by_question


def test_each_question_has_its_own_in_the_order_given(vote):
    one, two = (Question("pets", i, "x", "c", "abc") for i in ("a", "b"))
    votes = [vote(3, "keep", question=one), vote(1, "keep", question=two), vote(2, "none", question=one)]
    assert {h: [v.id for v in vs] for h, vs in by_question(votes).items()} == {
        one.hash: [3, 2],
        two.hash: [1],
    }
    assert by_question([]) == {}
