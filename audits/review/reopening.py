"""Decision memory: which decided questions are asked again, since new evidence contradicts the decision strongly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from audits.classes import ClassList
from audits.queue_config import ReopenConfig
from audits.review.consensus import Consensus, Rule, counting, decide
from audits.review.policies import Outcome
from audits.review.records import DecidedOn, Reopening, StoredVerdict

#: Whether an outcome says that the given label is wrong; outcomes that do not say are not here.
FOUND_WRONG: dict[Outcome, bool] = {"kept": False, "relabelled": True, "multiple": True, "none": True}


@dataclass(frozen=True)
class Decision:
    """What the verdicts on a question came to.

    Attributes
    ----------
    consensus : Consensus
        Of an outcome that is in `FOUND_WRONG`.
    verdict_id : int
        The last of the verdicts that count.
    """

    consensus: Consensus
    verdict_id: int


def decisions(by_question: Mapping[str, Sequence[StoredVerdict]], rule: Rule) -> dict[str, Decision]:
    """Find the questions that are decided, right or wrong.

    Parameters
    ----------
    by_question : mapping of str to sequence of StoredVerdict
        All verdicts by the hash of their question; withdrawn ones may be among them.
    rule : Rule

    Returns
    -------
    dict of str to Decision
        By the hash of the question. What is pending, contested, without agreement or unusable is not there.
    """
    found = {}
    for question, verdicts in by_question.items():
        votes = counting(verdicts)
        if not votes:
            continue
        consensus = decide(votes, rule)
        if consensus.outcome in FOUND_WRONG:
            found[question] = Decision(consensus, votes[-1].id)
    return found


def asked_again(verdicts: Sequence[StoredVerdict], reopened: Reopening | None) -> bool:
    """Whether a reopened question still waits: no newer verdict that counts is stored.

    Parameters
    ----------
    verdicts : sequence of StoredVerdict
        All on the question.
    reopened : Reopening or None
        The last reopening of the question.
    """
    votes = counting(verdicts)
    return reopened is not None and bool(votes) and votes[-1].id <= reopened.verdict_id


def evidence_of_decisions(
    decided: Mapping[str, Decision],
    kept: Mapping[int, DecidedOn],
    before: Mapping[str, float],
    now: Mapping[str, float],
) -> list[DecidedOn]:
    """Note the evidence that people decided on, of decisions of which it is not kept yet.

    Parameters
    ----------
    decided : mapping of str to Decision
        By the hash of the question.
    kept : mapping of int to DecidedOn
        What the store has, by the last verdict.
    before, now : mapping of str to float
        Probability that the given label is wrong, by question: in the queue that people had, and in this run. A
        question without evidence is not there.

    Returns
    -------
    list of DecidedOn
        With the probability that the queue had; where it had none, that of this run; without any, nothing.
    """
    found = []
    for question, decision in decided.items():
        p = before.get(question, now.get(question))
        if decision.verdict_id not in kept and p is not None:
            found.append(DecidedOn(question, decision.verdict_id, p))
    return found


def reopenings(
    decided: Mapping[str, Decision],
    decided_on: Mapping[int, DecidedOn],
    now: Mapping[str, float],
    classes: ClassList,
    config: ReopenConfig,
) -> list[Reopening]:
    """Find the decisions that the evidence contradicts strongly.

    A label that was kept is asked again when the probability that it is wrong is `kept_at` or more and has risen by
    `moved` or more since the decision; one that was found wrong when it is `changed_at` or less and has fallen by as
    much. The store keeps one reopening for each last verdict, so the same decision is not questioned twice; a newer
    one is judged by the evidence there was when it was made.

    Parameters
    ----------
    decided : mapping of str to Decision
        By the hash of the question.
    decided_on : mapping of int to DecidedOn
        The evidence of decisions by their last verdict; one that is not there is not questioned.
    now : mapping of str to float
        Probability by question, made without the question's own verdicts.
    classes : ClassList
    config : ReopenConfig

    Returns
    -------
    list of Reopening
        Also those that the store has already.
    """
    if config.when == "never":
        return []
    found = []
    for question, decision in decided.items():
        p, then = now.get(question), decided_on.get(decision.verdict_id)
        if p is None or then is None:
            continue
        wrong = FOUND_WRONG[decision.consensus.outcome]
        moved = then.probability - p if wrong else p - then.probability
        beyond = p <= config.changed_at if wrong else p >= config.kept_at
        # with room for the rounding of differences
        if beyond and moved >= config.moved - 1e-9:
            reason = _reason(decision.consensus, then.probability, p, classes)
            found.append(Reopening(question, decision.verdict_id, p, reason))
    return found


def _reason(consensus: Consensus, then: float, now: float, classes: ClassList) -> str:
    def called(label: str | None) -> str:
        return str(classes.display(classes.positions.get(label)) or label) if label is not None else "?"

    said = {
        "kept": f"kept {called(consensus.label)!r}",
        "relabelled": f"said {called(consensus.label)!r}",
        "multiple": f"called several labels right ({', '.join(map(called, consensus.labels))})"
        if consensus.labels
        else "called several labels right",
        "none": "said that no label fits",
    }[consensus.outcome]
    when = f" (last on {consensus.last_at:%Y-%m-%d})" if consensus.last_at is not None else ""
    way = "risen" if now > then else "fallen"
    return (
        f"asked again: {consensus.agreeing} of {consensus.votes} verdicts {said}{when}; since then the estimated "
        f"probability that the given label is wrong has {way} from {then:.2f} to {now:.2f}"
    )
