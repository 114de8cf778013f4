from dataclasses import replace
from datetime import UTC, datetime

import pytest

from audits.review.records import DECISIONS, ROLES, Question, StoredVerdict
from audits.room_config import RoomConfig
from audits.web.loaded import load
from audits.web.people import Person
from audits.web.said import ROLE_WORDS, WORDS, keeps_back, said, standing, to_be_seen
from tests.browser.rooms import Made

ASKED = Question("zoo", "item-000", "hash", "a", "classes")
ANN = Person("ann", "reviewer")
AT = datetime(2026, 3, 1, tzinfo=UTC)


def verdict(id_, reviewer, decision="keep", labels=(), **more):
    return StoredVerdict(id_, f"v{id_}", ASKED, reviewer, decision, labels, "", None, AT, AT, "web", **more)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    return load(Made(n=12).write(tmp_path_factory.mktemp("made")), "zoo")


def test_there_are_words_for_every_decision_and_every_role():
    assert set(WORDS) == set(DECISIONS)
    assert set(ROLE_WORDS) == set(ROLES)


@pytest.mark.parametrize(
    ("decision", "labels", "words"),
    [
        ("keep", (), "Kept ant"),
        ("relabel", ("b",), "Changed to bee"),
        ("multiple", ("a", "c"), "Several are right: ant cow"),
        ("none", (), "None of the classes"),
        ("relabel", ("gone",), "Changed to gone"),  # of a class that left the list, its id
    ],
)
def test_a_verdict_in_words(loaded, decision, labels, words):
    told = said(loaded, verdict(1, "ann", decision, labels), ANN)
    assert " ".join([told.words, *(n.name for n in told.labels)]) == words
    assert told.mine
    assert not said(loaded, verdict(1, "bob", decision, labels), ANN).mine


def test_the_verdict_that_stands_is_the_last_that_is_not_withdrawn():
    first, second, third = verdict(1, "ann"), verdict(5, "ann"), verdict(9, "ann", withdrawn=True)
    assert standing([third, second, verdict(7, "bob"), first], "ann") == [first, second]
    assert standing([third], "ann") == []


def test_what_is_kept_back_of_others_is_seen_once_one_has_decided():
    mine, others = verdict(1, "ann"), verdict(2, "bob")
    gone = replace(mine, withdrawn=True)
    assert to_be_seen([mine, others], "ann", kept_back=True) == [others, mine]
    assert to_be_seen([gone, others], "ann", kept_back=True) == [gone]
    assert to_be_seen([others], "ann", kept_back=True) == []
    assert to_be_seen([gone, others], "ann", kept_back=False) == [others, gone]


@pytest.mark.parametrize("role", ["reviewer", "second", "repeat"])
def test_a_reviewer_is_not_told_which_verdicts_are_second_looks(loaded, role):
    given = verdict(1, "ann", role=role)
    assert said(loaded, given, ANN).role == ""
    assert said(loaded, given, Person("cem", "adjudicator")).role == ROLE_WORDS[role]


def test_everybody_is_told_that_an_adjudicator_decided(loaded):
    assert said(loaded, verdict(1, "cem", role="adjudicator"), ANN).role == "adjudicator"


def test_others_verdicts_are_kept_back_in_blind_mode_and_where_there_are_second_looks():
    assert not keeps_back(RoomConfig())
    assert keeps_back(RoomConfig(blind=True))
    assert keeps_back(RoomConfig(second_look=0.1))
