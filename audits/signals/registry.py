"""All detectors by name, and the functions that run those a dataset asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from audits import contracts
from audits.audit_config import AuditsConfig
from audits.errors import AuditError, InputError
from audits.outputs import Ints, Kind, ModelOutputs, agreeing_length
from audits.signals import (
    annotator_ambiguity,
    annotator_consensus,
    area_under_margin,
    class_thresholds,
    confident_learning,
    duplicate_conflicts,
    duplicates,
    el2n,
    ensemble_confident_learning,
    entropy,
    forgetting,
    given_over_epochs,
    margin,
    model_agreement,
    neighbour_disagreement,
    outliers,
    pervasive_label_errors,
    suggestion,
)
from audits.signals.inputs import FeatureKind, Inputs, Neighbours, Present

#: Detectors that look at one model at a time.
PER_MODEL: dict[str, Callable[[pa.Array, Ints, ModelOutputs, Any], pa.Table]] = {
    confident_learning.NAME: confident_learning.detect,
    pervasive_label_errors.NAME: pervasive_label_errors.detect,
    class_thresholds.NAME: class_thresholds.detect,
    margin.NAME: margin.detect,
    entropy.NAME: entropy.detect,
}

#: Detectors that look at all models at once.
OVER_MODELS: dict[str, Callable[[pa.Array, Ints, list[ModelOutputs], Any], pa.Table]] = {
    model_agreement.NAME: model_agreement.detect,
    ensemble_confident_learning.NAME: ensemble_confident_learning.detect,
}

#: Detectors that look at what a dataset has beside items and models, by what that is.
OVER_ANNOTATIONS: dict[str, Callable[[Inputs, Any], pa.Table]] = {
    annotator_consensus.NAME: annotator_consensus.detect,
    annotator_ambiguity.NAME: annotator_ambiguity.detect,
}
OVER_FEATURES: dict[str, Callable[[Inputs, Any], pa.Table]] = {
    duplicate_conflicts.NAME: duplicate_conflicts.detect,
    neighbour_disagreement.NAME: neighbour_disagreement.detect,
    outliers.NAME: outliers.detect,
}
OVER_TRAINING: dict[str, Callable[[Inputs, Any], pa.Table]] = {
    area_under_margin.NAME: area_under_margin.detect,
    given_over_epochs.NAME: given_over_epochs.detect,
    forgetting.NAME: forgetting.detect,
    el2n.NAME: el2n.detect,
}
OVER_SUGGESTIONS: dict[str, Callable[[Inputs, Any], pa.Table]] = {suggestion.NAME: suggestion.detect}


#: All detectors that take `Inputs`.
OVER_INPUTS = {**OVER_ANNOTATIONS, **OVER_FEATURES, **OVER_TRAINING, **OVER_SUGGESTIONS}

#: What outputs a detector can look at; those that are not named here look at dense ones alone.
KINDS: dict[str, tuple[Kind, ...]] = {
    margin.NAME: ("dense", "top_k"),
    model_agreement.NAME: ("dense", "top_k", "labels"),
    suggestion.NAME: ("dense", "top_k", "labels"),
}

#: Detectors that make no sense with fewer classes.
LEAST_CLASSES = {annotator_ambiguity.NAME: 3}

#: Detectors of features that look at the graph of nearest neighbours, and those that look at duplicates.
WITH_NEIGHBOURS = (neighbour_disagreement.NAME, outliers.NAME)
WITH_DUPLICATES = (duplicate_conflicts.NAME,)

#: Features that a detector can look at; those that are not named here look at all.
FEATURE_KINDS: dict[str, tuple[FeatureKind, ...]] = {}

#: What a part may look at beside items, models and features.
Beside = Literal["annotations", "neighbours", "duplicates", "training", "suggestions"]


@dataclass(frozen=True)
class Part:
    """One detector on what it looks at: what is computed, and kept, at a time.

    Attributes
    ----------
    signal : str
        Name of the detector.
    model : str or None
        The one model of a detector of single models; None when it looks at all, or at none.
    models : tuple of str
        The models that it looks at.
    features : tuple of str
        The features that it looks at.
    beside : tuple of {"annotations", "neighbours", "duplicates", "training", "suggestions"}
        What it looks at beside these.
    """

    signal: str
    model: str | None
    models: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    beside: tuple[Beside, ...] = ()

    def __str__(self) -> str:
        return self.signal if self.model is None else f"{self.signal} on {self.model}"


def signal_parts(present: Present, audits: AuditsConfig) -> list[Part]:
    """List what the configured audits have to compute on a dataset.

    Parameters
    ----------
    present : Present
        What the dataset has.
    audits : AuditsConfig

    Returns
    -------
    list of Part
        Without those of audits whose input the dataset lacks: `absent_signals` has these.

    Raises
    ------
    InputError
        When an audit names a model or features that are not there, or that it cannot look at.
    """
    found = _planned(present, audits).values()
    return [part for parts in found if not isinstance(parts, str) for part in parts]


def absent_signals(present: Present, audits: AuditsConfig) -> dict[str, str]:
    """Say which configured audits cannot run on a dataset for want of their input, and why.

    Parameters
    ----------
    present, audits
        As `signal_parts` takes them.

    Returns
    -------
    dict of str to str
        The reason in words, by the detector's name; in the order of the registry.

    Raises
    ------
    InputError
        As `signal_parts` does.
    """
    return {name: why for name, why in _planned(present, audits).items() if isinstance(why, str)}


def most_neighbours(present: Present, audits: AuditsConfig) -> dict[str, int]:
    """How many neighbours of each item the configured audits look at, by name of the features: the most of any.

    Parameters
    ----------
    present, audits
        As `signal_parts` takes them.

    Returns
    -------
    dict of str to int
        Without features whose neighbours no audit looks at.

    Raises
    ------
    InputError
        As `signal_parts` does.
    """
    most: dict[str, int] = {}
    for part in signal_parts(present, audits):
        asked = 0
        if "neighbours" in part.beside:
            asked = getattr(audits, part.signal).neighbours
        elif "duplicates" in part.beside:
            asked = duplicates.NEIGHBOURS
        for name in part.features if asked else ():
            if (
                "neighbours" in part.beside or present.features[name] != "text"
            ):  # texts are paired by their words
                most[name] = max(most.get(name, 0), asked)
    return most


def run_part(part: Part, inputs: Inputs, audits: AuditsConfig) -> pa.Table:
    """Run one detector, on nothing but what its part names.

    Parameters
    ----------
    part : Part
    inputs : Inputs
        At least what the part names. Neighbours and duplicates may be left out: the detector then finds them.
    audits : AuditsConfig

    Returns
    -------
    pyarrow.Table
        n rows in the schema `contracts.SIGNALS`.

    Raises
    ------
    InputError
        When the detector's options do not fit the data.
    AuditError
        When items and outputs do not belong together.
    """
    params = getattr(audits, part.signal)
    used = _of_part(part, inputs, params)
    agreeing_length(used.outputs, len(inputs))
    if part.signal in OVER_INPUTS:
        return OVER_INPUTS[part.signal](used, params)
    try:
        if part.model is None:
            return OVER_MODELS[part.signal](used.item_ids, used.labels, used.models, params)
        return PER_MODEL[part.signal](used.item_ids, used.labels, used.outputs[part.model], params)
    except AuditError:
        raise
    except ValueError as e:  # cleanlab's word on options that do not fit
        where = "" if part.model is None else f" on model {part.model!r}"
        raise InputError(f"audit {part.signal!r}{where}: {e}") from e


def run_audits(inputs: Inputs, audits: AuditsConfig) -> pa.Table:
    """Run every audit that is configured and has the inputs it needs.

    Parameters
    ----------
    inputs : Inputs
        n items.
    audits : AuditsConfig

    Returns
    -------
    pyarrow.Table
        In the schema `contracts.SIGNALS`: n rows a signal and model. Where none can run it is empty.

    Raises
    ------
    InputError, AuditError
        As `signal_parts` and `run_part` do.
    """
    agreeing_length(inputs.outputs, len(inputs))
    tables = [run_part(part, inputs, audits) for part in signal_parts(inputs.present, audits)]
    return pa.concat_tables([contracts.SIGNALS.empty_table(), *tables])


def run_signals(items: pa.Table, outputs: Mapping[str, ModelOutputs], audits: AuditsConfig) -> pa.Table:
    """Run every audit that is configured and can run on items and outputs alone.

    Parameters
    ----------
    items : pyarrow.Table
        In the schema `contracts.ITEMS`, n rows, every label known.
    outputs : mapping of model name to ModelOutputs
        In items order.
    audits : AuditsConfig

    Returns
    -------
    pyarrow.Table
        As `run_audits` gives it.

    Raises
    ------
    InputError, AuditError
        As `run_audits` does.
    """
    labels = np.asarray(items["label"].to_numpy(), dtype=np.int32)
    sizes = [o.n_classes for o in outputs.values()]
    n_classes = max(sizes, default=int(labels.max(initial=-1)) + 1)
    return run_audits(Inputs(items["item_id"].combine_chunks(), labels, n_classes, outputs), audits)


def _planned(present: Present, audits: AuditsConfig) -> dict[str, list[Part] | str]:
    """The parts of every configured audit, or why there are none."""
    plans: tuple[tuple[Mapping[str, object], _Plan], ...] = (
        (PER_MODEL, _on_each_model),
        (OVER_MODELS, _on_all_models),
        (OVER_ANNOTATIONS, _on_annotations),
        (OVER_FEATURES, _on_features),
        (OVER_TRAINING, _on_training),
        (OVER_SUGGESTIONS, _on_suggestions),
    )
    found: dict[str, list[Part] | str] = {}
    for detectors, plan in plans:
        for name in detectors:
            if (params := getattr(audits, name)) is None:
                continue
            if present.n_classes < (least := LEAST_CLASSES.get(name, 0)):
                found[name] = f"it needs {least} classes or more, and there are {present.n_classes}"
            else:
                found[name] = plan(name, params, present)
    return found


_Plan = Callable[[str, Any, Present], "list[Part] | str"]


def _on_each_model(name: str, params: Any, present: Present) -> list[Part] | str:
    models = _models(name, params.models, present)
    return [Part(name, m, (m,)) for m in models] or _no_model(name, present)


def _on_all_models(name: str, params: Any, present: Present) -> list[Part] | str:
    models = _models(name, params.models, present)
    return [Part(name, None, models)] if models else _no_model(name, present)


def _on_annotations(name: str, params: Any, present: Present) -> list[Part] | str:
    if not present.annotations:
        return "there are no annotations"
    method = getattr(params, "method", None)
    models = _models(name, params.models, present) if method in ("auto", "crowdlab") else ()
    if method == "crowdlab" and not models:
        return f"for the method crowdlab {_no_model(name, present)}"
    return [Part(name, None, models, beside=("annotations",))]


def _on_features(name: str, params: Any, present: Present) -> list[Part] | str:
    usable = FEATURE_KINDS.get(name, ("embeddings", "numeric", "text", "images"))
    fitting = tuple(f for f, kind in present.features.items() if kind in usable)
    if lacking := [f for f in params.features or () if f not in present.features]:
        raise InputError(f"audit {name!r}: no features are named {', '.join(map(repr, lacking))}")
    if odd := [f for f in params.features or () if f not in fitting]:
        raise InputError(
            f"audit {name!r} compares {' or '.join(usable)}, which {', '.join(map(repr, odd))} is not"
        )
    if not fitting:
        return (
            f"there are no features that are {' or '.join(usable)}"
            if present.features
            else "there are no features"
        )
    beside: list[Beside] = []
    if name in WITH_NEIGHBOURS:
        beside.append("neighbours")
    if name in WITH_DUPLICATES:
        beside.append("duplicates")
    return [Part(name, None, features=params.features or fitting, beside=tuple(beside))]


def _on_training(name: str, params: Any, present: Present) -> list[Part] | str:
    return [Part(name, None, beside=("training",))] if present.training else "there are no training dynamics"


def _on_suggestions(name: str, params: Any, present: Present) -> list[Part] | str:
    if not present.suggestions:
        return "the items have no column of suggestions"
    return [Part(name, None, tuple(present.models), beside=("suggestions",))]


def _models(name: str, wanted: tuple[str, ...] | None, present: Present) -> tuple[str, ...]:
    """The models that an audit looks at, of those that have outputs it can look at."""
    kinds = _kinds(name)
    fitting = tuple(m for m, kind in present.models.items() if kind in kinds)
    if lacking := [m for m in wanted or () if m not in fitting]:
        named = ", ".join(map(repr, lacking))
        if len(kinds) == 3:
            raise InputError(f"audit {name!r}: there are no outputs of {named}")
        raise InputError(f"audit {name!r} needs {' or '.join(kinds)} outputs, which {named} has not")
    return wanted or fitting


def _no_model(name: str, present: Present) -> str:
    if not present.models:
        return "there are no models"
    return f"no model has {' or '.join(_kinds(name))} outputs"


def _kinds(name: str) -> tuple[Kind, ...]:
    return KINDS.get(name, ("dense",))


def _of_part(part: Part, inputs: Inputs, params: Any) -> Inputs:
    """What a part looks at and no more, so that nothing else can change what it comes to."""
    beside = set(part.beside)
    return replace(
        inputs,
        outputs={m: inputs.outputs[m] for m in part.models},
        annotations=inputs.annotations if "annotations" in beside else None,
        features={f: inputs.features[f] for f in part.features},
        neighbours={
            f: _nearest(inputs.neighbours[f], params.neighbours)
            for f in part.features
            if "neighbours" in beside and f in inputs.neighbours
        },
        duplicates=inputs.duplicates if "duplicates" in beside else None,
        training=inputs.training if "training" in beside else None,
        suggestions=inputs.suggestions if "suggestions" in beside else None,
        splits=inputs.splits if "duplicates" in beside else None,
        groups={},
    )


def _nearest(neighbours: Neighbours, k: int) -> Neighbours:
    """The nearest k alone: the graph may hold more for another detector."""
    return replace(neighbours, rows=neighbours.rows[:, :k], distances=neighbours.distances[:, :k])
