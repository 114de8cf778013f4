"""Every signal by itself, as an audit computes it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from audits.audit_config import AuditsConfig
from audits.evidence.combination import Combination, combine
from audits.signals.inputs import Inputs
from audits.signals.registry import run_audits, signal_parts
from benchmarks.detection.audited import Audited
from benchmarks.detection.ranking import Ranking, Wanted, single


class Signals:
    """The signals of a dataset, computed when first asked for: of the models alone, and of all that it has."""

    def __init__(self, audited: Audited) -> None:
        self.inputs = audited.inputs
        self.models_alone = audited.models_alone
        self._tables: dict[str, pa.Table] = {}
        self._combined: dict[tuple[int, int], Combination] = {}

    def of_models(self) -> pa.Table:
        """Signals of the models' outputs alone, in the schema `contracts.SIGNALS`."""
        return self._kept("models", self.models_alone, every_signal())

    def of_all(self) -> pa.Table:
        """Signals of all that the dataset has."""
        seen = {part.signal for part in signal_parts(self.models_alone.present, every_signal())}
        beside = every_signal().model_copy(update=dict.fromkeys(seen))
        return pa.concat_tables([self.of_models(), self._kept("beside", self.inputs, beside)])

    def combination(self, inputs: Inputs, table: pa.Table) -> Combination:
        """What the evidence without verdicts makes of inputs and signals, worked out once for many draws."""
        key = id(inputs), table.num_rows
        if key not in self._combined:
            self._combined[key] = combine(inputs, table)
        return self._combined[key]

    def _kept(self, name: str, inputs: Inputs, audits: AuditsConfig) -> pa.Table:
        if name not in self._tables:
            self._tables[name] = run_audits(inputs, audits)
        return self._tables[name]


def every_signal() -> AuditsConfig:
    """Every audit there is, with its defaults."""
    return AuditsConfig.model_validate({name: {} for name in AuditsConfig.model_fields})


def signal_rankings(audited: Audited, signals: Signals, wanted: Wanted) -> list[Ranking]:
    """Every signal that the dataset has the input for, by its name: 1 minus its score, the mean over its models."""
    # asked of what is there, so that nothing is computed when no signal is wanted
    names = [part.signal for part in signal_parts(audited.inputs.present, every_signal())]
    asked = [name for name in dict.fromkeys(names) if wanted(name)]
    if not asked:
        return []
    table, n = signals.of_all(), len(audited.inputs)
    return [
        single(name, 1.0 - _score(table.filter(pc.field("signal") == name), n), audited.is_scored)
        for name in asked
    ]


def _score(table: pa.Table, n: int) -> np.ndarray:
    return np.asarray(table["score"].to_numpy().reshape(-1, n).mean(axis=0))
