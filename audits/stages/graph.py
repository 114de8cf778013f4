"""All stages in their order, and what a run would have to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from audits.benchmark.thresholds import GateResult
from audits.config import Dataset
from audits.judging import Judgement
from audits.stages import cleaning, features, finding, ingest, judgements, reviewing, scoring, signalling
from audits.work import Changed, Outcome, Work

#: Stages by name, in the order in which they run.
STAGES: dict[str, Callable[[Work], Outcome]] = {
    "items_candidate": ingest.read_items,
    "model_outputs_candidate": ingest.read_outputs,
    "annotations_candidate": ingest.read_annotations,
    "features_candidate": features.read_features,
    "published": ingest.publish,
    "signals": signalling.signals,
    "findings": finding.findings,
    "review_queue": reviewing.review_queue,
    "label_versions": cleaning.label_versions,
    "scores": scoring.scores,
    "comparison": scoring.comparison,
}

#: Stages that are run again when only verdicts came in.
SCORING = ("label_versions", "scores", "comparison")


def stages_of(dataset: Dataset) -> list[str]:
    """Names of the stages that a dataset has, in order."""
    without = {stage for stage, there in judgements.OPTIONAL.items() if not there(dataset)}
    return [s for s in STAGES if s not in without]


@dataclass(frozen=True)
class Standing:
    """What a dataset's stages came to when they last ran, while nothing has changed since.

    Attributes
    ----------
    outcomes : dict of str to Outcome
        By stage, in order.
    judged : dict of (str, str) to list of Judgement
        By stage and name of the check, as in `judgements.CHECKS`.
    gates : list of GateResult
        All thresholds of the YAML.
    """

    outcomes: dict[str, Outcome]
    judged: dict[tuple[str, str], list[Judgement]]
    gates: list[GateResult]

    @property
    def warnings(self) -> list[Judgement]:
        """Judgements that did not pass; none of them blocked the stages."""
        return [j for found in self.judged.values() for j in found if not j.passed]


def standing(work: Work) -> Standing | str:
    """Find out whether a run would have anything to do.

    Parameters
    ----------
    work : Work
        Opened with `planning=True`.

    Returns
    -------
    Standing or str
        What is there while nothing changed; else, in words, the first thing that did.

    Raises
    ------
    AuditError
        When something is wrong that a run would stumble over too.
    """
    try:
        outcomes, judged = {}, {}
        for name in stages_of(work.dataset):
            if name == "published":
                judged = judgements.judged(work, "valid")
                if any(not j.passed for found in judged.values() for j in found):
                    return "the data did not pass its checks"
            outcomes[name] = STAGES[name](work)
        judged |= judgements.judged(work, "usable")
        return Standing(outcomes, judged, scoring.gates(work))
    except Changed as e:
        return str(e)
