"""How far a reviewer and the queue have come, in words."""

from __future__ import annotations

from audits.review.desk.records import Progress
from audits.web.pages import number


def pace(progress: Progress) -> dict[str, str]:
    """Progress as short texts, by name; what there is no word for is empty.

    Parameters
    ----------
    progress : Progress

    Returns
    -------
    dict of str to str
        `today`, `mine`, `open`, `decided`, `disputed`, `total` as numbers; `speed` and `left` with their units.

    Examples
    --------
    >>> pace(Progress(12, 3, 100, 50, 0, 150, 40.4, 2.5))["speed"]
    '40 an hour'
    """
    speed, left = progress.per_hour, progress.hours_left
    return {
        "today": number(progress.mine_today),
        "mine": number(progress.mine),
        "open": number(progress.open),
        "decided": number(progress.decided),
        "disputed": number(progress.disputed),
        "total": number(progress.total),
        "speed": "" if speed is None else f"{number(speed)} an hour",
        "left": "" if left is None else f"about {span(left)} left at this speed",
    }


def span(hours: float) -> str:
    """A span of time in the unit that people would say it in.

    Examples
    --------
    >>> span(0.01), span(0.5), span(1), span(30), span(100)
    ('1 minute', '30 minutes', '60 minutes', '30 hours', '100 hours')
    """
    minutes = max(round(hours * 60), 1)
    if minutes < 100:
        return f"{minutes} minute{'s' if minutes > 1 else ''}"
    return f"{number(hours, 1 if hours < 10 else 0)} hours"
