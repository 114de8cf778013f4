"""A dataset to be audited, of some of whose items it is known whether the given label is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from audits.signals.inputs import Inputs

Bools = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]
#: real: people looked; planted: the label was changed by us.
Errors = Literal["real", "planted"]


@dataclass(frozen=True)
class Audited:
    """What is audited, and what is known of it.

    Attributes
    ----------
    name : str
    inputs : Inputs
        All n items, also those of which nothing is known. `suggestions` holds what came with the data.
    rows : int array, shape (m,)
        The judged items, ascending.
    wrong : bool array, shape (m,)
        Whether the given label of each is wrong.
    truth : str
        What counts as wrong, in words.
    groups : int array, shape (m,), or None
        What the bootstrap draws: whole groups; None: items.
    clusters : int array, shape (n,), or None
        Items that may share a fault, of all items: a subject, a given class.
    pool : bool array, shape (m,), or None
        Judged items whose verdicts may be learned from; None: all.
    scored : bool array, shape (m,), or None
        Judged items that rankings are judged on; None: all.
    learned : bool
        Whether methods that learn from verdicts are judged here.
    recall : bool
        Whether the judged items are all there are, so that recall in the first share of the ranking means something.
    errors : {"real", "planted"}
    in_mean : bool
        Whether the difference to cleanlab's ensemble enters the mean over the cells.
    """

    name: str
    inputs: Inputs
    rows: Rows
    wrong: Bools
    truth: str
    groups: Rows | None = None
    clusters: Rows | None = None
    pool: Bools | None = None
    scored: Bools | None = None
    learned: bool = False
    recall: bool = False
    errors: Errors = "real"
    in_mean: bool = False

    def __post_init__(self) -> None:
        if len(self.rows) != len(self.wrong) or (np.diff(self.rows) <= 0).any():
            raise ValueError(f"{self.name}: judged rows must ascend, one truth each")

    @property
    def is_scored(self) -> Bools:
        """The judged items that rankings are judged on, shape (m,)."""
        return np.ones(len(self.rows), dtype=bool) if self.scored is None else self.scored

    @property
    def is_pool(self) -> Bools:
        """The judged items whose verdicts may be learned from, shape (m,)."""
        return np.ones(len(self.rows), dtype=bool) if self.pool is None else self.pool

    @property
    def models_alone(self) -> Inputs:
        """The inputs without what the dataset has beside the outputs of models."""
        nothing = Inputs(self.inputs.item_ids, self.inputs.labels, self.inputs.n_classes)
        return replace(nothing, outputs=self.inputs.outputs, class_names=self.inputs.class_names)

    @property
    def beside(self) -> str | None:
        """What the dataset has beside the outputs of models, in a word; None: nothing."""
        has = {
            "suggestion": self.inputs.suggestions is not None,
            "features": bool(self.inputs.features),
            "groups": bool(self.inputs.groups),
        }
        return "_and_".join(name for name, there in has.items() if there) or None


Loader = Callable[[], Audited]
