import pytest
from fastapi import HTTPException

from audits.classes import ClassList
from audits.web.class_words import class_of

PETS = ClassList(("c", "d", "H", "k1", "k2"), ("cat", "dog", "c", "Ara", "Ara"))


@pytest.mark.parametrize(
    ("text", "id_"),
    [
        ("c", "c"),  # an id goes before a name, even where another class has it as its name
        ("H", "H"),
        ("dog", "d"),
        ("DOG ", "d"),
        ("h", "H"),
        ("Ara (k2)", "k2"),
        ("ara (K1)", "k1"),
    ],
)
def test_a_text_stands_for_the_first_class_that_it_fits(text, id_):
    assert class_of(text, PETS) == id_


def test_an_exact_name_goes_before_an_id_in_other_letters():
    classes = ClassList(("Cat", "x"), ("dog", "cat"))
    assert class_of("cat", classes) == "x"
    assert class_of("CAT", classes) == "Cat"


def test_line_ends_as_browsers_send_them():
    classes = ClassList(("a\nb", "c\rd", " e "), ("1", "2", "3"))
    assert [class_of(t, classes) for t in ("a\r\nb", "c\r\nd", " e ", "e")] == ["a\nb", "c\rd", " e ", " e "]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Ara", "'Ara' stands for 2 classes (k1, k2); give the class id."),
        ("bird", "There is no class 'bird' among the 5 of this dataset."),
        ("", "There is no class '' among the 5 of this dataset."),
    ],
)
def test_a_text_of_no_class_or_of_several_is_refused(text, words):
    with pytest.raises(HTTPException) as caught:
        class_of(text, PETS)
    assert (caught.value.status_code, caught.value.detail) == (422, words)


def test_every_class_is_found_by_its_id_and_by_what_it_is_displayed_as():
    classes = ClassList(("0", "1", "2"), ("two", "two", "<b>"))
    for i, id_ in enumerate(classes.ids):
        assert class_of(id_, classes) == id_
        assert class_of(classes.display(i), classes) == id_
