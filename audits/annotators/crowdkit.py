"""Further aggregators, those of crowd-kit: an extra, as it brings large libraries along."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from types import ModuleType
from typing import Any, Literal

import numpy as np

from audits.annotators.aggregate import Aggregate
from audits.annotators.votes import Floats64, Votes, votes_of
from audits.errors import InputError, UsageError
from audits.signals.inputs import Annotations

Method = Literal["glad", "mace", "wawa", "zero_based_skill", "m_msr"]


def by_crowdkit(annotations: Annotations, n_classes: int, method: Method) -> Aggregate:
    """Combine annotations by one of crowd-kit's aggregators, with its own settings.

    Parameters
    ----------
    annotations : Annotations
        At most one an item and annotator.
    n_classes : int
        K.
    method : {"glad", "mace", "wawa", "zero_based_skill", "m_msr"}

    Returns
    -------
    Aggregate
        glad, mace: crowd-kit's posterior. wawa, zero_based_skill: the share of the annotators, weighted by their
        skills; a class whose weights sum below 0 has none. m_msr: its skills are logarithms of odds, so the posterior
        is the exponential of their sums.

    Raises
    ------
    UsageError
        When crowd-kit is not installed.
    InputError
        When the method cannot work on these annotations, or they are not sound.

    References
    ----------
    J. Whitehill et al.: Whose Vote Should Count More (2009). D. Hovy et al.: Learning Whom to Trust with MACE (2013).
    Q. Ma, A. Olshevsky: Adversarial Crowdsourcing Through Robust Rank-One Matrix Completion (2020),
    arXiv:2010.12181.
    """
    import pandas as pd

    votes = votes_of(annotations, n_classes)
    module = _crowdkit(method)
    if not len(votes):
        return Aggregate(method, votes, votes.classes, np.empty((0, 0)))
    if len(votes.classes) < 2:  # nothing to tell apart, which not all of them can take
        return Aggregate(method, votes, votes.classes, np.ones((len(votes.items), 1)))
    data = pd.DataFrame({"task": votes.item, "worker": votes.annotator, "label": votes.label})
    with warnings.catch_warnings():
        # what crowd-kit asks of pandas and numpy in an old way is not for the caller to mend
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", FutureWarning)  # old calls of pandas
        warnings.simplefilter("ignore", RuntimeWarning)  # divisions by sums that may be 0
        try:
            posterior = _METHODS[method](module, data, votes)
        except (ValueError, IndexError, ZeroDivisionError, np.linalg.LinAlgError, RuntimeError) as e:
            raise InputError(f"{method} cannot combine these {len(votes)} annotations: {e}") from e
    if not np.isfinite(posterior).all():
        bad = int((~np.isfinite(posterior).all(axis=1)).sum())
        raise InputError(f"{method} finds no probabilities for {bad} of {len(posterior)} items")
    return Aggregate(method, votes, votes.classes, posterior / posterior.sum(axis=1, keepdims=True))


def _crowdkit(method: str) -> ModuleType:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the libraries that it loads
            from crowdkit.aggregation import classification
    except ImportError as e:
        raise UsageError(
            f"the method {method!r} needs crowd-kit, which is not installed: pip install 'labelaudit[crowd]'"
        ) from e
    return classification


def _probabilities(aggregator: Any, data: Any, votes: Votes) -> Floats64:
    found = aggregator.fit(data).probas_
    wanted = found.reindex(index=range(len(votes.items)), columns=range(len(votes.classes)), fill_value=0.0)
    return np.asarray(wanted.to_numpy(dtype=np.float64))


def _weighted(aggregator: Any, data: Any, votes: Votes) -> Floats64:
    # their own predict_proba asks a check of scikit-learn that fails with its newer releases
    skills = aggregator.fit(data).skills_.reindex(range(votes.n_annotators), fill_value=0.0)
    return votes.weighted(skills.to_numpy(dtype=np.float64)[votes.annotator])


def _shares(aggregator: Any, data: Any, votes: Votes) -> Floats64:
    total = np.maximum(_weighted(aggregator, data, votes), 0.0)
    # annotators without any skill count alike
    return np.where(total.sum(axis=1, keepdims=True) > 0, total, votes.counts)


def _odds(aggregator: Any, data: Any, votes: Votes) -> Floats64:
    total = _weighted(aggregator, data, votes)
    return np.asarray(np.exp(total - total.max(axis=1, keepdims=True)))


#: Wawa's majority takes, of classes with as many votes, the one that it meets first: sorted, the first in class order.
_METHODS: dict[str, Callable[[ModuleType, Any, Votes], Floats64]] = {
    "glad": lambda module, data, votes: _probabilities(module.GLAD(), data, votes),
    "mace": lambda module, data, votes: _probabilities(module.MACE(), data, votes),
    "wawa": lambda module, data, votes: _shares(module.Wawa(), data.sort_values("label"), votes),
    "zero_based_skill": lambda module, data, votes: _shares(module.ZeroBasedSkill(), data, votes),
    "m_msr": lambda module, data, votes: _odds(module.MMSR(), data, votes),
}
