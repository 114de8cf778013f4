"""Datasets with known errors, by name."""

from benchmarks.detection.datasets.catalogue import crowds, datasets_in, load

__all__ = ["crowds", "datasets_in", "load"]
