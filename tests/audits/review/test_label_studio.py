from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from audits.classes import ClassList
from audits.review.label_studio import Choices

IDS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=1, max_size=8)


def test_plain_ids_are_their_own_aliases(classes):
    choices = Choices.of(classes)
    assert dict(choices.classes) == {i: i for i in classes.ids}
    assert list(choices.answers.values()) == ["none", "unusable", "unsure"]
    assert list(choices.shown.values()) == [
        *("cat", "dog", "horse", "crane (k1)", "crane (k2)"),
        *("None of these", "Unusable", "Unsure"),
    ]


def test_ids_that_label_studio_would_change_get_others():
    ids = ("a", " a", "$a", "a\nb", "id:%20a", "(unsure)", "((unsure))")
    choices = Choices.of(ClassList(ids, tuple("names of")[: len(ids)]))
    assert list(choices.classes) == ["a", "id:id:%20a", "id:%24a", "id:a%0Ab", *ids[4:]]
    assert choices.answers["(((unsure)))"] == "unsure"


@given(st.lists(IDS | st.sampled_from(["(unsure)", "$", "id:%24", "id:id:%24"]), min_size=2, unique=True))
def test_every_choice_stands_for_one_thing(ids):
    choices = Choices.of(ClassList(tuple(ids), tuple(ids)))
    assert list(choices.classes.values()) == ids
    assert not set(choices.classes) & set(choices.answers)
    assert len(choices.answers) == 3
    assert set(choices.shown) == {*choices.classes, *choices.answers}
    for alias in (*choices.classes, *choices.answers):
        assert alias.isprintable()
        assert alias == alias.strip()
        assert "$" not in alias
    assert Choices.of(ClassList(tuple(ids), tuple(ids))) == choices
