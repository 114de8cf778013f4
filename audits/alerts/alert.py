"""What is told: one fault of one dataset, as one run found it."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from audits.errors import AuditError
from audits.night_config import ALERT_KINDS, AlertKind

#: Characters of a message that are kept; what a check finds wrong may be a line for each of many models.
MESSAGE_LIMIT = 8_000

# a number that stands by itself; the 18 of resnet18 is part of a name and stays
_NUMBER = re.compile(r"(?<![A-Za-z_0-9])[-+]?\d+(?:[.,]\d+)*(?:[eE][-+]?\d+)?(?![A-Za-z_0-9])")
_LONG_ID = re.compile(r"\b(?=[0-9a-f-]*\d)[0-9a-f]{8}(?:[0-9a-f-]*[0-9a-f])?\b")


@dataclass(frozen=True)
class Alert:
    """A fault, as the run that found it saw it.

    Attributes
    ----------
    dataset : str
        Name of the dataset.
    kind : {'run_failed', 'check_failed', 'gate_failed'}
    subject : str
        What failed: ``items_candidate:valid`` for a check, ``run`` for a run.
    message : str
        What is wrong, in words; may have several lines. Longer ones are cut to `MESSAGE_LIMIT` characters.
    at : datetime
        When the run ended; aware, in UTC.
    run_id : str
        The run that found it.
    address : str or None
        URL of the run's page, where one is known.
    """

    dataset: str
    kind: AlertKind
    subject: str
    message: str
    at: datetime
    run_id: str
    address: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in ALERT_KINDS:
            raise AuditError(
                f"'kind' of an alert: expected one of {', '.join(ALERT_KINDS)}, got {self.kind!r}"
            )
        if self.at.tzinfo is None:
            raise AuditError("'at' of an alert: expected a time with a time zone")
        object.__setattr__(self, "at", self.at.astimezone(UTC))
        if len(self.message) > MESSAGE_LIMIT:
            object.__setattr__(self, "message", self.message[: MESSAGE_LIMIT - 3] + "...")

    @property
    def fault(self) -> str:
        """What is wrong, as an id: the same for the same subject failing in the same way in another run."""
        return _hash(self.dataset, self.kind, self.subject, normalized(self.message))

    @property
    def id(self) -> str:
        """The fault as this run found it, as an id: what a receiver may tell repeated posts by."""
        return _hash(self.fault, self.run_id)

    @property
    def title(self) -> str:
        """One line that says what failed."""
        what = {
            "run_failed": "run failed",
            "check_failed": "check failed",
            "gate_failed": "gate does not hold",
        }
        subject = "" if self.kind == "run_failed" else f": {self.subject}"
        return f"{self.dataset}: {what[self.kind]}{subject}"

    def record(self) -> dict[str, str | None]:
        """All fields as text, `at` in ISO 8601; `from_record` reads it."""
        return {**asdict(self), "at": self.at.isoformat()}

    @classmethod
    def from_record(cls, record: dict[str, str]) -> Alert:
        """Read what `record` wrote; raises a KeyError, TypeError or ValueError for anything else."""
        return cls(**{**record, "at": datetime.fromisoformat(record["at"])})  # type: ignore[arg-type]


def normalized(message: str) -> str:
    """A message without what differs from night to night while the fault is the same.

    Numbers that stand by themselves and long hexadecimal ids become ``#``; blanks are evened out.

    Examples
    --------
    >>> normalized("flag rate 0.0712 is above 0.05  (resnet18)")
    'flag rate # is above # (resnet18)'
    """
    text = _LONG_ID.sub("#", " ".join(message.split()))
    return _NUMBER.sub("#", text)


def _hash(*parts: str) -> str:
    # JSON keeps ("a", "bc") and ("ab", "c") apart
    return hashlib.blake2b(json.dumps(parts).encode(), digest_size=12).hexdigest()
