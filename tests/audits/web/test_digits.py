from hypothesis import given
from hypothesis import strategies as st

from audits.classes import ClassList
from audits.web.content.named import Named
from audits.web.digits import digits_of

TEN = ClassList(tuple("abcdefghij"), tuple("0123456789"))


def test_likely_classes_are_numbered_from_one_and_nine_at_most():
    classes = ClassList(tuple(f"c{i}" for i in range(20)), tuple(f"class {i}" for i in range(20)))
    likely = [Named(f"c{i}", f"class {i}") for i in range(19, 0, -1)]
    assert digits_of(classes, likely) == {f"c{20 - i}": str(i) for i in range(1, 10)}


def test_where_classes_are_called_by_digits_a_digit_is_that_class():
    assert digits_of(TEN, [Named("e", "4")]) == dict(zip("abcdefghij", "0123456789", strict=True))
    assert digits_of(ClassList(("x", "y"), ("7", "3")), []) == {"x": "7", "y": "3"}


def test_one_class_of_another_name_or_a_digit_twice_and_they_are_numbered():
    assert digits_of(ClassList(("x", "y"), ("7", "ten")), [Named("x", "7")]) == {"x": "1"}
    assert digits_of(ClassList(("x", "y"), ("7", "7")), [Named("x", "7 (x)")]) == {"x": "1"}
    assert digits_of(ClassList(("x", "y"), ("²", "3")), [Named("x", "²")]) == {"x": "1"}


@given(st.lists(st.text(max_size=3), min_size=2, max_size=12))
def test_no_two_classes_share_a_digit(names):
    classes = ClassList(tuple(str(i) for i in range(len(names))), tuple(names))
    found = digits_of(classes, [Named(i, n) for i, n in zip(classes.ids, classes.names, strict=True)])
    assert len(set(found.values())) == len(found)
    assert all(v in "0123456789" and len(v) == 1 for v in found.values())
