"""All detectors by name, and the one function that runs those a dataset asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from audits import contracts
from audits.audit_config import AuditsConfig
from audits.errors import AuditError, InputError
from audits.outputs import Ints, ModelOutputs, agreeing_length
from audits.progress import report
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


def run_signals(items: pa.Table, outputs: Mapping[str, ModelOutputs], audits: AuditsConfig) -> pa.Table:
    """Run every audit that is configured and has the outputs it needs.

    Parameters
    ----------
    items : pyarrow.Table
        In the schema `contracts.ITEMS`, every label known.
    outputs : mapping of model name to ModelOutputs
        In items order.
    audits : AuditsConfig

    Returns
    -------
    pyarrow.Table
        In the schema `contracts.SIGNALS`: n rows a signal and model. Without any model it is empty.

    Raises
    ------
    InputError
        When an audit names a model that has no outputs, or no dense ones but needs them, or its options
        do not fit the data.
    AuditError
        When items and outputs do not belong together.
    """
    ids = items["item_id"].combine_chunks()
    labels = np.asarray(items["label"].to_numpy(), dtype=np.int32)
    agreeing_length(outputs, len(labels))
    tables: list[pa.Table] = [contracts.SIGNALS.empty_table()]
    for name, detect in PER_MODEL.items():
        if (params := getattr(audits, name)) is None:
            continue
        for model in _dense_models(name, params.models, outputs):
            report(f"{name} on {model}")
            try:
                tables.append(detect(ids, labels, outputs[model], params))
            except AuditError:
                raise
            except ValueError as e:  # cleanlab's word on options that do not fit
                raise InputError(f"audit {name!r} on model {model!r}: {e}") from e
    for name, over in OVER_MODELS.items():
        if (params := getattr(audits, name)) is None or not outputs:
            continue
        report(name)
        tables.append(over(ids, labels, _any_models(name, params.models, outputs), params))
    return pa.concat_tables(tables)


def _any_models(
    audit: str, wanted: tuple[str, ...] | None, outputs: Mapping[str, ModelOutputs]
) -> list[ModelOutputs]:
    if lacking := [m for m in wanted or () if m not in outputs]:
        raise InputError(f"audit {audit!r}: there are no outputs of {', '.join(map(repr, lacking))}")
    return [outputs[m] for m in wanted or outputs]


def _dense_models(
    audit: str, wanted: tuple[str, ...] | None, outputs: Mapping[str, ModelOutputs]
) -> list[str]:
    dense = [name for name, o in outputs.items() if o.kind == "dense"]
    if wanted is None:
        return dense
    if lacking := [m for m in wanted if m not in dense]:
        raise InputError(
            f"audit {audit!r} needs dense outputs, which {', '.join(map(repr, lacking))} has not"
        )
    return list(wanted)
