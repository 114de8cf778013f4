"""The sections of a dataset's YAML that have it run by itself: schedule, gates, alerts, retention."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import cache
from itertools import pairwise, takewhile
from typing import Literal
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from pydantic import Field, field_validator

from audits.strict import Strict

AlertKind = Literal["run_failed", "check_failed", "gate_failed"]
ALERT_KINDS: tuple[AlertKind, ...] = ("run_failed", "check_failed", "gate_failed")

#: Over so many days with ticks the longest time between two is looked for: more than a year.
_DAYS = 400


_CRON_NAME = "JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC|MON|TUE|WED|THU|FRI|SAT|SUN"
_CRON_PART = rf"(\*|(\d+|{_CRON_NAME})(-(\d+|{_CRON_NAME}))?)(/\d+)?"
_CRON_FIELD = re.compile(rf"{_CRON_PART}(,{_CRON_PART})*")


class ScheduleConfig(Strict):
    """When the dataset is audited by itself. A tick that finds nothing changed launches no run."""

    cron: str = Field(description="Five fields: minute, hour, day of month, month, day of week.")
    timezone: str = Field("UTC", description="IANA name of the time zone that `cron` is meant in.")
    grace_minutes: int = Field(
        120,
        ge=1,
        description="How long after a tick the audit may take before Dagster shows the dataset as not fresh.",
    )

    @field_validator("cron")
    @classmethod
    def _readable(cls, value: str) -> str:
        if len(value.split()) != 5:
            raise ValueError(f"expected five fields such as '0 3 * * *', got {value!r}")
        if odd := [part for part in value.split() if not _CRON_FIELD.fullmatch(part.upper())]:
            # what else there is, such as L, W and #, Dagster and other programs take in different ways
            raise ValueError(
                f"{odd[0]!r} is not numbers or names with '*', ',', '-' and '/'; expected e.g. '0 3 * * MON-FRI'"
            )
        try:
            next(CronSim(value, datetime(2024, 1, 1)))
        except CronSimError as e:
            raise ValueError(f"{value!r} is no cron expression: {e}") from e
        return value

    @field_validator("timezone")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (OSError, ValueError, LookupError) as e:
            raise ValueError(f"there is no time zone {value!r}; expected an IANA name such as UTC") from e
        return value

    def fresh_for(self) -> timedelta:
        """How long an audit stays fresh: the longest time between two ticks, and the grace."""
        return _longest(self.cron) + timedelta(minutes=self.grace_minutes)


@cache
def _longest(cron: str) -> timedelta:
    """The longest time between two ticks; most of hundreds of datasets share a few expressions."""
    minute, hour, *days = cron.split()
    # the ticks of a day are the same on every day that has any, and a year of minutes is long
    start = datetime(2023, 12, 31, 23, 59)
    times = list(takewhile(lambda t: t < datetime(2024, 1, 2), CronSim(f"{minute} {hour} * * *", start)))
    apart = timedelta(days=1)
    if days != ["*", "*", "*"]:
        midnights = [t for t, _ in zip(CronSim(f"0 0 {' '.join(days)}", start), range(_DAYS), strict=False)]
        apart = max((b - a for a, b in pairwise(midnights)), default=timedelta(days=366))
    return max([apart - (times[-1] - times[0]), *(b - a for a, b in pairwise(times))])


class RescoreConfig(Strict):
    """When new verdicts lead to new scores by themselves, while `labelaudit up` runs."""

    after_verdicts: int = Field(
        20, ge=1, description="Score again once so many verdicts have come in since the last scores."
    )
    quiet_minutes: float = Field(
        10, ge=0, description="Or once there are any and none has come in for so many minutes."
    )


class GatesConfig(Strict):
    """Thresholds. Each is an asset check; `labelaudit run` exits with 3 when one does not hold."""

    max_flag_rate: float | None = Field(None, ge=0, le=1, description="Largest share of items flagged.")
    max_corrected_share: float | None = Field(
        None,
        ge=0,
        le=1,
        description="Largest share of items whose label the verdicts change, or that they take out.",
    )
    max_score_drop: float | None = Field(
        None,
        ge=0,
        description="Most that any scored model may lose from original to corrected labels, on the common "
        "items, in the unit of the metric.",
    )
    keep_rank: tuple[str, ...] = Field(
        (), description="Models whose rank may not differ between original and corrected labels."
    )
    metric: str | None = Field(
        None,
        description="Metric that the gates on scores and ranks look at. Left out: the first of `metrics`.",
    )

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the gates that are set."""
        gates = ("max_flag_rate", "max_corrected_share", "max_score_drop")
        found = tuple(g for g in gates if getattr(self, g) is not None)
        return (*found, "keep_rank") if self.keep_rank else found


class WebhookConfig(Strict):
    """A URL that alerts are posted to. The URL is a secret: the YAML names a variable, not the URL."""

    url_env: str = Field(description="Name of the environment variable that holds the URL.")
    format: Literal["json", "slack"] = Field(
        "json", description="json: the alert's fields; slack: the payload of Slack's incoming webhooks."
    )
    timeout_seconds: float = Field(10, gt=0, le=12, description="How long one attempt may take.")
    attempts: int = Field(
        4,
        ge=1,
        le=10,
        description="How often to try in one round, with growing pauses. After five failed rounds, over some three "
        "hours, the alert is given up.",
    )

    @field_validator("url_env")
    @classmethod
    def _a_name(cls, value: str) -> str:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value):
            # the text itself may be the secret, put in the wrong place: it is not repeated
            raise ValueError("expected the name of an environment variable (letters, digits, underscores)")
        return value


class AlertsConfig(Strict):
    """Who is told of what, while `labelaudit up` runs. The same fault is told once, until it has passed."""

    kinds: tuple[AlertKind, ...] = Field(
        ALERT_KINDS,
        description="run_failed: a run did not end well; check_failed: a check of the data failed, also one that "
        "only warns; gate_failed: a threshold of `gates` does not hold.",
    )
    log: bool = Field(True, description="Whether to write a line to the log of the sensor.")
    webhooks: tuple[WebhookConfig, ...] = Field((), description="Where to post alerts.")


class RetentionConfig(Strict):
    """How much of the past is kept. The tables in force and what they were made from always are."""

    keep: int = Field(10, ge=1, description="How many results of each stage are kept, the latest used ones.")
