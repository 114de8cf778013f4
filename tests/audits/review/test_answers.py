from __future__ import annotations

import difflib

import pytest

from audits.classes import ClassList
from audits.errors import VerdictsError
from audits.review import answers
from audits.review.answers import decision_of, known_labels, labels_of, seconds_of
from audits.review.verdict_files import NAMED

CLASSES = ClassList(("c", "h"), ("cat", "horse"))
KNOWN = known_labels(CLASSES)


def test_an_unknown_label_is_told_with_the_nearest_where_that_is_wanted():
    with pytest.raises(VerdictsError, match=r"unknown label .catt.; the nearest is .cat.$"):
        labels_of("catt", "relabel", CLASSES, KNOWN)
    with pytest.raises(VerdictsError, match=r"^unknown label .catt.$"):
        labels_of("catt", "relabel", CLASSES, KNOWN, hint=False)


@pytest.mark.parametrize("written", ["cat, horse", "cat;horse", "c / horse"])
def test_several_labels_with_another_sign_between_are_told_how(written):
    with pytest.raises(VerdictsError, match=r"several labels have '\|' between them: c[at]*\|horse$"):
        labels_of(written, "multiple", CLASSES, KNOWN)


def test_no_decision_is_not_compared_with_any():
    with pytest.raises(VerdictsError, match=r"^no decision; expected one of keep, "):
        decision_of(" ")


def test_a_number_too_large_for_a_float_is_infinite():
    assert seconds_of(10**400) == float("inf")


def test_the_nearest_is_looked_for_only_for_rows_that_are_named(tmp_path, take_back, questions, monkeypatch):
    """With many classes it takes a while, and a file may have a million bad rows."""
    looked = []
    near = difflib.get_close_matches
    monkeypatch.setattr(
        answers.difflib, "get_close_matches", lambda *a, **k: looked.append(a) or near(*a, **k)
    )
    line = f"{questions[0].item_id},{questions[0].hash},relabel,"
    path = tmp_path / "back.csv"
    path.write_text(
        "item_id,question,decision,labels\n" + "".join(f"{line}no{i}\n" for i in range(3 * NAMED))
    )
    with pytest.raises(VerdictsError, match=f"and {2 * NAMED} more problems"):
        take_back(path)
    assert len(looked) == NAMED
