from __future__ import annotations

from audits.review.statistics.said import latest, said
from tests.audits.review.statistics.made import START, says


def test_keep_says_that_the_given_label_is_right():
    assert said(says(1, "a", "keep")) == said(says(2, "a", "relabel", "c"))
    assert said(says(1, "a", "keep")) != said(says(2, "a", "relabel", "d"))


def test_several_labels_are_the_same_in_any_order():
    assert said(says(1, "a", "multiple", "d", "c")) == said(says(2, "a", "multiple", "c", "d"))
    assert said(says(1, "a", "multiple", "d", "c")) != said(says(2, "a", "multiple", "c", "e"))


def test_a_class_called_as_a_decision_is_something_else():
    assert said(says(1, "a", "none")) != said(says(2, "a", "relabel", "none"))
    assert said(says(1, "a", "unusable")) == said(says(2, "a", "unusable"))


def test_unsure_says_nothing():
    assert said(says(1, "a", "unsure")) is None


def test_of_one_person_the_newest_answer_in_each_role_stands():
    verdicts = [
        says(1, "a", "keep"),
        says(2, "a", "none", reviewer="bob"),
        says(3, "a", "relabel", "d"),
        says(4, "a", "keep", role="repeat"),
        says(5, "b", "keep"),
        says(6, "a", "none", withdrawn_at=START),
        says(7, "a", "keep", reviewer=None),
        says(8, "a", "keep", reviewer=None),
    ]
    assert [v.id for v in latest(verdicts)] == [2, 3, 4, 5, 7, 8]
    assert [v.id for v in latest(verdicts, "repeat", "second")] == [4]
