"""All detectors by name, and the functions that run those a dataset asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from audits import contracts
from audits.audit_config import AuditsConfig
from audits.errors import AuditError, InputError
from audits.outputs import Ints, Kind, ModelOutputs, agreeing_length
from audits.signals import confident_learning, model_agreement, pervasive_label_errors

#: Detectors that look at one model with dense outputs at a time.
PER_MODEL: dict[str, Callable[[pa.Array, Ints, ModelOutputs, Any], pa.Table]] = {
    confident_learning.NAME: confident_learning.detect,
    pervasive_label_errors.NAME: pervasive_label_errors.detect,
}

#: Detectors that look at all models at once.
OVER_MODELS: dict[str, Callable[[pa.Array, Ints, list[ModelOutputs], Any], pa.Table]] = {
    model_agreement.NAME: model_agreement.detect,
}


@dataclass(frozen=True)
class Part:
    """One detector on the models that it looks at: what is computed, and kept, at a time.

    Attributes
    ----------
    signal : str
        Name of the detector.
    model : str or None
        The one model of a detector of single models; None when it looks at all.
    models : tuple of str
        The models that it looks at.
    """

    signal: str
    model: str | None
    models: tuple[str, ...]

    def __str__(self) -> str:
        return self.signal if self.model is None else f"{self.signal} on {self.model}"


def signal_parts(kinds: Mapping[str, Kind], audits: AuditsConfig) -> list[Part]:
    """List what the configured audits have to compute on models with outputs of these kinds.

    Parameters
    ----------
    kinds : mapping of str to {"dense", "top_k", "labels"}
        Kind of the outputs by model name.
    audits : AuditsConfig

    Raises
    ------
    InputError
        When an audit names a model that has no outputs, or no dense ones but needs them.
    """
    parts = []
    for name in PER_MODEL:
        if (params := getattr(audits, name)) is not None:
            parts += [Part(name, m, (m,)) for m in _dense_models(name, params.models, kinds)]
    for name in OVER_MODELS:
        if (params := getattr(audits, name)) is not None and kinds:
            parts.append(Part(name, None, _any_models(name, params.models, kinds)))
    return parts


def run_part(
    part: Part, items: pa.Table, outputs: Mapping[str, ModelOutputs], audits: AuditsConfig
) -> pa.Table:
    """Run one detector.

    Parameters
    ----------
    part : Part
    items : pyarrow.Table
        In the schema `contracts.ITEMS`, n rows, every label known.
    outputs : mapping of model name to ModelOutputs
        In items order; at least the models of the part.
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
    ids = items["item_id"].combine_chunks()
    labels = np.asarray(items["label"].to_numpy(), dtype=np.int32)
    used = {m: outputs[m] for m in part.models}
    agreeing_length(used, len(labels))
    params = getattr(audits, part.signal)
    if part.model is None:
        return OVER_MODELS[part.signal](ids, labels, list(used.values()), params)
    try:
        return PER_MODEL[part.signal](ids, labels, used[part.model], params)
    except AuditError:
        raise
    except ValueError as e:  # cleanlab's word on options that do not fit
        raise InputError(f"audit {part.signal!r} on model {part.model!r}: {e}") from e


def run_signals(items: pa.Table, outputs: Mapping[str, ModelOutputs], audits: AuditsConfig) -> pa.Table:
    """Run every audit that is configured and has the outputs it needs.

    Parameters
    ----------
    items, outputs, audits
        As `run_part` takes them.

    Returns
    -------
    pyarrow.Table
        In the schema `contracts.SIGNALS`: n rows a signal and model. Without any model it is empty.

    Raises
    ------
    InputError, AuditError
        As `signal_parts` and `run_part` do.
    """
    agreeing_length(outputs, items.num_rows)
    parts = signal_parts({name: o.kind for name, o in outputs.items()}, audits)
    tables = [run_part(part, items, outputs, audits) for part in parts]
    return pa.concat_tables([contracts.SIGNALS.empty_table(), *tables])


def _any_models(audit: str, wanted: tuple[str, ...] | None, kinds: Mapping[str, Kind]) -> tuple[str, ...]:
    if lacking := [m for m in wanted or () if m not in kinds]:
        raise InputError(f"audit {audit!r}: there are no outputs of {', '.join(map(repr, lacking))}")
    return wanted or tuple(kinds)


def _dense_models(audit: str, wanted: tuple[str, ...] | None, kinds: Mapping[str, Kind]) -> tuple[str, ...]:
    dense = [name for name, kind in kinds.items() if kind == "dense"]
    if wanted is None:
        return tuple(dense)
    if lacking := [m for m in wanted if m not in dense]:
        raise InputError(
            f"audit {audit!r} needs dense outputs, which {', '.join(map(repr, lacking))} has not"
        )
    return wanted
