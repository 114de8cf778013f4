from __future__ import annotations

from audits.review.statistics.confusions import Confusion, confusions
from audits.review.statistics.shares import share
from tests.audits.review.statistics.made import asks, says, stand


def reviewed():
    """c to d twice, c to e once, d to c once; one keeps, one gets two labels, one none; a gold item."""
    said = [
        ("a", "c", ("relabel", "d")),
        ("b", "c", ("relabel", "d")),
        ("f", "c", ("relabel", "e")),
        ("g", "d", ("relabel", "c")),
        ("h", "c", ("keep",)),
        ("i", "c", ("multiple", "c", "d")),
        ("j", "d", ("none",)),
    ]
    questions = [asks(item, given_label=given, task_id=k) for k, (item, given, _) in enumerate(said)]
    verdicts = [says(k, item, *a, given_label=given) for k, (item, given, a) in enumerate(said)]
    questions.append(asks("gold", stratum="gold", gold_label="d"))
    return stand(questions, [*verdicts, says(99, "gold", "relabel", "d")])


def test_pairs_most_often_corrected_first():
    found = confusions(reviewed())
    assert found.pairs == (
        Confusion("c", "d", share(2, 5)),
        Confusion("c", "e", share(1, 5)),
        Confusion("d", "c", share(1, 2)),
    )
    assert (found.corrected, found.otherwise) == (4, 2)


def test_classes_whose_labels_are_most_often_wrong_first():
    found = confusions(reviewed())
    assert [(c.given, c.wrong) for c in found.classes] == [("d", share(2, 2)), ("c", share(4, 5))]


def test_nothing_decided():
    found = confusions(stand([asks("a")]))
    assert (found.pairs, found.classes, found.corrected, found.otherwise) == ((), (), 0, 0)
