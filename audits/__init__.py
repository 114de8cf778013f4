"""The audit library: signals, evidence, review and cleaned scores. It knows nothing of Dagster."""

__version__ = "0.1.0"
