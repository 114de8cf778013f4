import string

from hypothesis import example, given
from hypothesis import strategies as st

from audits.names import folder_name

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200)


@given(ANY_TEXT)
@example(".")
@example("..")
@example("...")
@example("a/../b")
@example("x" * 120)
@example("x" * 121)
@example("ü" * 100)
def test_a_folder_can_have_the_name(name):
    found = folder_name(name)
    assert 0 < len(found.encode()) <= 120
    assert set(found) <= {*string.ascii_letters, *string.digits, *"_.-~%"}
    assert found.strip("."), "the folder itself, or the one above it"


@given(st.lists(ANY_TEXT, unique=True, max_size=8))
@example([".", "%2E", "..", "%2E%2E", "_", "a", "A"])
@example(["ü" * 99 + "a", "ü" * 99 + "b"])
def test_no_two_texts_share_a_name(names):
    assert len({folder_name(n) for n in names}) == len(names)


def test_plain_names_stay_as_they_are():
    for name in ("resnet18", "a-b_c.d~e", ".hidden", "confident_learning on m0".replace(" ", "_")):
        assert folder_name(name) == name
