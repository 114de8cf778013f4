"""Which models say what of an item: class by class, and model by model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from audits.outputs import NO_ANSWER, ModelOutputs
from audits.web.content.named import Named, named
from audits.web.loaded import Loaded

#: How many classes beside the given and the suggested one have a line of their own.
OTHERS = 3

#: How many of the likeliest classes are offered: each has a digit.
LIKELY = 9


@dataclass(frozen=True)
class ModelSays:
    """What one model says.

    Attributes
    ----------
    model : str
    predicted : Named or None
        Its likeliest class; None where it gave no answer.
    p_predicted, p_given : float or None
        Probabilities of that class and of the given label; None where it gives none.
    agrees : bool
        Whether its likeliest class is the given label.
    """

    model: str
    predicted: Named | None
    p_predicted: float | None
    p_given: float | None
    agrees: bool


@dataclass(frozen=True)
class ClassSays:
    """What all models together say of one class.

    Attributes
    ----------
    role : {"given", "suggested", "other"}
    label : Named or None
        None for all classes that have no line of their own.
    models, of : int
        How many models, of how many, find it likeliest.
    p : float or None
        Mean probability over the models that give probabilities; None where none does.
    classes : int
        How many classes the line stands for.
    """

    role: Literal["given", "suggested", "other"]
    label: Named | None
    models: int
    of: int
    p: float | None
    classes: int = 1


@dataclass(frozen=True)
class Said:
    """What the models say of one item, as numbers.

    Attributes
    ----------
    models : tuple of str
        M names.
    predicted : int array, shape (M,)
        -1 where a model gave no answer.
    confidence, p_given : float array, shape (M,)
        NaN of models that give no probabilities.
    mean : float array, shape (K,), or None
        Mean probability of each class over the models that give probabilities; None where none does.
    weight : float array, shape (K,)
        How much speaks for each class: the sum over the models of its probability; a model that gives its answer alone
        counts as sure of it.
    named : bool array, shape (K,)
        Classes that some model names: with a probability of its own, or as its answer.
    """

    models: tuple[str, ...]
    predicted: npt.NDArray[np.int64]
    confidence: npt.NDArray[np.float64]
    p_given: npt.NDArray[np.float64]
    mean: npt.NDArray[np.float64] | None
    weight: npt.NDArray[np.float64]
    named: npt.NDArray[np.bool_]

    @property
    def votes(self) -> npt.NDArray[np.int64]:
        """How many models find each class likeliest, shape (K,)."""
        answered = self.predicted[self.predicted != NO_ANSWER]
        return np.bincount(answered, minlength=len(self.named))


def said_of(loaded: Loaded, row: int) -> Said:
    """What all models say of the item in a row."""
    k = len(loaded.classes)
    given = loaded.items.labels[row : row + 1]
    total, answers, with_probs = np.zeros(k), np.zeros(k), 0
    found = np.zeros(k, dtype=bool)
    predicted, confidence, p_given = [], [], []
    for model in loaded.models.values():
        one = model.outputs.take(np.array([row], dtype=np.intp))
        answer = int(one.predicted()[0])
        predicted.append(answer)
        if answer != NO_ANSWER:
            found[answer] = True
        sure, of_given = one.confidence(), one.probability_of(given)
        confidence.append(np.nan if sure is None else float(sure[0]))
        p_given.append(np.nan if of_given is None else float(of_given[0]))
        if one.kind != "labels":
            total += _all_classes(one, found)
            with_probs += 1
        elif answer != NO_ANSWER:
            answers[answer] += 1
    return Said(
        tuple(loaded.models),
        np.array(predicted, dtype=np.int64),
        np.array(confidence, dtype=np.float64),
        np.array(p_given, dtype=np.float64),
        total / with_probs if with_probs else None,
        total + answers,
        found,
    )


def _all_classes(one: ModelOutputs, named_by: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Probability of each class by one model, shape (K,), as `ModelOutputs.probability_of` has it."""
    if one.pred_probs is not None:
        named_by[:] = True
        return np.asarray(one.pred_probs[0], dtype=np.float64)
    assert one.top_k_labels is not None  # noqa: S101
    assert one.top_k_probs is not None  # noqa: S101
    labels, probs = np.asarray(one.top_k_labels[0]), np.asarray(one.top_k_probs[0], dtype=np.float64)
    rest = max(1.0 - probs.sum(), 0.0) / max(one.n_classes - len(probs), 1)
    found = np.full(one.n_classes, min(rest, probs.min()))
    found[labels] = probs
    named_by[labels] = True
    return found


def by_model(loaded: Loaded, row: int, said: Said) -> tuple[ModelSays, ...]:
    """Each model's own words, those that contradict the given label first, the surest of them first."""
    given = int(loaded.items.labels[row])
    sure = np.where(np.isnan(said.p_given), 0.5, said.p_given)
    order = np.lexsort((sure, said.predicted == given))
    return tuple(
        ModelSays(
            said.models[m],
            named(loaded, int(said.predicted[m])),
            _number(said.confidence[m]),
            _number(said.p_given[m]),
            bool(said.predicted[m] == given),
        )
        for m in order.tolist()
    )


def by_class(loaded: Loaded, given: int, suggested: int | None, said: Said) -> tuple[ClassSays, ...]:
    """The given class, the suggested one, the next ones that a model prefers, and all others in one line."""
    votes = said.votes
    own = [given, *([] if suggested in (None, given) else [suggested])]
    order = np.lexsort((-said.weight, -votes)).tolist()
    others = [k for k in order if k not in own and votes[k]][:OTHERS]

    def line(role: Literal["given", "suggested", "other"], k: int) -> ClassSays:
        p = None if said.mean is None else float(said.mean[k])
        return ClassSays(role, named(loaded, k), int(votes[k]), len(said.models), p)

    lines = [line("given", given)]
    lines += [line("suggested", k) for k in own[1:] if k is not None]
    lines += [line("other", k) for k in others]
    told = [k for k in (*own, *others) if k is not None]
    left = len(said.named) - len(told)
    if left:
        rest = None if said.mean is None else max(1.0 - float(said.mean[told].sum()), 0.0)
        lines.append(
            ClassSays("other", None, int(votes.sum() - votes[told].sum()), len(said.models), rest, left)
        )
    return tuple(lines)


def likely(loaded: Loaded, given: int, suggested: int | None, said: Said | None) -> tuple[Named, ...]:
    """The classes to offer first, the given one never: the suggestion, then the likeliest by all models.

    Parameters
    ----------
    loaded : Loaded
    given : int
        Class index of the given label.
    suggested : int or None
    said : Said or None
        None in blind mode: the order is then that of the class list, and there is none where that is longer than the
        digits reach, since a choice of some of its classes would look like a hint.
    """
    k = len(loaded.classes)
    few = k <= LIKELY + 1
    if said is None:
        return _names(loaded, [i for i in range(k) if i != given]) if few else ()
    order = [i for i in np.argsort(-said.weight, kind="stable").tolist() if few or said.named[i]]
    first = [] if suggested is None else [suggested]
    return _names(loaded, [i for i in dict.fromkeys([*first, *order]) if i != given][:LIKELY])


def _names(loaded: Loaded, indices: Sequence[int]) -> tuple[Named, ...]:
    return tuple(n for i in indices if (n := named(loaded, i)) is not None)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
