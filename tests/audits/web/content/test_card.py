from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from audits.errors import UsageError
from audits.review.open_queue import OpenTask
from audits.web.content import card as module
from audits.web.content.card import card
from tests.audits.web.content import public
from tests.audits.web.content.drawn import picture
from tests.audits.web.content.shown import Shown


@pytest.fixture(scope="module")
def herd(tmp_path_factory):
    """Sixty items with features and two models; `i0` is a cow that is labelled bee."""
    shown = Shown(tmp_path_factory.mktemp("herd") / "w")
    truth = np.arange(60) % 3
    given = truth.copy()
    truth[0], given[0] = 2, 1
    rng = np.random.default_rng(3)
    shown.yaml["classes"] = [
        {"id": "ant", "name": "Ant"},
        {"id": "bee", "name": "Bee", "guideline": "It has wings."},
        {"id": "cow", "name": "Cow", "guideline": "It gives milk."},
    ]
    shown.items(
        [["ant", "bee", "cow"][k] for k in given], text=[f"what is to be seen of {i}" for i in range(60)]
    )
    for name in ("one", "two"):
        shown.dense(name, np.eye(3)[truth] * 0.8 + rng.dirichlet(np.ones(3), 60) * 0.2)
    np.save(shown.folder / "v.npy", (np.eye(3)[truth] + rng.normal(size=(60, 3)) * 0.1).astype(np.float32))
    shown.yaml["features"] = [{"name": "v", "kind": "embeddings", "path": "v.npy", "rows": "items_order"}]
    return shown.open()


def test_open_it_shows_what_speaks_against_the_label(herd):
    found = card(herd, "i0", blind=False)
    assert (found.given.id, found.suggested.id) == ("bee", "cow")
    assert (found.given.guideline, found.suggested.guideline) == ("It has wings.", "It gives milk.")
    assert any("2 of 2 models say Cow" in reason for reason in found.reasons)
    assert [m.predicted.id for m in found.models] == ["cow", "cow"]
    assert [line.role for line in found.shares] == ["given", "suggested", "other"]
    assert found.likely[0].id == "cow"
    assert "bee" not in [c.id for c in found.likely]
    assert {t.label.id for t in found.neighbours_given} == {"bee"}
    assert {t.label.id for t in found.neighbours_suggested} == {"cow"}
    assert found.current


def test_blind_nothing_of_it_is_told(herd):
    found = card(herd, "i0", blind=True)
    untold = replace(found, parts=(), item_id="", question_hash="")
    assert [c.id for c in found.likely] == ["ant", "cow"]  # in the order of the class list
    for field in ("suggested", "probability", "twin"):
        assert getattr(untold, field) is None
    for field in ("reasons", "models", "shares", "neighbours_given", "neighbours_suggested"):
        assert getattr(untold, field) == ()


def test_blind_a_flagged_item_looks_like_any_other(herd):
    """Two items with one label differ in nothing but themselves."""
    cards = [card(herd, id_, blind=True) for id_ in ("i0", "i1")]
    assert cards[0].given == cards[1].given
    alike = [replace(c, item_id="", question_hash="", parts=()) for c in cards]
    assert alike[0] == alike[1]


def test_blind_nothing_of_it_is_worked_out(herd, monkeypatch):
    for name in ("said_of", "nearest_of", "twin_of", "named"):
        monkeypatch.setattr(module, name, lambda *_: pytest.fail("worked out"))
    card(herd, "i0", blind=True)


def test_the_task_has_newer_reasons_than_the_findings(herd):
    question = herd.questions[0]
    task = OpenTask(
        1, question, "flagged", 1.0, 1, "ant", ("because of this",), None, datetime.now(UTC), probability=0.25
    )
    found = card(herd, question, blind=False, task=task)
    assert (found.suggested.id, found.reasons, found.probability) == ("ant", ("because of this",), 0.25)
    assert found.likely[0].id == "ant"


def test_a_suggestion_that_is_the_given_label_or_no_class_any_more_is_none(herd):
    for suggested in ("bee", "wasp", None):
        task = OpenTask(1, herd.questions[0], "flagged", 1.0, 1, suggested, (), None, datetime.now(UTC))
        found = card(herd, herd.questions[0], blind=False, task=task)
        assert found.suggested is None
        assert found.neighbours_suggested == ()
        assert "suggested" not in [line.role for line in found.shares]


def test_a_question_of_an_earlier_day_keeps_its_label_and_says_so(herd):
    old = replace(herd.questions[0], given_label="ant", content_hash="0" * 32)
    found = card(herd, old, blind=False)
    assert (found.current, found.given.id, found.question_hash) == (False, "ant", old.hash)


def test_of_a_class_that_left_the_list_there_is_no_evidence(herd):
    found = card(herd, replace(herd.questions[0], given_label="wasp"), blind=False)
    assert (found.given.name, found.likely, found.models, found.suggested) == ("wasp", (), (), None)


def test_an_item_that_left_the_dataset_is_told(herd):
    with pytest.raises(UsageError, match="no item 'gone' any more"):
        card(herd, "gone", blind=False)


def test_a_picture_of_the_item_is_on_both_kinds_of_cards(shown):
    shown.yaml["items"] |= {"content": ["image"], "files": ["image"]}
    shown.items(["ant", "bee"], image=[shown.image("a.png", picture()), None])
    loaded = shown.open()
    assert card(loaded, "i0", blind=True).parts == card(loaded, "i0", blind=False).parts != ()


def test_questions_with_their_choices_and_what_14_models_answered(shown, public_data):
    public.questions(shown, public_data)
    loaded = shown.open()
    found = card(loaded, "abstract_algebra/3", blind=False)
    question, choices, subject = found.parts
    assert (question.kind, choices.kind, subject.kind) == ("text", "list", "value")
    assert question.text.startswith("Statement 1 | If H is a subgroup of G")
    assert [(e.marker, e.part.text) for e in choices.entries] == [
        ("A", "True, True"),
        ("B", "False, False"),
        ("C", "True, False"),
        ("D", "False, True"),
    ]
    assert found.given.name == "C"
    assert len(found.models) == 14
    assert sum(line.models for line in found.shares) == sum(m.predicted is not None for m in found.models)
    assert all(m.p_given is None for m in found.models)


def test_cifar10_by_its_ids_and_evidence_alone(shown, public_data):
    public.cifar10(shown, public_data, models=3)
    loaded = shown.open()
    found = card(loaded, "2405", blind=False)
    assert (found.parts, found.given.name, found.suggested.name) == ((), "cat", "frog")
    assert [(line.label.name, line.models, line.of) for line in found.shares[:2]] == [
        ("cat", 0, 3),
        ("frog", 3, 3),
    ]
    assert sum(line.p for line in found.shares) == pytest.approx(1, abs=1e-3)
    assert len(found.likely) == 9
