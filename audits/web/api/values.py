"""What requests and answers of the JSON API are made of: texts that can be stored, items, classes, verdicts."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from audits.review.record_checks import LONGEST_TEXT, text_problems
from audits.review.records import AccountRole, Decision, StoredVerdict

#: Most answers, or tasks, of one request.
MOST = 500

#: The largest number that both databases take for an id.
LARGEST_ID = 2**31 - 1


def _storable(text: str) -> str:
    problems = [p for p in text_problems([("text", text)]) if "bytes" not in p]
    if problems:
        raise ValueError("; ".join(problems))
    return text


#: Text without what a database does not take.
Text = Annotated[str, AfterValidator(_storable)]
Name = Annotated[Text, Field(max_length=500)]
Comment = Annotated[Text, Field(max_length=LONGEST_TEXT)]
ClientId = Annotated[
    Text,
    Field(
        min_length=1,
        max_length=500,
        description="Chosen by the sender, a UUID for example; sending the same again stores nothing new.",
    ),
]
QuestionHash = Annotated[
    str, Field(pattern="^[0-9a-f]{32}$", description="32 hexadecimal digits that stand for a question.")
]
VerdictId = Annotated[int, Field(ge=1, le=LARGEST_ID)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class Sent(BaseModel):
    """A part of a request: an unknown key is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Given(BaseModel):
    """A part of an answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Fault(Given):
    """What went wrong."""

    error: str = Field(description="Stable, machine-readable name of the kind of error.")
    detail: str = Field(description="What was expected, what came, where.")


class Me(Given):
    """Who asks, and what they may do."""

    name: str
    role: AccountRole = Field(
        description="Each role may do what those before it may: reviewer, adjudicator, admin."
    )
    datasets: list[str] = Field(description="Names of the datasets that they see.")


class Dataset(Given):
    """A dataset that may be reviewed."""

    name: str
    description: str
    items: int | None = Field(description="How many items it has.")
    blind: bool | None = Field(
        description="Whether suggestion and evidence are kept back until the decision."
    )
    fault: str | None = Field(description="Why it cannot be reviewed; null when it can.")


class Datasets(Given):
    """The datasets that a person sees."""

    datasets: list[Dataset]


class LabelClass(Given):
    """A class: its id, which a verdict stores, and what people call it."""

    id: str
    name: str
    guideline: str | None = Field(None, description="What belongs into the class, where the YAML says so.")


class Filters(Sent):
    """Which tasks are wanted; what is null leaves nothing out. A blind dataset takes `given` alone."""

    given: Name | None = Field(
        None, description="The given label: a class id, or a name that stands for one."
    )
    suggested: Name | None = Field(None, description="The suggested label, likewise.")
    audit: Name | None = Field(None, description="Name of an audit that flags the item.")
    model: Name | None = Field(None, description="Name of a model that speaks against the label.")
    low: Share | None = Field(None, description="Least probability that the given label is wrong.")
    high: Share | None = Field(None, description="Greatest probability that the given label is wrong.")


class Verdict(Given):
    """A verdict as it is stored."""

    id: int
    client_id: str
    item_id: str
    question: str
    decision: Decision
    labels: list[str] = Field(description="Class ids.")
    comment: str
    seconds: float | None
    category: str | None
    severity: str | None
    decided_at: datetime
    stored_at: datetime
    withdrawn: bool

    @classmethod
    def of(cls, v: StoredVerdict) -> Verdict:
        """A stored verdict, without what would tell its reviewer whether it was a second look."""
        return cls(
            id=v.id,
            client_id=v.client_id,
            item_id=v.question.item_id,
            question=v.question.hash,
            decision=v.decision,
            labels=list(v.labels),
            comment=v.comment,
            seconds=v.seconds,
            category=v.category,
            severity=v.severity,
            decided_at=v.decided_at,
            stored_at=v.stored_at,
            withdrawn=v.withdrawn,
        )


class Verdicts(Given):
    """Verdicts, in the order of the request."""

    verdicts: list[Verdict]


class Progress(Given):
    """How far a person and the queue have come."""

    mine: int = Field(description="Verdicts of the person that are not withdrawn.")
    mine_today: int = Field(description="Those of today, in UTC.")
    open: int = Field(description="Tasks that wait for verdicts.")
    decided: int
    disputed: int = Field(description="Tasks whose verdicts meet no rule.")
    total: int
    per_hour: float | None = Field(description="The person's verdicts an hour.")
    hours_left: float | None = Field(description="What is open, at this speed.")


#: Values of an item's columns, as JSON can say them.
Content = dict[str, Any]
