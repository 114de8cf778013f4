from __future__ import annotations

import numpy as np
import pytest

from audits.web.content.says import by_class, by_model, likely, said_of


@pytest.fixture
def panel(shown):
    """Item 0, given ant: two models say bee, one of them by its top two; one says cow, and one does not answer."""
    shown.items(["ant", "bee", "cow"])
    shown.dense("dense", np.array([[0.1, 0.7, 0.2], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6]]))
    shown.top_k("top", [["bee", "ant"], ["bee", "ant"], ["cow", "bee"]], [[0.5, 0.3], [0.9, 0.1], [0.6, 0.4]])
    shown.answers("words", ["cow", "bee", "cow"])
    shown.answers("silent", [None, "bee", "cow"])
    return shown.open()


def test_the_numbers_of_an_item_are_those_worked_out_by_hand(panel):
    said = said_of(panel, 0)
    found = dict(zip(said.models, said.predicted.tolist(), strict=True))
    assert found == {"dense": 1, "top": 1, "words": 2, "silent": -1}
    # of the top two 0.2 is left over, for the one class outside
    assert said.mean == pytest.approx([(0.1 + 0.3) / 2, (0.7 + 0.5) / 2, (0.2 + 0.2) / 2])
    assert said.weight == pytest.approx([0.4, 1.2, 1.4])
    assert said.votes.tolist() == [0, 2, 1]


def test_a_line_a_class_tells_how_many_say_it_and_how_sure_they_are(panel):
    given, suggested, other = by_class(panel, 0, 1, said_of(panel, 0))
    assert (given.role, given.label.id, given.models, given.of) == ("given", "ant", 0, 4)
    assert (suggested.role, suggested.label.id, suggested.models) == ("suggested", "bee", 2)
    assert (other.role, other.label.id, other.models, other.classes) == ("other", "cow", 1, 1)
    assert [line.p for line in (given, suggested, other)] == pytest.approx([0.2, 0.6, 0.2])


def test_what_no_line_names_is_in_the_last_one_and_nothing_is_counted_twice(shown):
    k, n = 20, 40
    rng = np.random.default_rng(0)
    shown.yaml["classes"] = [f"c{i}" for i in range(k)]
    shown.items([f"c{i % k}" for i in range(n)])
    for m in range(9):
        shown.dense(f"m{m}", rng.dirichlet(np.ones(k) * 0.2, n))
    loaded = shown.open()
    for row in range(n):
        lines = by_class(loaded, row % k, (row + 1) % k, said_of(loaded, row))
        assert sum(line.models for line in lines) == 9
        assert sum(line.classes for line in lines) == k
        assert sum(line.p for line in lines) == pytest.approx(1)
        assert len(lines) <= 6
        others = [line.models for line in lines if line.role == "other" and line.label]
        assert others == sorted(others, reverse=True)


def test_where_no_model_gives_probabilities_there_is_no_mean(shown):
    shown.items(["ant", "bee", "cow"])
    shown.answers("words", ["cow", "bee", "cow"])
    loaded = shown.open()
    said = said_of(loaded, 0)
    assert said.mean is None
    assert {line.p for line in by_class(loaded, 0, 2, said)} == {None}
    assert [c.id for c in likely(loaded, 0, None, said)] == ["cow", "bee"]


def test_models_that_contradict_come_first_the_surest_before_the_others(panel):
    lines = by_model(panel, 0, said_of(panel, 0))
    assert [m.model for m in lines] == ["dense", "top", "silent", "words"]
    assert [m.agrees for m in lines] == [False] * 4
    silent = lines[2]
    assert (silent.predicted, silent.p_predicted, silent.p_given) == (None, None, None)
    assert (lines[0].predicted.id, lines[0].p_predicted, lines[0].p_given) == ("bee", 0.7, 0.1)
    assert [m.agrees for m in by_model(panel, 1, said_of(panel, 1))] == [True] * 4


def test_the_likeliest_follow_the_suggestion_and_the_given_one_is_never_offered(panel):
    said = said_of(panel, 0)
    assert [c.id for c in likely(panel, 0, 1, said)] == ["bee", "cow"]
    assert [c.id for c in likely(panel, 0, None, said)] == ["cow", "bee"]  # weights 1.4 and 1.2


@pytest.fixture
def wide(shown):
    """Twelve classes, of which a model names three of the first item."""
    shown.yaml["classes"] = [f"c{i}" for i in range(12)]
    shown.items([f"c{i}" for i in range(12)])
    shown.top_k("top", [["c7", "c3", "c9"]] * 12, [[0.2, 0.5, 0.1]] * 12)
    return shown.open()


def test_of_many_classes_only_those_are_offered_that_a_model_names(wide):
    assert [c.id for c in likely(wide, 0, 11, said_of(wide, 0))] == ["c11", "c3", "c7", "c9"]


def test_blind_the_order_is_that_of_the_class_list(panel):
    assert [c.id for c in likely(panel, 1, None, None)] == ["ant", "cow"]


def test_blind_there_is_none_of_more_classes_than_the_digits_reach(wide):
    assert likely(wide, 0, None, None) == ()


def test_there_are_never_more_than_nine(shown):
    shown.yaml["classes"] = [f"c{i}" for i in range(30)]
    shown.items([f"c{i}" for i in range(30)])
    shown.dense("m", np.full((30, 30), 1 / 30))
    loaded = shown.open()
    found = [c.id for c in likely(loaded, 0, 29, said_of(loaded, 0))]
    assert found == ["c29", *(f"c{i}" for i in range(1, 9))]
