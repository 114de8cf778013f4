"""Which part of a queue a page is about: filters in the query of its address."""

from __future__ import annotations

from dataclasses import asdict
from urllib.parse import urlencode

from fastapi import HTTPException
from starlette.datastructures import QueryParams

from audits.review.desk.records import Filters
from audits.web.class_words import class_of
from audits.web.loaded import Loaded

#: What would tell a reviewer what a blind dataset keeps from them.
_TELLING = ("suggested", "audit", "model", "low", "high")


def filters_of(query: QueryParams, loaded: Loaded) -> Filters:
    """Filters from the query of an address; what is left empty does not filter.

    Parameters
    ----------
    query : QueryParams
        `given` and `suggested` name classes, `audit` and `model` what speaks against the given label, `low` and `high`
        bound the probability that it is wrong. Other parameters are passed over.
    loaded : Loaded

    Raises
    ------
    HTTPException
        With status 422 when a class is none of the dataset's, a bound is no number from 0 to 1, or the dataset is
        reviewed blind and the filter would tell what is kept back.
    """
    sent = {k: v.strip() for k in ("given", *_TELLING) if (v := query.get(k, "")).strip()}
    if loaded.dataset.config.review.room.blind and (telling := [k for k in _TELLING if k in sent]):
        raise HTTPException(
            422,
            f"{loaded.name!r} is reviewed blind; a filter by {telling[0]!r} would tell what is kept back. "
            "There is the filter by 'given'.",
        )
    given, suggested = (
        class_of(sent[k], loaded.classes) if k in sent else None for k in ("given", "suggested")
    )
    low, high = (_share(k, sent.get(k)) for k in ("low", "high"))
    if low is not None and high is not None and low > high:
        raise HTTPException(422, f"The least probability, {low:g}, is above the greatest, {high:g}.")
    return Filters(given, suggested, sent.get("audit"), sent.get("model"), low, high)


def query_of(filters: Filters, **more: str | int) -> str:
    """The query of an address that `filters_of` reads back; empty, or with its question mark.

    Parameters
    ----------
    filters : Filters
    more : str or int
        Further parameters, put first.
    """
    pairs = {**more, **{k: v for k, v in asdict(filters).items() if v is not None}}
    return f"?{urlencode(pairs)}" if pairs else ""


def audits_of(loaded: Loaded) -> list[str]:
    """Names of the audits that the run made, sorted."""
    return loaded.audit_names


def _share(name: str, text: str | None) -> float | None:
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise HTTPException(422, f"{name!r} must be a probability from 0 to 1, got {text!r}.")
    return value
