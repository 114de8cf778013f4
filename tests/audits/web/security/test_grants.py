from __future__ import annotations

from datetime import UTC, datetime

import pytest

from audits.review.accounts import Account
from audits.web.security.grants import FRESH_SECONDS, Grants

NOW = datetime(2024, 1, 1, tzinfo=UTC)


def person(name, role="reviewer", datasets=None):
    return Account(name, role, datasets, True, 1, NOW, NOW)


@pytest.fixture
def folder(made_up):
    """free names nobody, named names ann and bob, broken cannot be read."""
    made_up.add("free", n=6)
    made_up.add("named", n=6, yaml="review: {room: {reviewers: [ann, bob]}}\n")
    made_up.add("broken", n=6)
    made_up.yaml("broken").write_text("review: {room: {reviewers: [ann\n")
    return made_up


@pytest.fixture
def grants(folder):
    return Grants(folder.workspace, fresh=0)


@pytest.mark.parametrize(
    ("account", "seen"),
    [
        (person("ann"), {"free", "named"}),
        (person("cem"), {"free"}),
        (person("ann", datasets=()), {"named"}),
        (person("cem", datasets=("named", "broken")), set()),
        (person("cem", datasets=("free",)), {"free"}),
        (person("cem", "adjudicator"), None),
        (person("cem", "adjudicator", ("free", "broken")), {"free", "broken"}),
        (person("ann", "adjudicator", ()), {"named"}),
        (person("cem", "admin"), None),
    ],
)
def test_who_sees_what(grants, account, seen):
    assert grants.of(account) == seen


def test_only_datasets_that_are_there_are_seen(grants):
    assert grants.of(person("cem", datasets=("gone", "free"))) == {"free"}


def test_a_changed_file_counts_at_once(folder, grants):
    assert grants.of(person("cem")) == {"free"}
    text = folder.yaml("named").read_text()
    folder.yaml("named").write_text(text.replace("ann, bob", "ann, cem"))
    assert grants.of(person("cem")) == {"free", "named"}
    assert grants.of(person("bob")) == {"free"}
    folder.yaml("named").unlink()
    assert grants.of(person("cem")) == {"free"}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("review: {room: {reviewers: [ann]}}", {"ann"}),
        ("review: {room: {reviewers: ['Zoe\u0308 ']}}", {"Zo\u00eb"}),
        ("review:\n", set()),
        ("review: {room: }", set()),
        ("classes: [a, b]", set()),
        ("review: {room: {reviewers: ann}}", None),
        ("review: {room: {no_such_key: 1}}", None),
        ("- a list", None),
        ("", None),
    ],
)
def test_whom_a_file_names(folder, grants, text, named):
    folder.yaml("free").write_text(text)
    assert grants.reviewers("free") == named


def test_files_are_looked_at_again_after_a_moment_and_not_with_every_request(folder):
    now = [10.0]
    grants = Grants(folder.workspace, now=lambda: now[0])
    assert grants.of(person("cem")) == {"free"}
    text = folder.yaml("named").read_text()
    folder.yaml("named").write_text(text.replace("ann, bob", "ann, cem"))
    now[0] += FRESH_SECONDS / 2
    assert grants.of(person("cem")) == {"free"}
    now[0] += FRESH_SECONDS / 2
    assert grants.of(person("cem")) == {"free", "named"}
    now[0] += FRESH_SECONDS - 0.01
    folder.yaml("named").write_text(text)
    assert grants.of(person("cem")) == {"free", "named"}, "the moment begins with each look"


def test_no_such_dataset_names_nobody_who_is_known(grants):
    assert grants.reviewers("gone") is None
    assert grants.reviewers("../../etc/passwd") is None


def test_which_datasets_name_their_reviewers(grants):
    assert grants.naming() == ["named"]
    assert grants.naming(("free",)) == []
    assert grants.naming(("free", "named")) == ["named"]
