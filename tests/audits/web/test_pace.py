import pytest

from audits.review.desk.records import Progress
from audits.web.pace import pace, span


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (0, "1 minute"),
        (1 / 60, "1 minute"),
        (0.5, "30 minutes"),
        (1.6, "96 minutes"),
        (1.7, "1.7 hours"),
        (9.96, "10.0 hours"),
        (25, "25 hours"),
        (12_345, "12\u202f345 hours"),
    ],
)
def test_spans_in_the_unit_that_people_use(hours, words):
    assert span(hours) == words


def test_what_is_not_known_has_no_words():
    words = pace(Progress(0, 0, 5, 0, 0, 5, None, None))
    assert (words["speed"], words["left"]) == ("", "")
    assert (words["open"], words["mine"]) == ("5", "0")


def test_numbers_are_grouped():
    words = pace(Progress(1, 1, 99_000, 1_000, 0, 100_000, 120.4, 825.0))
    assert words["open"] == "99\u202f000"
    assert words["total"] == "100\u202f000"
    assert words["speed"] == "120 an hour"
    assert words["left"] == "about 825 hours left at this speed"
