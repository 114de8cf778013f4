"""Major mistakes: found wrong under the rule, and said to be the worst by most who say how bad it is."""

from __future__ import annotations

import pytest

from audits.major_mistakes import major_mistakes
from audits.review.consensus import Rule
from audits.review.records import NewVerdict
from audits.review.store import ReviewStore
from audits.web.loaded import load
from tests.audits.web.flipped import NAME, flipped, questions


@pytest.fixture(scope="module")
def barn(tmp_path_factory):
    return flipped(tmp_path_factory.mktemp("ran"))


@pytest.fixture
def found(barn, tmp_path):
    """Store verdicts on the first item; returns whether it is a major mistake."""
    store = ReviewStore(f"sqlite:///{tmp_path}/review.sqlite")
    asked, items = questions(barn), load(barn.workspace, NAME).items

    def find(*said, rule):
        new = []
        for k, (reviewer, decision, severity, *role) in enumerate(said):
            labels = ("cow",) if decision == "relabel" else ()
            new.append(
                NewVerdict(
                    f"v{k}",
                    asked[0],
                    reviewer,
                    decision,
                    labels,
                    severity=severity,
                    role=(role or ["reviewer"])[0],
                )
            )
        store.add_verdicts(new)
        hashes = [q.hash for q in major_mistakes(store, NAME, items, rule, "major")]
        assert hashes in ([], [asked[0].hash])
        return bool(hashes)

    yield find
    store.close()


ONE, TWO, THREE = Rule(1, 1), Rule(2, 2), Rule(2, 3)


@pytest.mark.parametrize(
    ("said", "rule", "major"),
    [
        ([], ONE, False),
        ([("ann", "relabel", "major")], ONE, True),
        ([("ann", "relabel", "minor")], ONE, False),
        ([("ann", "relabel", None)], ONE, False),
        ([("ann", "none", "major")], ONE, True),
        ([("ann", "keep", "major")], ONE, False),
        ([("ann", "unusable", "major")], ONE, False),
        ([("ann", "relabel", "major")], TWO, False),
        ([("ann", "relabel", "major"), ("bob", "relabel", None)], TWO, True),
        ([("ann", "relabel", "major"), ("bob", "relabel", "minor")], TWO, False),
        (
            [("ann", "relabel", "major"), ("bob", "relabel", "minor"), ("cem", "relabel", "major")],
            THREE,
            True,
        ),
        ([("ann", "relabel", "major"), ("bob", "keep", None)], TWO, False),
        ([("ann", "relabel", "minor"), ("ann", "relabel", "major")], ONE, True),
        (
            [("ann", "relabel", "minor"), ("bob", "keep", None), ("cem", "relabel", "major", "adjudicator")],
            TWO,
            True,
        ),
        (
            [
                ("ann", "relabel", "major"),
                ("bob", "relabel", "major"),
                ("cem", "relabel", "minor", "adjudicator"),
            ],
            TWO,
            False,
        ),
    ],
)
def test_by_case(found, said, rule, major):
    assert found(*said, rule=rule) is major
