from datetime import UTC, datetime
from io import BytesIO

import pytest
from fastapi import HTTPException
from starlette.datastructures import FormData, UploadFile

from audits.classes import ClassList
from audits.review.desk.records import Answer
from audits.review.records import DECISIONS, Question
from audits.room_config import MistakeConfig, RoomConfig
from audits.web.answering import WRONG, answer_of

PETS = ClassList(("c", "d", "h"), ("cat", "dog", "horse"))
ASKED = Question("pets", "i1", "hash", "c", PETS.fingerprint)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PLAIN = RoomConfig()
ASKING = RoomConfig(mistakes=MistakeConfig())


def answer(*fields, room=PLAIN, asked=ASKED, classes=PETS):
    return answer_of(FormData([("client_id", "v1"), *fields]), asked, classes, room, NOW)


def refused(*fields, **more):
    with pytest.raises(HTTPException) as caught:
        answer(*fields, **more)
    assert caught.value.status_code == 422
    return caught.value.detail


@pytest.mark.parametrize("decision", ["keep", "none", "unsure", "unusable"])
def test_a_decision_without_labels(decision):
    assert answer(("decision", decision)) == Answer("v1", ASKED.hash, decision)


def test_the_button_of_a_class_is_relabel_and_that_of_the_given_label_is_keep():
    assert answer(("pick", "d")) == Answer("v1", ASKED.hash, "relabel", ("d",))
    assert answer(("pick", "c")) == Answer("v1", ASKED.hash, "keep")


def test_a_pressed_button_goes_before_what_is_filled_in():
    filled = [("labels", "c"), ("labels", "d"), ("another", "horse")]
    assert answer(("decision", "keep"), *filled).decision == "keep"
    assert answer(("pick", "d"), *filled).labels == ("d",)
    assert answer(("decision", "relabel"), *filled).labels == ("h",)
    assert answer(("decision", "multiple"), *filled).labels == ("c", "d")


def test_enter_in_a_text_field_says_what_is_filled_in():
    assert answer(("decision", ""), ("another", "Horse")) == Answer("v1", ASKED.hash, "relabel", ("h",))
    several = answer(("decision", ""), ("another", " "), ("labels", "c"), ("others", "dog"), ("others", ""))
    assert several == Answer("v1", ASKED.hash, "multiple", ("c", "d"))
    assert "press one of the buttons" in refused(("another", "dog"), ("labels", "c"), ("labels", "d"))
    assert refused(("decision", "")).startswith("Expected a decision, one of keep, relabel")


def test_several_classes_are_counted_once_each():
    assert refused(("decision", "multiple"), ("labels", "d"), ("others", "DOG")) == (
        "Several classes are at least two; 1 was chosen."
    )
    assert refused(("decision", "multiple")) == "Several classes are at least two; 0 was chosen."


def test_relabel_needs_a_class_that_there_is():
    assert refused(("decision", "relabel")) == (
        "Say which class it is: choose one from the list, or type its name."
    )
    assert "no class 'bird'" in refused(("decision", "relabel"), ("another", "bird"))
    assert "no class 'bird'" in refused(("pick", "bird"))
    assert refused(("decision", "delete")).endswith("got 'delete'.")


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        ([], None),
        ([("seconds", "3.14159")], 3.14),
        ([("started", str(NOW.timestamp() - 7.5))], 7.5),
        ([("seconds", "2"), ("started", "0")], 2.0),
        ([("started", str(NOW.timestamp() + 60))], 0.0),  # a clock that was set back
        ([("started", "0")], 86400.0),
        ([("seconds", "1e400")], 86400.0),
    ],
)
def test_the_time_it_took(fields, seconds):
    assert answer(("decision", "keep"), *fields).seconds == seconds


@pytest.mark.parametrize("text", ["soon", "nan", "1,5"])
def test_a_time_that_is_no_number(text):
    assert refused(("decision", "keep"), ("seconds", text)) == f"Expected a number of seconds, got '{text}'."


def test_the_comment_keeps_its_lines():
    comment = answer(("decision", "keep"), ("comment", " one\r\ntwo <b>\n ")).comment
    assert comment == "one\ntwo <b>"


@pytest.mark.parametrize("decision", DECISIONS)
def test_a_mistake_has_a_kind_only_where_the_label_is_wrong_and_the_dataset_asks(decision):
    fields = [("decision", decision), ("another", "dog"), ("labels", "c"), ("labels", "d")]
    kind = [("category", "fine-grained"), ("severity", "minor")]
    asked = answer(*fields, *kind, room=ASKING)
    expected = ("fine-grained", "minor") if decision in WRONG else (None, None)
    assert (asked.category, asked.severity) == expected
    unasked = answer(*fields, *kind)
    assert (unasked.category, unasked.severity) == (None, None)
    open_ = answer(*fields, ("category", ""), room=ASKING)
    assert (open_.category, open_.severity) == (None, None)


def test_a_kind_of_mistake_that_is_none_of_those_asked_for():
    assert refused(("pick", "d"), ("severity", "huge"), room=ASKING) == (
        "The severity must be one of major, minor, borderline; got 'huge'."
    )


def test_a_file_is_no_text():
    file = UploadFile(BytesIO(b"x"), filename="x")
    assert refused(("decision", "keep"), ("comment", file)) == "The field 'comment' must be text, got a file."


@pytest.mark.parametrize("name", ["client_id", "decision", "another", "comment", "seconds"])
def test_what_no_database_takes_is_refused_in_any_field(name):
    form = (
        FormData([("decision", "keep"), (name, "a\0b")])
        if name != "decision"
        else FormData([(name, "keep\0")])
    )
    with pytest.raises(HTTPException) as caught:
        answer_of(form, ASKED, PETS, PLAIN, NOW)
    assert (caught.value.status_code, caught.value.detail) == (
        422,
        f"The field {name!r} holds a NUL character.",
    )
