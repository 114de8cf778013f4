"""Shares of the annotators."""

from __future__ import annotations

from audits.annotators.aggregate import Aggregate
from audits.annotators.votes import votes_of
from audits.signals.inputs import Annotations


def majority(annotations: Annotations, n_classes: int) -> Aggregate:
    """Take the share of an item's annotations that give a class for its probability.

    Parameters
    ----------
    annotations : Annotations
    n_classes : int
        K.

    Returns
    -------
    Aggregate
        Of equal counts the first in class order is the consensus.

    Raises
    ------
    InputError
        When the annotations are not sound.
    """
    votes = votes_of(annotations, n_classes)
    posterior = votes.counts / votes.by_item()[:, None]
    return Aggregate("majority", votes, votes.classes, posterior)
