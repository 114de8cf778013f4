"""Which given labels people found badly wrong: what a frozen slice of major mistakes is made of."""

from __future__ import annotations

from collections.abc import Sequence

from audits.review.consensus import Rule, counting
from audits.review.questions import questions_of
from audits.review.records import Question, StoredVerdict
from audits.review.reopening import FOUND_WRONG, decisions
from audits.review.store import ReviewStore
from audits.review.verdicts_of import by_question
from audits.stored import StoredItems


def major_mistakes(
    store: ReviewStore, dataset: str, items: StoredItems, rule: Rule, severity: str
) -> list[Question]:
    """Find the items whose given label people decided to be wrong, and that badly.

    Parameters
    ----------
    store : ReviewStore
    dataset : str
    items : StoredItems
    rule : Rule
        When an item is decided.
    severity : str
        The worst of those that the YAML asks for.

    Returns
    -------
    list of Question
        Those that the items pose today, in items order: the decision says that the given label is wrong, and so bad
        say the adjudicator or, without one, more than half of the verdicts that say how bad it is.
    """
    verdicts = by_question(store.verdicts(dataset))
    wrong = {h for h, d in decisions(verdicts, rule).items() if FOUND_WRONG[d.consensus.outcome]}
    asked = questions_of(items.items, dataset, items.classes)
    return [q for q in asked if q.hash in wrong and _is(severity, verdicts[q.hash])]


def _is(severity: str, verdicts: Sequence[StoredVerdict]) -> bool:
    said = [v for v in counting(verdicts) if v.severity is not None and v.role != "repeat"]
    said = [v for v in said if v.role == "adjudicator"][-1:] or said
    return 2 * sum(v.severity == severity for v in said) > len(said)
