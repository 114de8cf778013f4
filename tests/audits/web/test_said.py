from dataclasses import replace
from datetime import UTC, datetime

import pytest

from audits.review.records import DECISIONS, ROLES, Question, StoredVerdict
from audits.web.loaded import load
from audits.web.said import ROLE_WORDS, WORDS, said, standing, to_be_seen
from tests.browser.rooms import Made

ASKED = Question("zoo", "item-000", "hash", "a", "classes")
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
    told = said(loaded, verdict(1, "ann", decision, labels), "ann")
    assert " ".join([told.words, *(n.name for n in told.labels)]) == words
    assert told.mine
    assert not said(loaded, verdict(1, "bob", decision, labels), "ann").mine


def test_the_verdict_that_stands_is_the_last_that_is_not_withdrawn():
    first, second, third = verdict(1, "ann"), verdict(5, "ann"), verdict(9, "ann", withdrawn=True)
    assert standing([third, second, verdict(7, "bob"), first], "ann") == [first, second]
    assert standing([third], "ann") == []


def test_of_a_blind_dataset_others_are_seen_once_one_has_decided():
    mine, others = verdict(1, "ann"), verdict(2, "bob")
    gone = replace(mine, withdrawn=True)
    assert to_be_seen([mine, others], "ann", blind=True) == [others, mine]
    assert to_be_seen([gone, others], "ann", blind=True) == [gone]
    assert to_be_seen([others], "ann", blind=True) == []
    assert to_be_seen([gone, others], "ann", blind=False) == [others, gone]
